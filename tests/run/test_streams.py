# ruff: noqa: E501  # template texts and tables are easier to read in one line
"""What a stream hands out, and when: pieces of a size, what is before a loop that may wait, and what is flushed."""

import asyncio
import gc
import io
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit.memory import measure
from testkit.oracle import load

PAGE = "<h1>{{ title }}</h1>{% for x in xs %}{{ x }};{% endfor %}</html>"


class Lazy:
    """What is made while it is gone through; `taken` says how much of it has been."""

    def __init__(self, count: int) -> None:
        self.count, self.taken = count, 0

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            self.taken += 1
            yield number


SETS: dict[str, dict[str, str]] = {
    "plain": {"main.html": PAGE},
    "loop object": {"main.html": PAGE.replace("{{ x }}", "{{ x }}{{ loop.index }}")},
    "loop looks ahead": {"main.html": PAGE.replace("{{ x }}", "{{ x }}{{ loop.last }}")},
    "loop counts": {"main.html": PAGE.replace("{{ x }}", "{{ x }}{{ loop.length }}")},
    "loop escapes": {"main.html": PAGE.replace("{{ x }}", "{{ x }}{{ f(loop) }}")},
    "condition": {"main.html": PAGE.replace("in xs", "in xs if x != 1")},
    "condition asks": {"main.html": PAGE.replace("in xs", "in xs if x != f(loop)")},
    "filter": {"main.html": PAGE.replace("in xs", "in xs|map('string')")},
    "include": {"main.html": "<h1>{% include 'xs.html' %}", "xs.html": PAGE},
    "include by name": {"main.html": "<h1>{% include f('xs.html') %}", "xs.html": PAGE},
    "extends": {
        "main.html": "{% extends 'base.html' %}{% block body %}" + PAGE + "{% endblock %}",
        "base.html": "<html>{% block body %}{% endblock %}",
    },
    "under a condition": {"main.html": "{% if title %}" + PAGE + "{% endif %}"},
    "behind a loop": {"main.html": "{% for x in [1] %}{{ x }}{% endfor %}{% for x in xs %}{{ x }}{% endfor %}"},
}


def same(value: Any) -> Any:
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("sort", SETS)
def test_what_is_before_a_loop_that_may_wait_is_there_before_the_first_of_its_items(sort: str) -> None:
    template = load(SETS[sort])["main.html"]
    lazy = Lazy(3)
    stream = template.stream(title="t", xs=lazy, f=same)
    first = next(stream)
    assert lazy.taken == 0
    assert first.startswith(("<h1>", "<html>", "1"))
    assert first + "".join(stream) == template.render(title="t", xs=Lazy(3), f=same)


@pytest.mark.parametrize("xs", [[0, 1], (0, 1), {0: 1}, range(2), "ab", {0}, {0: 1}.keys()], ids=repr)
def test_what_is_at_hand_is_gone_through_before_a_piece_is_handed_out(xs: Any) -> None:
    template = load({"main.html": PAGE})["main.html"]
    assert list(template.stream(title="t", xs=xs)) == [template.render(title="t", xs=xs)]


def test_a_loop_in_another_hands_out_what_is_of_the_size_and_no_less() -> None:
    source = "{% for x in xs %}{% for y in x|map('string') %}{{ y }}{% endfor %}{% endfor %}"
    pieces = list(load({"main.html": source})["main.html"].stream(xs=[[1, 2, 3]] * 10))
    assert pieces == ["123" * 10]


@pytest.mark.parametrize("size", [1, 7, 100, 10**9])
def test_a_piece_has_the_size_that_is_set_but_for_the_last(size: int) -> None:
    template = load({"main.html": "{% for x in xs %}{{ x }};{% endfor %}"})["main.html"]
    given = {"xs": list(range(1000))}
    for stream in (template.stream(given), template.generate(given)):
        stream.size = size
        assert stream.size == size
        *pieces, last = stream
        assert all(size <= len(piece) < size + 4 for piece in pieces)
        assert "".join([*pieces, last]) == template.render(given)
        assert bool(pieces) == (size < 10**9)


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "8", None])
def test_what_is_no_size_is_an_error_that_says_so(size: Any) -> None:
    stream = load({"main.html": "x"})["main.html"].stream()
    with pytest.raises(ValueError, match="the size of a piece is a whole number from 1 on, not"):
        stream.size = size
    assert list(stream) == ["x"]


def test_a_size_is_set_before_the_first_piece_is_taken() -> None:
    stream = load({"main.html": "{% for x in xs %}{{ x }}{% flush %}{% endfor %}"})["main.html"].stream(xs=[1, 2])
    next(stream)
    with pytest.raises(ValueError, match="before the first one is taken"):
        stream.size = 3
    with pytest.raises(ValueError, match="has been taken"):
        stream.through(lambda pieces: pieces)
    assert list(stream) == ["2"]


FLUSHES = {
    "in a page": ({"main.html": "a{% flush %}b{{ x }}{% flush %}c"}, ["a", "b1", "c"]),
    "nothing to hand out": ({"main.html": "{% flush %}a{% flush %}{% flush %}{{ '' }}{% flush %}"}, ["a"]),
    "in a loop": ({"main.html": "{% for y in xs %}{{ y }}{% flush %}{% endfor %}."}, ["1", "2", "."]),
    "in a loop in a loop": (
        {"main.html": "{% for y in xs %}{% for z in xs %}{{ z }}{% flush %}{% endfor %}.{% endfor %}"},
        ["1", "2", ".1", "2", "."],
    ),
    "in an include": ({"main.html": "a{% include 'b.html' %}c", "b.html": "b{% flush %}"}, ["ab", "c"]),
    "in a block": (
        {"main.html": "{% extends 'b.html' %}{% block x %}b{% flush %}{{ super() }}{% endblock %}", "b.html": "a{% block x %}c{% flush %}{% endblock %}d"},
        ["ab", "c", "d"],
    ),
    "at the top of a child": ({"main.html": "{% extends 'b.html' %}{% flush %}", "b.html": "a{% block x %}b{% endblock %}"}, ["ab"]),
    "in a macro": ({"main.html": "{% macro m() %}a{% flush %}b{% endmacro %}{{ m() }}c{% flush %}d"}, ["abc", "d"]),
    "in a call block": ({"main.html": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}a{% flush %}b{% endcall %}"}, ["ab"]),
    "in a set block": ({"main.html": "{% set a %}a{% flush %}b{% endset %}{{ a }}"}, ["ab"]),
    "in a filter block": ({"main.html": "{% filter upper %}a{% flush %}b{% endfilter %}"}, ["AB"]),
    "under a condition": ({"main.html": "{% if x %}a{% flush %}{% endif %}b"}, ["a", "b"]),
}  # fmt: skip


@pytest.mark.parametrize("place", FLUSHES)
def test_what_is_flushed_is_handed_out_where_output_is_the_page_s(place: str) -> None:
    templates, pieces = FLUSHES[place]
    registry = load(templates)
    assert list(registry["main.html"].stream(x=1, xs=[1, 2])) == pieces
    assert registry.render("main.html", x=1, xs=[1, 2]) == "".join(pieces)
    live: Any = blendtpl.Environment(loader=jinja2.DictLoader(templates)).get_template("main.html")
    assert "".join(live.generate(x=1, xs=[1, 2])) == "".join(pieces)
    oracle = jinja2.Environment(loader=jinja2.DictLoader(templates), extensions=[blendtpl.FlushExtension])
    assert oracle.get_template("main.html").render(x=1, xs=[1, 2]) == "".join(pieces)


def test_a_live_template_hands_out_no_empty_piece() -> None:
    source = "{% flush %}a{% for x in xs %}{% flush %}{% endfor %}{% for x in xs %}{{ x }}{% endfor %}"
    template: Any = blendtpl.Environment().from_string(source)
    assert list(template.generate(xs=["b"])) == ["a", "b"]


def test_an_argument_of_the_tag_is_a_syntax_error() -> None:
    with pytest.raises(blendtpl.CompileError, match="expected token 'end of statement block'"):
        blendtpl.compile({"main.html": "{% flush now %}"})


def test_streams_of_bytes_are_those_of_texts_in_utf_8() -> None:
    template = load({"main.html": "é{% for x in xs %}{{ x }}{% endfor %}"})["main.html"]
    given = {"xs": ["ü" * 100] * 300}
    pieces = list(template.stream_bytes(given))
    assert len(pieces) > 1
    assert b"".join(pieces) == template.render_bytes(given)

    async def later() -> list[bytes]:
        return [piece async for piece in template.stream_bytes_async(given)]

    assert asyncio.run(later()) == pieces


def test_what_has_no_utf_8_is_the_error_of_its_piece() -> None:
    template = load({"main.html": "a{% flush %}{{ x }}"})["main.html"]
    stream = template.stream_bytes(x="\ud800")
    assert next(stream) == b"a"
    with pytest.raises(UnicodeEncodeError):
        next(stream)


def test_a_stream_is_dumped_as_jinja2_s_is(tmp_path: Path) -> None:
    template = load({"main.html": "é{% for x in xs %}{{ x }}{% endfor %}"})["main.html"]
    oracle = jinja2.Environment().from_string("é{% for x in xs %}{{ x }}{% endfor %}")
    given = {"xs": ["ü"] * 3}
    for encoding, errors in ((None, "strict"), ("utf-16", "strict"), ("ascii", "replace")):
        template.stream(given).dump(tmp_path / "ours", encoding, errors)
        oracle.stream(given).dump(str(tmp_path / "theirs"), encoding, errors)
        assert (tmp_path / "ours").read_bytes().count(b"\xfc") == (tmp_path / "theirs").read_bytes().count(b"\xfc")
        if encoding != "utf-16":  # of which each piece has a mark, and there are not as many pieces
            assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    text, octets = io.StringIO(), io.BytesIO()
    template.stream(given).dump(text)
    template.stream(given).dump(octets, "latin-1")
    assert text.getvalue().encode("latin-1") == octets.getvalue() == b"\xe9\xfc\xfc\xfc"
    template.stream_bytes(given).dump(tmp_path / "octets")
    assert (tmp_path / "octets").read_text("utf-8") == "éüüü"


def test_a_stream_that_fails_says_where_and_has_handed_out_what_was_before() -> None:
    registry = load({"main.html": "a{% flush %}\n{{ x.y }}"})
    stream = registry["main.html"].stream()
    assert next(stream) == "a"
    with pytest.raises(blendtpl.UndefinedError, match=r"'x' is undefined"):
        next(stream)
    with pytest.raises(StopIteration):
        next(stream)


def test_streams_are_generators_that_an_exception_may_be_thrown_into() -> None:
    registry = load({"main.html": "a{% flush %}b{% flush %}{{ c }}"})
    stream = registry["main.html"].stream(c="c")
    assert isinstance(stream, Generator)
    assert (stream.send(None), next(stream)) == ("a", "b")
    with pytest.raises(ConnectionError, match="gone"):
        stream.throw(ConnectionError("gone"))
    assert list(stream) == []

    async def later() -> None:
        stream = registry["main.html"].stream_async(c="c")
        assert isinstance(stream, AsyncGenerator)
        assert (await stream.asend(None), await anext(stream)) == ("a", "b")
        with pytest.raises(ConnectionError, match="gone"):
            await stream.athrow(ConnectionError("gone"))
        assert [piece async for piece in stream] == []

    asyncio.run(later())


@pytest.mark.usefixtures("no_collector")
def test_an_exception_that_is_thrown_into_a_stream_leaves_nothing() -> None:
    template = load({"main.html": "{{ h }}{% flush %}b"})["main.html"]

    def sync() -> Any:
        held = Held()
        stream = template.stream(h=held)
        next(stream)
        with pytest.raises(ConnectionError):
            stream.throw(ConnectionError("gone"))
        return weakref.ref(held)

    async def later() -> Any:
        held = Held()
        stream = template.stream_async(h=held)
        await anext(stream)
        with suppress(ConnectionError):
            await stream.athrow(ConnectionError("gone"))
        return weakref.ref(held)

    def thrown() -> None:
        stream = template.stream(h=1)
        next(stream)
        with suppress(ConnectionError):
            stream.throw(ConnectionError("gone"))

    assert sync()() is None
    assert asyncio.run(later())() is None
    assert not measure(thrown, 1000)


class Held:
    def __str__(self) -> str:
        return "h"


def closed(stream: Any) -> None:
    next(stream)
    stream.close()


def dropped(stream: Any) -> None:
    next(stream)


def never_begun(stream: Any) -> None:
    stream.close()
    assert list(stream) == []


@pytest.mark.parametrize("end", [closed, dropped, never_begun])
@pytest.mark.parametrize("octets", [False, True])
def test_a_stream_that_ends_holds_nothing_of_its_render(end: Callable[[Any], None], octets: bool) -> None:
    template = load({"main.html": "{{ h }}{% flush %}{% for x in xs %}{{ x }}{% endfor %}"})["main.html"]
    held = Held()
    gone = weakref.ref(held)
    gc.disable()
    try:
        stream: Any = (template.stream_bytes if octets else template.stream)(h=held, xs=Lazy(3))
        del held
        end(stream)
        if end is dropped:
            del stream
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("waits", [False, True])
def test_asynchronous_streams_have_sizes_and_hand_out_what_is_before_what_is_awaited(waits: bool) -> None:
    source = {"main.html": PAGE}
    environment = jinja2.Environment(enable_async=waits, extensions=[blendtpl.FlushExtension])
    template = blendtpl.load(blendtpl.compile(source, environment=environment), environment=environment)["main.html"]
    taken: list[int] = []

    async def later() -> AsyncIterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    def at_once() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    async def pieces() -> list[str]:
        stream = template.stream_async(title="t", xs=(later if waits else at_once)())
        stream.size = 6
        async with aclosing(stream):
            first = await anext(stream)
            assert not taken
            with pytest.raises(ValueError, match="before the first one is taken"):
                stream.size = 3
            return [first, *[piece async for piece in stream]]

    assert asyncio.run(pieces()) == ["<h1>t</h1>", "0;1;2;", "3;4;5;", "6;7;8;", "9;</html>"]


def test_an_asynchronous_stream_that_has_not_begun_may_be_closed() -> None:
    template = load({"main.html": "x"})["main.html"]

    async def close() -> list[str]:
        stream = template.stream_async()
        await stream.aclose()
        return [piece async for piece in stream]

    assert asyncio.run(close()) == []


def test_streams_that_are_counted_have_sizes_too() -> None:
    from blendtpl.metrics.measured import measure

    registry = load({"main.html": "{% for x in xs %}{{ x }}{% endfor %}"})
    template = measure(registry)["main.html"]
    with closing(template.stream(xs=range(10))) as stream:
        stream.size = 5
        assert list(stream) == ["01234", "56789"]
    assert list(template.stream_bytes(xs=range(3))) == [b"012"]
