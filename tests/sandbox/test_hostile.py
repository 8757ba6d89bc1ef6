"""Each budget is reached by hostile templates, in live and bundled form, and no render sees another's."""

import asyncio
import gc
import pickle
import threading
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl import Budget, BudgetError
from testkit.memory import measure
from tests.sandbox.hostile import HOSTILE, LIMITS, PARTS, variables

BUDGET = Budget(**LIMITS)
_LARGE = 4_000_000  # bytes; any of these would take a hundred times as many, if not all that there are


def sandbox(budget: Budget = BUDGET, templates: dict[str, str] | None = None, **options: Any) -> jinja2.Environment:
    made: jinja2.Environment = blendtpl.SandboxedEnvironment(
        loader=jinja2.DictLoader(templates or {}), budget=budget, **options
    )
    return made


def bundled(templates: dict[str, str], budget: Budget = BUDGET, **options: Any) -> blendtpl.Registry:
    environment = sandbox(budget, **options)
    return blendtpl.load(blendtpl.compile(templates, environment=environment), environment=environment)


def templates_of(source: str) -> dict[str, str]:
    return {**PARTS, "main": source}


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_template_is_stopped_where_it_renders_live(title: str) -> None:
    budget, source = HOSTILE[title]
    template = sandbox(templates=templates_of(source)).get_template("main")
    with pytest.raises(BudgetError) as raised:
        template.render(variables())
    check(raised.value, budget)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_template_is_stopped_where_it_renders_from_a_bundle(title: str) -> None:
    budget, source = HOSTILE[title]
    registry = bundled(templates_of(source))
    with pytest.raises(BudgetError) as raised:
        registry.render("main", variables())
    check(raised.value, budget)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_template_is_stopped_in_a_stream(title: str) -> None:
    budget, source = HOSTILE[title]
    live, registry = sandbox(templates=templates_of(source)).get_template("main"), bundled(templates_of(source))
    for pieces in (live.generate(variables()), registry["main"].stream(variables())):
        with pytest.raises(BudgetError) as raised:
            for _ in pieces:
                pass
        check(raised.value, budget)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_template_is_stopped_where_it_awaits(title: str) -> None:
    pytest.importorskip("greenlet", reason="the extra `async` is not installed")
    budget, source = HOSTILE[title]
    live = sandbox(templates=templates_of(source), enable_async=True).get_template("main")
    registry = bundled(templates_of(source), enable_async=True)
    for render in (live.render_async, registry["main"].render_async):
        with pytest.raises(BudgetError) as raised:
            asyncio.run(render(variables()))
        check(raised.value, budget)


@pytest.mark.parametrize("title", [title for title, (budget, _) in HOSTILE.items() if budget == "length"])
def test_what_is_too_long_is_never_made(title: str) -> None:
    template = sandbox(templates=templates_of(HOSTILE[title][1])).get_template("main")
    given = variables()
    tracemalloc.start()
    try:
        with pytest.raises(BudgetError):
            template.render(given)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < _LARGE


def check(error: BudgetError, budget: str) -> None:
    assert (error.budget, error.limit) == (budget, LIMITS[budget])
    assert error.name in {"main", *PARTS}
    assert error.line == 1
    assert str(error).startswith(f"{error.name}:1: the template exceeds its budget: ")
    assert f"(`{budget}`)" in str(error)


def test_seconds_are_counted_where_something_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("blendtpl.runtime.metering.monotonic", lambda: now[0])

    def wait() -> str:
        now[0] += 0.4
        return ""

    budget = Budget(seconds=1)
    for source in ("{{ wait() }}" * 3, "{% for x in [1, 2, 3] %}{% if wait() %}{% endif %}{% endfor %}"):
        live, registry = (
            sandbox(budget, templates_of(source)).get_template("main"),
            bundled(templates_of(source), budget),
        )
        for render in (
            live.render,
            registry["main"].render,
            lambda registry=registry, **given: list(registry["main"].stream(**given)),
        ):
            with pytest.raises(BudgetError, match=r"more than 1 seconds \(`seconds`\)"):
                render(wait=wait)
    assert bundled(templates_of("{{ wait() }}{{ wait() }}"), budget).render("main", wait=wait) == ""


def test_the_time_of_a_stream_begins_with_its_first_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("blendtpl.runtime.metering.monotonic", lambda: now[0])
    registry = bundled({"main": "{{ 1 + 1 }}"}, Budget(seconds=1))
    pieces = registry["main"].stream()
    now[0] += 5
    assert list(pieces) == ["2"]


def test_a_template_within_its_budget_renders_up_to_the_last_of_it() -> None:
    source = "{% for i in range(10) %}{{ i }}ä{% endfor %}{% set x = 'a' * 20 %}{{ x|length }}"
    exact = Budget(output=32, turns=10, depth=2, length=20)
    for templates in ({"main": source},):
        expected = "".join(f"{i}ä" for i in range(10)) + "20"
        assert sandbox(exact, templates).get_template("main").render() == expected
        assert bundled(templates, exact).render("main") == expected
    for name, limit in (("output", 31), ("turns", 9), ("depth", 1), ("length", 19)):
        less = Budget(**{"output": 32, "turns": 10, "depth": 2, "length": 20, name: limit})
        for render in (
            sandbox(less, {"main": source}).get_template("main").render,
            bundled({"main": source}, less)["main"].render,
        ):
            with pytest.raises(BudgetError) as raised:
                render()
            assert (raised.value.budget, raised.value.limit) == (name, limit)


def test_what_is_held_back_counts_once() -> None:
    source = (
        "{% set a %}12345{% endset %}{{ a }}{% macro m() %}12345{{ caller() if caller }}{% endmacro %}{{ m() }}"
        "{% call m() %}12345{% endcall %}{% filter upper %}12345{% endfilter %}"
        "{% block b %}12345{% endblock %}{{ self.b() }}"
    )
    templates = {"main": source, "child": "\n\n{% extends 'main' %}\n\n{% block b %}{{ super() }}12345{% endblock %}"}
    for name, size in (("main", 35), ("child", 47)):
        for registry in (bundled(templates, Budget(output=size)), sandbox(Budget(output=size), templates)):
            assert len(registry.get_template(name).render()) == size
        for registry in (bundled(templates, Budget(output=size - 1)), sandbox(Budget(output=size - 1), templates)):
            with pytest.raises(BudgetError):
                registry.get_template(name).render()


def test_no_limit_is_none() -> None:
    source = "{% for i in range(999) %}{{ 'x' * 99 }}{% endfor %}"
    none = Budget(output=None, turns=None, seconds=None, depth=None, length=None)
    assert len(bundled({"main": source}, none).render("main")) == 999 * 99


@pytest.mark.parametrize("field", ["output", "turns", "seconds", "depth", "length"])
@pytest.mark.parametrize("value", [0, -1, True, "9", float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(field: str, value: Any) -> None:
    with pytest.raises(blendtpl.ConfigError, match=f"`{field}` of a budget is a positive"):
        Budget(**{field: value})


def test_a_budget_that_is_none_is_refused() -> None:
    with pytest.raises(blendtpl.ConfigError, match=r"`budget=` is a `blendtpl\.Budget`, not `int`"):
        blendtpl.SandboxedEnvironment(budget=3)  # type: ignore[arg-type]


def test_a_bundle_that_does_not_count_is_not_loaded_with_a_budget() -> None:
    plain = blendtpl.compile({"main": "{{ 1 }}"}, environment=blendtpl.SandboxedEnvironment())
    with pytest.raises(blendtpl.BundleError):
        blendtpl.load(plain, environment=sandbox())
    counting = blendtpl.compile({"main": "{{ 1 }}"}, environment=sandbox())
    with pytest.raises(blendtpl.BundleError):
        blendtpl.load(counting, environment=blendtpl.SandboxedEnvironment())
    other = sandbox(Budget(turns=1))
    assert blendtpl.load(counting, environment=other).render("main") == "1"


def test_blocks_have_a_budget_of_their_own() -> None:
    source = {"main": "{% block a %}{% for i in range(n) %}x{% endfor %}{% endblock %}{% block b %}b{% endblock %}"}
    for template in (bundled(source, Budget(turns=9))["main"], sandbox(Budget(turns=9), source).get_template("main")):
        shown: Any = template
        assert shown.render_block("a", n=9) == "x" * 9
        assert shown.render_blocks(["a", "b"], n=9) == "x" * 9 + "b"
        for render in (partial(shown.render_block, "a"), partial(shown.render_blocks, ["b", "a"])):
            with pytest.raises(BudgetError) as raised:
                render(n=10)
            assert (raised.value.name, raised.value.line) == ("main", 1)


def test_an_error_that_something_catches_stops_the_render_at_what_comes_next() -> None:
    def quiet(function: Callable[[], str]) -> str:
        try:
            return function()
        except Exception:
            return "caught"

    source = "{% macro m() %}{{ 'x' * 10**9 }}{% endmacro %}{{ quiet(m) }}{% for x in [1] %}{% endfor %}"
    for render in (
        bundled({"main": source})["main"].render,
        sandbox(BUDGET, {"main": source}).get_template("main").render,
    ):
        with pytest.raises(BudgetError) as raised:
            render(quiet=quiet)
        assert raised.value.budget == "length"


def test_a_template_cannot_go_on_behind_an_error_of_a_budget() -> None:
    for source in (
        "{% include ['bad', 'part'] ignore missing %}",
        "{{ self.b() is defined }}{% block b %}{{ 'x' * 10**9 }}{% endblock %}",
        "{{ ('x' * 10**9)|default('y', true) }}",
        "{{ (10**(10**10))|int(3) }}",
    ):
        templates = {"bad": "{{ 'x' * 10**9 }}", "part": "part", "main": source}
        for render in (bundled(templates)["main"].render, sandbox(BUDGET, templates).get_template("main").render):
            with pytest.raises(BudgetError):
                render()


def test_renders_at_the_same_time_have_a_budget_each() -> None:
    source = {"main": "{% for i in range(900) %}{{ pause() }}{% endfor %}"}
    budget = Budget(turns=999, seconds=None)
    for template in (bundled(source, budget)["main"], sandbox(budget, source).get_template("main")):
        barrier, results = threading.Barrier(4), list[str]()

        def run(template: Any = template, barrier: threading.Barrier = barrier, results: list[str] = results) -> None:
            barrier.wait()
            results.append(template.render(pause=lambda: "x"))

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == ["x" * 900] * 4


def test_streams_that_take_turns_have_a_budget_each() -> None:
    source = {"main": "{% for i in range(900) %}{{ 'x' * 99 }}{% endfor %}"}
    for template in (
        bundled(source, Budget(turns=999))["main"],
        sandbox(Budget(turns=999), source).get_template("main"),
    ):
        streams: list[Any] = [template.generate() for _ in range(3)]
        texts = [""] * 3
        while any(pieces := [next(stream, "") for stream in streams]):
            texts = [text + piece for text, piece in zip(texts, pieces, strict=True)]
        assert texts == ["x" * 900 * 99] * 3


def test_tasks_have_a_budget_each() -> None:
    pytest.importorskip("greenlet", reason="the extra `async` is not installed")

    async def pause() -> str:
        await asyncio.sleep(0)
        return "x"

    async def all_of(template: Any) -> list[str]:
        texts: list[str] = await asyncio.gather(*(template.render_async(pause=pause) for _ in range(4)))
        return texts

    async def streams(template: Any) -> list[str]:
        async def text() -> str:
            return "".join([piece async for piece in template.stream_async(pause=pause)])

        return await asyncio.gather(*(text() for _ in range(4)))

    source = {"main": "{% for i in range(90) %}{{ pause() }}{% endfor %}"}
    budget = Budget(turns=99, seconds=None)
    templates = [bundled(source, budget, enable_async=True)["main"]]
    templates.append(sandbox(budget, source, enable_async=True).get_template("main"))  # type: ignore[arg-type]
    for template in templates:
        assert asyncio.run(all_of(template)) == ["x" * 90] * 4
        assert asyncio.run(streams(template)) == ["x" * 90] * 4


def test_a_render_within_a_render_has_a_budget_of_its_own() -> None:
    source = {
        "main": "{% for i in range(5) %}{{ inner() }}{% endfor %}",
        "inner": "{% for i in range(8) %}x{% endfor %}",
    }
    registry = bundled(source, Budget(turns=9))
    assert registry.render("main", inner=lambda: registry.render("inner")) == "x" * 40
    live = sandbox(Budget(turns=9), source)
    assert live.get_template("main").render(inner=lambda: live.get_template("inner").render()) == "x" * 40


def test_nothing_of_another_render_is_seen() -> None:
    source = {
        "main": "{% import 'lib' as lib %}{{ lib.note(name) }}",
        "lib": "{% set seen = [] %}{% macro note(x) %}{% if seen.append(x) %}{% endif %}{{ seen|join }}{% endmacro %}",
    }
    for template in (bundled(source)["main"], sandbox(BUDGET, source).get_template("main")):
        assert [template.render(name=name) for name in "abc"] == ["a", "b", "c"]


def test_what_is_called_outside_of_a_render_is_refused() -> None:
    module: Any = sandbox(BUDGET, {"main": "{% macro m() %}x{% endmacro %}"}).get_template("main").module
    with pytest.raises(blendtpl.RenderError, match="runs in a render alone"):
        module.m()


def test_environments_and_registries_with_a_budget_travel() -> None:
    made = sandbox(Budget(turns=9), {"main": "{% for i in range(10) %}{% endfor %}"})
    travelled = pickle.loads(pickle.dumps(made))
    assert travelled.budget == made.budget  # type: ignore[attr-defined]
    with pytest.raises(BudgetError):
        travelled.get_template("main").render()
    error = pickle.loads(pickle.dumps(BudgetError("turns", 9)))
    assert (error.budget, error.limit) == ("turns", 9)


def test_what_has_no_budget_is_jinja2s_own_way() -> None:
    plain = blendtpl.SandboxedEnvironment()
    assert plain.budget is None
    assert type(plain) is blendtpl.SandboxedEnvironment
    assert plain.filters == jinja2.sandbox.SandboxedEnvironment().filters
    assert plain.finalize is None
    assert plain.from_string("{{ 1 }}").runner is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "title",
    [
        "a value in a loop",
        "a macro that calls itself",
        "a generator without end",
        "a list that doubles",
        "lists in each other, printed",
        "an import of itself",
    ],
)
def test_a_render_that_a_budget_stops_leaves_nothing(title: str) -> None:
    templates = templates_of(HOSTILE[title][1])
    registry, live = bundled(templates), sandbox(BUDGET, templates).get_template("main")

    def stopped(render: Callable[..., Any]) -> None:
        try:
            render(variables())
        except BudgetError:
            return
        raise AssertionError("not stopped")

    stopped(live.render)  # which looks its template up
    growth = measure(lambda: stopped(registry["main"].render), 60, registry)
    assert not growth, growth
    growth = measure(lambda: stopped(lambda given: list(registry["main"].stream(given))), 60, registry)
    assert not growth, growth
    gc.collect()
    assert gc.collect() == 0


def test_a_render_within_its_budget_leaves_nothing() -> None:
    source = (
        "{% macro m(x) %}{{ x }}{{ caller() }}{% endmacro %}"
        "{% for x in words|map('upper') %}{% call m(x) %}{{ x|center(9) ~ '-' }}{% endcall %}"
        "{% set y %}{{ x }}{% endset %}{% endfor %}{% block b %}{{ '{:>5}'.format(3) }}{% endblock %}"
    )
    registry = bundled({"main": source})
    growth = measure(lambda: registry.render("main", words=["a", "b"]), 2000, registry)
    assert not growth, growth
