"""Blocks: what a block reads of the loop around it, and does not see, as it is not scoped.

Enters: the body of a template. Leaves: blocks and names. A block is a function of its own, which other templates
may replace: without `scoped` it is given the variables of the template, and none of a loop or `with` that it stands in.
"""

from collections.abc import Iterable, Iterator

from jinja2 import nodes

from blendtpl.compiler.analysis.walk import children, of_kind, undeclared

_NOTHING: frozenset[str] = frozenset()


def blind_blocks(
    body: Iterable[nodes.Node], hidden: frozenset[str] = _NOTHING
) -> Iterator[tuple[nodes.Block, set[str]]]:
    """Yield each block with what it reads and does not see; `hidden` are the variables around it."""
    for node in body:
        if isinstance(node, nodes.For):
            yield from blind_blocks(node.body, hidden | _stored((node.target,)) | {"loop"})
            yield from blind_blocks(node.else_, hidden)
        elif isinstance(node, nodes.With):
            yield from blind_blocks(node.body, hidden | _stored(node.targets))
        elif isinstance(node, nodes.Macro):
            yield from blind_blocks(node.body)  # its arguments hide others of these names
        elif isinstance(node, nodes.Block):
            if not node.scoped and (read := _reads(node.body, hidden)):
                yield node, read
            # all that a scoped block sees, the blocks in it see as well
            yield from blind_blocks(node.body, _NOTHING if node.scoped else hidden)
        else:
            yield from blind_blocks(children(node), hidden)


def _stored(targets: Iterable[nodes.Node]) -> set[str]:
    names = (part for target in targets for part in (target, *of_kind(target, nodes.Name)))
    return {part.name for part in names if isinstance(part, nodes.Name)}


def _reads(body: Iterable[nodes.Node], hidden: frozenset[str]) -> set[str]:
    names = undeclared(body, hidden - {"loop"})
    return names | {"loop"} if "loop" in hidden and any(map(_reads_loop, body)) else names


def _reads_loop(node: nodes.Node) -> bool:
    """Return whether a node reads `loop` outside of loops of its own, which is then another one."""
    if isinstance(node, (nodes.For, nodes.Block)):
        return False
    return (isinstance(node, nodes.Name) and node.name == "loop") or any(map(_reads_loop, children(node)))
