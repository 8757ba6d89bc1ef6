"""Marks: the marked sources of a build, and which of them something else than messages renders as well.

Enters: the sources. Leaves: marked ones, each marked when it is asked for first.
"""

from collections.abc import Iterable, Mapping, Set

import jinja2
from jinja2 import nodes as jinja

from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.mail.marked import Marked, mark


class Marks(dict[str, Marked]):
    """Marked sources, each marked when it is asked for first; one that Jinja2 cannot read is not in it."""

    def __init__(self, sources: Mapping[str, Source], environment: jinja2.Environment) -> None:
        super().__init__()
        self._sources, self.environment = sources, environment
        self._numbers = {name: number for number, name in enumerate(sources)}
        self.names = list(sources)

    def __contains__(self, name: object) -> bool:
        try:
            self[name]  # type: ignore[index]
        except KeyError:
            return False
        return True

    def __missing__(self, name: str) -> Marked:
        marked = mark(self._sources[name], self._numbers[name], self.environment)
        if marked is None:
            raise KeyError(name)
        self[name] = marked
        return marked

    def owner(self, of: str) -> tuple[Marked, int]:
        """Return the source of a mark, and the number of the element in it."""
        number, _, element = of.partition(".")
        return self[self.names[int(number)]], int(element)


def shared_with_others(
    sources: Mapping[str, Source], marked: Marks, reached: Set[str], others: Iterable[str] = ()
) -> dict[str, str]:
    """Return the templates of messages that something else renders as well, each with what does."""
    roots = {name: name for name in others}
    bases = {name.rpartition("/")[2] for name in reached}
    for name, source in sources.items():
        if name not in reached and any(base in source.text for base in bases) and name in marked:
            roots[name] = name
    renderers: dict[str, str] = {}
    waiting = list(roots.items())
    while waiting:
        name, root = waiting.pop()
        if name not in marked:
            continue
        for other in _references(marked[name]):
            if other not in renderers and other in sources:
                renderers[other] = root
                waiting.append((other, root))
    return {name: root for name, root in renderers.items() if name in reached} | {name: name for name in others}


def _references(marked: Marked) -> Iterable[str]:
    environment = marked.tree.environment
    for node in marked.tree.find_all(jinja.Node):
        if not isinstance(node, (jinja.Extends, jinja.Include, jinja.Import, jinja.FromImport)):
            continue
        for part in (node.template, *node.template.find_all(jinja.Const)):
            value = part.value if isinstance(part, jinja.Const) else None
            for reference in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(reference, str):
                    yield environment.join_path(reference, marked.name) if environment else reference
