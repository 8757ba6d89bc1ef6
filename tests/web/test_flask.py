# ruff: noqa: E501  # template texts are easier to read in one line
"""Flask: an application is the same to its clients whoever renders its templates."""

import gc
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.templating import Environment as FlaskEnvironment
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from werkzeug.serving import make_server

import blendtpl
from blendtpl.web.flask import Blend, render_block, render_blocks

TEMPLATES = {
    "layout.html": "<title>{% block title %}{% endblock %}</title>{% for m in get_flashed_messages() %}<p>{{ m }}</p>{% endfor %}"
    "{% block main %}{% endblock %}<i>{{ request.path }}{{ g.user }}{{ session.n }}{{ brand }}{{ config.TESTING }}</i>",
    "page.html": "{% extends 'layout.html' %}{% from 'macros.html' import link %}{% block title %}{{ title|shout }}{% endblock %}"
    "{% block main %}{{ link('page') }}{% for x in xs %}<li>{{ loop.index }}{{ x }}</li>{% endfor %}{% endblock %}",
    "macros.html": "{% macro link(name) %}<a href=\"{{ url_for(name, q='<') }}\">{{ request.path }}</a>{% endmacro %}",
    "fails.html": "{% for x in xs %}{{ x }}{{ 1 // (3 - loop.index) }}{% endfor %}",
    "plain.txt": "{{ title }}",
}
BLUEPRINT = {
    "shop/list.html": "{% extends 'layout.html' %}{% block main %}{{ url_for('shop.listed') }}{{ title }}{% endblock %}"
}


def write(folder: Path, templates: Mapping[str, str]) -> Path:
    for name, text in templates.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write(folder / "templates", TEMPLATES)
    write(folder / "blueprint", BLUEPRINT)
    return folder


def application(root: Path, **options: Any) -> flask.Flask:
    """Return an application as Flask's own documentation would have it."""
    app = flask.Flask("site", root_path=str(root))
    app.secret_key, app.testing = "secret", True
    app.config.update(options)
    shop = flask.Blueprint("shop", __name__, template_folder=str(root / "blueprint"))

    @app.before_request
    def known() -> None:
        flask.g.user = "<ada>"

    @app.context_processor
    def brand() -> dict[str, str]:
        return {"brand": "&co"}

    @app.route("/page")
    def page() -> str:
        flask.flash("<saved>")
        flask.session["n"] = 7
        return flask.render_template("page.html", title="<t>", xs=["<1>", 2])

    @app.route("/string")
    def string() -> str:
        return flask.render_template_string("{% include 'plain.txt' %}{{ title|shout }}", title="<t>")

    @app.route("/first")
    def first() -> str:
        return flask.render_template(["none.html", "plain.txt"], title="<t>")

    @app.route("/stream")
    def stream() -> Iterator[str]:
        return flask.stream_template("page.html", title="t", xs=range(5))

    @app.route("/breaks")
    def breaks() -> Iterator[str]:
        return flask.stream_template("fails.html", xs=["x" * 9000] * 4)

    @app.route("/absent")
    def absent() -> str:
        return flask.render_template("pgae.html")

    @shop.route("/shop")
    def listed() -> str:
        return flask.render_template("shop/list.html", title="<shop>")

    app.register_blueprint(shop)
    return app


def finished(app: flask.Flask) -> flask.Flask:
    app.template_filter("shout")(lambda text: text.upper() + "!")
    return app


def compiled(root: Path) -> str:
    app = application(root)
    Blend(app)
    blendtpl.compile(finished(app).jinja_env).write(root / "site.blend")
    return str(root / "site.blend")


@pytest.fixture(params=["live", "bundle", "configured"])
def app(request: pytest.FixtureRequest, root: Path) -> flask.Flask:
    if request.param == "configured":
        made = application(root, BLENDTPL_BUNDLE=compiled(root))
        Blend().init_app(made)
    else:
        made = application(root)
        Blend(made, bundle=compiled(root) if request.param == "bundle" else None)
    return finished(made)


PATHS = ["/page", "/string", "/first", "/stream", "/shop"]


@pytest.mark.parametrize("path", PATHS)
def test_an_application_answers_as_on_jinja2(
    app: flask.Flask, root: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        TimestampSigner, "get_timestamp", lambda self: 1_700_000_000
    )  # which is in the session's cookie
    expected = finished(application(root)).test_client().get(path)
    found = app.test_client().get(path)
    assert (found.status, found.data, found.headers) == (expected.status, expected.data, expected.headers)


def test_signals_are_sent_with_the_template_and_the_context(app: flask.Flask) -> None:
    seen: list[tuple[str, Any]] = []

    def note(sender: object, template: Any, context: dict[str, Any], **more: Any) -> None:
        seen.append((template.name, context["title"]))

    with flask.template_rendered.connected_to(note, app):
        app.test_client().get("/page")
    assert seen == [("page.html", "<t>")]


def test_blocks_are_fragments_with_all_that_a_page_has(app: flask.Flask) -> None:
    with app.test_request_context("/x"):
        assert render_block("page.html", "title", title="<") == "&lt;!"
        whole = render_blocks("page.html", ["title", "main"], title="<", xs=[1])
        assert whole == '&lt;!<a href="/page?q=%3C">/x</a><li>11</li>'
        with pytest.raises(blendtpl.BlockNotFound, match="title"):
            render_block("page.html", "titel", title="")


def test_a_stream_that_fails_half_way_ends_there(app: flask.Flask) -> None:
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/breaks", buffered=True)


def test_a_template_that_is_not_there_is_flasks_error(app: flask.Flask) -> None:
    import jinja2

    with pytest.raises(jinja2.TemplateNotFound, match=r"pgae\.html"):
        app.test_client().get("/absent")


def test_a_bundle_says_what_it_has_instead(root: Path) -> None:
    app = application(root)
    Blend(app, compiled(root))
    with pytest.raises(blendtpl.TemplateNotFound, match=r"page\.html"):
        finished(app).test_client().get("/absent")
    assert set(app.jinja_env.list_templates()) == {*TEMPLATES, *BLUEPRINT}


def test_what_was_added_before_is_there_and_what_is_added_after_as_well(root: Path) -> None:
    app = application(root)
    app.jinja_env.filters["before"] = str.upper
    app.jinja_env.add_extension("jinja2.ext.do")
    Blend(app)
    app.jinja_env.filters["after"] = str.lower
    with app.test_request_context():
        assert (
            flask.render_template_string("{% do [] %}{{ 'a'|before }}{{ 'B'|after }}{{ url_for('page') }}") == "Ab/page"
        )


def test_an_environment_of_the_applications_own_stays(root: Path) -> None:
    class Own(FlaskEnvironment):
        def join_path(self, template: str, parent: str) -> str:
            return template.replace("@", "plain.txt")

    class Application(flask.Flask):
        jinja_environment = Own

    app = Application("own", root_path=str(root))
    Blend(app)
    assert isinstance(app.jinja_env, Own)
    assert isinstance(app.jinja_env, blendtpl.Environment)
    assert app.jinja_env.join_path("@", "page.html") == "plain.txt"


def test_mistakes_are_told_when_the_application_starts(root: Path, tmp_path: Path) -> None:
    with pytest.raises(blendtpl.BundleError, match=r"none\.blend"):
        Blend(application(root), tmp_path / "none.blend")
    (tmp_path / "bad.blend").write_bytes(Path(compiled(root)).read_bytes()[:-9])
    (tmp_path / "bad.blend").chmod(0o600)
    with pytest.raises(blendtpl.BundleError, match=r"bad\.blend"):
        Blend(application(root), tmp_path / "bad.blend")
    app = application(root)
    Blend(app)
    with pytest.raises(blendtpl.ConfigError, match="once"):
        Blend(app)


def test_a_bundle_for_other_options_or_filters_is_refused_before_the_first_request(root: Path) -> None:
    file = compiled(root)
    app = application(root)
    app.jinja_options = {"trim_blocks": True}
    with pytest.raises(blendtpl.BundleError, match="trim_blocks"):
        _ = Blend(finished(app), file).registry
    with pytest.raises(blendtpl.BundleError, match="shout"):
        _ = Blend(application(root), file).registry
    registry = Blend(finished(application(root)), file).registry
    assert registry is not None
    assert "page.html" in registry
    assert Blend(application(root)).registry is None


def test_a_template_that_changes_is_compiled_again(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "templates", {"a.html": "one"})
    app = flask.Flask("site", root_path=str(tmp_path))
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    Blend(app)
    with app.test_request_context():
        assert flask.render_template("a.html") == "one"
        write(tmp_path / "templates", {"a.html": "two"})
        import os

        os.utime(tmp_path / "templates/a.html", (1, 1))
        assert flask.render_template("a.html") == "two"


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


def test_a_real_server_gives_the_same_to_all_at_once(app: flask.Flask, root: Path) -> None:
    expected = finished(application(root)).test_client().get("/shop").data
    found: list[bytes] = []

    def ask(url: str) -> None:
        found.extend(urllib.request.urlopen(url + "/shop").read() for _ in range(5))

    with served(app) as url:
        threads = [threading.Thread(target=ask, args=(url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [expected] * 20


def _blocks_after(client: FlaskClient, count: int) -> int:
    for _ in range(count):
        client.get("/page").close()
    gc.collect()
    return sys.getallocatedblocks()


def test_requests_leave_nothing(app: flask.Flask) -> None:
    client = app.test_client()
    before = _blocks_after(client, 100)
    assert _blocks_after(client, 300) - before < 150
