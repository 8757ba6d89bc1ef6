"""Templates: the cheap immutable handles that a registry hands out.

Enters: what a caller passes as variables. Leaves: text. A handle never holds anything of a render.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Self

from blendtpl.bundle.manifest import Entry
from blendtpl.runtime import render
from blendtpl.runtime.compiled_template import CompiledTemplate, Handle
from blendtpl.runtime.streams import AsyncStream, Stream, in_utf8, in_utf8_async
from blendtpl.runtime.traceback import Sources

Variables = Mapping[str, Any]


class Frozen:
    """A base whose instances cannot be changed once they are made."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: `{name}` cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: `{name}` cannot be deleted")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class Template(Frozen, Handle):
    """A template of a registry: renders, and says what it is made of. Get one by ``registry[name]``.

    It stays what it was when the registry is reloaded: it renders with the templates that it came with, and is to be
    got from the registry again by whoever wants the new ones. Pickled, it travels as its registry and its name, where
    its registry can; behind a reload, as the file and the digest that it was loaded from.
    """

    __slots__ = ("_entry", "_generation", "_sources", "name")

    name: str
    _entry: Entry
    _generation: Any  # all that was loaded with it
    _sources: Sources

    def __init__(self, name: str, compiled: CompiledTemplate, entry: Entry, sources: Sources, generation: Any) -> None:
        for slot, value in (
            ("name", name),
            ("_compiled", compiled),
            ("_entry", entry),
            ("_sources", sources),
            ("_generation", generation),
        ):
            object.__setattr__(self, slot, value)

    def __reduce__(self) -> tuple[Any, ...]:
        departing: tuple[Any, ...] = self._generation.registry._departing(self)
        return departing

    def __repr__(self) -> str:
        return f"<Template {self.name}>"

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that `render_block` takes by name: its own, then those of what it extends by a constant name."""
        return self._entry.blocks

    @property
    def references(self) -> tuple[str, ...]:
        """The names of the templates it extends, includes and imports by a constant name, each once, in order."""
        return tuple(dict.fromkeys(name for reference in self._entry.references for name in reference.names))

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that it, and all it refers to by a constant name, read from the context, in alphabetical order.

        Names that the templates set themselves and the environment's globals are not among them.
        """
        return self._entry.variables

    @property
    def source(self) -> str | None:
        """The source text, or `None` when the bundle was compiled without sources."""
        return self._sources.text(self.name)

    def render(self, /, *mappings: Variables, **variables: Any) -> str:
        """Return the rendered text. Later mappings go over earlier ones, keywords over all of them.

        Raises what the template raises, as Jinja2 does; an `UndefinedError` names template, line and variable,
        any other error has the place as a note.
        """
        return render.render(self._compiled, mappings, variables)

    def render_bytes(self, /, *mappings: Variables, **variables: Any) -> bytes:
        """Return the rendered text in UTF-8: what ``render(…).encode()`` is, in less time where it is not all ASCII.

        Raises what `render` raises, and `UnicodeEncodeError` for half of a surrogate pair, which has no UTF-8.
        """
        return render.render_bytes(self._compiled, mappings, variables)

    def render_block(self, block: str, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of one block rendered alone, as a fragment.

        The block sees the variables, and what the template and those it extends set, import or define as a macro
        at their top level; nothing else of them runs. Raises `BlockNotFound` when there is no such block.
        """
        return render.render_block(self._compiled, block, mappings, variables)

    def render_blocks(self, blocks: Iterable[str], /, *mappings: Variables, **variables: Any) -> str:
        """Return the texts of some blocks in the order of their names, one behind the other, as for swaps out of band.

        Each is what `render_block` returns; what they share of the top level is computed once. Raises `BlockNotFound`
        for a name that is none, and `TypeError` for one name in place of several.
        """
        return render.render_blocks(self._compiled, blocks, mappings, variables)

    async def render_async(self, /, *mappings: Variables, **variables: Any) -> str:
        """Return the rendered text, and await what the template waits for meanwhile, by Jinja2's rules.

        That is what is awaitable, and what is iterated asynchronously, in a bundle of an environment with
        `enable_async`; any other renders as `render` does. Raises what `render` raises. Cancelled, it leaves nothing.
        """
        return await render.render_async(self._compiled, mappings, variables)

    async def render_block_async(self, block: str, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of one block, as `render_block` does, and await what it waits for."""
        return await render.render_blocks_async(self._compiled, (block,), mappings, variables)

    async def render_blocks_async(self, blocks: Iterable[str], /, *mappings: Variables, **variables: Any) -> str:
        """Return the texts of some blocks, as `render_blocks` does, and await what they wait for."""
        return await render.render_blocks_async(self._compiled, blocks, mappings, variables)

    def stream_async(self, /, *mappings: Variables, **variables: Any) -> AsyncStream[str]:
        """Return an asynchronous iterator over the pieces of `stream`, which awaits what each of them waits for.

        Close it (`contextlib.aclosing`) where not all of it is taken.
        """
        return render.stream_async(self._compiled, mappings, variables)

    def stream(self, /, *mappings: Variables, **variables: Any) -> Stream[str]:
        """Return an iterator over the text in pieces of some kilobytes, of which one at a time is in memory.

        Nothing runs before the first piece is taken. From then on it raises what `render` raises, where it gets there.
        Joined, the pieces are what `render` returns. How large they are, its `size` says, which may be set; what is
        printed before a loop goes through what may take its time, and before ``{% flush %}``, does not wait for that.
        """
        return render.stream(self._compiled, mappings, variables)

    def stream_bytes(self, /, *mappings: Variables, **variables: Any) -> Stream[bytes]:
        """Return the pieces of `stream` in UTF-8; what has none is the `UnicodeEncodeError` of its piece."""
        return self.stream(*mappings, **variables).through(in_utf8)

    def stream_bytes_async(self, /, *mappings: Variables, **variables: Any) -> AsyncStream[bytes]:
        """Return the pieces of `stream_async` in UTF-8."""
        return self.stream_async(*mappings, **variables).through(in_utf8_async)

    def generate(self, /, *mappings: Variables, **variables: Any) -> Stream[str]:
        """Return what `stream` does, under the name that Jinja2 has for it, for frameworks that ask by that."""
        return self.stream(*mappings, **variables)

    def generate_async(self, /, *mappings: Variables, **variables: Any) -> AsyncStream[str]:
        """Return what `stream_async` does, under the name that Jinja2 has for it."""
        return self.stream_async(*mappings, **variables)
