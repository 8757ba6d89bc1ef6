# ruff: noqa: E501  # template texts are easier to read in one line
"""Starlette and FastAPI: an application is the same to its clients whoever renders its templates."""

import asyncio
import gc
import logging
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient

import blendtpl
from blendtpl.web.starlette import BlendTemplates

TEMPLATES = {
    "layout.html": "<title>{% block title %}{% endblock %}</title>{% block main %}{% endblock %}<i>{{ request.url.path }}{{ user }}</i>",
    "page.html": "{% extends 'layout.html' %}{% from 'macros.html' import link with context %}{% block title %}{{ title|shout }}{% endblock %}"
    "{% block main %}{{ link('page') }}{% for x in xs %}<li>{{ loop.index }}{{ x }}</li>{% endfor %}{% endblock %}",
    "macros.html": "{% macro link(name) %}<a href=\"{{ url_for(name) }}\">{{ url_for('static', path='/a.css') }}</a>{% endmacro %}",
    "fails.html": "{% for x in xs %}{{ x }}{{ 1 // (3 - loop.index) }}{% endfor %}",
    "endless.html": "{% for x in xs %}{{ x }}{% endfor %}",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    return folder


def user(request: Request) -> dict[str, Any]:
    return {"user": "<ada>"}


def with_filters(templates: Jinja2Templates) -> Any:
    templates.env.filters["shout"] = lambda text: text.upper() + "!"
    return templates


def bundle(root: Path) -> Path:
    templates = with_filters(BlendTemplates(root))
    blendtpl.compile(templates.env).write(root / "site.blend")
    return root / "site.blend"


@pytest.fixture(params=["live", "bundle", "registry"])
def templates(request: pytest.FixtureRequest, root: Path) -> BlendTemplates:
    given: dict[str, Any] = {"directory": root} if request.param == "live" else {"bundle": bundle(root)}
    if request.param == "registry":
        made = with_filters(BlendTemplates(root)).env
        del made.globals["url_for"]
        given["bundle"] = blendtpl.load(blendtpl.compile(made), environment=made)
    return with_filters(BlendTemplates(**given, context_processors=[user]))  # type: ignore[no-any-return]


def application(templates: Any, root: Path, **more: Callable[..., Any]) -> Starlette:
    def page(request: Request) -> Any:
        return templates.TemplateResponse(request, "page.html", {"title": "<t>", "xs": ["<1>", 2]}, 201, {"x-a": "1"})

    def absent(request: Request) -> Any:
        return templates.TemplateResponse(request, "pgae.html")

    views = [Route(f"/{name}", view, name=name) for name, view in {"page": page, "absent": absent, **more}.items()]
    return Starlette(routes=[*views, Mount("/static", StaticFiles(directory=root), name="static")])


def test_an_application_answers_as_on_jinja2(templates: BlendTemplates, root: Path) -> None:
    stock = with_filters(Jinja2Templates(root, context_processors=[user]))
    expected = TestClient(application(stock, root)).get("/page")
    found: Any = TestClient(application(templates, root)).get("/page")
    assert (found.status_code, found.content, found.headers) == (
        expected.status_code,
        expected.content,
        expected.headers,
    )
    assert found.template.name == "page.html"
    assert found.context["title"] == "<t>"
    api = FastAPI(routes=application(templates, root).routes)
    assert TestClient(api).get("/page").content == expected.content


def test_blocks_are_fragments_with_all_that_a_page_has(templates: BlendTemplates, root: Path) -> None:
    def one(request: Request) -> Any:
        return templates.TemplateResponse(request, "page.html", {"title": "<"}, block_name="title")

    def some(request: Request) -> Any:
        return templates.TemplateResponse(
            request, "page.html", {"title": "<", "xs": [1]}, block_names=["title", "main"]
        )

    def none(request: Request) -> Any:
        return templates.TemplateResponse(request, "page.html", {}, block_name="titel")

    def text(request: Request) -> Any:
        return templates.TemplateResponse(request, "page.html", {}, block_names="title")

    client = TestClient(application(templates, root, one=one, some=some, none=none, text=text))
    assert client.get("/one").text == "&lt;!"
    assert client.get("/some").text.startswith(
        '&lt;!<a href="http://testserver/page">http://testserver/static/a.css</a><li>'
    )
    with pytest.raises(blendtpl.BlockNotFound, match="title"):
        client.get("/none")
    with pytest.raises(TypeError, match="block_name='title'"):
        client.get("/text")


def test_a_template_that_is_not_there_is_an_error(templates: BlendTemplates, root: Path) -> None:
    with pytest.raises(jinja2.TemplateNotFound, match=r"pgae\.html"):
        TestClient(application(templates, root)).get("/absent")


def test_a_page_is_streamed(templates: BlendTemplates, root: Path) -> None:
    def stream(request: Request) -> Any:
        return templates.StreamingTemplateResponse(request, "page.html", {"title": "t", "xs": range(3)})

    def breaks(request: Request) -> Any:
        return templates.StreamingTemplateResponse(request, "fails.html", {"xs": ["x" * 9000] * 4})

    client = TestClient(application(templates, root, stream=stream, breaks=breaks))
    found: Any = client.get("/stream")
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert "<li>32</li>" in found.text
    assert found.template.name == "page.html"
    with pytest.raises(ZeroDivisionError):
        client.get("/breaks")


def test_what_waits_is_awaited(root: Path) -> None:
    async def later(value: object) -> object:
        await asyncio.sleep(0)
        return value

    async def items() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    texts = {"a.html": "{% block b %}{{ later('<') }}{% endblock %}{% for i in items() %}{{ i }}{% endfor %}"}
    env = blendtpl.Environment(enable_async=True, autoescape=True, loader=jinja2.DictLoader(texts))
    templates = BlendTemplates(env=env)

    async def page(request: Request) -> Any:
        return await templates.AsyncTemplateResponse(request, "a.html", {"later": later, "items": items})

    async def block(request: Request) -> Any:
        return await templates.AsyncTemplateResponse(request, "a.html", {"later": later}, block_name="b")

    def stream(request: Request) -> Any:
        return templates.StreamingTemplateResponse(request, "a.html", {"later": later, "items": items})

    client = TestClient(application(templates, root, awaited=page, block=block, streamed=stream))
    assert client.get("/awaited").text == client.get("/streamed").text == "&lt;012"
    assert client.get("/block").text == "&lt;"


def test_mistakes_are_told_when_the_application_starts(root: Path, tmp_path: Path) -> None:
    for wrong in ({}, {"directory": root, "bundle": bundle(root)}, {"directory": root, "env": blendtpl.Environment()}):
        with pytest.raises(blendtpl.ConfigError, match="one of"):
            BlendTemplates(**wrong)
    with pytest.raises(blendtpl.ConfigError, match=r"blendtpl\.Environment"):
        BlendTemplates(env=jinja2.Environment())
    with pytest.raises(blendtpl.BundleError, match=r"none\.blend"):
        BlendTemplates(bundle=tmp_path / "none.blend")
    with pytest.raises(blendtpl.BundleError, match="shout"):
        _ = BlendTemplates(bundle=bundle(root)).registry
    with pytest.raises(blendtpl.BundleError, match="trim_blocks"):
        _ = with_filters(BlendTemplates(bundle=bundle(root), env=jinja2.Environment(trim_blocks=True))).registry


@contextmanager
def served(app: Starlette) -> Iterator[int]:
    """Serve an application by uvicorn, in a thread; yield the port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def test_a_real_server_streams_and_a_client_that_leaves_ends_the_render(templates: BlendTemplates, root: Path) -> None:
    closed = threading.Event()

    class Lines:
        def __iter__(self) -> Iterator[str]:
            try:
                while True:
                    yield "x" * 9000
            finally:
                closed.set()

    def endless(request: Request) -> Any:
        return templates.StreamingTemplateResponse(request, "endless.html", {"xs": Lines()})

    with served(application(templates, root, endless=endless)) as port:
        body = urllib.request.urlopen(f"http://127.0.0.1:{port}/page").read()
        assert b"&lt;1&gt;" in body
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(20000)
        assert closed.wait(60)


def _blocks_after(client: TestClient, count: int) -> int:
    for _ in range(count):
        client.get("/page")
    gc.collect()
    return sys.getallocatedblocks()


def test_requests_leave_nothing(templates: BlendTemplates, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a record of each request would be kept for the report of this test
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    with TestClient(application(templates, root)) as client:
        before = _blocks_after(client, 100)
        assert _blocks_after(client, 200) - before < 300


def test_a_template_that_changes_is_compiled_again(root: Path, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("one")
    templates = BlendTemplates(tmp_path)
    request = Request({"type": "http"})
    assert templates.TemplateResponse(request, "a.html").body == b"one"
    before = (tmp_path / "a.html").stat().st_mtime_ns
    (tmp_path / "a.html").write_text("two")
    while (tmp_path / "a.html").stat().st_mtime_ns == before:
        time.sleep(0.01)
        (tmp_path / "a.html").write_text("two")
    assert templates.TemplateResponse(request, "a.html").body == b"two"
