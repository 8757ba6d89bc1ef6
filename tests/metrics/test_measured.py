"""Measured registry: everything is as without, and it is counted."""

import asyncio
import contextlib
import copy
import pickle
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import blendtpl
from blendtpl.errors import ConfigError
from blendtpl.metrics import SharedMetrics, TemplateFigures, counting, measure
from blendtpl.metrics.measured import MeasuredRegistry
from testkit import memory

SOURCES = {
    "page.html": "{% extends 'layout.html' %}{% block main %}{% for x in xs %}<b>{{ x }}</b>{% endfor %}{% endblock %}",
    "layout.html": "<main>{% block main %}{% endblock %}</main>",
    "fails.html": "so far\n{{ missing.name }}",
    "long.html": "{% for x in xs %}{{ x }}{{ '-' * 5000 }}{% endfor %}{{ 1 / end }}",
    "hello/subject.txt": "Hello {{ name }}",
    "hello/body.txt": "Dear {{ name }}",
    "hello/body.html": "<p>Dear {{ name }}</p>",
    "news.html": "{% block subject %}New{% endblock %}{% block text %}Much{% endblock %}"
    "{% block html %}<p>{% endblock %}",
}
TO: Any = {"to": ["ada@example.org"], "sender": "Feedwhip <alerts@feedwhip.example>"}


@pytest.fixture(scope="module")
def plain() -> blendtpl.Registry:
    return blendtpl.load(blendtpl.compile(SOURCES))


@pytest.fixture(params=["in C", "in Python"])
def measured(
    request: pytest.FixtureRequest, plain: blendtpl.Registry, monkeypatch: pytest.MonkeyPatch
) -> MeasuredRegistry:
    if request.param == "in Python":
        monkeypatch.setattr("blendtpl.metrics.measured.counted", counting._counted)
    elif counting.counted is counting._counted:
        pytest.skip("the functions in C are not built here")
    return measure(plain)


def figures(registry: MeasuredRegistry, name: str) -> TemplateFigures:
    return registry.metrics.templates()[name]


async def _pieces(stream: AsyncIterator[str]) -> str:
    return "".join([piece async for piece in stream])


WAYS: Mapping[str, Callable[[blendtpl.Registry], str]] = {
    "registry, a mapping": lambda registry: registry.render("page.html", {"xs": "ab"}),
    "registry, keywords": lambda registry: registry.render("page.html", xs="ab"),
    "registry, both": lambda registry: registry.render("page.html", {"xs": ""}, xs="ab"),
    "registry, bytes": lambda registry: registry.render_bytes("page.html", {"xs": ""}, xs="ab").decode(),
    "template, bytes": lambda registry: registry["page.html"].render_bytes({"xs": "ab"}).decode(),
    "registry, a path": lambda registry: registry.render(Path("page.html"), xs="ab"),
    "registry, a template": lambda registry: registry.render(registry["page.html"], xs="ab"),
    "template": lambda registry: registry["page.html"].render(xs="ab"),
    "found": lambda registry: registry.get_template("page.html").render({"xs": "ab"}),
    "block": lambda registry: registry["page.html"].render_block("main", xs="ab"),
    "blocks": lambda registry: registry["page.html"].render_blocks(["main"], xs="ab"),
    "awaited": lambda registry: asyncio.run(registry.render_async("page.html", xs="ab")),
    "block, awaited": lambda registry: asyncio.run(registry["page.html"].render_block_async("main", xs="ab")),
    "blocks, awaited": lambda registry: asyncio.run(registry["page.html"].render_blocks_async(["main"], xs="ab")),
    "stream, awaited": lambda registry: asyncio.run(_pieces(registry["page.html"].stream_async(xs="ab"))),
    "stream": lambda registry: "".join(registry["page.html"].stream(xs="ab")),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_render_is_as_without_and_counted_with_its_characters_and_seconds(
    way: Callable[[blendtpl.Registry], str], plain: blendtpl.Registry, measured: MeasuredRegistry
) -> None:
    text = way(measured)
    assert text == way(plain)
    found = figures(measured, "page.html")
    assert (found.renders, found.characters, found.errors) == (1, len(text), 0)
    assert found.seconds > 0
    assert figures(measured, "layout.html").renders == 0


FAILING: Mapping[str, Callable[[blendtpl.Registry], object]] = {
    "registry": lambda registry: registry.render("fails.html"),
    "template": lambda registry: registry["fails.html"].render(),
    "block": lambda registry: registry["fails.html"].render_block("none"),
    "stream": lambda registry: list(registry["fails.html"].stream()),
    "awaited": lambda registry: asyncio.run(registry.render_async("fails.html")),
    "stream, awaited": lambda registry: asyncio.run(_pieces(registry["fails.html"].stream_async())),
    "arguments": lambda registry: registry.render("fails.html", 5),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("way", FAILING.values(), ids=FAILING)
def test_an_error_comes_out_as_it_is_and_is_counted(
    way: Callable[[blendtpl.Registry], object], plain: blendtpl.Registry, measured: MeasuredRegistry
) -> None:
    told = []
    for registry in (plain, measured):
        with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever it is without
            way(registry)
        error = caught.value
        entries = [(entry.filename, entry.name) for entry in traceback.extract_tb(error.__traceback__)]
        last = entries[-1] if entries[-1][0] == "fails.html" else None
        told.append((type(error), str(error), getattr(error, "__notes__", None), error.__context__, last, len(entries)))
    (*expected, depth), (*found, deeper) = told
    assert found == expected
    assert 0 <= deeper - depth <= (2 if way is FAILING["awaited"] else 1)  # a coroutine is in one of its own
    assert figures(measured, "fails.html")[::3] == (1, 1)


def test_an_interrupt_is_counted_as_an_error(measured: MeasuredRegistry) -> None:
    def interrupted() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured.render("page.html", xs=interrupted())
    assert figures(measured, "page.html").errors == 1


def test_a_stream_is_counted_when_it_is_closed_and_not_when_nobody_takes_a_piece(measured: MeasuredRegistry) -> None:
    template = measured["long.html"]
    pieces = template.stream(xs=range(100), end=1)
    assert figures(measured, "long.html").renders == 0
    size = len(next(pieces)) + len(next(pieces))
    assert figures(measured, "long.html").renders == 0
    del pieces
    assert figures(measured, "long.html")[:2] == (1, size)
    assert figures(measured, "long.html").errors == 0
    template.stream(xs=[])
    assert figures(measured, "long.html").renders == 1


def test_a_stream_that_fails_half_way_is_an_error_with_the_characters_so_far(measured: MeasuredRegistry) -> None:
    taken: list[str] = []
    with pytest.raises(ZeroDivisionError):
        taken.extend(measured["long.html"].stream(xs=range(3), end=0))
    found = figures(measured, "long.html")
    assert (found.renders, found.errors) == (1, 1)
    assert found.characters == len("".join(taken)) or not taken


def test_a_message_and_its_parts_are_counted(plain: blendtpl.Registry, measured: MeasuredRegistry) -> None:
    message = measured.message("hello", name="Ada", **TO)
    assert (message.subject, message.text, message.html) == ("Hello Ada", "Dear Ada", "<p>Dear Ada</p>")
    assert measured.metrics.messages()["hello"].renders == 1
    for name, size in (("hello/subject.txt", 9), ("hello/body.txt", 8), ("hello/body.html", 15)):
        assert figures(measured, name)[:2] == (1, size)
    news = measured.message("news.html", **TO)
    assert (news.subject, news.text, news.html) == ("New", "Much", "<p>")
    assert figures(measured, "news.html")[:2] == (1, 10)
    with pytest.raises(blendtpl.MessageError, match="has no sender"):
        measured.message("hello")
    assert measured.metrics.messages()["hello"][::3] == (2, 1)
    assert plain.messages["hello"].name == measured.messages["hello"].name


def test_it_is_a_registry_with_all_that_one_has(plain: blendtpl.Registry, measured: MeasuredRegistry) -> None:
    assert isinstance(measured, blendtpl.Registry)
    assert (list(measured), len(measured), measured.digest) == (list(plain), len(plain), plain.digest)
    assert measured.manifest is plain.manifest
    assert "page.html" in measured
    template: object = plain["page.html"]
    assert template not in measured
    template = measured["page.html"]
    assert isinstance(template, blendtpl.Template)
    assert (template.name, template.blocks, template.source) == ("page.html", ("main",), SOURCES["page.html"])
    assert template.references == ("layout.html",)
    assert copy.deepcopy(measured) is measured
    with pytest.raises(AttributeError, match="is immutable"):
        measured.digest = ""  # type: ignore[misc]
    with pytest.raises(blendtpl.TemplateNotFound, match=r"page\.htm"):
        measured.render("page.htm")


def test_it_cannot_be_pickled_and_what_it_was_made_of_can(measured: MeasuredRegistry) -> None:
    for what in (measured, measured["page.html"]):
        with pytest.raises(ConfigError, match="pickle its `original`"):
            pickle.dumps(what)


def test_measuring_what_is_measured_counts_once(plain: blendtpl.Registry) -> None:
    shared = SharedMetrics.of(plain, workers=2)
    first = measure(plain, shared, 0)
    second = measure(first, shared, 1)
    assert second.original is plain
    second.render("page.html", xs="a")
    assert shared.templates()["page.html"].renders == 1
    assert shared.stats(1).renders == 1
    assert shared.stats(0).renders == 0


def test_what_is_no_registry_is_told() -> None:
    with pytest.raises(ConfigError, match=r"only a registry can be measured, .* not a dict"):
        measure({})  # type: ignore[arg-type]


def test_threads_lose_no_count(measured: MeasuredRegistry) -> None:
    rounds = 2000
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [measured.render("layout.html") for _ in range(rounds)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert figures(measured, "layout.html")[:2] == (4 * rounds, 4 * rounds * len("<main></main>"))


@pytest.mark.parametrize("renders", [500, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.usefixtures("no_collector")
def test_renders_leave_nothing(measured: MeasuredRegistry, renders: int) -> None:
    def fail() -> None:
        with contextlib.suppress(blendtpl.UndefinedError):
            measured.render("fails.html")

    def stream() -> None:
        next(measured["long.html"].stream(xs=[1, 2, 3], end=1))

    def succeed() -> None:
        measured.render("page.html", {"xs": "ab"})

    def message() -> None:
        measured.message("hello", name="Ada", **TO)

    for work in (succeed, fail, stream, message):
        growth = memory.measure(work, renders, measured.original)
        assert not growth, growth
