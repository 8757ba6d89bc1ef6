"""Tracing: a span of OpenTelemetry for each render and each message, in whatever trace is open.

Enters: a registry, measured or not. Leaves: a `Registry` that does the same, with spans. It is for those who trace; a
span takes longer than a small render. Only OpenTelemetry's API is needed here: without a provider there is no span.
"""

from collections.abc import AsyncGenerator, Awaitable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from blendtpl._version import __version__
from blendtpl.errors import ConfigError
from blendtpl.extras import not_installed
from blendtpl.mail.message import Message
from blendtpl.metrics.derived import DerivedRegistry, check_registry
from blendtpl.runtime.generation import Generation
from blendtpl.runtime.messages import MessageTemplate
from blendtpl.runtime.registry import Name, Registry
from blendtpl.runtime.speedups import utf8
from blendtpl.runtime.streams import AsyncStream, Stream
from blendtpl.runtime.template import Template, Variables

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider


def traced(registry: Registry, *, tracer_provider: "TracerProvider | None" = None) -> "TracedRegistry":
    """Return a registry that makes spans: ``render page.html``, and ``message alert``, its renders included.

    Attributes are `blendtpl.template` or `blendtpl.message`, and `blendtpl.digest`, that of the bundle. An error is
    recorded with the span, whose status it is. `tracer_provider` is the global one when it is left out. To be measured
    as well, a registry is measured first. Raises `ConfigError` for what is no registry, `NotInstalledError` without
    OpenTelemetry's API.
    """
    check_registry(registry, "traced")
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise not_installed("tracing", error) from None
    tracer = trace.get_tracer("blendtpl", __version__, tracer_provider)
    return TracedRegistry(registry, tracer, tracer_provider is None)


class TracedRegistry(DerivedRegistry):
    """A `Registry` that makes spans; `original` is the one without. It can be pickled where that can, and when it has
    the global provider.
    """

    __slots__ = ("_global", "_tracer")

    _global: bool
    _tracer: "Tracer"

    def __init__(self, registry: Registry, tracer: "Tracer", is_global: bool) -> None:
        self._derive(registry, _tracer=tracer, _global=is_global)

    def _template(self, template: Template, generation: Generation) -> Template:
        return TracedTemplate(template, generation, self._tracer)

    def _message(self, message: MessageTemplate, generation: Generation) -> MessageTemplate:
        return TracedMessage(message, generation.digest, self._tracer)

    def __repr__(self) -> str:
        return f"<TracedRegistry of {self.original!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._global:
            raise ConfigError("a registry that is traced by a provider of its own cannot be pickled: use the global")
        return traced, (self.original,)

    def render(self, name: Name | Template, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of a template, as `Registry.render` does, in a span."""
        return self.get_template(name).render(*mappings, **variables)


class _Spans:
    """Opens spans of one name."""

    __slots__ = ("_attributes", "_name", "_tracer")

    def __init__(self, tracer: "Tracer", what: str, kind: str, name: str, digest: str) -> None:
        self._tracer, self._name = tracer, f"{what} {name}"
        self._attributes: Mapping[str, str] = {f"blendtpl.{kind}": name, "blendtpl.digest": digest}

    def current(self) -> AbstractContextManager["Span"]:
        """Open one that is the current span until it ends; it tells of an error that comes out."""
        return self._tracer.start_as_current_span(self._name, attributes=self._attributes)

    def begin(self) -> "Span":
        return self._tracer.start_span(self._name, attributes=self._attributes)


class TracedTemplate(Template):
    """A `Template` that makes spans."""

    __slots__ = ("_original", "_spans")

    _original: Template
    _spans: _Spans

    def __init__(self, template: Template, generation: Generation, tracer: "Tracer") -> None:
        super().__init__(template.name, template._compiled, template._entry, template._sources, generation)
        object.__setattr__(self, "_original", template)
        object.__setattr__(self, "_spans", _Spans(tracer, "render", "template", template.name, generation.digest))

    def render(self, /, *mappings: Variables, **variables: Any) -> str:
        """Return the rendered text, as `Template.render` does, in a span."""
        with self._spans.current():
            return self._original.render(*mappings, **variables)

    def render_bytes(self, /, *mappings: Variables, **variables: Any) -> bytes:
        """Return the text in UTF-8, as `Template.render_bytes` does, in a span."""
        return utf8(self.render(*mappings, **variables))

    def render_block(self, block: str, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of a block, as `Template.render_block` does, in a span that tells of it."""
        with self._spans.current() as span:
            span.set_attribute("blendtpl.block", block)
            return self._original.render_block(block, *mappings, **variables)

    def render_blocks(self, blocks: Iterable[str], /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of some blocks, as `Template.render_blocks` does, in a span that tells of them."""
        with self._spans.current() as span:
            names = blocks if isinstance(blocks, str) else list(blocks)
            span.set_attribute("blendtpl.blocks", names)
            return self._original.render_blocks(names, *mappings, **variables)

    def stream(self, /, *mappings: Variables, **variables: Any) -> Stream[str]:
        """Return the text in pieces, as `Template.stream` does, in a span from the first to the last that is taken."""
        return self._original.stream(*mappings, **variables).through(lambda pieces: _in_span(pieces, self._spans))

    async def render_async(self, /, *mappings: Variables, **variables: Any) -> str:
        """Return the rendered text, as `Template.render_async` does, in a span."""
        return await _text_in_span(self._original.render_async(*mappings, **variables), self._spans)

    async def render_block_async(self, block: str, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of a block, as `Template.render_block_async` does, in a span that tells of it."""
        return await self.render_blocks_async([block], *mappings, **variables)

    async def render_blocks_async(self, blocks: Iterable[str], /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of some blocks, as `Template.render_blocks_async` does, in a span that tells of them."""
        names = blocks if isinstance(blocks, str) else list(blocks)
        text = self._original.render_blocks_async(names, *mappings, **variables)
        return await _text_in_span(text, self._spans, [*names])

    def stream_async(self, /, *mappings: Variables, **variables: Any) -> AsyncStream[str]:
        """Return the text in pieces, as `Template.stream_async` does, in a span as that of `stream`."""
        pieces = self._original.stream_async(*mappings, **variables)
        return pieces.through(lambda pieces: _in_async_span(pieces, self._spans))


async def _text_in_span(text: Awaitable[str], spans: _Spans, blocks: list[str] | None = None) -> str:
    with spans.current() as span:
        if blocks is not None:
            span.set_attribute("blendtpl.blocks", blocks)
        return await text


async def _in_async_span(pieces: AsyncGenerator[str, None], spans: _Spans) -> AsyncGenerator[str, None]:
    """Yield pieces, as `_in_span` does."""
    from opentelemetry import trace

    span = spans.begin()
    try:
        while True:
            with trace.use_span(span):
                piece = await anext(pieces, None)
            if piece is None:
                break
            yield piece
    finally:
        await pieces.aclose()
        span.end()


def _in_span(pieces: Generator[str, None, None], spans: _Spans) -> Generator[str, None, None]:
    """Yield pieces. The span is the current one while a piece is made, and not while somebody works with it."""
    from opentelemetry import trace

    span = spans.begin()
    try:
        while True:
            with trace.use_span(span):
                piece = next(pieces, None)
            if piece is None:
                break
            yield piece
    finally:
        pieces.close()
        span.end()


class TracedMessage(MessageTemplate):
    """A `MessageTemplate` that makes spans."""

    __slots__ = ("_original", "_spans")

    _original: MessageTemplate
    _spans: _Spans

    def __init__(self, message: MessageTemplate, digest: str, tracer: "Tracer") -> None:
        super().__init__(message.name, message.entry, message._images, message._variables, message._render)
        object.__setattr__(self, "_original", message)
        object.__setattr__(self, "_spans", _Spans(tracer, "message", "message", message.name, digest))

    def compose(self, mappings: Sequence[Variables], variables: dict[str, Any], fields: dict[str, Any]) -> Message:
        """Return the message, as `MessageTemplate.compose` does, in a span."""
        with self._spans.current():
            return self._original.compose(mappings, variables, fields)
