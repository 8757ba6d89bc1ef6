"""Stage: the warnings of one build.

Enters: outlines and sources, and how to get at trees. Leaves: warnings, by place. What was noted of a template is taken
from the build cache, so that one which comes from there warns as before.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import jinja2
from jinja2 import nodes

from blendtpl.compiler.analysis.summary import TemplateSummary
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.lint.ignores import Ignores, not_ignored
from blendtpl.compiler.lint.notes import Notes, from_bytes, notes, to_bytes
from blendtpl.compiler.lint.rules import Locate, lint
from blendtpl.errors import Fault, TemplateWarning


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
        every = [*lint(summaries, by_template, faulty, self.locate), *more]
        return tuple(sorted(set(not_ignored(every, self.ignored, texts, self.environment))))

    def _notes(self, source: Source, summary: TemplateSummary) -> Notes | None:
        key = ""
        if self.cache is not None:
            # which templates there are decides what a name in one of them means
            links = [(link.kind, link.names, link.line) for link in summary.links]
            key = self.key("notes", {"source": source.digest, "name": source.name, "links": links})
            with suppress(ValueError, KeyError, TypeError):
                if (data := self.cache.get(key)) is not None:
                    return from_bytes(data)
        tree = self.tree(source.name)
        if isinstance(tree, Fault):
            return None
        try:
            noted = notes(tree, self.environment, source.name)
        except Exception:  # whatever it is, emitting the same tree raises it too, and tells its place
            return None
        if self.cache is not None:
            self.cache.put(key, to_bytes(noted))
        return noted
