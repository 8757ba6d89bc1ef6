"""Catalogues of a project: the build takes them into the bundle, and tells of what is not translated."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.bundle.archive import open_bundle, seal
from testkit.memory import measure
from tests.compiling.support import invoke, write

pytest.importorskip("babel")

HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
)


def po(texts: Mapping[str, str], more: str = "") -> str:
    return HEAD + "".join(f'\nmsgid "{text}"\nmsgstr "{translation}"\n' for text, translation in texts.items()) + more


PLURAL = (
    '\nmsgid "one"\nmsgid_plural "many"\nmsgstr[0] "eins"\nmsgstr[1] "viele"\n'
    '\nmsgctxt "month"\nmsgid "May"\nmsgstr "Mai"\n'
)
SITE = {
    "pyproject.toml": '[tool.blendtpl]\nlocales = "locale"\noutput = "site.blend"\n',
    "templates/a.html": "<p>\n  {{ _('Hello') }} {{ _('Bye') }}</p>",
    "templates/b.html": "{% trans n=n %}one{% pluralize %}many{% endtrans %}{{ pgettext('month', 'May') }}",
    "templates/mail/subject.txt": "{{ _('Hello') }}",
    "templates/mail/body.txt": "x",
    "locale/de/LC_MESSAGES/messages.po": po({"Hello": "Hallo", "Bye": "Tschüss"}, PLURAL),
    "locale/pt_BR/LC_MESSAGES/messages.po": po({"Hello": "Oi"}),
    "locale/fr/LC_MESSAGES/messages.po": po({"Hello": "Bonjour"}),
    "locale/pt/LC_MESSAGES/messages.po": po({"Hello": "Olá", "Bye": "Adeus"}),
}
WARNED = {
    ("a.html", 2, 26, "'Bye' is not translated into fr"),
    ("b.html", 1, 16, "'one' is not translated into fr, pt, pt_BR"),
    ("b.html", 1, 74, "'May' is not translated into fr, pt, pt_BR"),
}


def warned(bundle: blendtpl.Bundle) -> set[tuple[str, int, int, str]]:
    assert {warning.kind for warning in bundle.warnings} <= {"untranslated"}
    return {(warning.name, warning.line, warning.column, warning.message) for warning in bundle.warnings}


@pytest.fixture
def site(project: Path) -> Path:
    return write(project, SITE)


@pytest.mark.parametrize("way", ["settings", "keyword", "cached"])
def test_what_a_language_lacks_is_told_with_its_place(site: Path, way: str) -> None:
    options: dict[str, Any] = {"cache": True} if way == "cached" else {}
    source = () if way == "settings" else ("templates",)
    if source:
        options["locales"] = Path("locale")
    for _ in range(2):
        assert warned(blendtpl.compile(*source, **options)) == WARNED


def test_without_a_folder_nothing_is_told_or_taken(site: Path) -> None:
    bundle = blendtpl.compile("templates")
    assert not bundle.warnings
    assert not bundle.manifest.catalogues


def test_fuzzy_empty_and_half_translations_are_none(site: Path) -> None:
    half = '\nmsgid "one"\nmsgid_plural "many"\nmsgstr[0] "eins"\nmsgstr[1] ""\n\n#, fuzzy\nmsgid "Bye"\nmsgstr "B"\n'
    write(site, {"locale/de/LC_MESSAGES/messages.po": po({"Hello": ""}, half)})
    told = {message for *_, message in warned(blendtpl.compile("templates", locales="locale"))}
    assert "'Hello' is not translated into de" in told
    assert "'one' is not translated into de, fr, pt, pt_BR" in told
    assert "'Bye' is not translated into de, fr" in told


BROKEN = {
    "a misspelt variable": ("Hello %(name)s", "Hallo %(nmae)s", "the unknown variable `nmae`"),
    "a lone percent sign": ("Hello %(name)s", "Hallo %(name)s 100%", "a lone `%`"),
    "a variable without a letter": ("Hello %(name)s", "Hallo %(name)", "a lone `%`"),
    "a variable without a name": ("Hello %(name)s", "Hallo %s %s", "a lone `%`"),
}
RIGHT = {
    "without a variable": ("Hello %(name)s", "Hallo"),
    "a percent sign": ("Hello %(name)s", "Hallo %(name)s 100%%"),
    "one more variable": ("Hello %(name)s", "Hallo %(name)s %(other)s"),  # which the call may give
    "no format": ("Hello", "100% Hallo"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_translation_that_would_fail_is_told(site: Path, case: str) -> None:
    text, translation, wrong = BROKEN[case]
    write(
        site,
        {"one/a.html": f"\n{{{{ _('{text}', name=1) }}}}", "l/de/LC_MESSAGES/messages.po": po({text: translation})},
    )
    (warning,) = blendtpl.compile("one", locales="l").warnings
    assert (warning.kind, warning.line, warning.column) == ("broken-translation", 2, 7)
    assert warning.message == f"the translation of {text!r} into de has {wrong}"
    registry = blendtpl.load(blendtpl.compile("one", locales="l"))
    with pytest.raises((KeyError, ValueError, TypeError)):
        registry.render("a.html", locale="de")


@pytest.mark.parametrize("case", RIGHT)
def test_a_translation_that_may_be_meant_so_is_not_told(site: Path, case: str) -> None:
    text, translation = RIGHT[case]
    write(site, {"one/a.html": f"{{{{ _('{text}') }}}}", "l/de/LC_MESSAGES/messages.po": po({text: translation})})
    assert not blendtpl.compile("one", locales="l").warnings


def test_each_form_of_a_plural_is_looked_at(site: Path) -> None:
    plural = '\nmsgid "%(num)s row"\nmsgid_plural "%(num)s rows"\nmsgstr[0] "eine Zeile"\nmsgstr[1] "%(nmu)s Zeilen"\n'
    text = "{% trans num=n %}{{ num }} row{% pluralize %}{{ num }} rows{% endtrans %}"
    write(site, {"one/a.html": text, "l/de/LC_MESSAGES/messages.po": po({}, plural)})
    (warning,) = blendtpl.compile("one", locales="l").warnings
    assert warning.message == "the translation of '%(num)s row' into de has the unknown variable `nmu`"


def test_a_warning_may_be_switched_off_or_be_an_error(site: Path) -> None:
    done = invoke("compile")
    assert done.exit_code == 0
    assert "'Bye' is not translated into fr" in done.stderr
    assert "a.html:2:26" in done.stderr
    assert "`pybabel update`" in done.stderr
    strict = invoke("compile", "--strict", "-o", "other.blend")
    assert strict.exit_code == 1
    assert not Path("other.blend").exists()
    assert invoke("compile", "--strict", "--ignore", "untranslated").exit_code == 0
    write(site, {"templates/a.html": "{{ _('Hello') }}{# blendtpl: ignore untranslated #}{{ _('Bye') }}"})
    assert {name for name, *_ in warned(blendtpl.compile())} == {"b.html"}


def test_a_bundle_has_its_translations_with_it(site: Path) -> None:
    invoke("compile")
    shutil.rmtree("locale")
    registry = blendtpl.load("site.blend")
    assert registry.render("a.html", locale="de") == "<p>\n  Hallo Tschüss</p>"
    assert registry.render("a.html", locale="pt-br") == "<p>\n  Oi Adeus</p>"
    assert registry.render("a.html", locale="xx") == registry.render("a.html") == "<p>\n  Hello Bye</p>"
    assert registry.render("b.html", n=2, locale="de") == "vieleMai"
    message = registry.message("mail", to=["a@example.org"], sender="b@example.org", language="pt-PT")
    assert message.subject == "Olá"
    assert set(registry.manifest.catalogues) == {"de", "fr", "pt", "pt_BR"}


def test_what_the_environment_translates_by_goes_before(site: Path) -> None:
    def loud() -> jinja2.Environment:
        environment = blendtpl.default_environment()
        environment.install_gettext_callables(str.upper, lambda *texts: "", newstyle=True)  # type: ignore[attr-defined]
        return environment

    bundle = blendtpl.compile("templates", locales="locale")
    assert blendtpl.load(bundle, environment=loud).render("a.html", locale="de") == "<p>\n  HELLO BYE</p>"
    environment = blendtpl.default_environment()
    assert blendtpl.load(bundle, environment=environment).render("mail/subject.txt", locale="de") == "Hallo"
    assert environment.from_string("{{ _('Hello') }}").render(locale="de") == "Hello"  # it stays as it was


def test_a_registry_that_is_reloaded_has_the_new_translations(site: Path) -> None:
    invoke("compile")
    registry = blendtpl.load("site.blend")
    write(site, {"locale/de/LC_MESSAGES/messages.po": po({"Hello": "Moin"})})
    invoke("compile")
    assert registry.reload_from("site.blend")
    assert registry.render("mail/subject.txt", locale="de") == "Moin"


def test_the_same_catalogues_make_the_same_bundle(site: Path) -> None:
    bundles = {blendtpl.compile("templates", locales="locale").data for _ in range(2)}
    assert len(bundles) == 1
    assert blendtpl.compile("templates").data not in bundles


def test_a_bundle_of_other_versions_keeps_its_translations(site: Path) -> None:
    bundle = blendtpl.compile("templates", locales="locale")
    old = replace(bundle.manifest, versions=replace(bundle.manifest.versions, python="cpython 3.0"))
    code, files = bytes(bundle.code), bytes(bundle.files)
    Path("old.blend").write_bytes(seal(old, code, bundle.sources, None, files).data)
    registry = blendtpl.load("old.blend", recompile=True)
    assert registry.render("mail/subject.txt", locale="de") == "Hallo"


@pytest.mark.parametrize(
    "text",
    ["garbage\n", 'msgid "a\n', "\udcff", HEAD.replace("(n != 1)", "(n != __import__)")],
    ids=["garbage", "open", "bytes", "plural"],
)
def test_what_is_no_catalogue_is_told_by_its_file(site: Path, text: str) -> None:
    file = Path("locale/de/LC_MESSAGES/messages.po")
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = invoke("compile")
    assert done.exit_code == 1
    assert f"`{file.absolute()}` is no catalogue of translations: " in done.stderr.replace("\n", "")
    with pytest.raises(blendtpl.ConfigError, match="is no catalogue of translations"):
        blendtpl.compile("templates", locales="locale")


def test_settings_that_cannot_be_used_say_so(site: Path) -> None:
    with pytest.raises(blendtpl.ConfigError, match="there is no folder `nowhere` with translations"):
        blendtpl.compile("templates", locales="nowhere")
    write(site, {"pyproject.toml": "[tool.blendtpl]\nlocales = 1\n"})
    assert "setting `locales` in [tool.blendtpl] is no string" in invoke("compile").stderr


def test_a_manifest_of_catalogues_that_are_not_there_is_refused(site: Path) -> None:
    bundle = blendtpl.compile("templates", locales="locale")
    code, files = bytes(bundle.code), bytes(bundle.files)
    beyond = seal(replace(bundle.manifest, catalogues={"de": (0, len(files) + 1)}), code, bundle.sources, None, files)
    with pytest.raises(blendtpl.BundleError, match="catalogues that are not in"):
        open_bundle(beyond.data)
    wrong = seal(replace(bundle.manifest, catalogues={"de": (1, len(files))}), code, bundle.sources, None, files)
    with pytest.raises(
        blendtpl.BundleError, match="the translations into 'de' are malformed: compile the bundle again"
    ):
        blendtpl.load(wrong)


@pytest.mark.usefixtures("quick_collections", "no_collector")
def test_a_render_by_a_bundles_translations_leaves_nothing(site: Path) -> None:
    registry = blendtpl.load(blendtpl.compile("templates", locales="locale"))
    for locale in ("de", "pt-br", "xx"):
        assert not measure(partial(registry.render, "b.html", n=2, locale=locale), 300, registry)
