"""Rendering: what a call of `render`, `render_block` or `stream` does.

Enters: a compiled template and variables. Leaves: text. A template of a closed set that finds what it reads in a frame
is given one; any other is given a context. Errors are told where they arose.

A render has one way to begin, `begin`, and one to end, `finish`; `enter_template` is the two in one call, for the
templates and the calls that are most, and is there in C. Whoever begins one finishes it in a `finally` of its own, as
no context manager can do that for it: an interrupt may come before the first instruction of `__exit__`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import aclosing, closing
from functools import partial
from typing import Any, overload

from jinja2.environment import TemplateModule
from jinja2.runtime import Macro
from jinja2.utils import missing

from blendtpl.bundle.abi import CONTEXT, SLOTS
from blendtpl.errors import BlockNotFound, ReturnedError
from blendtpl.runtime.arguments import merged
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.context import Render
from blendtpl.runtime.entry import EntryPlan, finish
from blendtpl.runtime.frame import Frame, names_set
from blendtpl.runtime.output import NEVER, Output, Steps, drain, writing
from blendtpl.runtime.runner import NOTHING
from blendtpl.runtime.speedups import enter_template, utf8
from blendtpl.runtime.streams import AsyncStream, Stream, may_wait
from blendtpl.runtime.traceback import locate_error

Mappings = tuple[Mapping[str, Any], ...]
Begin = Callable[[CompiledTemplate, Frame, dict[str, Any], Output, int | None], Steps]


@overload
def render(compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any]) -> str: ...
@overload
def render(
    compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any], as_bytes: bool
) -> str | bytes: ...
def render(
    compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any], as_bytes: bool = False
) -> str | bytes:
    """Return the text of a template for the mappings in order, then the variables; for `as_bytes` maybe as UTF-8."""
    if compiled.runner is None:
        return _render(compiled, mappings, variables, as_bytes)
    return compiled.runner.complete((mappings, variables), _render, compiled, mappings, variables, as_bytes)  # type: ignore[no-any-return]


def _render(
    compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any], as_bytes: bool = False
) -> str | bytes:
    plan = compiled.plan
    if plan is None:
        return _texts((begin,), compiled, merged({}, compiled.name, mappings, variables))[0]
    if len(mappings) == 1 and not variables and type(mappings[0]) is dict:
        given = mappings[0]
    elif not mappings:
        given = variables  # a dict that nobody else has, or that all who have it leave as it is
    else:
        given = merged({}, compiled.name, mappings, variables)
    try:
        return enter_template(plan, compiled, given, as_bytes)
    except Exception as error:
        other = locate_error(error, compiled, given)
        if other is not None:
            raise other  # noqa: B904  # it knows what it comes from
        raise


def render_bytes(compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any]) -> bytes:
    """Return the text of a template in UTF-8."""
    text = render(compiled, mappings, variables, True)
    # a text that has no UTF-8 is one still, and its error is none of the render's, as that of ``render(…).encode()``
    return text if type(text) is bytes else utf8(text)  # type: ignore[arg-type]


def render_in_scope(compiled: CompiledTemplate, given: dict[str, Any], out: Output, assigned: dict[str, Any]) -> str:
    """Return the text of a template; `out` is empty, and holds what was printed when it ends by an error.

    What the top level sets, but for macros and imports, is put into `assigned`, however it ends.
    """
    if compiled.runner is None:
        return _render_in_scope(compiled, given, out, assigned)
    # variables of a caller's code are not meant for templates, and say no language
    return compiled.runner.complete(NOTHING, _render_in_scope, compiled, given, out, assigned)  # type: ignore[no-any-return]


def _render_in_scope(compiled: CompiledTemplate, given: dict[str, Any], out: Output, assigned: dict[str, Any]) -> str:
    plan = compiled.plan
    frame: Frame = [None]
    try:
        # what makes one text has printed nothing when it fails, so there is nothing to hold in `out`
        if plan is not None and plan.text and plan.blocks is None:
            frame += [compiled, given, None]
            return plan.write(*plan.read(given), frame)  # type: ignore[no-any-return]
        drain(begin(compiled, frame, given, out, NEVER))
        return compiled.environment.concat(out)
    except ReturnedError:
        raise  # no error to whoever includes
    except Exception as error:
        other = locate_error(error, compiled, given if plan is None else _given_names(plan, given))
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        if compiled.stores or plan is None:
            _put_assigned(compiled, frame, given, assigned)
        if frame[CONTEXT] is not None or (plan is not None and plan.may_form_cycle):
            try:
                finish(frame)
            except BaseException:
                finish(frame)
                raise


def _put_assigned(compiled: CompiledTemplate, frame: Frame, given: dict[str, Any], assigned: dict[str, Any]) -> None:
    """Note what a top level has set. A macro, or a module, is of no use behind its render."""
    values: Iterable[tuple[str, Any]] = ()
    if compiled.plan is None:
        set_here = frame[CONTEXT].vars if frame[CONTEXT] is not None else {}
        values = ((name, value) for name, value in set_here.items() if given.get(name, missing) is not value)
    elif len(frame) > SLOTS:
        values = ((name, value) for name, value, _ in names_set(frame, partial(_got, given), compiled.stores))
    assigned.update((name, value) for name, value in values if not isinstance(value, (Macro, TemplateModule)))


def _got(given: dict[str, Any], name: str) -> Any:
    return given.get(name, missing)


def _texts(beginnings: Iterable[Begin], compiled: CompiledTemplate, given: dict[str, Any]) -> list[str]:
    """Return all the text of each that begins so, one after the other in one render."""
    frame: Frame = [None]
    texts: list[str] = []
    try:
        for begin in beginnings:
            out: Output = []
            drain(begin(compiled, frame, given, out, NEVER))
            texts.append(compiled.environment.concat(out))
        return texts
    except Exception as error:
        other = locate_error(error, compiled, given)
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            finish(frame)
        except BaseException:
            finish(frame)
            raise


def _given_names(plan: EntryPlan, variables: dict[str, Any]) -> Iterable[str]:
    """Yield the names that were given, beside those that are there by default."""
    defaults = plan.defaults
    values = ((name, value) for name, value in list(variables.items()) if type(name) is str)
    return (name for name, value in values if name not in defaults or value is not defaults[name])


def render_block(compiled: CompiledTemplate, block: str, mappings: Mappings, variables: dict[str, Any]) -> str:
    """Return the text of one block alone, as the innermost template of the chain defines it.

    Of the rest of the chain only top-level `set`, `import`, `macro` and `extends` run, whose names blocks see.
    """
    return block_texts(compiled, (block,), mappings, variables)[0]


def render_blocks(
    compiled: CompiledTemplate, blocks: Iterable[str], mappings: Mappings, variables: dict[str, Any]
) -> str:
    """Return the texts of some blocks in the order of their names, one behind the other."""
    if isinstance(blocks, str):
        raise TypeError(f"blocks are a list of names: write `render_blocks([{blocks!r}])`")
    return "".join(block_texts(compiled, blocks, mappings, variables))


def block_texts(
    compiled: CompiledTemplate, blocks: Iterable[str], mappings: Mappings, variables: dict[str, Any]
) -> list[str]:
    """Return the texts of some blocks, each as `render_block` does it; what they share is computed once."""
    beginnings = [partial(begin_block, block) for block in blocks]
    given = merged({}, compiled.name, mappings, variables)
    if compiled.runner is None:
        return _texts(beginnings, compiled, given)
    return compiled.runner.complete(((), given), _texts, beginnings, compiled, given)  # type: ignore[no-any-return]


def stream(compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any]) -> Stream[str]:
    """Return the text in pieces of some kilobytes; not much more than one of them is held (O3)."""
    pieces = partial(_stream, compiled, mappings, variables)
    if compiled.runner is None:
        return Stream(pieces)
    complete = compiled.runner.complete_each((mappings, variables))
    # where it awaits, there is one loop for all that it waits for, so all of it is there before the first
    return Stream(lambda size: complete(pieces(size)))


def render_async(compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any]) -> Awaitable[str]:
    """Return what gives what `render` does, and awaits what the template waits for."""
    if compiled.runner is None:
        return _at_once(_render, compiled, mappings, variables)
    return compiled.runner.run((mappings, variables), _render, compiled, mappings, variables)


def render_blocks_async(
    compiled: CompiledTemplate, blocks: Iterable[str], mappings: Mappings, variables: dict[str, Any]
) -> Awaitable[str]:
    """Return what gives what `render_blocks` does, and awaits what the blocks wait for."""
    if compiled.runner is None:
        return _at_once(render_blocks, compiled, blocks, mappings, variables)
    return compiled.runner.run((mappings, variables), render_blocks, compiled, blocks, mappings, variables)


async def _at_once(function: Callable[..., Any], /, *arguments: Any) -> Any:
    return function(*arguments)


def stream_async(compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any]) -> AsyncStream[str]:
    """Return what `stream` does, and await what each piece waits for."""
    return AsyncStream(partial(_stream_async, compiled, mappings, variables))


async def _stream_async(
    compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any], size: int
) -> AsyncGenerator[str, None]:
    pieces = _stream(compiled, mappings, variables, size)
    if compiled.runner is None:
        with closing(pieces):
            for piece in pieces:
                yield piece
        return
    async with aclosing(compiled.runner.run_each((mappings, variables))(pieces)) as awaited:
        async for piece in awaited:
            yield piece


def _stream(
    compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any], wanted: int
) -> Generator[str, None, None]:
    plan = compiled.plan
    given = merged({} if plan is None else plan.defaults.copy(), compiled.name, mappings, variables)
    frame: Frame = [None]
    out: Output = []
    held: list[str] = []
    size = 0
    try:
        for step in begin(compiled, frame, given, out, 0):
            # mostly a step is one round of a loop, far less than is worth a piece of its own
            held.append("".join(out))
            size += len(held[-1])
            out.clear()
            if size >= wanted or (size and may_wait(step)):
                yield "".join(held)
                held.clear()
                size = 0
        rest = "".join((*held, *out))
        if rest:
            yield rest
    except Exception as error:
        other = locate_error(error, compiled, given if plan is None else _given_names(plan, given))
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            finish(frame)
        except BaseException:
            finish(frame)
            raise


def begin(compiled: CompiledTemplate, frame: Frame, given: dict[str, Any], out: Output, limit: int | None) -> Steps:
    """Begin to write a template, and fill its frame in, which whoever called this has to `finish`.

    The frame is the caller's, so that it can be finished even when this is interrupted.
    """
    plan = compiled.plan
    if plan is None:
        return compiled.root(_context(compiled, frame, given), out, limit)
    frame += [compiled, given, plan.blocks]
    values = plan.read(given)
    write = writing(plan.write) if plan.text else plan.write
    if plan.blocks is None:
        return write(*values, frame, out, limit)  # type: ignore[no-any-return]
    frame += values
    for slot, value in plan.constant_slots:
        frame[slot] = value
    return write(frame, out, limit)  # type: ignore[no-any-return]


def begin_block(
    block: str, compiled: CompiledTemplate, frame: Frame, given: dict[str, Any], out: Output, limit: int | None
) -> Steps:
    """Begin to write one block, as `begin` does a template. It may be any other template's of the chain, which is why
    all of that is asked for it, and a context is needed even where the template has a plan.
    """
    context = frame[CONTEXT]
    if context is None:  # the first of some blocks
        context = _context(compiled, frame, given)
        if compiled.preamble is not None:
            drain(compiled.preamble(context, None, NEVER))
    if block not in context.blocks:
        raise BlockNotFound(compiled.name or "<template>", block, context.blocks)
    write: Any = context.blocks[block][0]
    return write(context, out, limit)  # type: ignore[no-any-return]


def _context(compiled: CompiledTemplate, frame: Frame, given: dict[str, Any]) -> Any:
    """Return the context of a render that begins, which its frame has from now on."""
    context: Any = compiled.new_context(given)
    context.render = Render()  # before the frame has it: what is in a frame can be finished
    frame[CONTEXT] = context
    return context
