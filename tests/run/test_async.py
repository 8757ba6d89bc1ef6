# ruff: noqa: E501  # template texts are easier to read in one line
"""Templates that wait: whatever may be awaited, wherever it stands, gives what Jinja2 gives, and nothing is left behind."""

import asyncio
import contextvars
import gc
import re
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit.cases import CASES
from testkit.oracle import MakeEnvironment, Outcome, live_environment, load, outcome, stock_environment

pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")

_ADDRESS = re.compile("0x[0-9a-f]+", re.IGNORECASE)


async def co(value: object = 1) -> object:
    await asyncio.sleep(0)
    return value


async def boom() -> None:
    await asyncio.sleep(0)
    raise ValueError("boom")


async def agen(*values: object) -> AsyncIterator[object]:
    for value in values:
        await asyncio.sleep(0)
        yield value


async def broken() -> AsyncIterator[int]:
    yield 1
    raise ValueError("broken")


class Awaits:
    """An object of whose parts nothing is there before it is awaited."""

    @property
    def a(self) -> object:
        return co("<a>")

    def m(self, value: object) -> object:
        return co(value)

    def __getitem__(self, key: object) -> object:
        return co(key)

    async def am(self, value: object = 3) -> list[object]:
        return [value, "<"]


class Counting:
    """What is iterated asynchronously, and is no generator."""

    def __init__(self, most: int) -> None:
        self.most, self.at = most, 0

    def __aiter__(self) -> "Counting":
        self.at = 0
        return self

    async def __anext__(self) -> int:
        self.at += 1
        if self.at > self.most:
            raise StopAsyncIteration
        return self.at


def given() -> dict[str, Any]:
    return {"co": co, "agen": agen, "boom": boom, "broken": broken, "o": Awaits(), "ai": Counting(3), "x": {"a": 1}}


EXPRESSIONS = [
    *("co(2)", "o.a", "o['k']", "o.m(4)", "co('x')|upper", "'p' ~ co(1)", "[co(1), co(2)]", "co([1,2])|join(',')"),
    *(
        "agen(1,2)|list",
        "agen(3,1,2)|list|sort|join('-')",
        "agen(1,2,3)|sum",
        "agen(1,2,3)|first",
        "co(co)()",
        "boom()",
    ),
    *(
        "agen({'a':1},{'a':2})|map(attribute='a')|join",
        "agen(1,2,3)|select('odd')|list",
        "agen(1,2,3)|reject('odd')|join",
    ),
    *(
        "agen(1,2,3,4)|slice(2)|list",
        "agen({'g':1,'v':2},{'g':1,'v':3})|groupby('g')|list",
        "co(none) is none",
        "co(4) is even",
    ),
    *(
        "co(5) + co(1)",
        "co(1) == 1",
        "not co(0)",
        "co(0) or 'z'",
        "'y' if co(1) else 'n'",
        "o.am()[1]",
        "o.am()|length",
    ),
    *(
        "agen()|list",
        "co('%s')|format(co(2))",
        "co(3) in [3]",
        "-co(2)",
        "co({'a':co(7)}).a",
        "nope",
        "nope.x",
        "ai|list",
    ),
    *("range(co(3))|list", "co('<b>')|safe", "co('<b>')", "co('a b')|title", "dict(a=co(1)).a", "co(1)|default('x')"),
    *(
        "nope|default(co(9))",
        "co([3,1])|sort|last",
        "co('abc')[1]",
        "co('abc')[0:2]",
        "(co(2), co(3))[1]",
    ),
    *("[1,2,3]|map('string')|map('upper')|join(',')", "agen(co(1), co(2))|list|first", "x|attr('a')", "o|attr('a')"),
    *(
        "co(2) is divisibleby(co(2))",
        "[1,2]|sum(start=co(10))",
        "co({'k':1})|items|list",
        "co({'k':1})|dictsort",
        "caller",
    ),
    *("broken()|list", "agen(1)", "o.m", "co"),
]
SHAPES = [
    *(
        "{{ E }}",
        "{% if E %}t{% else %}f{% endif %}",
        "{% set v = E %}{{ v }}{{ v is defined }}",
        "{{ [E, E]|length }}",
    ),
    "{% for i in [1,2] %}{{ i }}{{ E }}{{ loop.last }}{% endfor %}",
    "{% macro m(q) %}[{{ q }}|{{ E }}]{% endmacro %}{{ m(E) }}{{ m(q=1) }}",
    "{% macro m() %}<{{ caller(E) }}>{% endmacro %}{% call(z) m() %}{{ z }}/{{ E }}{% endcall %}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}{{ E }}{% endcall %}",
    "{% filter upper %}{{ E }}{% endfilter %}{% set b %}{{ E }}{% endset %}{{ b }}",
    "{% for i in agen(1, 2) %}{{ loop.index }}{{ E }}{{ loop.length }}{% else %}none{% endfor %}",
    "{% for i in E %}{{ i }},{{ loop.revindex }}{% else %}none{% endfor %}",
    "{% for i in ai %}{{ i }}{{ loop.nextitem }}{{ loop.previtem }}{{ E }}{% endfor %}",
    "{% with w=E %}{{ w }}{% endwith %}{% block b %}{{ E }}{% endblock %}{{ self.b() }}",
    "{% include 'inc' %}{% include 'i' ~ 'nc' %}",
    "{% import 'lib' as l %}{{ l.f(E) }}{{ l.f(x=2) }}{% from 'lib' import f with context %}{{ f(E) }}",
    "{% extends 'base' %}{% block c %}{{ super() }}{{ E }}{% endblock %}",
    "{% for i in [[1],[2,[3]]] recursive %}{{ loop.depth }}{% if i is iterable %}{{ loop(i) }}{% endif %}{{ E }}{% endfor %}",
    "{% for i in agen(agen(1), agen()) recursive %}{{ loop.depth }}{{ loop(i) if i is not number }}{{ E }}{% endfor %}",
    "{% for i in agen(1,2,3) if i > 1 %}{{ i }}{{ E }}{% endfor %}{% for i in [1,2,3] if E %}{{ i }}{% endfor %}",
    "{% macro r(n) %}{{ n }}{{ r(n-1) if n > 0 }}{{ E }}{% endmacro %}{% set alias = r %}{{ alias(2) }}",
    "{% do co(1) %}{% set ns = namespace(v=E) %}{{ ns.v }}{% set ns.v = co(5) %}{{ ns.v }}",
    "{% for i in agen(1,2,3) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{{ E }}{% endfor %}",
    "{% autoescape not on %}{{ E }}{{ '<' ~ E }}{% endautoescape %}",
]
OTHERS = {
    "inc": "({{ co(1) }}{{ o.a }}{{ E }})",
    "lib": "{% macro f(x) %}{{ x }}{{ co and 1 }}{% endmacro %}{{ 1 }}",
    "base": "<{% block c %}base{{ co(8) }}{% endblock %}>",
}


def asynchronous(**options: Any) -> MakeEnvironment:
    extensions = ["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    return lambda: jinja2.Environment(enable_async=True, extensions=extensions, **options)


def run(render: Callable[[], Any]) -> Outcome:
    """Return what comes of a coroutine, in a loop of its own; addresses are left out."""
    return tuple(_ADDRESS.sub("0x", part) for part in outcome(lambda: asyncio.run(render())))


async def pieces(stream: AsyncIterator[str]) -> str:
    return "".join([piece async for piece in stream])


def check_all(
    templates: Mapping[str, str], make: MakeEnvironment, variables: Callable[[], Mapping[str, Any]]
) -> Outcome:
    """Assert that a template, awaited in each way there is, does what Jinja2 does; return what that is."""
    stock = stock_environment(templates, make)
    expected = run(lambda: stock.get_template("main.html").render_async(variables()))
    live: Any = live_environment(templates, make).get_template("main.html")
    template = load(templates, make)["main.html"]
    portable = load(templates, make, portable=True)["main.html"]
    ways: dict[str, Callable[[], Any]] = {
        "bundle": lambda: template.render_async(variables()),
        "portable": lambda: portable.render_async(variables()),
        "stream": lambda: pieces(template.stream_async(variables())),
        "live": lambda: live.render_async(variables()),
        "generated": lambda: pieces(live.stream_async(variables())),
    }
    for way, render in ways.items():
        assert run(render) == expected, (way, templates["main.html"])
    for render_at_once in (template.render, live.render):
        at_once = outcome(lambda: render_at_once(variables()))  # noqa: B023  # it is called here
        assert tuple(_ADDRESS.sub("0x", part) for part in at_once) == expected
    return expected


def _templates(shape: str, expression: str) -> dict[str, str]:
    whole = f"({expression})"  # as a `for` has an `if` of its own
    others = {name: text.replace("E", whole) for name, text in OTHERS.items()}
    return {**others, "main.html": shape.replace("E", whole)}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_awaited_gives_what_jinja2_gives(expression: str) -> None:
    check_all(_templates("{{ E }}", expression), asynchronous(autoescape=True), given)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_may_stand_anywhere(shape: str) -> None:
    for expression in ("co('<')", "boom()", "nope.x"):
        check_all(_templates(shape, expression), asynchronous(autoescape=True), given)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"autoescape": True, "undefined": jinja2.StrictUndefined}], ids=str)
def test_anything_may_stand_anywhere(options: dict[str, Any]) -> None:
    for shape in SHAPES:
        for expression in EXPRESSIONS:
            check_all(_templates(shape, expression), asynchronous(**options), given)


_ADDRESSES = {"extensions with their own tags"}  # the text of a coroutine in capitals, which no two have alike


@pytest.mark.slow
def test_what_waits_for_nothing_gives_what_jinja2_gives() -> None:
    for case in CASES:
        if case.title in _ADDRESSES:
            continue

        def make(case: Any = case) -> jinja2.Environment:
            environment = case.make()
            environment.is_async = True
            return environment  # type: ignore[no-any-return]

        stock = stock_environment(case.templates, make)
        expected = run(lambda: stock.get_template("main.html").render_async(case.variables()))  # noqa: B023
        live = live_environment(case.templates, make).get_template("main.html")
        for template in (load(case.templates, make)["main.html"], live):
            assert run(lambda: template.render_async(case.variables())) == expected, case.title  # noqa: B023


def test_blocks_are_awaited_alone_and_together() -> None:
    templates = {
        "main.html": "{% set v = co(1) %}{% block a %}<{{ v }}{{ co(2) }}>{% endblock %}{% block b %}{{ o.a }}{% endblock %}"
    }
    live: Any = live_environment(templates, asynchronous()).get_template("main.html")
    for template in (load(templates, asynchronous())["main.html"], live):
        assert asyncio.run(template.render_block_async("a", given())) == "<12>"
        assert asyncio.run(template.render_blocks_async(["b", "a"], given())) == "<a><12>"
        assert template.render_block("a", given()) == "<12>"
        with pytest.raises(blendtpl.BlockNotFound):
            asyncio.run(template.render_block_async("c", given()))


def test_what_was_compiled_without_awaits_nothing_and_renders_all_the_same() -> None:
    registry = load({"main.html": "{{ x }}{% block a %}{{ x }}{% endblock %}"})
    assert asyncio.run(registry.render_async("main.html", x="<")) == registry.render("main.html", x="<")
    assert asyncio.run(registry["main.html"].render_block_async("a", x=1)) == "1"
    assert asyncio.run(pieces(registry["main.html"].stream_async(x=1))) == "11"


def test_an_error_names_the_place_in_the_template_and_what_was_awaited() -> None:
    registry = load({"main.html": "one\n{{ boom() }}"}, asynchronous())
    with pytest.raises(ValueError, match="boom") as caught:
        asyncio.run(registry.render_async("main.html", boom=boom))
    assert "main.html:2" in "".join(caught.value.__notes__)
    names = [entry.name for entry in caught.traceback]
    assert names.index("top-level template code") < names.index("boom")
    with pytest.raises(blendtpl.UndefinedError, match=r"main\.html"):
        asyncio.run(load({"main.html": "{{ co(1).no.such }}"}, asynchronous()).render_async("main.html", co=co))


def test_a_render_that_waits_in_a_loop_that_runs_is_an_error_and_one_that_does_not_is_none() -> None:
    template = load({"main.html": "{{ f() }}"}, asynchronous())["main.html"]

    async def renders(function: Callable[[], object]) -> str:
        return template.render(f=function)

    assert asyncio.run(renders(lambda: 1)) == "1"
    with pytest.raises(RuntimeError, match="running event loop"):
        asyncio.run(renders(co))


def test_what_a_template_renders_by_another_waits_in_the_same_loop() -> None:
    inner = load({"main.html": "[{{ co(1) }}]"}, asynchronous())["main.html"]
    outer = load({"main.html": "{{ f() }}{{ g() }}"}, asynchronous())["main.html"]
    text = asyncio.run(outer.render_async(f=lambda: inner.render(co=co), g=lambda: inner.render_async(co=co)))
    assert text == "[1][1]"


def test_macros_are_coroutines_to_whoever_calls_them() -> None:
    async def wrapped(caller: Callable[[], Any]) -> str:
        return f"({await caller()})"

    templates = {"main.html": "{% macro m(x) %}{{ co(x) }}{% endmacro %}{% call f() %}{{ co(2) }}{% endcall %}"}
    live = live_environment(templates, asynchronous())
    for template in (load(templates, asynchronous())["main.html"], live.get_template("main.html")):
        assert asyncio.run(template.render_async(f=wrapped, co=co)) == "(2)"

    async def from_module() -> Any:
        module: Any = await live.get_template("main.html").make_module_async({"co": co, "f": lambda caller: ""})
        return await module.m(7)

    assert asyncio.run(from_module()) == "7"
    with pytest.raises(RuntimeError, match="not available in async mode"):
        _ = live.get_template("main.html").module


def test_many_renders_at_once_do_not_meet() -> None:
    template = load({"main.html": "{% for i in agen(1, 2, 3) %}{{ n }}{{ co(i) }};{% endfor %}"}, asynchronous())[
        "main.html"
    ]

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(template.render_async(given(), n=n) for n in range(100)))

    assert asyncio.run(all_of_them()) == [f"{n}1;{n}2;{n}3;" for n in range(100)]


def test_threads_have_loops_of_their_own() -> None:
    template = load({"main.html": "{{ co(n) }}{{ co(n) }}"}, asynchronous())["main.html"]
    texts: dict[int, str] = {}

    def work(n: int) -> None:
        for _ in range(20):
            texts[n] = asyncio.run(template.render_async(co=co, n=n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {n: f"{n}{n}" for n in range(4)}


def test_context_variables_are_those_of_the_task() -> None:
    variable = contextvars.ContextVar("variable", default="none")

    def set_to(value: str) -> str:
        variable.set(value)
        return ""

    async def renders() -> tuple[str, str]:
        variable.set("outer")
        text = await template.render_async(get=variable.get, set=set_to, co=co)
        return text, variable.get()

    template = load({"main.html": "{{ get() }}{{ co('') }}{{ set('inner') }}{{ get() }}"}, asynchronous())["main.html"]
    assert asyncio.run(renders()) == ("outerinner", "inner")


def test_an_include_of_the_old_style_waits_for_what_it_is_given() -> None:
    from blendtpl.compat import IncludeShim

    registry = load({"a.html": "{{ co(x) }}"}, asynchronous())
    with pytest.warns(DeprecationWarning, match="shim"):
        assert IncludeShim(registry).fetch("a.php", {"co": co, "x": 7}) == "7"


def test_other_loops_than_that_of_asyncio() -> None:
    trio = pytest.importorskip("trio")

    async def sleepy(value: object) -> object:
        await trio.lowlevel.checkpoint()
        return value

    template = load({"main.html": "{% for i in [1, 2] %}{{ f(i) }}{% endfor %}"}, asynchronous())["main.html"]

    async def renders() -> str:
        return await template.render_async(f=sleepy)

    assert trio.run(renders) == "12"


# -- what is left ------------------------------------------------------------------------------------------------------


@contextmanager
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Closes:
    """An asynchronous generator that never goes on, and tells when it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    async def __call__(self) -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(3600)
        finally:
            self.closed += 1


TEXTS = {
    "main.html": "{% macro m() %}{{ caller() }}{% endmacro %}{% for x in xs() %}{% call m() %}{{ x }}{% endcall %}{% endfor %}"
}


def test_a_render_that_is_cancelled_closes_what_it_iterates_and_leaves_nothing() -> None:
    async def cancelled(template: Any) -> tuple[Closes, Any]:
        xs = Closes()
        task = asyncio.create_task(template.render_async(xs=xs))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return xs, weakref.ref(xs)

    for template in (
        load(TEXTS, asynchronous())["main.html"],
        live_environment(TEXTS, asynchronous()).get_template("main.html"),
    ):
        with uncollected():
            xs, dead = asyncio.run(cancelled(template))
            assert xs.closed == 1
            del xs
            assert dead() is None


def test_a_stream_that_is_left_closes_what_it_iterates() -> None:
    async def left(template: blendtpl.Template, xs: Closes) -> None:
        async with aclosing(template.stream_async(xs=xs)) as stream:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext(stream), 0)

    async def halfway(template: blendtpl.Template, given: dict[str, Any]) -> str:
        async with aclosing(template.stream_async(given)) as stream:
            return await anext(stream)

    xs = Closes()
    asyncio.run(left(load(TEXTS, asynchronous())["main.html"], xs))
    template = load({"main.html": "{% for x in agen(1, 2) %}{{ x * 9000 * '-' }}{% endfor %}"}, asynchronous())[
        "main.html"
    ]
    assert len(asyncio.run(halfway(template, given()))) == 9000


def test_a_coroutine_that_is_closed_before_it_ends_leaves_nothing() -> None:
    template = load(TEXTS, asynchronous())["main.html"]
    xs = Closes()
    with uncollected():

        async def closed(xs: Closes) -> None:
            coroutine = template.render_async(xs=xs)
            assert coroutine.send(None) is not None  # it waits: `sleep` gives a future to whoever runs it
            coroutine.close()

        asyncio.run(closed(xs))
        dead = weakref.ref(xs)
        del xs
        assert dead() is None


KINDS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "nothing to wait for": ("{% for i in x %}{{ i }}{{ x.a }}{% endfor %}", {}),
    "a coroutine": ("{{ co(1) }}{{ o.a }}", {}),
    "a loop": ("{% for i in agen(1, 2) %}{{ i }}{{ loop.length }}{% endfor %}", {}),
    "a loop that is left": ("{% for i in agen(1, 2) %}{% break %}{% endfor %}", {}),
    "a macro and its caller": (
        "{% macro m() %}{{ caller() }}{% endmacro %}{% set n = m %}{% call n() %}{{ co(1) }}{% endcall %}",
        {},
    ),
    "a filter": ("{{ agen(1, 2)|map('string')|join }}", {}),
    "an error": ("{{ boom() }}", {}),
    "an error in a loop": ("{% for i in broken() %}{{ co(i) }}{% endfor %}", {}),
    "something undefined": ("{{ co(1).no.such }}", {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_renders_leave_nothing_for_the_collector(kind: str) -> None:
    text, variables = KINDS[kind]
    template = load({"main.html": text}, asynchronous())["main.html"]

    async def renders(count: int) -> None:
        for _ in range(count):
            with suppress(ValueError, blendtpl.UndefinedError):
                await template.render_async(given(), variables)

    async def grown() -> int:
        await renders(300)
        before = sys.getallocatedblocks()
        await renders(1000)
        return sys.getallocatedblocks() - before

    with uncollected():
        assert asyncio.run(grown()) < 100
