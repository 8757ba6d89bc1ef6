"""What a build does with the catalogues of a project: they go into the bundle, and what they lack is told.

Enters: a folder of catalogues (``.po``), as Babel lays it out, and the texts of each template. Leaves: what the
manifest says of catalogues and their bytes, compiled; and a warning for each text that is not translated into some
language. Babel is imported when there is such a folder.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes

from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.lint import prose
from blendtpl.compiler.lint.stage import Cache
from blendtpl.compiler.locales.texts import texts
from blendtpl.errors import TemplateWarning
from blendtpl.extras import not_installed

if TYPE_CHECKING:
    from blendtpl.compiler.locales.catalogues import Languages

Spans = Mapping[str, tuple[int, int]]  # from where to where the files of a bundle have a language's catalogue
Row = tuple[int, str | tuple[str, ...], str | None]  # line, what is translated, context


@dataclass(slots=True)
class LocaleStage:
    """The catalogues of one build. `folder` has them, if there are any; `previous` are those of a bundle that is
    compiled again, whose bytes are among its files already.
    """

    folder: Path | None
    previous: Spans
    _languages: "Languages" = field(default_factory=dict)

    def read(self) -> None:
        """Read all catalogues. Raises `ConfigError` for a folder that is missing, and for one that is no catalogue."""
        if self.folder is not None:
            try:
                from blendtpl.compiler.locales.catalogues import read_languages
            except ImportError as error:
                raise not_installed("the setting `locales`", error) from None
            self._languages = read_languages(self.folder)

    def packed(self, files: bytes) -> tuple[Spans, bytes]:
        """Return where the files of a bundle have each catalogue, and these files with all of them behind."""
        spans, data = dict(self.previous), bytearray(files)
        for name, language in self._languages.items():
            start = len(data)
            data += language.compiled
            spans[name] = start, len(data)
        return spans, bytes(data)

    def warnings(
        self,
        sources: Mapping[str, Source],
        environment: jinja2.Environment,
        cache: Cache | None,
        key: Callable[[str, dict[str, Any]], str],
        tree: Callable[[str], nodes.Template | None],
        locate: Callable[[str], Positions],
    ) -> Iterator[TemplateWarning]:
        """Yield a warning for each text of a template that is not translated into all languages, or not rightly."""
        if not self._languages:
            return
        from blendtpl.compiler.locales.catalogues import broken, lacking, messages_of

        for name, source in sources.items():
            cached = "" if cache is None else key("texts", {"source": source.digest, "name": name})
            rows = _cached(cache, cached)
            if rows is None:
                parsed = tree(name)
                if parsed is None:
                    continue
                extracted = messages_of(name, texts(parsed, source, environment))
                rows = [(line, message, context) for line, message, _, context in extracted]
                if cache is not None:
                    cache.put(cached, json.dumps(rows).encode())
            for line, message, context in dict.fromkeys(rows):
                text = message if isinstance(message, str) else message[0]
                missing = lacking(self._languages, message, context)
                if missing:
                    yield prose.untranslated(name, locate(name).of_text(line, text), text, missing)
                for language, wrong in broken(self._languages, message, context):
                    yield prose.broken_translation(name, locate(name).of_text(line, text), text, language, wrong)


def _cached(cache: Cache | None, key: str) -> list[Row] | None:
    data = None if cache is None else cache.get(key)
    with suppress(ValueError, TypeError):
        if data is not None:
            return [
                (line, tuple(message) if isinstance(message, list) else message, context)
                for line, message, context in json.loads(data)
            ]
    return None
