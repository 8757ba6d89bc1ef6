"""Responses without a framework, through real servers: WSGI's and ASGI's."""

import asyncio
import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import jinja2
import pytest
import uvicorn

import blendtpl
from blendtpl.web import asgi, wsgi
from testkit import PATIENCE
from testkit.oracle import load

TEMPLATES = {
    "page.html": "{% block a %}<{{ x }}>{% endblock %}{% block b %}é{% endblock %}",
    "feed.xml": "<f/>",
    "note.txt.j2": "note",
    "long.html": "{% for x in xs %}{{ x }}{% endfor %}",
    "awaited.html": "<h1>early</h1>{% for x in xs %}{{ x }}{% endfor %}",
    "fails.html": "{% for x in xs %}{{ x }}{{ 1 // (3 - loop.index) }}{% endfor %}",
}


class Lines:
    """Lines without an end, and whether somebody has stopped taking them."""

    def __init__(self) -> None:
        self.closed, self.seen = threading.Event(), threading.Event()

    def late(self) -> Iterator[str]:
        """Yield a line once somebody has seen what is before it."""
        assert self.seen.wait(PATIENCE)
        yield "late"

    def __iter__(self) -> Iterator[str]:
        try:
            while True:
                yield "x" * 9000
        finally:
            self.closed.set()


def pages(kind: Any, registry: blendtpl.Registry, lines: Lines) -> dict[str, Callable[[], Any]]:
    page, long = registry["page.html"], registry["long.html"]
    return {
        "/page": lambda: kind(page, {"x": "&"}),
        "/blocks": lambda: kind(page, {"x": 1}, status=404, headers=[("X-A", "1")], blocks=["b", "a"]),
        "/feed": lambda: kind(registry["feed.xml"]),
        "/note": lambda: kind(registry["note.txt.j2"]),
        "/typed": lambda: kind(page, {"x": 1}, headers=[("content-type", "text/vnd.turbo-stream.html")]),
        "/stream": lambda: kind(long, {"xs": ["é" * 9000] * 3}, stream=True),
        "/endless": lambda: kind(long, {"xs": lines}, stream=True),
        "/sized": lambda: kind(long, {"xs": ["x" * 10] * 10}, stream=True, piece_size=25),
        "/awaited": lambda: kind(registry["awaited.html"], {"xs": lines.late()}, stream=True),
        "/fails": lambda: kind(registry["fails.html"], {"xs": ["x" * 9000] * 4}, stream=True),
    }


class Quiet(WSGIRequestHandler):
    def log_message(self, *unused: object) -> None: ...

    def get_stderr(self) -> Any:
        import io

        return io.StringIO()


@contextmanager
def served_by_wsgi(registry: blendtpl.Registry, lines: Lines) -> Iterator[int]:
    known = pages(wsgi.TemplateResponse, registry, lines)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        return known[environ["PATH_INFO"]]()(environ, start_response)

    server = make_server("127.0.0.1", 0, validator(application), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def served_by_asgi(registry: blendtpl.Registry, lines: Lines) -> Iterator[int]:
    known = pages(asgi.TemplateResponse, registry, lines)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await known[scope["path"]]()(scope, receive, send)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(application, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def get(port: int, path: str, method: str = "GET") -> tuple[int, str | None, str | None, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        response = urllib.request.urlopen(request, timeout=120)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return response.status, response.headers["content-type"], response.headers["content-length"], response.read()


def received(port: int, path: str) -> bytes:
    """Return what of a body arrives, where the server breaks off."""
    try:
        return get(port, path)[3]
    except http.client.IncompleteRead as error:
        return error.partial
    except OSError:
        return b""


@pytest.mark.parametrize("serve", [served_by_wsgi, served_by_asgi])
def test_a_template_is_a_response(serve: Any) -> None:
    lines = Lines()
    with serve(load(TEMPLATES), lines) as port:
        html = "text/html; charset=utf-8"
        assert get(port, "/page") == (200, html, "9", "<&amp;>é".encode())
        assert get(port, "/page", "HEAD") == (200, html, "9", b"")
        assert get(port, "/blocks") == (404, html, "5", "é<1>".encode())
        assert get(port, "/feed")[1] in {"text/xml; charset=utf-8", "application/xml; charset=utf-8"}
        assert get(port, "/note")[1] == "text/plain; charset=utf-8"
        assert get(port, "/typed")[1] == "text/vnd.turbo-stream.html"
        assert get(port, "/stream")[3] == ("é" * 27000).encode()
        assert get(port, "/sized")[3] == b"x" * 100
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/awaited", timeout=PATIENCE) as response:
            assert response.read1() == b"<h1>early</h1>"
            lines.seen.set()
            assert response.read() == b"late"
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(20000)
        assert lines.closed.wait(120)
        assert len(received(port, "/fails")) < 30000  # what came before the error, and then no more
        assert get(port, "/page")[0] == 200


def test_what_waits_is_awaited() -> None:
    async def items() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    make = lambda: jinja2.Environment(enable_async=True)  # noqa: E731
    template = load({"a.html": "{% for i in items() %}{{ i }}{% endfor %}"}, make)["a.html"]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.sleep(3600)

    for stream in (False, True):
        sent.clear()
        response = asgi.TemplateResponse(template, {"items": items}, stream=stream)
        asyncio.run(response({"method": "GET"}, receive, send))
        assert b"".join(message.get("body", b"") for message in sent) == b"012"


def test_one_name_in_place_of_several_blocks_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"blocks=\['a'\]"):
        wsgi.TemplateResponse(load(TEMPLATES)["page.html"], blocks="a")


def test_a_page_has_pieces_of_the_size_that_it_says() -> None:
    page = wsgi.TemplateResponse(load(TEMPLATES)["long.html"], {"xs": ["x" * 10] * 5}, stream=True, piece_size=15)
    body = page({"REQUEST_METHOD": "GET"}, lambda status, headers: None)
    assert [len(piece) for piece in body] == [20, 20, 10]
