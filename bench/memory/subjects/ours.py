"""blendtpl: a bundle, and the live environment."""

from bench.memory.registered import Desk, Family, Part, Render, subject
from testkit.oracle import live_environment, load


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
    live = live_environment(part.sources, part.make)
    return lambda context: live.get_template(part.entry).render(context)
