"""PHP's `include` in a long-lived process of its command line, which is what the walkers did for each e-mail."""

from collections.abc import Mapping

from bench import peers
from bench.memory.registered import Desk, Family, Part, Render, Unsupported, subject


@subject("PHP include, without opcache", Family.PHP)
def without_opcache(part: Part, desk: Desk) -> Render:
    """`include` of the template for each call, which PHP compiles each time: its command line's default."""
    return _php(part, desk, peers.PHP_WITHOUT_OPCACHE)


@subject("PHP include, with opcache", Family.PHP)
def with_opcache(part: Part, desk: Desk) -> Render:
    """`include` of the template for each call, compiled once by opcache with the tracing JIT."""
    return _php(part, desk, peers.PHP_WITH_OPCACHE)


def _php(part: Part, desk: Desk, options: Mapping[str, str]) -> Render:
    if part.page is None:
        raise Unsupported("it has a language of its own, and no template of this")
    php = peers.start_php(part.page, peers.Desk(desk.folder, desk.at_end), options)
    desk.watch(php.process, lambda: int(php.ask("")))
    return lambda context: php.ask(part.entry)
