# ruff: noqa: E501  # template texts and tables are easier to read in one line
"""The module of an import without context lives for one render: shared within it, never beyond it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jinja2
import pytest

import blendtpl
from testkit.oracle import load

COUNTER = {
    "lib.txt": "{% set state = namespace(n=0) %}{% macro next() %}{% set state.n = state.n + 1 %}{{ state.n }}{% endmacro %}",
    "part.txt": "{% import 'lib.txt' as lib %}{{ lib.next() }}",
    "main.txt": "{% import 'lib.txt' as lib %}{{ lib.next() }}{{ lib.next() }}{% include 'part.txt' %}"
    "{% from 'lib.txt' import next %}{{ next() }}{{ nested() if nested is defined }}{{ lib.next() }}",
    "child.txt": "{% extends 'base.txt' %}{% import 'lib.txt' as lib %}{% block a %}{{ lib.next() }}{{ super() }}{% endblock %}",
    "base.txt": "{% import 'lib.txt' as lib %}{{ lib.next() }}{% block a %}{% import 'lib.txt' as lib %}{{ lib.next() }}{% endblock %}",
    "once.txt": "{% include 'count.txt' without context %}{% include 'count.txt' without context %}",
    "count.txt": "{% import 'lib.txt' as lib %}{{ lib.next() }}",
    "slow.txt": "{% import 'lib.txt' as lib %}{% for x in xs %}{{ lib.next() }}{{ pad }}{% endfor %}",
    "with.txt": "{% import 'lib.txt' as a with context %}{% import 'lib.txt' as b with context %}{{ a.next() }}{{ a.next() }}{{ b.next() }}",
}


def test_what_a_macro_changes_is_shared_within_a_render_and_gone_in_the_next() -> None:
    registry = load(COUNTER)
    for _ in range(3):
        assert registry.render("main.txt") == "12345"
        assert registry.render("child.txt") == "123"


def test_the_first_render_is_the_one_that_jinja2_would_do_first_too() -> None:
    environment = blendtpl.default_environment()
    environment.loader = jinja2.DictLoader(COUNTER)
    registry = load(COUNTER)
    for name in ("main.txt", "child.txt", "once.txt", "with.txt"):
        fresh = blendtpl.default_environment().overlay(loader=environment.loader)
        assert registry.render(name) == fresh.get_template(name).render()


def test_an_import_with_context_has_a_module_of_its_own_each_time() -> None:
    assert load(COUNTER).render("with.txt") == "121"


def test_a_render_within_a_render_has_modules_of_its_own() -> None:
    registry, other = load(COUNTER), load(COUNTER)
    for inner in (registry, other):
        text = registry.render("main.txt", nested=lambda inner=inner: f"<{inner.render('main.txt')}>")
        assert text == "1234<12345>5"


def test_a_render_within_a_render_that_fails_leaves_the_outer_one_as_it_was() -> None:
    registry = load(COUNTER | {"bad.txt": "{% import 'lib.txt' as lib %}{{ lib.next() }}{{ nope }}"})

    def nested() -> str:
        try:
            return registry.render("bad.txt")
        except blendtpl.UndefinedError:
            return "!"

    assert registry.render("main.txt", nested=nested) == "1234!5"
    assert registry["child.txt"].render_block("a") == "12"


def test_the_same_name_in_two_registries_is_not_one_module() -> None:
    here = load(
        {
            "lib.txt": "{% macro who() %}here{% endmacro %}",
            "main.txt": "{% import 'lib.txt' as a %}{% import lib as b %}{% import 'lib.txt' as c %}{{ a.who() }}{{ b.who() }}{{ c.who() }}",
        }
    )
    there = load({"lib.txt": "{% macro who() %}there{% endmacro %}"})
    assert here.render("main.txt", lib=there["lib.txt"]) == "hereTHERE".replace("THERE", "there") + "here"


def test_streams_have_modules_of_their_own_however_they_are_mixed() -> None:
    registry = load(COUNTER)
    pad = " " * 10_000
    streams = [registry["slow.txt"].stream(xs=range(4), pad=pad) for _ in range(3)]
    texts = ["", "", ""]
    for _ in range(4):
        for index, pieces in enumerate(streams):
            texts[index] += next(pieces)
            assert registry.render("main.txt") == "12345"
    assert [text.replace(" ", "") for text in texts] == ["1234"] * 3


def test_a_stream_taken_within_a_render_keeps_to_itself() -> None:
    registry = load(COUNTER)
    pieces = registry["slow.txt"].stream(xs=range(4), pad=" " * 10_000)
    next(pieces)
    assert registry.render("main.txt", nested=lambda: next(pieces).strip()) == "123425"
    assert next(pieces).strip() == "3"


def test_a_stream_may_go_on_in_another_thread() -> None:
    registry = load(COUNTER)
    pieces = registry["slow.txt"].stream(xs=range(4), pad=" " * 10_000)
    found = [next(pieces)]
    thread = threading.Thread(target=lambda: found.extend(pieces))
    thread.start()
    thread.join()
    assert "".join(found).replace(" ", "") == "1234"


def test_threads_have_modules_of_their_own() -> None:
    registry = load(COUNTER)
    start = threading.Barrier(8)

    def work(_: int) -> set[str]:
        start.wait()
        return {registry.render("slow.txt", xs=range(50), pad="") for _ in range(20)}

    with ThreadPoolExecutor(8) as pool:
        found = set().union(*pool.map(work, range(8)))
    assert found == {"".join(map(str, range(1, 51)))}


def test_tasks_have_modules_of_their_own() -> None:
    registry = load(COUNTER)

    async def work() -> str:
        text = ""
        for piece in registry["slow.txt"].stream(xs=range(5), pad=" " * 9000):
            text += piece
            await asyncio.sleep(0)
            assert registry.render("main.txt") == "12345"
        return text.replace(" ", "")

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(work() for _ in range(8)))

    assert asyncio.run(all_at_once()) == ["12345"] * 8


def test_a_macro_that_is_kept_still_works_when_its_render_is_over() -> None:
    kept: list[Callable[[], str]] = []
    registry = load(
        COUNTER
        | {
            "keep.txt": "{% macro m() %}{% import 'lib.txt' as lib %}{{ lib.next() }}{% endmacro %}{% do kept.append(m) %}"
        }
    )
    registry.render("keep.txt", kept=kept)
    assert kept[0]() == "1"


CONSTANTS = {
    "lib.txt": "{% import 'more.txt' as more %}{% set t = {'a': 'x' ~ 1} %}{% set l = [1] %}"
    "{% macro m() %}{{ t.a }}{{ l|length }}{{ more.l|length }}{{ more.l[0] }}{% endmacro %}",
    "more.txt": "{% set l = [('p', 'q')] %}",
    "base.txt": "{% import 'lib.txt' as lib %}{% block b %}{% endblock %}{{ lib.l|length }}",
    "all.txt": "{{ lib.t|length }}{{ lib.l|length }}{{ lib.m() }}",
}


def changing() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.add_extension("jinja2.ext.do")
    made.globals |= {"change": lambda value: value.l.append(2), "grow": lambda value: value.append(2)}
    made.filters["grow"] = lambda value: value.append(2)
    made.tests["grown"] = lambda value, other: other.append(2)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "{{ lib.t.a }}{{ lib.t['a'] }}{{ lib.t[key]|default('d') }}{{ lib.t.get('b') }}{{ lib.m() }}",
        "{% for x in lib.l %}{{ x }}{% endfor %}{% for k, v in lib.t.items() %}{{ k }}{{ v }}{% endfor %}",
        "{{ 'a' in lib.t }}{{ lib.t|length }}{{ lib.l|join(',') }}{% if not lib.l %}n{% endif %}",
        "{% from 'lib.txt' import l as lib_l, m %}{{ lib_l[0] }}{{ m() }}{{ lib.t is defined }}",
        "{% macro f(lib, t) %}{{ grow(lib) or t }}{% endmacro %}{{ f([1], 2) }}{% for l in [[1]] %}{{ grow(l) }}{% endfor %}",
    ],
)
def test_a_module_of_which_constants_are_looked_up_is_there_once(text: str) -> None:
    texts = CONSTANTS | {"main.txt": "{% import 'lib.txt' as lib %}" + text + "{% include 'all.txt' %}"}
    registry = load(texts, changing)
    stock = changing().overlay(loader=jinja2.DictLoader(texts))
    for _ in range(3):
        assert registry.render("main.txt", key="a") == stock.get_template("main.txt").render(key="a")
    assert registry["lib.txt"]._compiled.singleton_module is not None


@pytest.mark.parametrize(
    "text",
    [
        "{{ lib.t.update(b=2) }}",
        "{% do lib.l.append(2) %}",
        "{{ lib.l.__iadd__([2]) }}",
        "{{ lib['l'].append(2) }}",
        "{% set x = lib.t %}{{ x.update(b=2) }}",
        "{% with x = lib.l %}{{ x.append(2) }}{% endwith %}",
        "{% set x = lib %}{{ x.l.append(2) }}",
        "{{ change(lib) }}",
        "{{ grow(lib.l) }}",
        "{{ lib.l|grow }}",
        "{{ lib|attr('l')|grow }}",
        "{{ lib.l|default([])|grow }}",
        "{{ (lib.l|default([])).append(2) }}",
        "{{ (lib.l|d([])|default(0))['append'](2) }}",
        "{% for n in ['append'] %}{{ (lib.l[n]|default(0))(2) }}{% endfor %}",
        "{{ 1 is grown(lib.l) }}",
        "{{ [lib.l][0].append(2) }}",
        "{{ {'x': lib.l}.x.append(2) }}",
        "{{ (lib.l if key else 0).append(2) }}",
        "{{ (0 or lib.l).append(2) }}",
        "{% for n in ['l'] %}{{ lib[n].append(2) }}{% endfor %}",
        "{% for n in ['l'] %}{{ grow(lib[n]) }}{% endfor %}",
        "{{ lib.l['append'](2) }}",
        "{% for n in ['append'] %}{{ lib.l[n](2) }}{% endfor %}",
        "{% for n in ['append'] %}{% set f = lib.l[n] %}{{ f(2) }}{% endfor %}",
        "{% for f in [lib.l.append] %}{{ f(2) }}{% endfor %}",
        "{{ (lib.l|attr('append'))(2) }}",
        "{% for n in ['l'] %}{{ lib[n]['append'](2) }}{% endfor %}",
        "{% for n, m in [('l', 'append')] %}{{ lib[n][m](2) }}{% endfor %}",
        "{% for n, m in [('l', 'append')] %}{% set f = lib[n][m] %}{{ f(2) }}{% endfor %}",
        "{{ lib.l.append.__call__(2) }}",
        "{{ lib.l.__class__.append(lib.l, 2) }}",
        "{% for n in [lib.l] %}{{ n.append(2) }}{% endfor %}",
        "{% macro f(x) %}{{ x.append(2) }}{% endmacro %}{{ f(lib.l) }}",
        "{% macro f(x=lib.l) %}{{ x.append(2) }}{% endmacro %}{{ f() }}",
        "{% set n = namespace(x=lib.t) %}{{ n.x.update(b=2) }}",
        "{% from 'lib.txt' import l as other %}{{ other.append(2) }}",
        "{% set n = 'lib.txt' %}{% import n as other %}{{ change(other) }}",
        "{% set n = 'lib.txt' %}{% from n import l %}{{ grow(l) }}",
        "{% include 'part.txt' %}",
        "{% import 'more.txt' as more %}{{ more.l.append(2) }}",
        "{% import 'more.txt' as more %}{{ change(more) }}",
    ],
)
def test_what_may_change_a_constant_of_a_module_has_one_for_each_render(text: str) -> None:
    texts = CONSTANTS | {
        "main.txt": "{% import 'lib.txt' as lib %}" + text + "{% include 'all.txt' %}",
        **({"part.txt": "{{ lib.l.append(2) }}"} if "part.txt" in text else {}),  # else it would be what changes it
        "child.txt": "{% extends 'base.txt' %}{% block b %}" + text + "{% endblock %}",
    }
    registry = load(texts, changing)
    for name in ("main.txt", "child.txt"):
        fresh = changing().overlay(loader=jinja2.DictLoader(texts))
        expected = fresh.get_template(name).render(key="a")
        for _ in range(3):
            assert registry.render(name, key="a") == expected


def test_modules_that_import_each_other_are_made_in_a_render() -> None:
    texts = {
        "a.txt": "{% import 'b.txt' as b %}{% macro m() %}a{{ b.n() }}{% endmacro %}",
        "b.txt": "{% macro n() %}{% import 'a.txt' as a %}{{ a.x is defined }}{% endmacro %}",
        "main.txt": "{% import 'a.txt' as a %}{{ a.m() }}",
    }
    assert load(texts).render("main.txt") == "aFalse"
