"""Catalogues: what Babel makes of texts, and reads of the translations that a project has.

Enters: the texts of templates. Leaves: a template of a catalogue (``.pot``). This is the one place that knows Babel.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po

from blendtpl.compiler.locales.texts import Text

Extracted = tuple[int, str | tuple[str, ...], list[str], str | None]  # line, what is translated, comments, context


class _Source(BytesIO):
    """What Babel warns of by a name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def messages_of(name: str, texts: Iterable[Text]) -> Iterator[Extracted]:
    """Yield what is to be translated, of what is called in a template: which argument is what is Babel's to know."""

    def method(file: Any, keywords: Collection[str], tags: Collection[str], options: Any) -> Iterator[Any]:
        for text in texts:
            arguments: Any = text.arguments if len(text.arguments) != 1 else text.arguments[0]
            yield text.line, text.function, arguments, list(text.comments)

    return extract(method, _Source(name), DEFAULT_KEYWORDS)


def template_of(texts: Mapping[str, Iterable[Text]]) -> Catalog:
    """Return the template of a catalogue, of the texts of templates by name."""
    catalogue = Catalog(charset="utf-8")
    for name, own in sorted(texts.items()):
        for line, message, comments, context in messages_of(name, own):
            catalogue.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalogue


def to_pot(catalogue: Catalog, before: bytes = b"") -> bytes:
    """Return a template of a catalogue as it is written; what was there `before`, where only the date differs."""
    if before:
        now = catalogue.creation_date
        catalogue.creation_date = _date_of(before) or now
        if (same := _written(catalogue)) == before:
            return same
        catalogue.creation_date = now
    return _written(catalogue)


def _written(catalogue: Catalog) -> bytes:
    buffer = BytesIO()
    write_po(buffer, catalogue)
    return buffer.getvalue()


def _date_of(data: bytes) -> Any:
    try:
        return read_po(BytesIO(data)).creation_date
    except Exception:  # whatever is there, it becomes another
        return None
