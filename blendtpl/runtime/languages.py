"""Languages: which one a render is in, and the catalogues of translations that an application has.

Enters: compiled catalogues, which are read once, and what somebody calls a locale. Leaves: functions that translate
into the language of the render at hand, for the `i18n` extension. No file is read while a template renders, and nothing
is kept of the locales that were asked for.
"""

import gettext
import io
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import jinja2
from jinja2.ext import InternationalizationExtension

from blendtpl.bundle.language_tags import LONGEST, closest, normal, spellings
from blendtpl.bundle.manifest import Manifest
from blendtpl.errors import BundleError, ConfigError, RenderError, did_you_mean
from blendtpl.printable import one_line
from blendtpl.runtime.gettext import shape_of

Catalogue = gettext.NullTranslations

language: ContextVar[str | None] = ContextVar("language", default=None)
"""The language of the message or the page that is being rendered, for functions that translate; `None` where nobody has
said one.
"""

LOCALE = "locale"  # the variable that says which language a render is in
_FUNCTIONS = ("gettext", "ngettext", "pgettext", "npgettext")
INSTALLED = "_blendtpl_translations"  # where an environment has what was installed


class Translations:
    """The translations of an application, for each language that it has. All of it is read now, and never again.

    - `source` is a folder with catalogues that are compiled, as gettext and Babel lay them out
      (``de/LC_MESSAGES/messages.mo``), or a mapping from languages to `gettext.NullTranslations` or their like. Of a
      folder, what ``pt_BR`` lacks is looked for in ``pt``, and then in the default.
    - `domain` is what the files are called.
    - `default` is the language of a render that says none, and of one for whose language there is no catalogue. Left
      out, or where it has no catalogue itself, these print what stands in the templates.
    - `strict`: whether a language that there is no catalogue for is an error instead.
    - `locale` is called, without arguments, where a render says no language, such as ``flask_babel.get_locale``.

    Languages are written as ``pt_BR`` or ``pt-BR``, in any case; ``de-AT`` is ``de`` where there is nothing closer.
    Raises `ConfigError` for a folder that is missing, and for a file that is no catalogue.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | Mapping[str, Catalogue],
        *,
        domain: str = "messages",
        default: str | None = None,
        strict: bool = False,
        locale: Callable[[], object] | None = None,
    ) -> None:
        named = dict(source) if isinstance(source, Mapping) else _read(Path(source), domain)
        self.languages = tuple(sorted(named))
        self._strict, self._locale = strict, locale
        self._by_tag = {normal(name): catalogue for name, catalogue in named.items()}
        if default is not None:
            self._by_tag.setdefault(normal(default), Catalogue())
        self._default = Catalogue() if default is None else self._by_tag[normal(default)]
        if not isinstance(source, Mapping):
            _chain(self._by_tag, None if default is None else normal(default))
        # in the spellings that are most, so that these are found at once
        forms = [(form, tag) for name in named for tag in (normal(name),) for form in spellings(name)]
        self._by_spelling = {**self._by_tag, **{form: self._by_tag[tag] for form, tag in forms}}

    def __repr__(self) -> str:
        return f"<Translations into {', '.join(self.languages) or 'no language'}>"

    def install(self, environment: jinja2.Environment, newstyle: bool = True) -> None:
        """Have an environment translate by these; do so before a bundle is loaded for it.

        From then on the variable `locale` that a render is given, by whatever mapping or as a keyword, says which
        language it is in, and is a variable as any other as well; in a message it is `language`. `newstyle` is that of
        Jinja2's own `install_gettext_callables`. Raises `ConfigError` for an environment without the extension `i18n`.
        """
        if InternationalizationExtension.identifier not in environment.extensions:
            raise ConfigError(
                "translations are installed into the extension `jinja2.ext.i18n`: the environment has none"
            )
        # the extension's own method installs into the environment that it was made for, which may be another
        scratch: Any = jinja2.Environment(extensions=[InternationalizationExtension])  # noqa: S701  # renders nothing
        scratch.install_gettext_callables(
            self.gettext, self.ngettext, newstyle=newstyle, pgettext=self.pgettext, npgettext=self.npgettext
        )
        environment.globals.update((name, scratch.globals[name]) for name in _FUNCTIONS)
        environment.newstyle_gettext = newstyle  # type: ignore[attr-defined]  # of the extension
        setattr(environment, INSTALLED, self)
        if environment.cache is not None:  # what is there does not ask for a locale
            environment.cache.clear()

    # in the language of the render at hand, or in that of `locale`, or in the default

    def gettext(self, message: str) -> str:
        """Return the translation of a text."""
        return self._catalogue().gettext(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return the translation of a text for so many."""
        return self._catalogue().ngettext(singular, plural, number)

    def pgettext(self, context: str, message: str) -> str:
        """Return the translation of a text in a context."""
        return self._catalogue().pgettext(context, message)

    def npgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        """Return the translation of a text in a context for so many."""
        return self._catalogue().npgettext(context, singular, plural, number)

    def _catalogue(self) -> Catalogue:
        tag = self.tag()
        if tag is None:
            return self._default
        found = self._by_spelling.get(tag)
        return self.catalogue(tag) if found is None else found

    def tag(self) -> str | None:
        """Return the language of the render at hand, or what `locale` gives."""
        tag = language.get()
        return tag if tag is not None or self._locale is None else tag_of(self._locale())

    def catalogue(self, tag: str) -> Catalogue:
        """Return the catalogue of a language, or of what is closest; raises `RenderError` where that is no language
        of these, and they are strict.
        """
        for close in closest(tag):
            if close in self._by_tag:
                return self._by_tag[close]
        if not self._strict:
            return self._default
        hint = did_you_mean(tag, self.languages) or f"there are {', '.join(self.languages) or 'none at all'}"
        raise RenderError(f"there are no translations for the locale `{one_line(tag[:LONGEST])}`: {hint}")

    def tag_in(self, mappings: tuple[Any, ...], variables: Mapping[str, Any]) -> str | None:
        """Return the language that the variables of a render say; raises `RenderError` for what is none."""
        value = variables.get(LOCALE)
        for mapping in reversed(mappings):
            if value is None and isinstance(mapping, Mapping):
                value = mapping.get(LOCALE)
        tag = tag_of(value)
        if tag is not None and self._strict:
            self.catalogue(tag)
        return tag


def packed(manifest: Manifest, files: bytes | memoryview, environment: jinja2.Environment) -> Translations | None:
    """Return the translations of a bundle, for an environment that has none; raises `BundleError` for what is none."""
    if not manifest.catalogues or not _is_untranslated(environment):
        return None
    catalogues: dict[str, Catalogue] = {}
    for name, (start, end) in manifest.catalogues.items():
        try:
            catalogues[name] = gettext.GNUTranslations(io.BytesIO(files[start:end]))
        except Exception as error:  # as below
            raise BundleError(f"the translations into {name!a} are malformed: compile the bundle again") from error
    _chain({normal(name): catalogue for name, catalogue in catalogues.items()}, None)
    return Translations(catalogues)


def _is_untranslated(environment: jinja2.Environment) -> bool:
    """Return whether an environment has the extension, and prints texts as they stand."""
    function: Any = environment.globals.get("gettext")
    if shape_of(function) is not None:
        function = function.__closure__[0].cell_contents
    there = InternationalizationExtension.identifier in environment.extensions
    return there and (function is None or type(getattr(function, "__self__", None)) is Catalogue)


def installed(environment: jinja2.Environment) -> Translations | None:
    """Return the translations that an environment has installed."""
    return getattr(environment, INSTALLED, None)


def language_in(environment: jinja2.Environment) -> str | None:
    """Return the language of the render at hand, in an environment."""
    translations = installed(environment)
    return language.get() if translations is None else translations.tag()


def tag_of(locale: object) -> str | None:
    """Return the tag of a locale: a text, or what Babel has for it. Raises `RenderError` for any other value."""
    if locale is None or type(locale) is str:
        return locale
    if isinstance(locale, str) or hasattr(type(locale), "get_display_name"):  # that of `babel.Locale`
        return str(locale)
    raise RenderError(f"a value of type {type(locale).__name__} is no locale: give a text such as `de` or `pt_BR`")


def _read(folder: Path, domain: str) -> dict[str, Catalogue]:
    """Return the catalogues in a folder, by the names of its folders."""
    if not folder.is_dir():
        raise ConfigError(f"there is no folder `{folder}` with translations")
    catalogues: dict[str, Catalogue] = {}
    for file in sorted(folder.glob(f"*/LC_MESSAGES/{domain}.mo")):
        try:
            with file.open("rb") as opened:
                catalogues[file.parent.parent.name] = gettext.GNUTranslations(opened)
        except Exception as error:  # there is no limit to what a file that is none may raise
            raise ConfigError(f"`{file}` is no catalogue of translations: {error}") from error
    if not catalogues and any(folder.glob(f"*/LC_MESSAGES/{domain}.po")):
        raise ConfigError(f"the translations in `{folder}` are not compiled: run `pybabel compile -d {folder}`")
    return catalogues


def _chain(by_tag: Mapping[str, Catalogue], default: str | None) -> None:
    """Have each catalogue go on with the one that is closest, and at the end with the default."""
    last = set(() if default is None else closest(default))
    for tag, catalogue in by_tag.items():
        close = next((other for other in list(closest(tag))[1:] if other in by_tag), None)
        if close is None and default is not None and tag not in last:
            close = default
        if close is not None:
            catalogue.add_fallback(by_tag[close])
