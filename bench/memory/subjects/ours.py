"""blendtpl: a bundle, and the live environment."""

from typing import Any

import jinja2

import blendtpl
from bench.memory.registered import Desk, Family, Part, Render, subject
from tests.run.oracle import MakeEnvironment, load


@subject("blendtpl bundle", Family.OURS)
def bundle(part: Part, desk: Desk) -> Render:
    """`Registry.render` of a bundle that was loaded once."""
    registry, entry = load(part.sources, part.make), part.entry
    return lambda context: registry.render(entry, context)


@subject("blendtpl bundle, stream", Family.OURS)
def stream(part: Part, desk: Desk) -> Render:
    """`Template.stream` of a bundle that was loaded once, piece by piece."""
    registry, entry = load(part.sources, part.make), part.entry
    return lambda context: "".join(registry[entry].stream(context))


@subject("blendtpl.Environment", Family.OURS)
def environment(part: Part, desk: Desk) -> Render:
    """`blendtpl.Environment`, or what else of blendtpl stands in for the environment, with a cache that holds all."""
    made = _live(part.make)
    made.loader = jinja2.DictLoader(dict(part.sources))
    made = made.overlay(auto_reload=False, cache_size=-1)
    return lambda context: made.get_template(part.entry).render(context)


def _live(make: MakeEnvironment) -> jinja2.Environment:
    """Return an environment as it was made, but of a class that is blendtpl's as well."""
    made: Any = make()
    kind = type(made)
    own = {} if kind.context_class is jinja2.Environment.context_class else {"context_class": kind.context_class}
    made.__class__ = type(f"Live{kind.__name__}", (blendtpl.Environment, kind), own)
    result: jinja2.Environment = made
    return result
