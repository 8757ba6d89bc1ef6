"""Stage: the warnings of one build.

Enters: outlines and sources, and how to get at trees. Leaves: warnings, by place. What was noted of a template is taken
from the build cache, so that one which comes from there warns as before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import jinja2
from jinja2 import nodes

from blendtpl.bundle.environment import autoescape_of
from blendtpl.compiler.analysis.summary import TemplateSummary
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.lint import prose
from blendtpl.compiler.lint.ignores import Ignores, not_ignored
from blendtpl.compiler.lint.markup import Markup, Places, look_at_all, markup
from blendtpl.compiler.lint.markup import from_bytes as markup_from
from blendtpl.compiler.lint.markup import to_bytes as markup_to
from blendtpl.compiler.lint.notes import Notes, from_bytes, notes, to_bytes
from blendtpl.compiler.lint.rules import Locate, lint
from blendtpl.errors import Fault, TemplateWarning

Seen = TypeVar("Seen")


class Cache(Protocol):
    """What a build cache does."""

    def get(self, key: str, /) -> bytes | None: ...  # noqa: D102
    def put(self, key: str, value: bytes, /) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Stage:
    """Looks for what is hardly meant. `key` makes a key of the cache, `tree` gives the tree of a template."""

    environment: jinja2.Environment
    ignored: Ignores
    cache: Cache | None
    key: Callable[[str, dict[str, Any]], str]
    tree: Callable[[str], nodes.Template | Fault]
    locate: Locate
    sources: Mapping[str, Source]

    def warnings(
        self,
        summaries: Mapping[str, TemplateSummary],
        faults: Iterable[Fault],
        more: Iterable[TemplateWarning] = (),
    ) -> tuple[TemplateWarning, ...]:
        """Return the warnings of all templates that have an outline, by place; what is wrong with a template has been
        told, and nothing is said of what it means to others. `more` are those of stages before.
        """
        by_template, faulty = {}, {fault.name for fault in faults}
        for name, summary in summaries.items():
            if (noted := self._notes(self.sources[name], summary)) is not None:
                by_template[name] = noted
        texts = {name: self.sources[name].text for name in summaries}
        every = [*lint(summaries, by_template, faulty, self.locate), *self._markup(summaries), *more]
        return tuple(sorted(set(not_ignored(every, self.ignored, texts, self.environment))))

    def _markup(self, summaries: Mapping[str, TemplateSummary]) -> Iterator[TemplateWarning]:
        """Yield what is printed where escaping does not make it safe."""
        names = [name for name in summaries if autoescape_of(self.environment, name)]
        included = {
            name: [other for link in summaries[name].links if link.kind == "include" for other in link.names]
            for name in names
        }
        parents = {name: summaries[name].facts.parent for name in names}
        for name, found in look_at_all(names, parents, included, self._look):
            spot = self.locate(name).of_word(found.line, found.word)
            yield prose.of_page(name, spot, found.rule, found.shown, found.where)

    def _look(self, name: str, starts: Places) -> Markup | None:
        shown = {block: [asdict(place) for place in places] for block, places in starts.items()}
        key = {"source": self.sources[name].digest, "name": name, "starts": shown}
        return self._kept("markup", key, name, markup_from, markup_to, partial(markup, starts=starts))

    def _notes(self, source: Source, summary: TemplateSummary) -> Notes | None:
        # which templates there are decides what a name in one of them means
        links = [(link.kind, link.names, link.line) for link in summary.links]
        key = {"source": source.digest, "name": source.name, "links": links}
        return self._kept("notes", key, source.name, from_bytes, to_bytes, notes)

    def _kept(
        self,
        kind: str,
        of: dict[str, Any],
        name: str,
        read: Callable[[bytes], Seen],
        write: Callable[[Seen], bytes],
        look: Callable[[nodes.Template, jinja2.Environment, str], Seen],
    ) -> Seen | None:
        """Return what is seen in the tree of a template, or was when it was the same; `None` for one that is faulty."""
        key = ""
        if self.cache is not None:
            key = self.key(kind, of)
            with suppress(ValueError, KeyError, TypeError):
                if (data := self.cache.get(key)) is not None:
                    return read(data)
        tree = self.tree(name)
        if isinstance(tree, Fault):
            return None
        try:
            seen = look(tree, self.environment, name)
        except Exception:  # whatever it is, emitting the same tree raises it too, and tells its place
            return None
        if self.cache is not None:
            self.cache.put(key, write(seen))
        return seen
