"""Loops: what a loop sets and nobody ever reads, though a name of that kind is read behind the loop.

Enters: the body of a template. Leaves: names and lines. A `set` in a loop ends with the round that it is in.
"""

from collections.abc import Iterable, Iterator

from jinja2 import nodes

from blendtpl.compiler.analysis.walk import children, has, of_kind

_SETS = (nodes.Assign, nodes.AssignBlock)
# what sees all that is set around it, or might
_SEE_ALL = (
    *(nodes.Include, nodes.Import, nodes.FromImport, nodes.Block),
    *(nodes.ContextReference, nodes.DerivedContextReference, nodes.OverlayScope, nodes.ExtensionAttribute),
)
_OWN_SCOPE = (nodes.Block, nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock, nodes.With, nodes.Scope)


def lost_sets(body: list[nodes.Node], behind: tuple[nodes.Node, ...] = ()) -> Iterator[tuple[str, int]]:
    """Yield each name that a loop sets for nobody, and the line; `behind` is what is rendered after the body."""
    for index, node in enumerate(body):
        rest = (*body[index + 1 :], *behind)
        if isinstance(node, nodes.For):
            yield from _lost_in(node, rest)
            yield from lost_sets(node.body, rest)
        elif isinstance(node, nodes.If):
            for branch in (node.body, *(other.body for other in node.elif_), node.else_):
                yield from lost_sets(branch, rest)
        elif isinstance(node, _OWN_SCOPE):
            yield from lost_sets(node.body)


def _lost_in(loop: nodes.For, rest: Iterable[nodes.Node]) -> Iterator[tuple[str, int]]:
    if has(loop, _SEE_ALL):
        return
    for name, line in _set_in(loop.body):
        if not _is_read(loop, name) and _first_use(rest, name) == "load":
            yield name, line


def _set_in(body: Iterable[nodes.Node]) -> Iterator[tuple[str, int]]:
    """Yield the plain variables that are set in a round, whatever the conditions."""
    for node in body:
        if isinstance(node, _SETS) and isinstance(node.target, nodes.Name):
            yield node.target.name, node.lineno
        elif isinstance(node, nodes.If):
            yield from _set_in([*node.body, *node.elif_, *node.else_])


def _is_read(loop: nodes.For, name: str) -> bool:
    """Return whether a loop reads a variable, but to set it."""
    own = {
        id(read)
        for node in of_kind(loop, nodes.Assign)
        if isinstance(node.target, nodes.Name) and node.target.name == name
        for read in (node.node, *of_kind(node.node, nodes.Name))
    }
    return any(read.name == name and read.ctx == "load" and id(read) not in own for read in of_kind(loop, nodes.Name))


def _first_use(body: Iterable[nodes.Node], name: str) -> str:
    """Return what is done first with a variable: "load", something else, or nothing."""
    for node in body:
        if isinstance(node, nodes.Name) and node.name == name:
            return node.ctx
        if isinstance(node, (nodes.Macro, nodes.Import, nodes.FromImport, nodes.NSRef)):
            return "store"  # or something else that may bind it, or see it later
        first = [node.node] if isinstance(node, nodes.Assign) else []
        if use := _first_use([*first, *children(node)], name):
            return use
    return ""
