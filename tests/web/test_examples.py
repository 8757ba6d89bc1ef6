"""The example applications answer by blendtpl, live or from a bundle, as on Jinja2, behind real servers."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVERS = {"flask_site": "gunicorn", "quart_site": "hypercorn", "starlette_site": "uvicorn", "django_site": "gunicorn"}
PATHS = ["/", "/rows", "/stream"]


def command(site: str, fd: int) -> list[str]:
    listening = ["--fd", str(fd)] if SERVERS[site] == "uvicorn" else ["--bind", f"fd://{fd}"]
    return [sys.executable, "-m", SERVERS[site], *listening, f"examples.site.{site}:app"]


# in a process of its own, as Django can be set up once in each
COMPILE = """
import importlib, sys, blendtpl
site, bundle = sys.argv[1:]
module = importlib.import_module(f"examples.site.{site}")
if site == "django_site":
    environment = module.engines["pages"].env
else:
    environment = module.templates.env if hasattr(module, "templates") else module.app.jinja_env
blendtpl.compile(environment).write(bundle)
"""


@contextmanager
def served(site: str, **variables: str) -> Iterator[int]:
    """Serve an example by its server, on a socket that listens already, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fd = listening.fileno()
        process = subprocess.Popen(
            command(site, fd), cwd=ROOT, env={**os.environ, **variables}, pass_fds=[fd], stderr=subprocess.DEVNULL
        )
        try:
            yield listening.getsockname()[1]
        finally:
            process.terminate()
            process.wait()


def answer(port: int, path: str) -> tuple[int, bytes]:
    """Return the status and the body of a page, which ends with an error where the server breaks off."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("site", SERVERS)
def test_an_example_answers_as_on_jinja2(site: str, tmp_path: Path) -> None:
    bundle = tmp_path / "site.blend"
    subprocess.run([sys.executable, "-c", COMPILE, site, str(bundle)], cwd=ROOT, check=True)
    with served(site, RENDERER="jinja2") as port:
        expected = [answer(port, path) for path in PATHS]
    assert [status for status, _ in expected] == [200, 200, 200]
    for variables in ({}, {"BUNDLE": str(bundle)}):
        with served(site, **variables) as port:
            assert [answer(port, path) for path in PATHS] == expected
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                answer(port, "/breaks")
            assert answer(port, "/") == expected[0]


@pytest.mark.parametrize("site", SERVERS)
def test_an_example_without_its_bundle_does_not_start(site: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fd = listening.fileno()
        ended = subprocess.run(
            command(site, fd),
            cwd=ROOT,
            env={**os.environ, "BUNDLE": str(tmp_path / "none.blend")},
            pass_fds=[fd],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert "none.blend" in ended.stderr  # Hypercorn ends with status 0 all the same
