"""Languages: which a preview can be shown in, and what has to be different for one.

Enters: folders of translations, as gettext and Babel lay them out, and the examples of a project. Leaves: the codes of
languages; an environment that translates into one of them; a context that asks for it.
"""

import gettext
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2.ext import InternationalizationExtension

_NAMES = frozenset(("language", "locale", "lang"))  # by which contexts say what language they are in
_FOLDERS = ("locale", "locales", "translations")  # where projects keep their translations
_FUNCTIONS = ("gettext", "ngettext", "pgettext", "npgettext")


def translation_folders(roots: Iterable[Path]) -> tuple[Path, ...]:
    """Return the folders of translations that are in one of these, or beside one."""
    around = [folder for root in roots for folder in (root, root.parent)]
    candidates = (folder / name for folder in around for name in _FOLDERS)
    return tuple(dict.fromkeys(folder for folder in candidates if folder.is_dir()))


def translated(folders: Iterable[Path]) -> tuple[str, ...]:
    """Return the languages that those folders have compiled translations for (`*.mo`)."""
    return tuple(sorted({file.parent.parent.name for folder in folders for file in folder.glob("*/LC_MESSAGES/*.mo")}))


def spoken(context: Mapping[str, Any]) -> Iterator[str]:
    """Yield the languages that a context says it is in, at its top or one below."""
    for name, value in context.items():
        if name in _NAMES and isinstance(value, str) and value:
            yield value
        elif isinstance(value, Mapping):
            yield from (inner for key, inner in value.items() if key in _NAMES and isinstance(inner, str) and inner)


def in_language(context: Mapping[str, Any], language: str, variables: Iterable[str]) -> dict[str, Any]:
    """Return the context in that language: wherever it names one, and for each of the variables that is called so."""
    changed = {name: _changed(value, language) for name, value in context.items()}
    return {**changed, **dict.fromkeys(_NAMES & {*context, *variables}, language)}


def _changed(value: Any, language: str) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: language if key in _NAMES and isinstance(inner, str) else inner for key, inner in value.items()}


def translating(environment: jinja2.Environment, folders: Iterable[Path], language: str) -> jinja2.Environment:
    """Return an environment like that one which translates into a language; itself, where no translation is found.

    The one that is given stays as it is. Translations that it has installed itself are not asked for any more.
    """
    if InternationalizationExtension.identifier not in environment.extensions:
        return environment
    files = [file for folder in folders for file in sorted(folder.glob(f"{glob_text(language)}/LC_MESSAGES/*.mo"))]
    catalogue: gettext.NullTranslations = gettext.NullTranslations()
    for file in files:
        with file.open("rb") as opened:
            translations = gettext.GNUTranslations(opened)
        translations.add_fallback(catalogue)
        catalogue = translations
    if not files:
        return environment
    scratch = jinja2.Environment(extensions=[InternationalizationExtension])  # noqa: S701  # nothing is rendered by it
    newstyle = bool(getattr(environment, "newstyle_gettext", False))
    scratch.install_gettext_translations(catalogue, newstyle=newstyle)  # type: ignore[attr-defined]
    overlay = environment.overlay()
    overlay.globals = {**environment.globals, **{name: scratch.globals[name] for name in _FUNCTIONS}}
    return overlay


def glob_text(text: str) -> str:
    """Return a pattern that only that text matches, and nothing where it could lead to another folder."""
    if "/" in text or text in {".", ".."}:
        return "[]"
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)
