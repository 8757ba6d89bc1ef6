"""Around an application in development: what is added to its documents, and what stands in their place."""

import gc
import logging
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from tests.web.development.support import HTML, Events, get, served_by_asgi, served_by_wsgi

pytest.importorskip("watchfiles")
SERVERS = pytest.mark.parametrize("serve", [served_by_wsgi, served_by_asgi])
SCRIPT = '<script src="/_blendtpl/reload.js"'
PAGE = "<p id=word>one</p></body></html>"


def status_of_another(port: int) -> int:
    """Return what one browser more is told."""
    return get(port, "/_blendtpl/events")[0]


@SERVERS
def test_whole_documents_get_a_script_behind_them_and_nothing_else_does(
    serve: Any, registry: Any, static: Path
) -> None:
    with serve(registry, static) as (port, _):
        status, headers, text = get(port, "/page")
        assert (status, headers["cache-control"]) == (404, "no-store")
        assert "etag" not in headers
        script = text.partition(PAGE)[2]
        assert "nonce" not in script
        assert script.startswith(SCRIPT)
        assert int(headers["content-length"]) == len(text)
        status, headers, text = get(port, "/stream")
        assert PAGE + SCRIPT in text
        assert "content-length" not in headers
        status, headers, text = get(port, "/part")
        assert (headers["etag"], headers["content-length"], text) == ('"1"', "13", "<p>a part</p>")
        assert get(port, "/text")[2].endswith(PAGE)
        assert get(port, "/packed")[2].endswith(PAGE)
        status, headers, text = get(port, "/page", "HEAD")
        assert (status, headers["etag"], text) == (404, '"1"', "")
        assert 'nonce="a1B2=="' in get(port, "/policy")[2]
        assert 'data-stays="yes"' in get(port, "/page", "POST")[2]
        status, headers, text = get(port, "/_blendtpl/reload.js")
        assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        assert "EventSource" in text


@SERVERS
def test_streams_tell_of_templates_faults_and_styles(serve: Any, registry: Any, folder: Path, static: Path) -> None:
    with serve(registry, static) as (port, _):
        events = Events(port)
        assert events.kind == "text/event-stream; charset=utf-8"
        first = events.next()
        assert first is not None
        assert f'data-page="{first["page"]}"' in get(port, "/page")[2]
        (folder / "part.html").write_text("another")
        second = events.next()
        assert second is not None
        assert second["page"] != first["page"]
        assert second["start"] == first["start"]
        (folder / "part.html").write_text("{% if %}")
        third = events.next()
        assert third is not None
        assert third["page"] not in {first["page"], second["page"]}
        (folder / "part.html").write_text("another")
        mended = events.next()
        assert mended == second
        (static / "deep").mkdir()
        (static / "deep/x.css").write_text("p {}")
        styled = events.next()
        assert styled is not None
        assert (styled["page"], [*styled["styles"]]) == (second["page"], ["deep/x.css"])
        events.close()


@SERVERS
def test_a_stream_ends_with_its_client_and_all_end_with_the_middleware(serve: Any, registry: Any, static: Path) -> None:
    with serve(registry, static, streams=2) as (port, around):
        one, two = Events(port), Events(port)
        assert one.next()
        assert two.next()
        assert status_of_another(port) == 503
        one.close()
        while around._changes.listening > 1:  # it is noticed when something is written
            time.sleep(0.01)
        three = Events(port)
        assert three.next()
        around.close()
        assert (two.next(), three.next()) == (None, None)
        while around._changes.listening:
            time.sleep(0.01)
        assert status_of_another(port) == 503
        two.close()
        three.close()
    assert not registry._listeners


@SERVERS
def test_documents_show_a_fault_until_it_is_mended(serve: Any, registry: Any, folder: Path, static: Path) -> None:
    with serve(registry, static) as (port, _):
        right = (folder / "page.html").read_text()
        (folder / "page.html").write_text("<p>fine</p>\n<p>{{ x|uper }}</p>\n<i>after</i>")
        registry.refresh()
        status, headers, text = get(port, "/page", **HTML)
        assert (status, headers["cache-control"]) == (500, "no-store")
        assert headers["content-security-policy"].startswith("default-src 'none'")
        for wanted in (
            "page.html:2:",
            "&lt;p&gt;{{ x|",
            "<mark>uper</mark>",
            "      ^^^^",
            "did you mean `upper`?",
            SCRIPT,
        ):
            assert wanted in text, wanted
        assert "&lt;i&gt;after" in text  # the lines around it
        assert PAGE in get(port, "/page")[2]  # what asks for no document gets what there was
        assert PAGE in get(port, "/page", Accept="text/html", Sec_Fetch_Dest="empty")[2]
        assert get(port, "/part", Accept="*/*", Sec_Fetch_Dest="document")[0] == 500
        assert PAGE in get(port, "/page", "POST", **HTML)[2]
        (folder / "page.html").write_text(right)
        registry.refresh()
        assert PAGE in get(port, "/page", **HTML)[2]


@SERVERS
def test_an_exception_is_shown_with_templates_code_and_values(
    serve: Any, registry: Any, static: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(registry, static) as (port, _), caplog.at_level(logging.ERROR, "blendtpl.web"):
        status, headers, text = get(port, "/fails?a=1", **HTML)
        assert (status, headers["content-type"]) == (500, "text/html; charset=utf-8")
        for wanted in (
            "<title>ValueError</title>",
            "no price in &lt;x&gt;",
            "in template fails.html:4",
            "<code>GET /fails</code>",
            "<code>fails.html:4</code>",
            "  {{ price(item, password=password) }}",
            "<code>base.html:1</code>",
            'tag template">template',
            "which was caused by",
            "KeyError: &#39;price&#39;",
            "Ada &lt;b&gt;",
            "db://ada:••••••@host/",
            "whose representation fails with ValueError",
            "{&#39;name&#39;: &#39;x&#39;}",
            SCRIPT,
        ):
            assert wanted in text, wanted
        for secret in ("hunter2", "hidden-321", "hidden-654", "hidden-987"):
            assert secret not in text
        assert len(text) < 200_000
        assert caplog.records[-1].exc_info
        status, headers, text = get(port, "/fails", Accept="application/json")
        assert (status, headers["content-type"]) == (500, "text/plain; charset=utf-8")
        assert text == "ValueError in GET /fails: see the log, or ask for HTML\n"
        assert get(port, "/fails", "HEAD", **HTML)[::2] == (500, "")
        caplog.clear()


@SERVERS
def test_a_response_that_has_begun_breaks_off(serve: Any, registry: Any, static: Path) -> None:
    with serve(registry, static) as (port, _):
        try:
            text = get(port, "/late", **HTML)[2]
        except OSError:
            text = ""
        except Exception as error:
            text = getattr(error, "partial", b"").decode()
        assert "ZeroDivisionError" not in text
        assert "</body>" not in text


@SERVERS
def test_it_is_off_unless_it_is_switched_on_and_whoever_asks_is_this_machine(
    serve: Any, registry: Any, folder: Path, static: Path
) -> None:
    (folder / "page.html").write_text("{% if %}")
    registry.refresh()
    with serve(registry, static, debug=False) as (port, _):
        assert get(port, "/page", **HTML)[2].endswith(PAGE)
    with serve(registry, static) as (port, _):
        assert get(port, "/page", **HTML)[0] == 500
        for other in ({"Host": "example.org"}, {"X_Forwarded_For": "127.0.0.1"}, {"Forwarded": "for=1.2.3.4"}):
            assert get(port, "/page", **HTML, **other)[2].endswith(PAGE)
        for own in ("localhost", "app.localhost:80", "[::1]:80", "127.0.0.9"):
            assert get(port, "/page", **HTML, Host=own)[0] == 500
    with serve(registry, static, remote=True, prefix="/dev/") as (port, _):
        text = get(port, "/page", **HTML, Host="example.org")[2]
        assert 'src="/dev/reload.js" data-events="/dev/events"' in text


@SERVERS
def test_mistakes(serve: Any, registry: Any, static: Path, tmp_path: Path) -> None:
    plain = blendtpl.load(blendtpl.compile({"a.html": ""}))
    for options, told in (
        ({"registry": plain}, "a registry that watches, not a `Registry`"),
        ({"prefix": "dev"}, "the prefix `dev` is no path"),
        ({"prefix": "/"}, "the prefix `/` is no path"),
        ({"static": tmp_path / "nowhere"}, "nowhere` cannot be watched"),
    ):
        given: dict[str, Any] = {"registry": registry, **options}
        with (
            pytest.raises(blendtpl.ConfigError, match=told),
            serve(given.pop("registry"), given.pop("static", static), **given),
        ):
            pass
    assert not registry._listeners


def test_nothing_of_an_exception_is_kept(registry: Any) -> None:
    from blendtpl.web.development import WsgiDevelopment

    class Value:
        pass

    seen: list[weakref.ref[Any]] = []

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        value = Value()
        seen.append(weakref.ref(value))
        registry.render("fails.html", items=[{"name": value}], price=lambda item, password: item[value], password=1)
        yield b""

    around = WsgiDevelopment(application, registry, debug=True)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}
    logging.getLogger("blendtpl.web").disabled = True  # pytest keeps what is logged
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            body = around({**environ, "HTTP_ACCEPT": "text/html"}, lambda *unused: None)
            assert b"KeyError" in b"".join(body)
            assert seen[-1]() is None
    finally:
        gc.enable()
        logging.getLogger("blendtpl.web").disabled = False
        around.close()


def test_templates_that_are_compiled_when_they_are_asked_for_are_shown_too(folder: Path, registry: Any) -> None:
    from blendtpl.web.development.failures import failures_of

    environment = blendtpl.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True)
    try:
        environment.get_template("fails.html").render(items=[1], price=len)
    except TypeError as error:
        entries = failures_of(error)[0].entries
    inner = next(entry for entry in entries if entry.kind == "template")
    assert (Path(inner.file).name, inner.line) == ("fails.html", 4)
    assert ("items", "[1]") in inner.values
    assert inner.excerpt[3].before == "  {{ price(item, password=password) }}"
