"""``blendtpl preview`` as a command: how it begins and ends, and what it says when it cannot begin."""

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from testkit import PATIENCE
from tests.compiling.support import invoke, write
from tests.preview.support import served


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_ends_quietly_with_pages_open(folder: Path, number: signal.Signals, status: int) -> None:
    with served(folder) as (url, process):
        events = urllib.request.urlopen(f"{url}events")
        assert events.readline() == b"retry: 500\n"
        process.send_signal(number)
        output, error = process.communicate(timeout=PATIENCE)
        events.close()
        assert (process.returncode, error) == (status, "")
        assert output.strip() == ""


def test_it_says_what_it_shows_and_where_and_listens_there_alone(folder: Path) -> None:
    with served(folder) as (url, process):
        assert urllib.request.urlopen(url).status == 200
        port = int(url.rstrip("/").rpartition(":")[2])
        others = {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
        for address in others - {"127.0.0.1"}:
            if not address.startswith("127."):
                with pytest.raises(OSError, match="refused"):
                    socket.create_connection((address, port), timeout=PATIENCE)
        assert process.poll() is None


def test_it_tells_open_pages_of_a_change(folder: Path) -> None:
    with served(folder) as (url, _), urllib.request.urlopen(f"{url}events") as events:

        def until(event: bytes) -> None:
            while events.readline() != b"event: " + event + b"\n":
                pass

        until(b"hello")
        until(b"warnings")
        (folder / "page.html").write_text("changed")
        until(b"changed")
        until(b"warnings")
        (folder / "page.examples.json").write_text('{"new_one": {}}')
        until(b"changed")
        assert b"new_one" in urllib.request.urlopen(f"{url}items").read()


def test_it_begins_with_templates_that_cannot_be_compiled_and_shows_what_is_wrong(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", {"a.html": "{% if %}"})
    with served(folder) as (url, _):
        page = urllib.request.urlopen(url).read().decode()
        assert "1 mistake in the templates" in page
        assert "a.html:1:7" in page


def test_a_port_that_is_in_use_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke("preview", folder, "--port", str(port))
    told = f"error: port {port} is in use: take another with `--port`, or `--port 0` for any\n"
    assert (result.exit_code, result.stderr) == (1, told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "error: no folder `nowhere` to compile\n"),
        (["empty"], "error: the folder `empty` has no template in it\n"),
        (["templates/page.html"], "error: no folder `templates/page.html` to compile: it is a file\n"),
        (
            ["templates", "--environment", "nothing:here"],
            "error: environment `nothing:here`: cannot import `nothing`: ",
        ),
        (["templates", "--environment", "nothing"], 'error: environment `nothing` is not of the form "module:name"\n'),
    ],
)
def test_a_mistake_in_the_call_is_one_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(folder.parent)
    (folder.parent / "empty").mkdir()
    result = invoke("preview", *arguments, "--port", "0", "--no-cache")
    assert result.exit_code == 1
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["--port", "65536"], ["--port", "x"], ["--translations", "nowhere"]])
def test_a_call_that_is_not_understood_exits_2(arguments: list[str]) -> None:
    assert invoke("preview", *arguments).exit_code == 2


@pytest.mark.parametrize("library", ["starlette", "uvicorn", "watchfiles"])
def test_without_its_libraries_it_says_what_to_install(tmp_path: Path, library: str) -> None:
    script = (
        "import sys, runpy\n"
        "class Left:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {library!r}: raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)\n"
        "sys.meta_path.insert(0, Left())\n"
        "sys.argv = ['blendtpl', 'preview']\n"
        "runpy.run_module('blendtpl', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: `blendtpl preview` needs `{library}`: install blendtpl with the extra `preview`, from where you have"
        " it (in a checkout `pip install '.[preview]'`)\n"
    )


def test_a_browser_is_opened_only_when_somebody_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("blendtpl.preview.serving._Server.run", lambda server, sockets: None)
    assert invoke("preview", folder, "--port", "0", "--no-cache").exit_code == 0
    assert opened == []
    result = invoke("preview", folder, "--port", "0", "--no-cache", "--open")
    assert result.stdout == f"preview of `templates` on {opened[0]} (Ctrl-C ends it)\n"
