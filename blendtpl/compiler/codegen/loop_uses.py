"""Loop uses: what the body of a loop asks of its `loop`.

Enters: the body, and what is known of the other templates. Leaves: names of attributes, and an empty string for
whatever needs the object itself. Nothing is written here.
"""

from collections.abc import Iterator

from jinja2 import nodes

from blendtpl.compiler.analysis.walk import below, children
from blendtpl.compiler.codegen.generator import Emitter
from blendtpl.compiler.codegen.loop_variable import DESCENT, descended_into, is_cycle


def uses(emitter: Emitter, body: list[nodes.Node]) -> Iterator[str]:
    """Yield what a body asks of its loop: an attribute's name, or an empty string for anything else."""
    for node in body:
        yield from _uses_of(emitter, node)


def _uses_of(emitter: Emitter, node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        if node.name == "loop":
            yield ""
    elif isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "loop":
        yield node.attr if node.attr != "cycle" else ""
    elif isinstance(node, nodes.Output):
        for part in node.nodes:
            items = descended_into(part)
            if items is not None:
                yield DESCENT
            yield from _uses_of(emitter, part if items is None else items)
    elif isinstance(node, nodes.Call) and is_cycle(node):
        yield "cycle"
        yield from uses(emitter, [*node.args])
    elif isinstance(node, nodes.For):
        statement_scope = [node.iter, *node.else_, *([node.test] if node.test is not None else [])]
        yield from uses(emitter, statement_scope)
        # its body has a `loop` of its own; this one gets there only with all else that is set around
        if any(use == "" for use in _hidden(emitter, node.body)):
            yield ""
    elif isinstance(node, (nodes.Macro, nodes.CallBlock)):
        if isinstance(node, nodes.CallBlock):
            yield from _uses_of(emitter, node.call)
        # a function that may be called when the loop has gone on
        yield from ("" for use in uses(emitter, [*node.defaults, *node.body]))
    elif isinstance(node, nodes.Block):
        if node.scoped:
            yield ""
    elif isinstance(
        node, (nodes.Include, nodes.Import, nodes.FromImport, nodes.DerivedContextReference, nodes.OverlayScope)
    ):
        yield from _uses_of_children(emitter, node)
        if _passes_on(emitter, node):
            yield ""
    else:
        yield from _uses_of_children(emitter, node)


def _uses_of_children(emitter: Emitter, node: nodes.Node) -> Iterator[str]:
    yield from uses(emitter, children(node))


def _hidden(emitter: Emitter, body: list[nodes.Node]) -> Iterator[str]:
    """Yield an empty string for what passes on everything that is set around it, this loop too."""
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.DerivedContextReference, nodes.OverlayScope)
    for node in body:
        for part in (node, *below(node)):
            if isinstance(part, kinds) and _passes_on(emitter, part):
                yield ""
            if isinstance(part, nodes.Block) and part.scoped:
                yield ""


def _passes_on(emitter: Emitter, node: nodes.Node) -> bool:
    """Return whether a reference hands the loop to another template."""
    if isinstance(node, nodes.Include):
        template = emitter.included(node)
        if template is not None and not emitter.program.needs_context(template):
            return "loop" in emitter.program.reads[template]
    return bool(getattr(node, "with_context", True))
