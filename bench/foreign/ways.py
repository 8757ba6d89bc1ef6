"""Who renders these workloads: a bundle, also a portable one, a live environment, Jinja2, minijinja and wheezy.

Enters: a workload. Leaves: for each, a function of no arguments that returns the whole text, everything compiled
before. Who is not installed, or cannot do the same, raises `Unsupported`.
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bench.foreign.workload import Sources, Workload
from bench.peers import Render, Unsupported, installed, wheezy_engine
from testkit.oracle import live_environment, load, stock_environment

_ITS_OWN = frozenset({"indent", "truncate"})  # filters that minijinja has and wheezy has not


def bundle(workload: Workload) -> Render:
    """Render from a bundle."""
    return functools.partial(load(workload.templates, workload.make).render, workload.entry, workload.context)


def portable(workload: Workload) -> Render:
    """Render from a bundle that needs nothing in C."""
    registry = load(workload.templates, workload.make, portable=True)
    return functools.partial(registry.render, workload.entry, workload.context)


def live(workload: Workload) -> Render:
    """Render by `blendtpl.Environment`, or `SandboxedEnvironment`, that keeps all templates."""
    environment, entry, context = live_environment(workload.templates, workload.make), workload.entry, workload.context
    return lambda: environment.get_template(entry).render(context)


def jinja2(workload: Workload) -> Render:
    """Render by Jinja2, with its fastest settings."""
    stock, entry, context = stock_environment(workload.templates, workload.make), workload.entry, workload.context
    environment = stock.overlay(auto_reload=False, cache_size=-1)
    return lambda: environment.get_template(entry).render(context)


def minijinja(workload: Workload) -> Render:
    """Render by minijinja, which gets the environment's settings and functions."""
    module: Any = installed("minijinja")
    made = workload.make()
    environment = module.Environment(
        templates=dict(_sources(workload.minijinja or workload.templates)),
        trim_blocks=made.trim_blocks,
        lstrip_blocks=made.lstrip_blocks,
        keep_trailing_newline=made.keep_trailing_newline,
        reload_before_render=False,
        **workload.minijinja_options,
    )
    for name, function in workload.functions.items():
        if name in _ITS_OWN:
            continue
        environment.add_filter(name, function)
        environment.add_global(name, function)
    return functools.partial(environment.render_template, workload.entry, **workload.context)


def wheezy(workload: Workload) -> Render:
    """Render by wheezy.template, as `bench.peers` does."""
    engine = wheezy_engine(_sources(workload.wheezy), workload.functions)
    return functools.partial(engine.get_template(workload.entry).render, workload.context)


def _sources(sources: Sources | str) -> Sources:
    if isinstance(sources, str):
        raise Unsupported(sources)
    return sources


WAYS: Mapping[str, Callable[[Workload], Render]] = MappingProxyType(
    {"bundle": bundle, "portable": portable, "live": live, "jinja2": jinja2, "minijinja": minijinja, "wheezy": wheezy}
)
EXACT = frozenset({"bundle", "portable", "live", "jinja2"})  # whose text is Jinja2's to the byte
