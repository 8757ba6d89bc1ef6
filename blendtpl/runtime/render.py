"""Rendering: what a call of `render`, `render_block` or `stream` does.

Enters: a compiled template and variables. Leaves: text. A template of a closed set that finds what it reads in a frame
is given one; any other is given a context. Errors are told where they arose.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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
from blendtpl.runtime.speedups import enter_template
from blendtpl.runtime.traceback import told

Mappings = tuple[Mapping[str, Any], ...]

_CHUNK = 8192  # characters that a streamed piece has at least, but for the last


def render(compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any]) -> str:
    """Return the text of a template for the mappings in order, then the variables."""
    plan = compiled.plan
    if plan is None:
        return _rendered(compiled, merged({}, compiled.name, mappings, variables))
    if len(mappings) == 1 and not variables and type(mappings[0]) is dict:
        given = mappings[0]
    else:
        given = merged({}, compiled.name, mappings, variables)
    try:
        return enter_template(plan, compiled, given)
    except Exception as error:
        other = told(error, compiled, given)
        if other is not None:
            raise other  # noqa: B904  # it knows what it comes from
        raise


def render_in_scope(compiled: CompiledTemplate, given: dict[str, Any], out: Output, assigned: dict[str, Any]) -> str:
    """Return the text of a template; `out` is empty, and holds what was printed when it ends by an error.

    What the top level sets, but for macros and imports, is put into `assigned`, however it ends.
    """
    plan = compiled.plan
    frame: Frame = [None]
    try:
        if plan is not None and plan.text and plan.blocks is None:
            frame += [compiled, given, None]
            return plan.write(*plan.read(given), frame)  # type: ignore[no-any-return]
        drain(_begun(compiled, frame, given, out, NEVER))
        return compiled.environment.concat(out)
    except ReturnedError:
        raise  # no error to whoever includes
    except Exception as error:
        other = told(error, compiled, given if plan is None else _given(plan, given))
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
    found: Iterable[tuple[str, Any]] = ()
    if compiled.plan is None:
        set_here = frame[CONTEXT].vars if frame[CONTEXT] is not None else {}
        found = ((name, value) for name, value in set_here.items() if given.get(name, missing) is not value)
    elif len(frame) > SLOTS:
        found = ((name, value) for name, value, _ in names_set(frame, given, compiled.stores))
    assigned.update((name, value) for name, value in found if not isinstance(value, (Macro, TemplateModule)))


def _rendered(compiled: CompiledTemplate, given: dict[str, Any]) -> str:
    """Return the text of a template that needs a context."""
    frame: Frame = [None]
    out: Output = []
    try:
        drain(_begun(compiled, frame, given, out, NEVER))
        return compiled.environment.concat(out)
    except Exception as error:
        other = told(error, compiled, given)
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            finish(frame)
        except BaseException:
            finish(frame)
            raise


def _given(plan: EntryPlan, variables: dict[str, Any]) -> Iterable[str]:
    """Yield the names that were given, beside those that are there by default."""
    defaults = plan.defaults
    found = ((name, value) for name, value in list(variables.items()) if type(name) is str)
    return (name for name, value in found if name not in defaults or value is not defaults[name])


def render_block(compiled: CompiledTemplate, block: str, mappings: Mappings, variables: dict[str, Any]) -> str:
    """Return the text of one block alone, as the innermost template of the chain defines it.

    Of the rest of the chain only top-level `set`, `import`, `macro` and `extends` run, whose names blocks see.
    """
    (text,) = render_blocks(compiled, (block,), mappings, variables)
    return text


def render_blocks(
    compiled: CompiledTemplate, blocks: Iterable[str], mappings: Mappings, variables: dict[str, Any]
) -> list[str]:
    """Return the texts of some blocks, each as `render_block` does it; what they share is computed once."""
    given = merged({}, compiled.name, mappings, variables)
    context = compiled.new_context(given)
    context.render = frame = Render()  # type: ignore[attr-defined]
    texts: list[str] = []
    try:
        if compiled.preamble is not None:
            drain(compiled.preamble(context, None, NEVER))
        for block in blocks:
            if block not in context.blocks:
                raise BlockNotFound(compiled.name or "<template>", block, context.blocks)
            out: Output = []
            write: Any = context.blocks[block][0]
            drain(write(context, out, NEVER))
            texts.append(compiled.environment.concat(out))
        return texts
    except Exception as error:
        other = told(error, compiled, given)
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            frame.finish()
        except BaseException:
            frame.finish()
            raise


def stream(compiled: CompiledTemplate, mappings: Mappings, variables: dict[str, Any]) -> Iterator[str]:
    """Yield the text in pieces of some kilobytes; not much more than one of them is held (O3)."""
    plan = compiled.plan
    given = merged({} if plan is None else plan.defaults.copy(), compiled.name, mappings, variables)
    frame: Frame = [None]
    out: Output = []
    held: list[str] = []
    size = 0
    try:
        for _ in _begun(compiled, frame, given, out, 0):
            held.append("".join(out))
            size += len(held[-1])
            out.clear()
            if size >= _CHUNK:
                yield "".join(held)
                held.clear()
                size = 0
        rest = "".join((*held, *out))
        if rest:
            yield rest
    except Exception as error:
        other = told(error, compiled, given if plan is None else _given(plan, given))
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            finish(frame)
        except BaseException:
            finish(frame)
            raise


def _begun(compiled: CompiledTemplate, frame: Frame, given: dict[str, Any], out: Output, limit: int | None) -> Steps:
    """Begin to write, and fill the frame in."""
    plan = compiled.plan
    if plan is None:
        frame[CONTEXT] = context = compiled.new_context(given)
        context.render = Render()  # type: ignore[attr-defined]
        return compiled.root(context, out, limit)
    frame += [compiled, given, plan.blocks]
    values = plan.read(given)
    write = writing(plan.write) if plan.text else plan.write
    if plan.blocks is None:
        return write(*values, frame, out, limit)  # type: ignore[no-any-return]
    frame += values
    for slot, value in plan.constant_slots:
        frame[slot] = value
    return write(frame, out, limit)  # type: ignore[no-any-return]
