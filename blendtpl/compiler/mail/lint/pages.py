"""Pages: the trees that are there, a template with what it extends, and what a variant of one is."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from blendtpl.compiler.mail.lint.values import HOLES, Piece

_MOST_MATCHES = 16


class Templates:
    """The trees of all templates, of one build. `names` are those that there are."""

    def __init__(self, tree: Callable[[str], nodes.Template | None], names: Iterable[str]) -> None:
        self._tree, self.names = tree, frozenset(names)
        self._loaded: dict[str, tuple[nodes.Template | None, tuple[nodes.Block, ...]]] = {}

    def get(self, name: str) -> tuple[nodes.Template | None, tuple[nodes.Block, ...]]:
        """Return the tree of a template and its blocks, or none."""
        if name not in self._loaded:
            tree = self._tree(name) if name in self.names else None
            self._loaded[name] = tree, () if tree is None else tuple(tree.find_all(nodes.Block))
        return self._loaded[name]

    def matching(self, text: str) -> list[str]:
        """Return the first templates, by name, that a name with holes may mean."""
        pattern = re.compile("".join(".+" if character in HOLES else re.escape(character) for character in text))
        return [name for name in sorted(self.names) if pattern.fullmatch(name)][:_MOST_MATCHES]


@dataclass(slots=True)
class Page:
    """A template with what it extends: the bodies of each block, the innermost first."""

    blocks: dict[str, list[tuple[str, nodes.Block]]] = field(default_factory=dict)
    parent: Any = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expanded:
    """The text of a variant, and all variables that it asks for, printed or not."""

    pieces: tuple[Piece, ...]
    reads: frozenset[str]


class TooLarge(Exception):  # noqa: N818  # not an error of anybody
    """A template that takes more steps than it is worth."""
