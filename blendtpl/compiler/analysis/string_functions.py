"""String functions: what does no more than print, so that its function returns a text rather than writes to a list.

Enters: the body of a template, of a block or of a macro. Leaves: what else has to be such a text for it to be one, or
nothing when it is none: what loops may print much, and whoever streams wants that in pieces.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import jinja2
from jinja2 import nodes

from blendtpl.bundle.flush import is_flush
from blendtpl.compiler.analysis.walk import below

LONGEST = 8  # `elif` in a chain: Python nests every one of them in the one before
_PLAIN = (nodes.Assign, nodes.ExprStmt, nodes.Import, nodes.FromImport, nodes.Macro, nodes.Extends)


@dataclass(frozen=True, slots=True)
class Prints:
    """A body that does no more than print: its function, and what that calls. `included` are templates, `blocks` names
    of blocks, `called` may be macros: a name and an attribute of that, or the name and an empty string.
    """

    function: str
    included: tuple[str, ...]
    blocks: tuple[str, ...]
    called: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Calls:
    environment: jinja2.Environment
    template: str | None
    included: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    called: list[tuple[str, str]] = field(default_factory=list)


def prints(
    function: str, body: Iterable[nodes.Node], environment: jinja2.Environment, template: str | None
) -> Prints | None:
    """Return what a function with this body calls, when it does no more than print."""
    calls = _Calls(environment, template)
    if not all(_only_prints(node, calls) for node in body):
        return None
    return Prints(function, *(tuple(dict.fromkeys(part)) for part in (calls.included, calls.blocks, calls.called)))  # type: ignore[arg-type]  # which is which the order says


def _only_prints(node: nodes.Node, calls: _Calls) -> bool:
    if isinstance(node, nodes.If):
        inner = [*node.body, *node.elif_, *node.else_]
        return (
            len(node.elif_) <= LONGEST
            and _calls_nothing_else(node.test, calls)
            and all(_only_prints(part, calls) for part in inner)
        )
    if isinstance(node, nodes.With):
        return all(_calls_nothing_else(value, calls) for value in node.values) and all(
            _only_prints(part, calls) for part in node.body
        )
    if isinstance(node, nodes.Block):
        calls.blocks.append(node.name)
        return True
    if isinstance(node, nodes.Include):
        reference = node.template
        # these are looked up when they run, and write to a list
        if node.ignore_missing or not node.with_context:
            return False
        if not isinstance(reference, nodes.Const) or not isinstance(reference.value, str):
            return False
        calls.included.append(calls.environment.join_path(reference.value, str(calls.template)))
        return True
    if isinstance(node, nodes.Macro):
        return True  # a function of its own
    return isinstance(node, (nodes.Output, *_PLAIN)) and not is_flush(node) and _calls_nothing_else(node, calls)


def _calls_nothing_else(node: nodes.Node, calls: _Calls) -> bool:
    """Note what is called below a node; return whether nothing of it is the caller, which may write to the output."""
    for part in (node, *below(node)):
        if isinstance(part, nodes.Call):
            called = part.node
            if isinstance(called, nodes.Name):
                if called.name == "caller":
                    return False
                calls.called.append((called.name, ""))
            elif isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name):
                if called.node.name == "self":
                    calls.blocks.append(called.attr)
                calls.called.append((called.node.name, called.attr))
    return True
