"""Composition: how templates are put together: chains of `extends`, modules, and the macros that calls mean.

Enters: marked sources. Leaves: what is around a node, and macros with what is around these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import jinja2
from jinja2 import nodes

from blendtpl.bundle.environment import autoescape_of
from blendtpl.compiler.mail.bindings import MacroBinding, Member, Module, Scope, constant_name, unknown
from blendtpl.compiler.mail.flat import Unreadable
from blendtpl.compiler.mail.marked import Marked

DEPTH = 3  # how often something may stand within itself

Join = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Around:
    """What holds where a node stands."""

    template: str
    scope: Scope
    escaped: bool
    blocks: dict[str, list[tuple[nodes.Block, str]]] = field(default_factory=dict)
    above: tuple[str, int] | None = None  # the block, and which of those that are overridden `super` is
    caller: tuple[nodes.CallBlock, Around] | None = None
    loop: nodes.For | None = None
    top: Scope | None = None  # what blocks see


class Templates:
    """The templates of a set, and which of them were looked at."""

    def __init__(self, sources: Mapping[str, Marked], environment: jinja2.Environment, reached: set[str]) -> None:
        self._sources, self._environment, self._reached = sources, environment, reached
        self.join: Join = environment.join_path
        self._modules: dict[str, Around] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._sources

    def around(self, chain: list[str], scope: Scope) -> Around:
        """Return what is around the top level of a chain, whose names go into a scope."""
        blocks: dict[str, list[tuple[nodes.Block, str]]] = {}
        for part in chain:
            tree = self.tree(part)
            scope.bind(part, tree.body, self.join)
            for block in tree.find_all(nodes.Block):
                blocks.setdefault(block.name, []).append((block, part))
        return Around(chain[0], scope, self.escaped(chain[0]), blocks, top=scope)

    def chain(self, name: str) -> list[str]:
        """Return a template and all that it extends; raises `Unreadable`."""
        chain = [name]
        while True:
            body = self.tree(chain[-1]).body
            extends = [node for node in body if isinstance(node, nodes.Extends)]
            hidden = next((statement for node in body for statement in node.find_all(nodes.Extends)), None)
            if hidden is not None:
                raise Unreadable(chain[-1], hidden.lineno, "it extends another under a condition")
            if not extends:
                return chain
            parent = constant_name(extends[0].template, chain[-1], self.join)
            if parent is None:
                raise Unreadable(chain[-1], extends[0].lineno, "what it extends is known when it is rendered only")
            if parent in chain or parent not in self._sources:
                raise Unreadable(chain[-1], extends[0].lineno, "what it extends cannot be read")
            chain.append(parent)

    def tree(self, name: str) -> nodes.Template:
        """Return the tree of a template."""
        self._reached.add(name)
        return self._sources[name].tree

    def escaped(self, name: str) -> bool:
        """Return whether a template escapes what it prints."""
        return bool(autoescape_of(self._environment, name))

    def module(self, name: str | None) -> Around | None:
        """Return what is around the top level of a template that is imported, if there is one."""
        if name is None or name not in self._sources:
            return None
        if name not in self._modules:
            self._modules[name] = self.around(self.chain(name), Scope())
        return self._modules[name]

    def included(self, node: nodes.Include, template: str, names: Sequence[str]) -> list[str | None]:
        """Return the names that may be included, `None` among them where it may be any."""
        named = node.template
        if isinstance(named, nodes.Const) and isinstance(named.value, (list, tuple)):
            return [self.join(str(option), template) for option in named.value]
        options = named.items if isinstance(named, (nodes.List, nodes.Tuple)) else [named]
        if isinstance(named, nodes.CondExpr):
            options = [named.expr1, named.expr2 or nodes.Const("")]
        return [name for option in options for name in self._candidates(option, template, names)]

    def _candidates(self, node: nodes.Expr, template: str, names: Sequence[str]) -> list[str | None]:
        name = constant_name(node, template, self.join)
        if name is not None:
            return [name]
        parts = node.nodes if isinstance(node, nodes.Concat) else []
        ends = [part.value if isinstance(part, nodes.Const) else "" for part in (*parts[:1], *parts[-1:])]
        if not ends or not isinstance(ends[0], str) or "/" not in ends[0]:
            return [None]
        # a bundle is closed, so that no other template can be meant
        return [candidate for candidate in names if candidate.startswith(ends[0]) and candidate.endswith(str(ends[-1]))]

    def macros(self, callee: nodes.Node, around: Around) -> list[tuple[nodes.Macro, Around]]:
        """Return the macros that are meant, each with what is around it; none where any of them is not known."""
        macros: list[tuple[nodes.Macro, Around]] = []
        if isinstance(callee, nodes.Name):
            for bound in around.scope.find(callee.name)[0]:
                if isinstance(bound, MacroBinding):
                    home = around if bound.template == around.template else self.module(bound.template)
                    macros.append((bound.node, home or around))
                elif isinstance(bound, Member):
                    macros += self.exported(bound.template, bound.name, 0) or []
                else:
                    return []
        elif isinstance(callee, (nodes.Getattr, nodes.Getitem)) and isinstance(callee.node, nodes.Name):
            name = callee.attr if isinstance(callee, nodes.Getattr) else getattr(callee.arg, "value", None)
            for bound in around.scope.find(callee.node.name)[0]:
                if not isinstance(bound, Module) or not isinstance(name, str):
                    return []
                macros += self.exported(bound.template, name, 0)
        return macros

    def exported(self, template: str | None, name: str, depth: int) -> list[tuple[nodes.Macro, Around]]:
        """Return the macros that a template may have by a name."""
        module = self.module(template)
        if module is None or depth > DEPTH:
            return []
        macros: list[tuple[nodes.Macro, Around]] = []
        for bound in module.scope.names.get(name, []):
            if isinstance(bound, MacroBinding):
                macros.append((bound.node, replace(module, template=bound.template)))
            elif isinstance(bound, Member):
                macros += self.exported(bound.template, bound.name, depth + 1)
        return macros

    def in_macro(self, macro: nodes.Macro, home: Around, caller: tuple[nodes.CallBlock, Around] | None) -> Around:
        """Return what is around the body of a macro that is called."""
        special = [nodes.Name(name, "param") for name in ("caller", "varargs", "kwargs")]
        scope = Scope(unknown(home.scope, [*macro.args, *special])).bind(home.template, macro.body, self.join)
        return replace(home, scope=scope, caller=caller, loop=None, above=None)

    def in_call(self, node: nodes.CallBlock, around: Around) -> Around:
        """Return what is around the body of a call block."""
        scope = Scope(unknown(around.scope, node.args)).bind(around.template, node.body, self.join)
        return replace(around, scope=scope, loop=None)


def inner(body: Sequence[nodes.Node], around: Around, join: Join) -> Around:
    """Return what is around the statements of a body, with the names that they bind."""
    return replace(around, scope=Scope(around.scope).bind(around.template, body, join))
