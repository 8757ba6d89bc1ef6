"""What the tests of development share: an application with pages of every kind, behind real servers."""

import io
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn

import blendtpl
from blendtpl.web import asgi, wsgi
from blendtpl.web.development import AsgiDevelopment, WsgiDevelopment
from testkit import PATIENCE

TEMPLATES = {
    "base.html": "<!doctype html><html><head><title>t</title><link rel=stylesheet href=/static/main.css></head>"
    "<body>{% block main %}{% endblock %}</body></html>",
    "page.html": '{% extends "base.html" %}{% block main %}<p id=word>one</p>{% endblock %}',
    "part.html": "<p>a part</p>",
    "fails.html": '{% extends "base.html" %}\n{% block main %}\n{% for item in items %}\n'
    "  {{ price(item, password=password) }}\n{% endfor %}\n{% endblock %}",
    "late.html": "<html><body>{% for x in xs %}{{ x }}{{ 1 // (3 - loop.index) }}{% endfor %}</body></html>",
}
HTML = {"Accept": "text/html"}


class Odd:
    """What cannot be shown."""

    def __repr__(self) -> str:
        raise ValueError("no")


def _hidden(number: int) -> str:
    return f"hidden-{number}"


def price(item: Any, password: str) -> str:
    settings = {  # noqa: F841
        "api_key": _hidden(321),
        "author": "Ada <b>",
        "at": f"db://ada:{_hidden(987)}@host/",
        "nested": {"token": _hidden(654)},
    }
    odd, enormous = Odd(), "x" * 1_000_000  # noqa: F841
    try:
        return str(item["price"])
    except KeyError as error:
        raise ValueError(f"no price in <{item['name']}>") from error


def page_of(kind: Any, registry: blendtpl.Registry, path: str, static: Path) -> Any:
    """Return what answers a path."""
    if path.startswith("/static/"):
        raw = kind(registry["part.html"], headers=[("Content-Type", "text/css")])
        raw.body = (static / path.removeprefix("/static/")).read_bytes
        raw.awaited = lambda: _soon(raw.body())
        return raw
    xs = ["x" * 9000] * 4
    pages: dict[str, Callable[[], Any]] = {
        "/page": lambda: kind(
            registry["page.html"], status=404, headers=[("ETag", '"1"'), ("Cache-Control", "max-age=9")]
        ),
        "/stream": lambda: kind(registry["page.html"], stream=True),
        "/part": lambda: kind(registry["part.html"], headers=[("ETag", '"1"')]),
        "/text": lambda: kind(registry["page.html"], headers=[("Content-Type", "text/plain")]),
        "/packed": lambda: kind(registry["page.html"], headers=[("Content-Encoding", "br")]),
        "/policy": lambda: kind(
            registry["page.html"],
            headers=[("Content-Security-Policy", "script-src 'nonce-a1B2=='; connect-src 'self'; style-src 'self'")],
        ),
        "/fails": lambda: kind(
            registry["fails.html"], {"items": [{"name": "x"}], "price": price, "password": "hunter2"}
        ),
        "/late": lambda: kind(registry["late.html"], {"xs": xs}, stream=True),
    }
    return pages[path]()


async def _soon(value: bytes) -> bytes:
    return value


class _Quiet(WSGIRequestHandler):
    def log_message(self, *unused: object) -> None: ...

    def get_stderr(self) -> Any:
        return io.StringIO()


class _Threaded(socketserver.ThreadingMixIn, WSGIServer):
    """A server that answers in threads, though wsgiref does not tell an application so."""


@contextmanager
def served_by_wsgi(registry: Any, static: Path, **options: Any) -> Iterator[tuple[int, WsgiDevelopment]]:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        return page_of(wsgi.TemplateResponse, registry, environ["PATH_INFO"], static)(environ, start_response)

    around = WsgiDevelopment(application, registry, **{"debug": True, "static": static, **options})

    def threads(environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.multithread"] = True
        return around(environ, start_response)

    server = make_server("127.0.0.1", 0, threads, server_class=_Threaded, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, around
    finally:
        around.close()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def served_by_asgi(registry: Any, static: Path, **options: Any) -> Iterator[tuple[int, AsgiDevelopment]]:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await page_of(asgi.TemplateResponse, registry, scope["path"], static)(scope, receive, send)

    around = AsgiDevelopment(application, registry, **{"debug": True, "static": static, **options})
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(around, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1], around
        finally:
            around.close()
            server.should_exit = True
            thread.join()


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    """Return the status, the headers and the body of an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()
    finally:
        connection.close()


class Events:
    """A browser that listens for changes."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._connection.request("GET", "/_blendtpl/events")
        self._response: HTTPResponse = self._connection.getresponse()
        self.status = self._response.status
        self.kind = self._response.headers["content-type"]

    def next(self) -> dict[str, Any] | None:
        """Return the next state that is told, or `None` at the end."""
        while line := self._response.readline():
            if line.startswith(b"data: "):
                told: dict[str, Any] = json.loads(line[6:])
                return told
        return None

    def close(self) -> None:
        self._response.close()
        self._connection.close()
