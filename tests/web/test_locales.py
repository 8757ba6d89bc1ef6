"""Locales in frameworks: a page is in the language of its request, by what the framework has for that or by ours."""

import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import jinja2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from werkzeug.serving import make_server

import blendtpl
from blendtpl.caching import CacheExtension
from blendtpl.web.flask import Blend
from blendtpl.web.starlette import BlendTemplates
from testkit import ROOT
from testkit.catalogues import locale_folder

TEMPLATES = {
    "hello.html": "{% trans name='<Ada>' %}Hello {{ name }}{% endtrans %}|{{ _('Save') }}|"
    "{% trans n=2 %}one{% pluralize n %}many{% endtrans %}",
}
LANGUAGES = {
    "de": {"Hello %(name)s": "Hallo %(name)s", "Save": "Sichern", "one\0many": "eins\0viele"},
    "fr": {"Hello %(name)s": "Bonjour %(name)s", "Save": "Garder", "one\0many": "un\0plusieurs"},
}
PAGES = {
    "de": "Hallo &lt;Ada&gt;|Sichern|viele",
    "fr": "Bonjour &lt;Ada&gt;|Garder|plusieurs",
    "en": "Hello &lt;Ada&gt;|Save|many",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "templates").mkdir()
    for name, text in TEMPLATES.items():
        (folder / "templates" / name).write_text(text)
    locale_folder(folder / "translations", LANGUAGES)
    return folder


def application(root: Path) -> flask.Flask:
    app = flask.Flask("site", root_path=str(root))

    @app.route("/")
    def page() -> str:
        return flask.render_template("hello.html")

    @app.route("/stream")
    def stream() -> Iterator[str]:
        return flask.stream_template("hello.html")

    @app.route("/<locale>")
    def named(locale: str) -> str:
        return flask.render_template("hello.html", locale=locale)

    return app


def flask_babel() -> Any:
    return pytest.importorskip("flask_babel")


def of_request() -> str | None:
    return flask.request.args.get("lang")


def with_flask_babel(app: flask.Flask) -> None:
    flask_babel().Babel(app, locale_selector=of_request)


def with_ours_by_flask_babel(app: flask.Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "nowhere"  # it finds no catalogue: these are ours
    with_flask_babel(app)
    folder = Path(app.root_path) / "translations"
    blendtpl.Translations(folder, locale=flask_babel().get_locale).install(app.jinja_env)


def with_ours(app: flask.Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    blendtpl.Translations(Path(app.root_path) / "translations", locale=of_request).install(app.jinja_env)


Translate = Callable[[flask.Flask], None]
TRANSLATES = [with_flask_babel, with_ours_by_flask_babel, with_ours]


@pytest.mark.parametrize("translate", TRANSLATES)
@pytest.mark.parametrize("way", ["live", "translated before", "bundle"])
def test_a_page_of_flask_is_in_the_language_of_its_request(root: Path, translate: Translate, way: str) -> None:
    app = application(root)
    if way == "bundle":
        translate(app)
        Blend(app)
        blendtpl.compile(app.jinja_env).write(root / "site.blend")
        app = application(root)
    if way == "translated before":
        translate(app)
    Blend(app, root / "site.blend" if way == "bundle" else None)
    if way != "translated before":
        translate(app)
    client = app.test_client()
    for _ in range(2):
        for locale, text in PAGES.items():
            assert client.get(f"/?lang={locale}").text == text
            assert client.get(f"/stream?lang={locale}").text == text
    if translate is not with_flask_babel:
        assert client.get("/fr?lang=de").text == PAGES["fr"]  # what the view says


def test_what_is_cached_is_in_the_language_of_the_request(root: Path) -> None:
    kept: dict[str, str] = {}

    class Cache:
        def get(self, key: str) -> str | None:
            return kept.get(key)

        def set(self, key: str, text: str, seconds: float | None) -> None:
            kept[key] = text

    app = application(root)
    Blend(app)
    with_ours(app)
    app.jinja_env.add_extension(CacheExtension)
    app.jinja_env.fragment_cache = Cache()  # type: ignore[attr-defined]  # of the extension

    @app.route("/cached")
    def cached() -> str:
        return flask.render_template_string("{% cache 'k' %}{{ _('Save') }}{% endcache %}")

    client = app.test_client()
    for _ in range(2):
        assert [client.get(f"/cached?lang={locale}").text for locale in ("de", "fr")] == ["Sichern", "Garder"]
    assert len(kept) == 2


@contextmanager
def served(app: flask.Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_asked_for_a_locale_that_is_none_goes_on(root: Path) -> None:
    app = application(root)
    Blend(app)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    blendtpl.Translations(root / "translations", strict=True, default="en").install(app.jinja_env)

    @app.errorhandler(blendtpl.RenderError)
    def absent(error: blendtpl.RenderError) -> tuple[str, int]:
        return str(error), 404

    def ask(path: str) -> str:
        try:
            answer = urllib.request.urlopen(url + path)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return f"{answer.status} {answer.read().decode()}"

    paths = ["/de", "/fr", "/en", "/xx", "/..%2F..%2Fetc", "/de-AT"] * 5
    with served(app) as url, ThreadPoolExecutor(4) as pool:
        found = dict(zip(paths, pool.map(ask, paths), strict=True))
    assert found["/de"] == found["/de-AT"] == f"200 {PAGES['de']}"
    assert found["/fr"] == f"200 {PAGES['fr']}"
    assert found["/en"] == f"200 {PAGES['en']}"
    assert found["/xx"] == "404 there are no translations for the locale `xx`: there are de, fr"
    assert found["/..%2F..%2Fetc"].startswith("404")


@pytest.mark.parametrize("way", ["live", "bundle", "registry"])
def test_a_page_of_starlette_is_in_the_language_of_its_context(root: Path, way: str) -> None:
    def language_of(request: Request) -> dict[str, Any]:
        locale = request.query_params.get("lang")
        return {} if locale is None else {"locale": locale}

    env = blendtpl.Environment.with_defaults(loader=jinja2.FileSystemLoader(root / "templates"))
    blendtpl.Translations(root / "translations").install(env)
    options: dict[str, Any] = {"env": env}
    if way != "live":
        bundle = blendtpl.compile(env)
        bundle.write(root / "starlette.blend")
        options = {"env": env, "bundle": root / "starlette.blend"}
    if way == "registry":
        options = {"bundle": blendtpl.load(bundle, environment=env)}
    templates = BlendTemplates(context_processors=[language_of], **options)

    async def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "hello.html")

    async def named(request: Request) -> Response:
        return templates.TemplateResponse(request, "hello.html", {"locale": request.path_params["locale"]})

    async def stream(request: Request) -> Response:
        return templates.StreamingTemplateResponse(request, "hello.html")

    routes = [Route("/", page), Route("/stream", stream), Route("/{locale}", named)]
    client = TestClient(Starlette(routes=routes))
    for locale, text in [*PAGES.items(), ("tlh", PAGES["en"])]:
        assert client.get(f"/?lang={locale}").text == text
        assert client.get(f"/stream?lang={locale}").text == text
        assert client.get(f"/{locale}").text == text
    assert client.get("/").text == PAGES["en"]


DJANGO = """
import sys
from pathlib import Path
from django.test import RequestFactory
from django.utils import translation
from tests.web import django_site
root = Path(sys.argv[1])
(root / "day.html").write_text("{{ _('Monday') }}|{% trans %}Monday{% endtrans %}|{{ pgettext('alt. month', 'May') }}")
django_site.configure(root, "blendtpl.web.django.BlendTemplates", {})
from django.template import engines
import blendtpl
environment = engines.all()[1].env
blendtpl.compile({"day.html": (root / "day.html").read_text()}, environment=environment).write(root / "day.blend")
live = engines.all()[1].get_template("day.html")
bundled = blendtpl.load(root / "day.blend", environment=environment)["day.html"]
for language in ("fr", "de", "xx", "fr"):
    with translation.override(language):
        print(language, live.render({}), bundled.render())
"""


def test_a_page_of_django_is_in_the_active_language(tmp_path: Path) -> None:
    env = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests/shared'}"}
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, str(tmp_path)], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    french, german, unknown, again = done.stdout.splitlines()
    assert french == again == "fr lundi|lundi|Mai lundi|lundi|Mai"
    assert german == "de Montag|Montag|Mai Montag|Montag|Mai"
    assert unknown.startswith("xx ")
