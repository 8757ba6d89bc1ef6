"""The templates of packages: that all ways give what the package renders, and what is told of each is so."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jinja2
import pytest

from bench.real import sampling
from bench.real.apart import apart
from bench.real.capture import Captured, capturing
from bench.real.child import compared, difference
from bench.real.constructs import PLAIN, constructs
from bench.real.package import Package
from bench.real.packages import packages
from bench.real.report import lines
from bench.real.ways import ways

QUICK = {"dask", "django"}  # which the extra `dev` has, and which render in a second

PACKAGES = [
    pytest.param(package, id=name, marks=() if name in QUICK else pytest.mark.slow)
    for name, package in packages().items()
]


@pytest.mark.parametrize("package", PACKAGES)
def test_all_ways_render_what_the_package_does(package: Package) -> None:
    if missing := package.missing():
        pytest.skip(f"not installed: {', '.join(missing)}")
    command = [sys.executable, "-W", "ignore", "-m", "bench.real.child", package.name, "--seconds=0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["workload"] for row in rows] == list(package.chosen), done.stderr[-2000:]
    assert [row["wrong"] for row in rows] == [{}] * len(rows)


def test_there_are_sixty_workloads_of_forty_packages() -> None:
    assert sum(len(package.chosen) for package in packages().values()) >= 60
    assert len(packages()) >= 40


def captured(environment: jinja2.Environment, **variables: Any) -> Captured:
    with capturing() as renders:
        environment.get_template("t").render(variables)
    (found,) = renders
    return found


def environment(texts: dict[str, str], **options: Any) -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.DictLoader(texts), **options)


def test_of_several_renders_the_longest_is_kept() -> None:
    made = environment({"t": "{{ a }}"})
    with capturing() as renders:
        for text in ("a", "abc", "ab"):
            made.get_template("t").render(a=text)
        list(made.from_string("<{{ a }}>").generate(a="b"))
    assert sorted((render.name or "", render.source or "", render.text) for render in renders) == [
        ("", "<{{ a }}>", "<b>"),
        ("t", "", "abc"),
    ]


def test_what_can_be_read_once_can_be_rendered_again() -> None:
    found = captured(environment({"t": "{% for a in b %}{{ a }}{% endfor %}"}), b=(at for at in range(3)))
    assert found.text == "012"
    assert compared(found, ways(found), str) == {}


def test_a_function_that_is_waited_for_answers_at_once_afterwards() -> None:
    async def wait(value: int) -> int:
        await asyncio.sleep(0)
        return value + 1

    made = environment({"t": "{{ wait(1) }} {{ wait(2) }}"}, enable_async=True)
    with capturing() as renders:
        asyncio.run(made.get_template("t").render_async(wait=wait))
    (found,) = renders
    assert found.text == "2 3"
    assert compared(found, ways(found), str) == {}


def test_a_way_that_gives_another_text_is_told() -> None:
    numbers = iter(range(9))
    found = captured(environment({"t": "<{{ f() }}>"}), f=lambda: next(numbers))
    assert compared(found, ways(found), str).keys() == {"jinja2", "bundle", "live"}
    assert difference("abc", "abd") == "from 0: 'abc' but 'abd'"
    assert difference("abc", "abc") == ""


def test_templates_that_are_handed_over_are_of_the_same_way() -> None:
    made = environment({"t": "{% include inner %}", "inner": "<{{ a }}>"})
    found = ways(captured(made, inner=made.get_template("inner"), a=1))
    renders: list[Any] = [found.theirs, found.bundle, found.live]
    kinds = [type(render.args[0]["inner"]).__module__ for render in renders]
    assert kinds == ["jinja2.environment", "blendtpl.runtime.template", "blendtpl.live"]


class Own(jinja2.Environment):
    """As frameworks have one."""


def test_an_environment_of_a_class_of_its_own_is_made_one_of_ours() -> None:
    made = Own(loader=jinja2.FunctionLoader({"t": "{{ a }}{% include 'u' %}", "u": "!"}.get))
    found = ways(captured(made, a=1))
    live: Any = found.live
    template = live.func.__self__
    assert type(template).__module__ == "blendtpl.live"
    assert isinstance(template.environment, Own)
    assert type(made) is Own
    assert not found.whole
    assert found.refused == "its loader lists no names"
    assert found.texts.keys() == {"t", "u"}


def test_what_no_bundle_has_is_told() -> None:
    made = jinja2.Environment(loader=jinja2.FunctionLoader({"t": "{% include '../u' %}", "../u": "!"}.get))
    found = ways(captured(made))
    assert found.bundle is None
    assert "names never leave the template folder" in found.refused


def test_functions_of_the_application_are_not_called_apart() -> None:
    calls: list[str] = []

    def called(name: str) -> Iterator[str]:
        calls.append(name)
        return iter(name)

    def mine(text: str) -> str:
        calls.append("mine")
        return f"<{text}>"

    @jinja2.pass_context
    def of_context(context: jinja2.runtime.Context) -> Any:
        calls.append("g")
        return context["h"]

    made = environment({"t": "{% for a in f('ab') %}{{ a|mine }}{% endfor %}{{ g() }}{{ a is odd }}"})
    made.filters["mine"], made.globals["g"] = mine, of_context
    alone = apart(captured(made, f=called, h="h", a=1))
    before = list(calls)
    assert before == ["ab", "mine", "mine", "g"] * 2
    assert alone.text == "<a><b>hTrue"
    assert compared(alone, ways(alone), str) == {}
    assert calls == before


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"t": "{{ a|attr('b') }}"}, "`|attr`"),
        ({"t": "{% include a %}"}, "an include with a computed name"),
        ({"t": "{% autoescape a %}{% endautoescape %}"}, "an `autoescape` tag"),
        ({"t": "{% import 'm' as m with context %}", "m": ""}, "an import with context"),
        ({"t": "{% set a = 1 %}{% extends 'm' %}", "m": ""}, "an `extends` that is not the first tag"),
        ({"t": "{% import 'm' as m %}", "m": "{{ f() }}"}, "a module made for each render"),
        ({"t": "{% include 'm' without context %}", "m": ""}, "an include without context"),
        ({"t": "{% extends a %}"}, "a computed import or `extends`"),
        (
            {
                "t": "{% extends 'm' %}",
                "m": "{% import 'n' as n %}",
                "n": "{% set a = 1 %}{% macro b() %}{% endmacro %}",
            },
            PLAIN,
        ),
    ],
)
def test_the_constructs_of_templates_are_told(texts: dict[str, str], expected: str) -> None:
    assert constructs(texts, environment(texts)) == [expected]


def test_samples_are_told_apart_by_whose_frame_comes_first() -> None:
    library = json.__file__
    spin = f"main ({__file__}:1);spin_for_samples (bench/real/sampling.py:1)"
    stacks = (
        f"{spin};render (/x/site-packages/jinja2/a.py:1);top (/x/page.html:3);url (/x/site-packages/shop/a.py:4)",
        f"{spin};render (/x/site-packages/jinja2/environment.py:1);dumps ({library}:3)",
        f"{spin};poll (/x/subprocess.py:3)",
    )
    read = sampling._read("".join(f"{stack} {count}\n" for stack, count in zip(stacks, (3, 1, 9), strict=True)))
    assert (read["application"], read["samples"]) == (0.75, 4)
    assert list(read["functions"]) == ["application: url (shop/a.py)", "engine: dumps (json/__init__.py)"]


def test_the_report_has_both_figures_and_a_bundle_that_is_refused() -> None:
    shares = {way: {"application": share} for way, share in (("jinja2", 0.5), ("bundle", 0.5), ("live", 0.0))}
    measured = {"seconds": {"jinja2": 8.0, "bundle": 2.0, "live": 4.0}, "shares": shares}
    row = {"workload": "a page", "constructs": [PLAIN], "wrong": {}, "refused": "", **measured, "apart": measured}
    refused = {
        **row,
        "workload": "another",
        "seconds": {"jinja2": 8.0, "live": 4.0},
        "refused": "a reason",
        "apart": {},
    }
    skipped = {"workload": "a third", "skipped": "not installed: shop"}
    told = "\n".join(lines([row, refused, skipped]))
    assert "as it is, bundle: geometric mean 2.83 of 2, lowest 2.00 (another)" in told
    assert "apart, bundle: geometric mean 4.00 of 1" in told
    assert "apart, live: geometric mean 1.00 of 1" in told
    assert "no bundle, so the live environment's figure stands in its place: a reason" in told
    assert "a third                        not measured: not installed: shop" in told
