"""The peers, each used as its makers advise: everything compiled once and kept. They are those of `bench.peers`."""

from bench import peers
from bench.memory.registered import Desk, Family, Part, Render, Unsupported, subject
from testkit.oracle import stock_environment


@subject("Jinja2", Family.PEERS)
def jinja2(part: Part, desk: Desk) -> Render:
    """One `jinja2.Environment` with `auto_reload=False, cache_size=-1`, which keeps every template."""
    environment = stock_environment(part.sources, part.make).overlay(auto_reload=False, cache_size=-1)
    return lambda context: environment.get_template(part.entry).render(context)


@subject("minijinja", Family.PEERS)
def minijinja(part: Part, desk: Desk) -> Render:
    """One `minijinja.Environment` that holds the texts, with `reload_before_render=False`."""
    return _peer("minijinja", part, desk)


@subject("Mako", Family.PEERS)
def mako(part: Part, desk: Desk) -> Render:
    """One `TemplateLookup` with `filesystem_checks=False`."""
    return _peer("mako", part, desk)


@subject("Chameleon", Family.PEERS)
def chameleon(part: Part, desk: Desk) -> Render:
    """One `PageTemplateLoader` with `auto_reload=False`."""
    return _peer("chameleon", part, desk)


@subject("Django", Family.PEERS)
def django(part: Part, desk: Desk) -> Render:
    """One `django.template.Engine` with the cached loader."""
    return _peer("django", part, desk)


def _peer(name: str, part: Part, desk: Desk) -> Render:
    if part.page is None:
        raise Unsupported("it has a language of its own, and no template of this")
    (chosen,) = [peer for peer in peers.PEERS if peer.name == name]
    render = chosen.prepare(part.page, peers.Desk(desk.folder, desk.at_end))
    return lambda context: render()  # which holds the context, one that never changes
