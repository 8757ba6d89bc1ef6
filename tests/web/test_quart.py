# ruff: noqa: E501  # template texts are easier to read in one line
"""Quart: an application is the same to its clients whoever renders its templates, behind a real server."""

import asyncio
import http.client
import inspect
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2_fragments.quart
import pytest
import quart
from hypercorn.asyncio import serve
from hypercorn.config import Config

import blendtpl
from blendtpl.web.quart import Blend, render_block, render_blocks

TEMPLATES = {
    "layout.html": "<title>{% block title %}{% endblock %}</title>{% for m in get_flashed_messages() %}<p>{{ m }}</p>{% endfor %}"
    "{% block main %}{% endblock %}<i>{{ request.path }}{{ g.user }}{{ brand }}</i>",
    "page.html": "{% extends 'layout.html' %}{% block title %}{{ title|shout }}{% endblock %}"
    "{% block main %}<a href=\"{{ url_for('page', q='<') }}\">{{ awaited('<x>') }}</a>{% for x in rows() %}<li>{{ loop.index }}{{ x }}</li>{% endfor %}{% endblock %}",
    "fails.html": "{% for x in rows() %}{{ x * 9000 }}{{ 1 // (2 - loop.index) }}{% endfor %}",
    "plain.txt": "{{ title }}",
}
PATHS = ["/page", "/string", "/first", "/stream", "/blocks"]


async def awaited(value: str) -> str:
    await asyncio.sleep(0)
    return value


async def rows() -> AsyncIterator[str]:
    for row in ("<1>", "<2>", "<3>"):
        await asyncio.sleep(0)
        yield row


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "templates").mkdir()
    for name, text in TEMPLATES.items():
        (folder / "templates" / name).write_text(text)
    return folder


def application(root: Path, blocks: Any = render_blocks) -> quart.Quart:
    """Return an application as Quart's own documentation would have it."""
    app = quart.Quart("site", root_path=str(root))
    app.secret_key = "secret"
    given: dict[str, Any] = {"title": "<t>", "awaited": awaited, "rows": rows}

    @app.before_request
    async def known() -> None:
        quart.g.user = "<ada>"

    @app.context_processor
    async def brand() -> dict[str, str]:
        return {"brand": "&co"}

    @app.template_filter("shout")
    def shout(text: str) -> str:
        return text.upper() + "!"

    @app.route("/page")
    async def page() -> str:
        await quart.flash("<saved>")
        return await quart.render_template("page.html", **given)

    @app.route("/string")
    async def string() -> str:
        return await quart.render_template_string("{% include 'plain.txt' %}{{ awaited('<') }}", **given)

    @app.route("/first")
    async def first() -> str:
        return await quart.render_template(["none.html", "plain.txt"], **given)

    @app.route("/stream")
    async def stream() -> AsyncIterator[str]:
        return await quart.stream_template("page.html", **given)

    @app.route("/blocks")
    async def parts() -> str:
        return await blocks("page.html", ["title", "main"], **given)  # type: ignore[no-any-return]

    @app.route("/breaks")
    async def breaks() -> AsyncIterator[str]:
        return await quart.stream_template("fails.html", **given)

    @app.route("/absent")
    async def absent() -> str:
        return await quart.render_template("pgae.html")

    return app


def compiled(root: Path) -> Path:
    app = application(root)
    Blend(app)
    blendtpl.compile(app.jinja_env).write(root / "site.blend")
    return root / "site.blend"


@pytest.fixture(params=["live", "bundle"])
def app(request: pytest.FixtureRequest, root: Path) -> quart.Quart:
    made = application(root)
    Blend(made, compiled(root) if request.param == "bundle" else None)
    return made


@contextmanager
def served(app: quart.Quart) -> Iterator[int]:
    """Serve an application by Hypercorn, in a thread of its own, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config = Config()
        config.bind, config.errorlog = [f"fd://{os.dup(listening.fileno())}"], None
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=[serve(app, config, shutdown_trigger=stop.wait)])
        thread.start()
        try:
            yield port
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()


def answer(port: int, path: str) -> tuple[int, bytes]:
    """Return the status and the body of a page, which ends with `IncompleteRead` where the server breaks off."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_an_application_answers_as_on_jinja2(app: quart.Quart, root: Path) -> None:
    with served(application(root, jinja2_fragments.quart.render_blocks)) as port:
        expected = [answer(port, path) for path in PATHS]
    with served(app) as port:
        assert [answer(port, path) for path in PATHS] == expected
    assert {status for status, _ in expected} == {200}


def test_a_stream_that_fails_half_way_ends_there_and_the_server_goes_on(app: quart.Quart) -> None:
    with served(app) as port:
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer(port, "/breaks")
        assert answer(port, "/absent")[0] == 500
        assert answer(port, "/first") == (200, b"<t>")


def test_blocks_have_the_signatures_of_jinja2_fragments() -> None:
    for ours, theirs in (
        (render_block, jinja2_fragments.quart.render_block),
        (render_blocks, jinja2_fragments.quart.render_blocks),
    ):
        assert inspect.iscoroutinefunction(ours)
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)


def test_a_block_is_sent_with_signals_and_one_that_is_missing_is_named(app: quart.Quart) -> None:
    seen: list[tuple[str, Any]] = []

    def note(sender: object, template: Any, context: dict[str, Any], **more: Any) -> None:
        seen.append((template.name, context["title"]))

    async def run() -> None:
        async with app.test_request_context("/x"):
            with quart.template_rendered.connected_to(note, app):
                assert await render_block("page.html", "title", title="<") == "&lt;!"
            with pytest.raises(blendtpl.BlockNotFound, match="titel"):
                await render_block("page.html", "titel", title="")

    asyncio.run(run())
    assert seen == [("page.html", "<")]


def test_a_bundle_that_is_missing_is_told_at_start(root: Path) -> None:
    with pytest.raises(blendtpl.BundleError, match=r"none\.blend"):
        Blend(application(root), root / "none.blend")
