"""Measured registry: one that counts what it renders, by template, and is the same in everything else.

Enters: a registry, and a slot of shared metrics. Leaves: a `Registry` whose templates and messages count. The registry
that it was made of stays as it is, and renders without counting. What is counted is what is asked for by name, not what
a template includes or extends; the parts of a message are templates that were asked for.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Any, NoReturn

from blendtpl.errors import ConfigError
from blendtpl.mail.message import Message
from blendtpl.metrics.counting import add, counted
from blendtpl.metrics.derived import DerivedRegistry, check_registry
from blendtpl.metrics.shared import SharedMetrics
from blendtpl.runtime import render as runtime
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.generation import Generation
from blendtpl.runtime.messages import MessageTemplate, RenderParts
from blendtpl.runtime.registry import Name, Registry
from blendtpl.runtime.speedups import utf8
from blendtpl.runtime.streams import AsyncStream, Stream
from blendtpl.runtime.template import Template, Variables

Row = tuple["memoryview[float]", int]


def measure(registry: Registry, shared: SharedMetrics | None = None, slot: int = 0) -> "MeasuredRegistry":
    """Return a registry that counts renders, characters, seconds and errors in a slot of `shared`.

    Only one process may count in a slot: a server that forks has each of its workers `take` one and measure then. Left
    out, the metrics are those of this process alone. They are the `metrics` of what is returned. Raises `ConfigError`
    for what is no registry and for a slot that is not there.
    """
    if isinstance(registry, MeasuredRegistry):
        registry = registry.original
    if isinstance(registry, DerivedRegistry):
        raise ConfigError(f"{registry!r} cannot be measured: measure the registry first, and trace that")
    check_registry(registry, "measured")
    if shared is None:
        shared, slot = SharedMetrics.of(registry), 0
        shared.take()
    return MeasuredRegistry(registry, shared, slot)


class MeasuredRegistry(DerivedRegistry):
    """A `Registry` that counts. `metrics` are where, `slot` is whose, `original` is the registry without."""

    __slots__ = ("metrics", "slot")

    metrics: SharedMetrics
    slot: int

    def __init__(self, registry: Registry, shared: SharedMetrics, slot: int) -> None:
        self._derive(registry, metrics=shared, slot=slot)

    def _template(self, template: Template, generation: Generation) -> Template:
        return MeasuredTemplate(template, generation, self._row(template.name))

    def _message(self, message: MessageTemplate, generation: Generation) -> MessageTemplate:
        rows = {name: self._row(name) for name in (message.entry.template, *message.entry.parts.values()) if name}
        return MeasuredMessage(message, generation.units, rows, self.metrics.message_row(self.slot, message.name))

    def _row(self, name: str) -> Row:
        return self.metrics.template_row(self.slot, name)

    def __repr__(self) -> str:
        return f"<MeasuredRegistry of {len(self)} templates, slot {self.slot}, sha256 {self.digest[:12]}>"

    def __reduce__(self) -> NoReturn:
        raise ConfigError(
            "a measured registry counts in the memory of this process and cannot be pickled: pickle its `original`,"
            " and measure that where it comes to"
        )

    def render(self, name: Name | Template, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of a template, as `Registry.render` does, and count that."""
        try:
            template: Any = self._generation.templates[name]  # type: ignore[index]  # as in a registry
        except KeyError:
            return self.get_template(name).render(*mappings, **variables)
        text: str = template._counted(template._compiled, mappings, variables)
        return text


class MeasuredTemplate(Template):
    """A `Template` that counts."""

    __slots__ = ("_counted", "_counted_block", "_counted_blocks", "_row")

    _counted: Callable[..., str]
    _counted_block: Callable[..., str]
    _counted_blocks: Callable[..., str]
    _row: Row

    def __init__(self, template: Template, generation: Generation, row: Row) -> None:
        super().__init__(template.name, template._compiled, template._entry, template._sources, generation)
        object.__setattr__(self, "_row", row)
        object.__setattr__(self, "_counted", counted(runtime.render, *row))
        object.__setattr__(self, "_counted_block", counted(runtime.render_block, *row))
        object.__setattr__(self, "_counted_blocks", counted(runtime.render_blocks, *row))

    def render(self, /, *mappings: Variables, **variables: Any) -> str:
        """Return the rendered text, as `Template.render` does, and count that."""
        return self._counted(self._compiled, mappings, variables)

    def render_bytes(self, /, *mappings: Variables, **variables: Any) -> bytes:
        """Return the text in UTF-8, as `Template.render_bytes` does, and count that."""
        return utf8(self.render(*mappings, **variables))

    def render_block(self, block: str, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of a block, as `Template.render_block` does, and count that as a render."""
        return self._counted_block(self._compiled, block, mappings, variables)

    def render_blocks(self, blocks: Iterable[str], /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of some blocks, as `Template.render_blocks` does, and count that as one render."""
        return self._counted_blocks(self._compiled, blocks, mappings, variables)

    def stream(self, /, *mappings: Variables, **variables: Any) -> Stream[str]:
        """Return the text in pieces, as `Template.stream` does; counted as a render when it ends or is closed."""
        return super().stream(*mappings, **variables).through(lambda pieces: _counted_stream(pieces, *self._row))

    async def render_async(self, /, *mappings: Variables, **variables: Any) -> str:
        """Return the rendered text, as `Template.render_async` does, and count that, with the time that it waits."""
        return await _counted_text(super().render_async(*mappings, **variables), *self._row)

    async def render_block_async(self, block: str, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of a block, as `Template.render_block_async` does, and count that."""
        return await _counted_text(super().render_block_async(block, *mappings, **variables), *self._row)

    async def render_blocks_async(self, blocks: Iterable[str], /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of some blocks, as `Template.render_blocks_async` does, and count that as one render."""
        return await _counted_text(super().render_blocks_async(blocks, *mappings, **variables), *self._row)

    def stream_async(self, /, *mappings: Variables, **variables: Any) -> AsyncStream[str]:
        """Return the text in pieces, as `Template.stream_async` does; counted as `stream` is."""
        pieces = super().stream_async(*mappings, **variables)
        return pieces.through(lambda pieces: _counted_async_stream(pieces, *self._row))


class MeasuredMessage(MessageTemplate):
    """A `MessageTemplate` that counts, and whose parts are counted as renders of their templates."""

    __slots__ = ("_counted",)

    _counted: Callable[..., Message]

    def __init__(
        self,
        message: MessageTemplate,
        units: Mapping[str, CompiledTemplate],
        rows: Mapping[str, Row],
        row: Row,
    ) -> None:
        entry = message.entry
        parts = _counted_parts(message, units, rows)
        super().__init__(message.name, entry, message._images, message._variables, parts)
        object.__setattr__(self, "_counted", counted(MessageTemplate.compose, *row))

    def compose(self, mappings: Sequence[Variables], variables: dict[str, Any], fields: dict[str, Any]) -> Message:
        """Return the message, as `MessageTemplate.compose` does, and count that."""
        return self._counted(self, mappings, variables, fields)


def _counted_parts(
    message: MessageTemplate, units: Mapping[str, CompiledTemplate], rows: Mapping[str, Row]
) -> RenderParts:
    """Return what renders the parts of a message. Blocks of one template are one render of it."""
    entry = message.entry
    if entry.template is not None:
        return counted(message._render, *rows[entry.template])
    subject, text, html = (
        counted(partial(runtime.render, units[name]), *rows[name]) if name is not None else None
        for name in map(entry.parts.get, ("subject", "text", "html"))
    )

    def render_parts(mappings: Sequence[Variables], variables: dict[str, Any]) -> Any:
        given = tuple(mappings)
        return (
            subject and subject(given, variables),
            text and text(given, variables),
            html and html(given, variables),
        )

    return render_parts


async def _counted_text(text: Awaitable[str], row: "memoryview[float]", at: int) -> str:
    """Return a text, and count it as a render."""
    begun, size, failed = perf_counter(), 0, True
    try:
        rendered = await text
        size, failed = len(rendered), False
        return rendered
    finally:
        add(row, at, size, perf_counter() - begun, failed=failed)


async def _counted_async_stream(
    pieces: AsyncGenerator[str, None], row: "memoryview[float]", at: int
) -> AsyncGenerator[str, None]:
    """Yield pieces, and count them as `_counted_stream` does."""
    size, took, failed = 0, 0.0, True
    try:
        while True:
            begun = perf_counter()
            piece = await anext(pieces, None)
            took += perf_counter() - begun
            if piece is None:
                break
            size += len(piece)
            try:
                yield piece
            except GeneratorExit:
                failed = False  # whoever took them has enough
                raise
        failed = False
    finally:
        await pieces.aclose()
        add(row, at, size, took, failed=failed)


def _counted_stream(
    pieces: Generator[str, None, None], row: "memoryview[float]", at: int
) -> Generator[str, None, None]:
    """Yield pieces, and count them as a render when there are no more, or whoever takes them stops."""
    size, took, failed = 0, 0.0, False
    try:
        while True:
            begun = perf_counter()
            piece = next(pieces, None)
            took += perf_counter() - begun
            if piece is None:
                break
            size += len(piece)
            yield piece
    except GeneratorExit:
        raise  # whoever took them has enough
    except BaseException:
        took += perf_counter() - begun
        failed = True
        raise
    finally:
        pieces.close()
        add(row, at, size, took, failed=failed)
