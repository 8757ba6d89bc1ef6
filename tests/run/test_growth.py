"""The long run finds what is planted, each kind, and nothing where nothing is."""

import atexit
import linecache
import os
import subprocess
import sys
import types
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

import blendtpl
from blendtpl.mail import Attachment, Image, Invitation
from blendtpl.mail.dkim import DkimSigner
from blendtpl.tools.soak.growth import no_collector
from testkit import ROOT, growth
from testkit.memory import SPARE_BLOCKS, Growth, measure, survivors
from testkit.oracle import load
from tests import growth as growth_command

RENDERS = 12_000  # a leak in a thousand makes six of them in the second half, which is more than is allowed


def planted(leak: Callable[[], object], every: int = 1000, renders: int = RENDERS) -> Growth:
    """Return what is found of a template that calls a leak once in so many renders."""
    registry = load({"main.html": "{{ leak() }}"})
    numbers = count(1)

    def rarely() -> str:
        return "" if next(numbers) % every else str(leak())

    def render() -> str:
        return registry.render("main.html", leak=rarely)

    return measure(render, renders, registry)


def test_nothing_is_found_where_nothing_is_left() -> None:
    found = planted(lambda: [[] for _ in range(9)])
    assert not found
    assert (found.blocks, found.collected, found.events, found.changes) == (0, 0, (), ())


def test_one_object_in_a_thousand_renders_is_found() -> None:
    kept: list[object] = []
    found = planted(lambda: kept.append(object()))
    assert SPARE_BLOCKS < found.blocks <= 7
    assert found
    assert str(found).startswith(f"{found.blocks} blocks")


def test_one_cycle_in_a_thousand_renders_is_found() -> None:
    def leak() -> None:
        cycle: list[object] = []
        cycle.append(cycle)

    found = planted(leak)
    assert found.collected >= RENDERS // 1000
    assert found


def test_an_exception_that_is_kept_and_raised_again_is_found() -> None:
    kept = ValueError("kept")

    def leak() -> None:
        raise kept

    assert planted(leak, every=1, renders=100).blocks > 100


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc says how many bytes it has given out")
def test_a_list_that_grows_by_nothing_new_is_found() -> None:
    kept: list[object] = []
    found = planted(lambda: kept.append(None), every=1)
    assert found.blocks <= SPARE_BLOCKS  # it is one block, however long it is
    assert found.bytes > 4 * RENDERS
    assert found


def test_a_text_that_grows_in_a_list_is_found() -> None:
    kept: list[object] = []
    assert planted(lambda: kept.append("x" * 5000)).blocks > SPARE_BLOCKS


def test_what_is_no_memory_is_found_and_named() -> None:
    files: list[int] = []
    registered: list[Callable[[], None]] = []
    name = "planted_by_test_growth"

    def register() -> None:
        registered.append(lambda: None)
        atexit.register(registered[-1])

    leaks: Mapping[str, Callable[[], object]] = {
        "the number of open files": lambda: files.append(os.dup(0)),
        "the number of atexit callbacks": register,
        "sys.modules": lambda: sys.modules.update({name: types.ModuleType(name)}),
        "linecache.cache": lambda: linecache.cache.update({name: (1, None, ["x"], name)}),
    }
    try:
        for what, leak in leaks.items():
            assert f"{what} changed" in planted(leak, every=250, renders=100).changes
    finally:
        for file in files:
            os.close(file)
        for function in registered:
            atexit.unregister(function)
        sys.modules.pop(name, None)
        linecache.cache.pop(name, None)


def test_a_file_that_others_left_in_a_circle_is_not_told() -> None:
    class Holder:
        def __init__(self) -> None:
            self.itself, self.file = self, os.dup(0)

        def __del__(self) -> None:
            os.close(self.file)

    with no_collector():
        Holder()
        assert not measure(str, 200).changes


MESSAGES: Mapping[str, dict[str, Any]] = {
    "plain text": {"html": None},
    "two parts": {},
    "other languages": {"subject": "Überraschung " * 20, "sender": "Jöran Ünal <a@example.org>", "text": "ü" * 1500},
    "long lines": {"subject": "x" * 500, "to": (f'"{"many words " * 20}" <b@example.org>',), "html": "x" * 1500},
    "headers of all kinds": {
        "cc": ("c@example.org", "Doe <d@example.org>"),
        "reply_to": "e@example.org",
        "headers": {"Date": "Thu, 12 Jun 2025 07:42:00 +0000", "Message-ID": "<1@example.org>", "X-Id": "1"},
        "unsubscribe": "https://example.org/u",
        "language": "de",
        "priority": "high",
        "bcc": ("f@example.org",),
    },
    "files": {
        "attachments": (Attachment(b"x" * 500, "ü.pdf"), Invitation("BEGIN:VCALENDAR\nMETHOD:REQUEST\n")),
        "images": (Image("a.png", b"x"),),
    },
}
REFUSED: Mapping[str, dict[str, Any]] = {
    "a line break": {"sender": "a\n@example.org"},
    "no address": {"to": ("nobody",)},
    "a header": {"headers": {"Message-ID": "1"}},
    "a part": {"text": "\ud800"},
    "a file": {"attachments": ["no/such/file"]},
    "a way to unsubscribe": {"unsubscribe": "ftp://example.org"},
}


def made(**fields: Any) -> blendtpl.Message:
    given: dict[str, Any] = {"subject": "s", "text": "t\n", "html": "<p>t</p>\n", "sender": "a@example.org"}
    return blendtpl.Message(**{"to": ("b@example.org",), **given, **fields})


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_bytes_of_a_message_leave_nothing_for_the_collector(kind: str) -> None:
    found = measure(lambda: made(**MESSAGES[kind]).as_bytes(), 200)
    assert not found, str(found)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_message_that_is_refused_leaves_nothing_for_the_collector(kind: str) -> None:
    def refused() -> None:
        with suppress(blendtpl.MessageError):
            made(**REFUSED[kind])

    found = measure(refused, 200)
    assert not found, str(found)


@pytest.mark.parametrize("context", [{"x": {"y": "ü"}}, {}, {"x": {}}], ids=["made", "no variable", "a failing part"])
def test_a_message_of_a_registry_leaves_nothing_for_the_collector(context: dict[str, Any]) -> None:
    parts = {"m/subject.txt": "{{ x.y }}", "m/body.txt": "{{ x.y }}\n", "m/body.html": "<p>{{ cid('a.png') }}{{ x.y }}"}
    registry = load({**parts, "a.png": b"\x89PNG"})

    def run() -> None:
        with suppress(blendtpl.RenderError):
            registry.message("m", context, to=["b@example.org"], sender="a@example.org", language="de").as_bytes()

    found = measure(run, 200)
    assert not found, str(found)


@pytest.mark.parametrize("eight_bit", [False, True])
def test_a_message_that_is_signed_leaves_nothing_for_the_collector(eight_bit: bool) -> None:
    keys = Ed25519PrivateKey.generate(), generate_private_key(65537, 2048)
    signers = [DkimSigner("example.org", "mail", key) for key in keys]
    given: dict[str, Any] = {"subject": "ü " * 50, "text": "ü  \n\n" * 50, "html": None, "sender": "a@example.org"}
    message = blendtpl.Message(**given, to=("b@example.org",))
    found = measure(lambda: message.as_bytes(eight_bit=eight_bit, sign=signers), 200)
    assert not found, str(found)


def test_what_the_standard_library_leaves_of_a_message_is_found() -> None:
    def usual() -> bytes:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = "s"
        message.set_content("t\n")
        return message.as_bytes()

    assert measure(usual, 200).collected > 1000


def test_a_registry_that_changes_is_found() -> None:
    registry = load({"main.html": "{{ leak() }}"})
    space = registry["main.html"]._compiled.space
    numbers = count()

    def render() -> str:
        return registry.render("main.html", leak=lambda: space.update(planted=next(numbers)))

    assert measure(render, 100, registry).changes == ("the registry changed",)


def test_a_file_that_is_opened_and_code_that_is_compiled_are_found() -> None:
    found = planted(lambda: [Path(os.devnull).read_bytes(), compile("1", "x", "eval")], every=1, renders=100)
    assert set(found.events) == {"open", "compile"}
    assert found


def test_what_went_in_and_lives_on_is_found() -> None:
    kept: list[Mapping[str, Any]] = []

    def variables() -> Mapping[str, Any]:
        return {"values": [{"odd": growth.Wordless()}], "kind": int}

    assert survivors(lambda given: None, variables) == 0
    assert survivors(kept.append, variables) == 3  # the variables, what they are watched by, and the object inside


def test_what_is_called_failing_fails_and_nothing_else_does() -> None:
    for case in (*growth.FAILURES, growth.BROKEN, growth.RECURSION, growth.LARGE, growth.LANGUAGE, growth.MAIL):
        registry = load(case.templates, case.make)
        way, *_ = growth.ways(case, registry).values()
        wanted = RecursionError if case is growth.RECURSION else Exception
        fails = case.title.startswith("failing")
        with pytest.raises(wanted) if fails else nullcontext():
            way(registry, case.variables())


def test_each_title_stands_for_one_case() -> None:
    assert len(growth.EVERY) == len(growth.ALL)


def test_there_is_a_way_for_each_block_and_for_half_of_a_stream() -> None:
    with_block = load({"main.html": "{% block b %}{% endblock %}"})
    assert list(growth.ways(growth.LANGUAGE, with_block)) == ["render", "stream", "block b"]
    registry = load(growth.LARGE.templates)
    assert list(growth.ways(growth.LARGE, registry)) == [
        *("render", "stream", "half a stream", "a stream closed", "a stream thrown at"),
        *("no such block", "no such template"),
    ]
    assert len(list(registry["main.html"].stream(growth.LARGE.variables()))) > 2


def test_the_command_says_what_it_did_and_fails_for_a_title_that_no_case_has() -> None:
    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "tests.growth", "-n", "100", "--jobs", "1", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert run("a large page") == (
        0,
        "2 cases in 14 ways, 1,400 renders: 0 ways leave something; growth of 0 blocks at most\n",
    )
    assert run("no such case")[0] == 1


def test_the_command_prints_a_line_for_what_leaves_something(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Pool:
        def __init__(self, *unused: object) -> None: ...
        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *unused: object) -> None: ...
        def imap_unordered(self, task: object, tasks: list[tuple[str, int]]) -> Any:
            yield tasks[0][0], {"render": Growth(100, 7, 0, 2, 0, ("open", "open"), ("sys.modules changed",))}

    monkeypatch.setattr(growth_command, "get_context", lambda kind: types.SimpleNamespace(Pool=Pool))
    assert growth_command.main(["-n", "100", "nothing at all"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        "nothing at all: render: 7 blocks, 2 objects for the collector, open, sys.modules changed in 50 renders"
    )
