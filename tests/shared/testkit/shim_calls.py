"""Every kind of call of the shim, for what counts what calls leave."""

from collections.abc import Callable, Generator
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import jinja2

import blendtpl
from blendtpl.compat import IncludeExtension, IncludeShim
from testkit.oracle import load

TEMPLATES = {
    "plain.html": "<p>{{ user }}: {{ n }}</p>",
    "sets.html": "{% set a = n + 1 %}{% set b %}{{ a }}{% endset %}{% macro m() %}{{ user }}{% endmacro %}{{ m() }}",
    "child.html": "{% extends 'base.html' %}{% set title = user %}{% block body %}{{ title }}{% endblock %}",
    "base.html": "<{% block body %}{% endblock %}>",
    "returns.html": "before{% for i in range(5) %}{% if i == n %}{% return {'i': i} %}{% endif %}{% endfor %}",
    "calls.html": "A{% do call() %}B",
    "in_place.html": "{{ shim.include('./plain.php') }}{{ shim.fetch('returns.php', {'n': 1}).value }}",
    "fails.html": "{% set a = 1 %}text{% do call() %}{{ nothing.at.all }}",
    "context.html": "{% include which %}",
}


def environment() -> jinja2.Environment:
    """Return an environment whose templates may include as old call sites did."""
    made = blendtpl.default_environment()
    made.add_extension(IncludeExtension)
    return made


class _Nowhere:
    def write(self, text: str) -> None:
        pass


def a_shim(registry: blendtpl.Registry | None = None) -> IncludeShim:
    served = load(TEMPLATES, environment) if registry is None else registry
    return IncludeShim(served, roots="templates", stream=_Nowhere())


def given(shim: IncludeShim) -> object:
    return shim.include("templates/plain.php", {"user": "Ada", "n": 1})


def locals_(shim: IncludeShim) -> object:
    user, n = "Ada", 1
    return shim.include("templates/plain.php"), user, n


def locals_with_a_context(shim: IncludeShim) -> object:
    user, n, which = "Ada", 1, "plain.html"
    return shim.fetch("context.php"), user, n, which


def frozen(shim: IncludeShim) -> object:
    return shim.include("plain.php", MappingProxyType({"user": "Ada", "n": 1}))


def flowing_back(shim: IncludeShim) -> object:
    scope: dict[str, Any] = {"user": "Ada", "n": 1}
    return shim.include("sets.php", scope), scope


def inherited(shim: IncludeShim) -> object:
    return shim.fetch("child.php", {"user": "Ada"})


def returned(shim: IncludeShim) -> object:
    return shim.include("returns.php", {"n": 3})


def once(shim: IncludeShim) -> object:
    with shim.request():
        return shim.include_once("base.php", {}), shim.include_once("base.php", {}), shim.require_once("base.php", {})


def once_without_a_request(shim: IncludeShim) -> object:
    return shim.include("calls.php", {"call": lambda: shim.include_once("base.php", {})})


def buffers(shim: IncludeShim) -> object:
    with shim.capture() as outer:
        shim.include("base.php", {})
        with shim.capture() as inner:
            shim.include("base.php", {})
    return outer.text, inner.text


def by_hand(shim: IncludeShim) -> object:
    page = shim.capture()
    shim.include("base.php", {})
    return page.close()


def nested(shim: IncludeShim) -> object:
    return shim.include("calls.php", {"call": lambda: shim.include("base.php", {})})


def in_place(shim: IncludeShim) -> object:
    return shim.fetch("in_place.php", {"shim": shim, "user": "Ada", "n": 1})


def missing(shim: IncludeShim) -> object:
    return shim.include("missing.php", {})


def required(shim: IncludeShim) -> object:
    return shim.require("missing.php", {})


def outside(shim: IncludeShim) -> object:
    return shim.include("../secret.php", {})


def bad_scope(shim: IncludeShim) -> object:
    return shim.include("base.php", [1])  # type: ignore[arg-type]


def fails(shim: IncludeShim) -> object:
    return shim.include("fails.php", {"call": lambda: None})


def fails_deep_within(shim: IncludeShim) -> object:
    def deep() -> None:
        shim.capture()
        with shim.request(), shim.capture():
            shim.include("calls.php", {"call": lambda: shim.include("fails.php", {})})

    with shim.request(), shim.capture():
        return shim.include("calls.php", {"call": deep})


def closed_twice(shim: IncludeShim) -> object:
    page = shim.capture()
    page.close()
    return page.close()


def out_of_order(shim: IncludeShim) -> object:
    with shim.request():
        outer, _ = shim.capture(), shim.capture()
        return outer.close()


def generators(shim: IncludeShim) -> object:
    def pages() -> Generator[str, None, None]:
        with shim.request(), shim.capture() as page:
            shim.include("base.php", {})
            yield ""
        yield page.text

    first, second = pages(), pages()
    texts = next(first), next(second), next(first)
    second.close()
    return texts


def coroutines(shim: IncludeShim) -> object:
    async def page() -> str:
        with shim.request(), shim.capture() as found:
            shim.include("base.php", {})
            shim.include("calls.php", {"call": lambda: shim.include("base.php", {})})
        return found.text

    with suppress(StopIteration):
        page().send(None)
    return None


CALLS: tuple[Callable[[IncludeShim], object], ...] = (
    given,
    locals_,
    locals_with_a_context,
    frozen,
    flowing_back,
    inherited,
    returned,
    once,
    once_without_a_request,
    buffers,
    by_hand,
    nested,
    in_place,
    missing,
    required,
    outside,
    bad_scope,
    fails,
    fails_deep_within,
    closed_twice,
    out_of_order,
    generators,
    coroutines,
)
