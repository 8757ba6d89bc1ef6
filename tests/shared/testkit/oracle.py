"""Jinja2 as the oracle: the same templates and variables through it and through a bundle."""

from collections.abc import Callable, Mapping
from typing import Any

import jinja2

import blendtpl
from blendtpl.runtime.speedups import ACTIVE

MakeEnvironment = Callable[[], jinja2.Environment]
Outcome = tuple[str, ...]


def outcome(render: Callable[[], str]) -> Outcome:
    """Return the text, or Jinja2's class and message of what was raised instead."""
    try:
        return ("text", render())
    except Exception as error:
        kinds = (kind for kind in type(error).__mro__ if not kind.__module__.startswith("blendtpl"))
        message = getattr(error, "message", None)
        return ("error", next(kinds).__qualname__, str(error) if message is None else message)


def stock_environment(templates: Mapping[str, str], make: MakeEnvironment) -> jinja2.Environment:
    environment = make()
    environment.loader = jinja2.DictLoader(dict(templates))
    return environment


def live_environment(templates: Mapping[str, str], make: MakeEnvironment) -> jinja2.Environment:
    """Return an environment as it is made, but of a class that is blendtpl's as well, with a cache that holds all."""
    made: Any = make()
    kind = type(made)
    own = {} if kind.context_class is jinja2.Environment.context_class else {"context_class": kind.context_class}
    made.__class__ = type(f"Live{kind.__name__}", (blendtpl.Environment, kind), own)
    made.loader = jinja2.DictLoader(dict(templates))
    result: jinja2.Environment = made.overlay(auto_reload=False, cache_size=-1)
    return result


def load(
    templates: Mapping[str, str | bytes],
    make: MakeEnvironment = blendtpl.default_environment,
    *,
    portable: bool = False,
) -> blendtpl.Registry:
    return blendtpl.load(blendtpl.compile(templates, environment=make, portable=portable), environment=make)


Render = Callable[[str, Mapping[str, Any]], str]


def every_way(templates: Mapping[str, str], make: MakeEnvironment, *, portable: bool = True) -> dict[str, Render]:
    """Return each way in which blendtpl renders a template of a set, by what it is called."""
    live = live_environment(templates, make)
    ways: dict[str, Render] = {"live": lambda name, variables: live.get_template(name).render(variables)}
    for kind in ("bundle", "portable") if portable else ("bundle",):
        registry = load(templates, make, portable=kind == "portable")
        ways[kind] = registry.render
        ways[f"{kind}, stream"] = lambda name, variables, found=registry: "".join(found[name].stream(variables))  # type: ignore[misc]
    return ways


def check_same(
    templates: Mapping[str, str],
    make: MakeEnvironment,
    variables: Callable[[], Mapping[str, Any]],
    name: str = "main.html",
) -> Outcome:
    """Assert that rendering a template, to a text, bytes and a stream, does what Jinja2 does; return what that is."""
    environment = stock_environment(templates, make)
    expected = outcome(lambda: environment.get_template(name).render(variables()))
    for portable in (False, True) if ACTIVE else (False,):
        registry = load(templates, make, portable=portable)
        assert outcome(lambda: registry.render(name, variables())) == expected  # noqa: B023  # it is called here
        assert outcome(lambda: registry.render(name, variables())) == expected  # noqa: B023  # nothing was left over
        assert outcome(lambda: "".join(registry[name].stream(variables()))) == expected  # noqa: B023
        assert outcome(lambda: registry.render_bytes(name, variables()).decode()) == expected  # noqa: B023
    return expected
