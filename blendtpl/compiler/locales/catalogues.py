"""Catalogues: what Babel makes of texts, and reads of the translations that a project has.

Enters: the texts of templates, and the catalogues of translators (``.po``). Leaves: a template of a catalogue
(``.pot``), compiled catalogues, and what they lack. This is the one place that knows Babel.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from blendtpl.bundle.language_tags import closest, normal
from blendtpl.compiler.locales.texts import Text
from blendtpl.errors import ConfigError

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


# -- what is translated ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Language:
    """What is translated into a language, and that as gettext has it compiled: without what is fuzzy."""

    catalogue: Catalog
    compiled: bytes


Languages = dict[str, Language]


def read_languages(folder: Path, domain: str = "messages") -> Languages:
    """Return the catalogues in a folder by language; raises `ConfigError` for none, and for what is no catalogue."""
    if not folder.is_dir():
        raise ConfigError(f"there is no folder `{folder}` with translations, which the setting `locales` names")
    languages = {}
    for file in sorted(folder.glob(f"*/LC_MESSAGES/{domain}.po")):
        try:
            with file.open("rb") as opened:
                catalogue = read_po(opened, abort_invalid=True)
            buffer = BytesIO()
            write_mo(buffer, catalogue)
            GNUTranslations(BytesIO(buffer.getvalue()))  # as it will be loaded
        except Exception as error:  # there is no limit to what a file that is none may raise
            raise ConfigError(f"`{file}` is no catalogue of translations: {error}") from error
        languages[file.parent.parent.name] = Language(catalogue, buffer.getvalue())
    return languages


def lacking(languages: Languages, message: str | tuple[str, ...], context: str | None) -> list[str]:
    """Return the languages that a text is not translated into, or only in a way that somebody has yet to look at. What
    ``pt`` has, ``pt_BR`` need not have.
    """
    having = {normal(name) for name, language in languages.items() if _has(language.catalogue, message, context)}
    return [name for name in languages if having.isdisjoint(closest(name))]


def _has(catalogue: Catalog, message: str | tuple[str, ...], context: str | None) -> bool:
    found = catalogue.get(message, context)
    if found is None or found.fuzzy:
        return False
    if isinstance(message, tuple):  # a plural needs all of its forms
        return isinstance(found.string, (tuple, list)) and bool(found.string) and all(found.string)
    return bool(found.string[0] if isinstance(found.string, (tuple, list)) else found.string)


class _Names(dict[str, int]):
    """What `%` puts into a text, of any name; which were asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = 1
        return 1


def broken(languages: Languages, message: str | tuple[str, ...], context: str | None) -> Iterator[tuple[str, str]]:
    """Yield the languages whose translation of a text `%` refuses, and what is wrong with it. Of a text without
    variables nothing is said, and of names only where one is missing for another.
    """
    names = _names_in("".join((message,) if isinstance(message, str) else message))
    if not names:
        return
    for name, language in languages.items():
        found = language.catalogue.get(message, context)
        forms: Any = () if found is None or found.fuzzy else found.string
        for form in filter(None, (forms,) if isinstance(forms, str) else forms or ()):
            own = _names_in(form)
            if own is None:
                yield name, "a lone `%`"
            elif (wrong := own - names - {"num", "context"}) and (len(own & names) < len(names)):
                yield name, f"the unknown variable `{min(wrong)}`"


def _names_in(text: str) -> set[str] | None:
    names = _Names()
    try:
        _ = text % names
    except (ValueError, TypeError):
        return None
    return set(names)
