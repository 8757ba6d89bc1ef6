"""Development around applications of frameworks, and around odd ones."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit import PATIENCE
from tests.web.development.support import Events

pytest.importorskip("watchfiles")

from blendtpl.web.development import AsgiDevelopment, WsgiDevelopment
from blendtpl.web.development.changes import State
from blendtpl.web.development.documents import Seen, script

LOCAL = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "HTTP_ACCEPT": "text/html",
}
HTML = ("Content-Type", "text/html")


def called(application: Any, environ: dict[str, Any]) -> tuple[str, dict[str, str], list[bytes]]:
    """Return the status, headers and pieces of what an application of WSGI gives."""
    begun: list[Any] = []
    body = application({**LOCAL, **environ}, lambda status, headers, exc_info=None: begun.extend((status, headers)))
    pieces = [*body]
    if hasattr(body, "close"):
        body.close()
    return begun[0], dict(begun[1]), pieces


class Pieces:
    """A body in pieces that notes when it is closed."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces, self.closed = iter(pieces), 0

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self.closed += 1


def test_odd_applications_of_wsgi(registry: Any) -> None:
    def begins_late(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield b"<body>a</bo"
        yield b"dy>"

    def writes(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [HTML])(b"<body>written ")
        return [b"and returned</body>"]

    def never_begins(environ: Any, start_response: Any) -> list[bytes]:
        return [b"text"]

    pieces = Pieces(b"a", b"b")

    def closes(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/css")])
        return pieces

    status, headers, body = called(WsgiDevelopment(begins_late, registry, debug=True), {})
    assert (status, body[:2], b"reload.js" in body[2]) == ("200 OK", [b"<body>a</bo", b"dy>"], True)
    assert "Content-Length" not in headers
    _, headers, body = called(WsgiDevelopment(writes, registry, debug=True), {"SCRIPT_NAME": "/app"})
    assert body[0].startswith(b'<body>written and returned</body><script src="/app/_blendtpl/reload.js"')
    assert headers["Content-Length"] == str(len(body[0]))
    status, _, body = called(WsgiDevelopment(never_begins, registry, debug=True), {})
    assert status == "500 Internal Server Error"
    assert b"has not called `start_response`" in body[0]
    assert called(WsgiDevelopment(closes, registry, debug=True), {})[2] == [b"a", b"b"]
    assert pieces.closed == 1


def test_a_server_without_threads_is_asked_again_and_again(registry: Any) -> None:
    around = WsgiDevelopment(None, registry, debug=True)
    events = {"PATH_INFO": "/_blendtpl/events"}
    _, headers, body = called(around, {**events, "wsgi.multithread": False})
    assert headers["Content-Type"].startswith("text/event-stream")
    assert body[0] == b"retry: 500\n\n"
    assert around._changes.state.data.encode() in body[1]
    assert len(body) == 2
    assert b'"start": ""' in called(around, {**events, "wsgi.multiprocess": True})[2][1]
    assert around._changes.listening == 0


def test_flask(registry: Any, folder: Path) -> None:
    flask = pytest.importorskip("flask")
    app = flask.Flask("shop", root_path=str(folder.parent), template_folder="templates")
    app.debug = True
    from blendtpl.web.flask import Blend

    Blend(app)
    app.add_url_rule("/", view_func=lambda: flask.render_template("page.html"), endpoint="page")
    app.add_url_rule("/fails", view_func=lambda: flask.render_template("fails.html", items=[1]), endpoint="fails")
    app.wsgi_app = WsgiDevelopment(app.wsgi_app, registry, debug=app.debug)
    client = app.test_client()
    answer = client.get("/")
    assert answer.text.endswith("</script>")
    assert answer.content_length == len(answer.data)
    answer = client.get("/fails", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert "UndefinedError" in answer.text
    assert "fails.html:4</code>" in answer.text


def test_starlette(registry: Any) -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.routing import Route
    from starlette.testclient import TestClient

    from blendtpl.web.starlette import BlendTemplates

    templates = BlendTemplates(bundle=registry)

    async def page(request: Any) -> Any:
        return templates.TemplateResponse(request, request.path_params["name"], {"items": [1]})

    site = Starlette(routes=[Route("/{name}", page)])
    site.add_middleware(AsgiDevelopment, registry=registry, debug=True)
    with TestClient(site, base_url="http://localhost", client=("127.0.0.1", 1)) as client:  # with its lifespan
        assert client.get("/page.html").text.endswith("</script>")
        answer = client.get("/fails.html", headers={"Accept": "text/html"})
        assert answer.status_code == 500
        assert "fails.html:4</code>" in answer.text
    with TestClient(site, base_url="http://localhost", client=("10.0.0.1", 1)) as client:
        assert client.get("/page.html").text.endswith("</html>")


def test_a_document_of_asgi_that_fails_before_its_end_is_not_begun(registry: Any) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/html"), (b"content-length", b"99")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<body>", "more_body": True})
        raise LookupError("late")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"accept", b"text/html")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": ("::1", 1)}
    asyncio.run(AsgiDevelopment(application, registry, debug=True)(scope, None, send))  # type: ignore[arg-type]
    assert [message.get("status") for message in sent] == [500, None]
    assert b"LookupError" in sent[1]["body"]


@pytest.mark.parametrize(
    ("policy", "nonce"),
    [
        ("script-src 'self' 'nonce-a+/_-9='", "a+/_-9="),
        ("default-src 'nonce-d'; style-src 'nonce-s'", "d"),
        ("default-src 'nonce-d'; script-src 'self'", None),
        ("script-src 'nonce-a'; SCRIPT-SRC-ELEM 'nonce-b'", "b"),
        ("style-src 'nonce-s'", None),
        ("script-src 'nonce-\"><b>'", None),
        ("", None),
    ],
)
def test_the_nonce_is_that_of_scripts(policy: str, nonce: str | None) -> None:
    element = script("", State("p", "s", {}), [("content-security-policy", policy)]).decode()
    assert element.partition(' nonce="')[2].partition('"')[0] == (nonce or "")


@pytest.mark.parametrize("end", [b"</body>", b"</HTML >", b"</html\n>"])
def test_the_end_of_a_document_is_seen_however_it_is_cut(end: bytes) -> None:
    for cut in range(len(end) + 1):
        seen = Seen()
        for piece in (b"<p>", end[:cut], b"", end[cut:], b"\n"):
            seen.add(piece)
        assert seen.is_whole
    seen = Seen()
    seen.add(b"<bodyguard></bodyguard><p>body></p>")
    assert not seen.is_whole


SERVER = """
import socket, sys
import uvicorn
import blendtpl
from blendtpl.web.development import AsgiDevelopment

with blendtpl.watch(sys.argv[2]) as registry:
    around = AsgiDevelopment(None, registry, debug=True)
    config = uvicorn.Config(around, log_level="critical", lifespan="off")
    print("begun", flush=True)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_ends_though_pages_listen(folder: Path, number: int) -> None:
    pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        arguments = [sys.executable, "-c", SERVER, str(listening.fileno()), str(folder)]
        with subprocess.Popen(
            arguments, pass_fds=[listening.fileno()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "begun\n"
                events = Events(listening.getsockname()[1])
                assert events.next()
                process.send_signal(number)
                assert events.next() is None
                events.close()
                process.wait(PATIENCE)
            finally:
                process.kill()


DJANGO = """
import io, sys
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.shortcuts import render
from django.urls import path
import blendtpl
from blendtpl.web.development import WsgiDevelopment

folder = sys.argv[1]
backend = {"BACKEND": "blendtpl.web.django.BlendTemplates", "NAME": "pages", "DIRS": [folder]}
settings.configure(
    DEBUG=True, DEBUG_PROPAGATE_EXCEPTIONS=True, SECRET_KEY="x", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    TEMPLATES=[backend],
)
urlpatterns = [path("<name>", lambda request, name: render(request, name, {"items": [1]}))]
local = {
    "REQUEST_METHOD": "GET", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "HTTP_ACCEPT": "text/html",
    "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http",
}
application = get_wsgi_application()
with blendtpl.watch(folder) as registry:
    around = WsgiDevelopment(application, registry, debug=True)
    for name in ("page.html", "fails.html"):
        body = around({**local, "PATH_INFO": "/" + name}, lambda status, headers, exc_info=None: print(status))
        print(b"".join(body).decode())
        getattr(body, "close", lambda: None)()
"""


def test_django(folder: Path) -> None:
    pytest.importorskip("django")
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, str(folder)], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    right, _, wrong = done.stdout.partition("500 Internal Server Error\n")
    assert right.startswith("200 OK\n")
    assert right.endswith("</script>\n")
    assert "fails.html:4</code>" in wrong
    assert "UndefinedError" in wrong
