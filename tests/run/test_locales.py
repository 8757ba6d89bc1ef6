"""Locales: a render is in the language that it is asked for, and so are messages, by the same translations."""

import asyncio
import contextvars
import gettext
import shutil
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit.catalogues import locale_folder
from testkit.memory import measure

GERMAN = {
    "Hello": "Hallo",
    "Hello %(name)s": "Guten Tag %(name)s",
    "%(num)s change\0%(num)s changes": "%(num)s Änderung\0%(num)s Änderungen",
    "month\4May": "Mai",
    "list\4%(num)s row\0%(num)s rows": "%(num)s Zeile\0%(num)s Zeilen",
}
LANGUAGES: dict[str, dict[str, str]] = {
    "de": GERMAN,
    "pt": {"Hello": "Olá", "Bye": "Adeus"},
    "pt_BR": {"Hello": "Oi"},
    "sr@latin": {"Hello": "Zdravo"},
    "zh_Hant": {"Hello": "您好"},
}
TEMPLATES = {
    "hello.html": "{{ _('Hello') }}",
    "bye.html": "{{ _('Hello') }} {{ _('Bye') }}",
    "all.html": "{% extends 'base.html' %}{% from 'macros.html' import may %}{% block main %}"
    "{% trans name=name %}Hello {{ name }}{% endtrans %}|"
    "{% for n in ns %}{% trans num=n %}{{ num }} change{% pluralize %}{{ num }} changes{% endtrans %},"
    "{{ npgettext('list', '%(num)s row', '%(num)s rows', n) }};{% endfor %}{{ may() }}{% include 'hello.html' %}"
    "{% endblock %}",
    "base.html": "<i>{{ _('Hello') }}{% block main %}{% endblock %}</i>",
    "macros.html": "{% macro may() %}{{ pgettext('month', 'May') }}{% endmacro %}",
    "says.html": "{{ locale }} {{ _('Hello') }}",
    "fails.html": "{{ _('Hello') }}{{ 1 // 0 }}",
    "rows.html": "{% for n in ns %}{{ _('Hello') }}{{ ' ' * 9000 }}{% endfor %}",
    "mail/subject.txt": "{{ _('Hello') }}",
    "mail/body.txt": "{{ _('Hello %(name)s', name=name) }}",
    "one.txt": "{% block subject %}{{ _('Hello') }}{% endblock %}{% block text %}{{ _('Bye') }}{% endblock %}",
}
ALL = {"name": "<Ada>", "ns": [1, 2]}
ALL_GERMAN = "<i>HalloGuten Tag &lt;Ada&gt;|1 Änderung,1 Zeile;2 Änderungen,2 Zeilen;MaiHallo</i>"

Render = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return locale_folder(tmp_path_factory.mktemp("locale"), LANGUAGES)


def environment_of(
    translations: blendtpl.Translations, newstyle: bool = True, **options: Any
) -> Callable[[], jinja2.Environment]:
    def make() -> jinja2.Environment:
        environment = blendtpl.Environment.with_defaults(loader=jinja2.DictLoader(TEMPLATES), **options)
        translations.install(environment, newstyle)
        return environment

    return make


def registry_of(translations: blendtpl.Translations, **options: Any) -> blendtpl.Registry:
    make = environment_of(translations, **options)
    return blendtpl.load(blendtpl.compile(TEMPLATES, environment=make), environment=make)


@pytest.fixture(scope="module", params=["bundle", "live", "async"])
def render(request: pytest.FixtureRequest, folder: Path) -> Render:
    """Each way to render by a name and variables."""
    translations = blendtpl.Translations(folder)
    if request.param == "live":
        live = environment_of(translations)()
        return lambda name, *mappings, **variables: live.get_template(name).render(*mappings, **variables)
    return registry_of(translations, enable_async=request.param == "async").render


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "Hallo"),
        ("de_AT", "Hallo"),
        ("DE-at", "Hallo"),
        ("de_DE.UTF-8", "Hallo"),
        ("pt", "Olá"),
        ("pt_BR", "Oi"),
        ("pt-br", "Oi"),
        ("PT_PT", "Olá"),
        ("sr@latin", "Zdravo"),
        ("sr", "Hello"),
        ("zh-Hant-TW", "您好"),
        ("zh", "Hello"),
        ("en", "Hello"),
        (None, "Hello"),
        ("", "Hello"),
        ("../de", "Hello"),
        ("-" * 1_000_000, "Hello"),
    ],
)
def test_a_locale_has_the_closest_catalogue(render: Render, locale: str | None, text: str) -> None:
    assert render("hello.html", locale=locale) == text
    assert render("hello.html", {"locale": locale}) == text
    assert blendtpl.language.get() is None


def test_all_that_translates_does_so_in_whatever_a_page_is_made_of(render: Render) -> None:
    assert render("all.html", ALL, locale="de") == ALL_GERMAN
    assert render("all.html", ALL) == "<i>HelloHello &lt;Ada&gt;|1 change,1 row;2 changes,2 rows;MayHello</i>"


def test_what_a_catalogue_lacks_is_looked_for_in_the_next(render: Render) -> None:
    assert render("bye.html", locale="pt_BR") == "Oi Adeus"


def test_a_locale_is_a_variable_as_any_other(render: Render) -> None:
    assert render("says.html", locale="de") == "de Hallo"
    assert render("says.html", {"locale": "de"}, locale="pt") == "pt Olá"
    assert render("says.html", {"locale": "de", "other": 1}) == "de Hallo"


def test_a_render_that_fails_leaves_the_language_as_it_was(render: Render) -> None:
    with pytest.raises(ZeroDivisionError):
        render("fails.html", locale="de")
    assert blendtpl.language.get() is None
    assert render("hello.html") == "Hello"


def test_without_translations_a_locale_is_a_variable_alone() -> None:
    registry = blendtpl.load(blendtpl.compile(TEMPLATES))
    assert registry.render("says.html", locale=7) == "7 Hello"


def test_a_render_goes_through_nothing_where_nothing_translates(folder: Path) -> None:
    plain, german = blendtpl.load(blendtpl.compile(TEMPLATES)), registry_of(blendtpl.Translations(folder))
    assert all(plain[name]._compiled.runner is None for name in plain)
    assert all(german[name]._compiled.runner is not None for name in german)


@pytest.mark.parametrize("way", ["live", "bundle"])
def test_old_style_functions_translate_as_well(folder: Path, way: str) -> None:
    templates = {"page.html": "{{ _('Hello %(name)s')|format(name='<') }}{% trans n=2 %}{{ n }}{% endtrans %}"}

    def make() -> jinja2.Environment:
        environment = blendtpl.Environment.with_defaults(loader=jinja2.DictLoader(templates))
        blendtpl.Translations(folder).install(environment, newstyle=False)
        return environment

    template: Any = make().get_template("page.html")
    if way == "bundle":
        template = blendtpl.load(blendtpl.compile(templates, environment=make), environment=make)["page.html"]
    assert template.render(locale="de") == "Guten Tag &lt;2"


def test_every_way_of_a_template_is_in_its_language(folder: Path) -> None:
    template = registry_of(blendtpl.Translations(folder))["one.txt"]
    assert template.render_bytes(locale="pt").decode() == "OláAdeus"
    assert template.render_block("subject", locale="de") == "Hallo"
    assert template.render_blocks(["text", "subject"], {"locale": "de"}, {"locale": "pt"}) == "AdeusOlá"
    assert "".join(template.stream(locale="pt")) == "OláAdeus"
    assert asyncio.run(template.render_async(locale="pt")) == "OláAdeus"
    assert asyncio.run(template.render_blocks_async(["text"], locale="pt")) == "Adeus"


def test_a_language_is_nobodys_between_two_pieces_of_a_stream(folder: Path) -> None:
    template = registry_of(blendtpl.Translations(folder))["rows.html"]
    german, plain = template.stream(ns=[1, 2], locale="de"), template.stream(ns=[1, 2])
    pieces = []
    for _ in range(2):
        for stream in (german, plain):
            pieces.append(next(stream).strip())
            assert blendtpl.language.get() is None
    assert pieces == ["Hallo", "Hello", "Hallo", "Hello"]
    other = template.stream(ns=[1, 2], locale="de")
    assert contextvars.copy_context().run(next, other).strip() == "Hallo"
    assert next(other).strip() == "Hallo"  # in another context
    other = template.stream(ns=[1, 2], locale="de")
    next(other)
    other.close()
    assert next(other, None) is None


@pytest.mark.parametrize("enable_async", [False, True])
def test_renders_that_wait_keep_apart(folder: Path, enable_async: bool) -> None:
    template = registry_of(blendtpl.Translations(folder), enable_async=enable_async)["rows.html"]

    async def text(locale: str) -> str:
        async with aclosing(template.stream_async(ns=[1, 2, 3], locale=locale)) as pieces:
            found = []
            async for piece in pieces:
                found.append(piece.strip())
                assert blendtpl.language.get() is None
                await asyncio.sleep(0)
            return " ".join(found)

    async def run() -> list[str]:
        return await asyncio.gather(*map(text, ("de", "pt", "en")))

    assert asyncio.run(run()) == ["Hallo Hallo Hallo", "Olá Olá Olá", "Hello Hello Hello"]


def test_a_cancelled_render_leaves_the_language_as_it_was(folder: Path) -> None:
    translations = blendtpl.Translations(folder)

    def make() -> jinja2.Environment:
        environment = jinja2.Environment(enable_async=True, extensions=["jinja2.ext.i18n"])
        translations.install(environment)
        return environment

    bundle = blendtpl.compile({"waits.html": "{{ f() }}{{ _('Hello') }}"}, environment=make)
    template = blendtpl.load(bundle, environment=make)["waits.html"]

    async def run() -> None:
        async def waits() -> str:
            await asyncio.sleep(60)
            return ""

        async def inner() -> None:
            with suppress(asyncio.CancelledError):
                await template.render_async(f=waits, locale="de")
            assert blendtpl.language.get() is None

        task = asyncio.create_task(inner())
        await asyncio.sleep(0)
        task.cancel()
        await task
        dropped = template.render_async(f=waits, locale="de")
        contextvars.copy_context().run(dropped.send, None)
        dropped.close()
        assert blendtpl.language.get() is None

    asyncio.run(run())


def test_a_message_and_a_page_have_the_same_translations(folder: Path) -> None:
    registry = registry_of(blendtpl.Translations(folder))
    fields: dict[str, Any] = {"to": ["ada@example.org"], "sender": "a@example.com"}
    message = registry.message("mail", {"name": "Ada"}, language="de-AT", **fields)
    assert (message.subject, message.text, message.language) == ("Hallo", "Guten Tag Ada", "de-AT")
    assert registry.message("one.txt", language="pt-BR", **fields).text == "Adeus"
    assert registry.message("mail", {"name": "Ada"}, **fields).subject == "Hello"
    live = environment_of(blendtpl.Translations(folder))()
    assert live.message("mail", {"name": "Ada"}, language="de", **fields).text == "Guten Tag Ada"  # type: ignore[attr-defined]
    with pytest.raises(blendtpl.MessageError, match=r"write `language=`"):
        registry.message("mail", {"name": "Ada"}, locale="de", **fields)


# -- languages that there are none of ----------------------------------------------------------------------------------


def test_a_language_that_there_is_none_of_is_an_error_where_one_wants_to_know(folder: Path) -> None:
    registry = registry_of(blendtpl.Translations(folder, strict=True, default="en"))
    for unknown in ("fr", "", "dee", "../../etc/passwd", "de\x1b[0m", "x" * 1000):
        with pytest.raises(blendtpl.RenderError, match="there are no translations for the locale") as info:
            registry.render("hello.html", locale=unknown)
        assert "\x1b" not in str(info.value)
        assert len(str(info.value)) < 200
        with pytest.raises(blendtpl.RenderError, match="there are no translations"):
            registry["hello.html"].stream(locale=unknown)
    with pytest.raises(blendtpl.RenderError, match=r"`fr`: there are de, pt, pt_BR, sr@latin, zh_Hant"):
        registry.render("hello.html", locale="fr")
    with pytest.raises(blendtpl.RenderError, match=r"did you mean `pt_BR`\?"):
        registry.render("hello.html", locale="ptt_BR")
    with pytest.raises(blendtpl.RenderError, match="locale `fr`"):
        registry.message("mail", {"name": "Ada"}, to=["a@example.org"], sender="b@example.org", language="fr")
    assert registry.render("hello.html", locale="en_GB") == "Hello"  # the default is one of them
    assert registry.render("hello.html", locale="de") == "Hallo"  # and goes on
    assert blendtpl.language.get() is None


@pytest.mark.parametrize("value", [7, b"de", ["de"], object(), {"locale": "de"}])
def test_what_is_no_locale_is_an_error(render: Render, value: object) -> None:
    with pytest.raises(blendtpl.RenderError, match=f"a value of type {type(value).__name__} is no locale"):
        render("hello.html", locale=value)
    assert render("hello.html", locale="de") == "Hallo"


def test_a_locale_of_babel_is_one(render: Render) -> None:
    babel = pytest.importorskip("babel")
    assert render("hello.html", locale=babel.Locale("pt", "BR")) == "Oi"


def test_the_default_is_for_what_says_no_language_or_an_unknown_one(folder: Path) -> None:
    registry = registry_of(blendtpl.Translations(folder, default="pt"))
    assert registry.render("hello.html") == registry.render("hello.html", locale="fr") == "Olá"
    assert registry.render("bye.html", locale="de") == "Hallo Adeus"  # what the other lacks
    assert registry_of(blendtpl.Translations(folder, default="pt_BR")).render("bye.html") == "Oi Adeus"


def test_a_function_says_the_locale_where_the_render_does_not(folder: Path) -> None:
    current: contextvars.ContextVar[object] = contextvars.ContextVar("current", default=None)
    registry = registry_of(blendtpl.Translations(folder, locale=current.get))
    assert registry.render("hello.html") == "Hello"
    token = current.set("pt_BR")
    assert registry.render("hello.html") == "Oi"
    assert registry.render("hello.html", locale="de") == "Hallo"
    current.reset(token)
    current.set(7)
    with pytest.raises(blendtpl.RenderError, match="of type int is no locale"):
        registry.render("hello.html")


def test_translations_may_be_any_objects_of_gettext() -> None:
    class Loud(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper()

    registry = registry_of(blendtpl.Translations({"en_XA": Loud()}))
    assert registry.render("hello.html", locale="en-xa") == "HELLO"
    assert registry.render("hello.html", locale="en") == "Hello"


# -- folders -----------------------------------------------------------------------------------------------------------


def test_no_file_is_needed_once_translations_are_made(tmp_path: Path) -> None:
    folder = locale_folder(tmp_path / "locale", {"de": GERMAN}, "site")
    assert repr(blendtpl.Translations(folder)) == "<Translations into no language>"
    translations = blendtpl.Translations(folder, domain="site")
    assert repr(translations) == "<Translations into de>"
    shutil.rmtree(folder)
    assert registry_of(translations).render("hello.html", locale="de") == "Hallo"


def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    with pytest.raises(blendtpl.ConfigError, match=r"there is no folder `.*nowhere` with translations"):
        blendtpl.Translations(tmp_path / "nowhere")
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text('msgid "a"\nmsgstr "b"\n')
    with pytest.raises(blendtpl.ConfigError, match="are not compiled: run `pybabel compile -d"):
        blendtpl.Translations(tmp_path)
    for wrong in (b"", b"nothing", b"\xde\x12\x04\x95" + b"\xff" * 40):
        (folder / "messages.mo").write_bytes(wrong)
        with pytest.raises(blendtpl.ConfigError, match=r"messages\.mo` is no catalogue of translations"):
            blendtpl.Translations(tmp_path)


def test_an_environment_without_the_extension_says_so(folder: Path) -> None:
    with pytest.raises(blendtpl.ConfigError, match=r"into the extension `jinja2\.ext\.i18n`: the environment has none"):
        blendtpl.Translations(folder).install(jinja2.Environment(autoescape=True))


def test_an_environment_that_has_rendered_may_get_translations(folder: Path) -> None:
    environment = blendtpl.Environment(loader=jinja2.DictLoader(TEMPLATES))
    assert environment.get_template("hello.html").render() == "Hello"
    blendtpl.Translations(folder).install(environment)
    assert environment.get_template("hello.html").render(locale="de") == "Hallo"


# -- nothing is left ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick_collections", "no_collector")
@pytest.mark.parametrize("variables", [{"locale": "de"}, {"locale": "xx-YY"}, {"locale": 7}, {}])
@pytest.mark.parametrize("name", ["all.html", "fails.html"])
@pytest.mark.parametrize("strict", [False, True])
def test_a_render_in_a_language_leaves_nothing(
    folder: Path, variables: Mapping[str, Any], name: str, strict: bool
) -> None:
    registry = registry_of(blendtpl.Translations(folder, strict=strict, default="en"))
    template = registry[name]
    assert not measure(lambda: template.render(ALL, **variables), 300, registry)
    assert not measure(lambda: "".join(template.stream({**ALL, **variables})), 300, registry)
    assert not measure(lambda: asyncio_free(template.render_async(ALL, **variables)), 300, registry)


def asyncio_free(coroutine: Any) -> str:
    """Return what a coroutine that waits for nothing returns."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return str(ended.value)
    raise AssertionError("it waits")


@pytest.mark.usefixtures("quick_collections", "no_collector")
def test_new_locales_each_time_are_not_kept(folder: Path) -> None:
    registry = registry_of(blendtpl.Translations(folder))
    numbers = iter(range(1_000_000))
    assert not measure(lambda: registry.render("hello.html", locale=f"de-x-{next(numbers):07}"), 300, registry)
