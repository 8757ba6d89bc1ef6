"""Rendering: what a call of `render`, `render_block` or `stream` does.

Enters: a unit and variables. Leaves: text. A template of a closed set that finds what it reads in a scope is given one;
any other is given a context. Errors are told where they arose.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2.environment import TemplateModule
from jinja2.runtime import Macro
from jinja2.utils import missing

from blendtpl.errors import BlockNotFound, ReturnedError
from blendtpl.runtime.arguments import merged
from blendtpl.runtime.compiled_template import Unit
from blendtpl.runtime.context import Render
from blendtpl.runtime.entry import Start, finish
from blendtpl.runtime.frame import MADE, SLOTS, Scope, names_set
from blendtpl.runtime.output import NEVER, Output, Steps, drain, writing
from blendtpl.runtime.speedups import started
from blendtpl.runtime.traceback import told

Mappings = tuple[Mapping[str, Any], ...]

_CHUNK = 8192  # characters that a streamed piece has at least, but for the last


def render(unit: Unit, mappings: Mappings, variables: dict[str, Any]) -> str:
    """Return the text of a template for the mappings in order, then the variables."""
    start = unit.start
    if start is None:
        return _rendered(unit, merged({}, unit.name, mappings, variables))
    if len(mappings) == 1 and not variables and type(mappings[0]) is dict:
        given = mappings[0]
    else:
        given = merged({}, unit.name, mappings, variables)
    try:
        return started(start, unit, given)
    except Exception as error:
        other = told(error, unit, given)
        if other is not None:
            raise other  # noqa: B904  # it knows what it comes from
        raise


def render_in_scope(unit: Unit, given: dict[str, Any], out: Output, assigned: dict[str, Any]) -> str:
    """Return the text of a template; `out` is empty, and holds what was printed when it ends by an error.

    What the top level sets, but for macros and imports, is put into `assigned`, however it ends.
    """
    start = unit.start
    scope: Scope = [None]
    try:
        if start is not None and start.text and start.blocks is None:
            scope += [unit, given, None]
            return start.write(*start.read(given), scope)  # type: ignore[no-any-return]
        drain(_begun(unit, scope, given, out, NEVER))
        return unit.environment.concat(out)
    except ReturnedError:
        raise  # no error to whoever includes
    except Exception as error:
        other = told(error, unit, given if start is None else _given(start, given))
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        if unit.stores or start is None:
            _put_assigned(unit, scope, given, assigned)
        if scope[MADE] is not None or (start is not None and start.keeps):
            try:
                finish(scope)
            except BaseException:
                finish(scope)
                raise


def _put_assigned(unit: Unit, scope: Scope, given: dict[str, Any], assigned: dict[str, Any]) -> None:
    """Note what a top level has set. A macro, or a module, is of no use behind its render."""
    found: Iterable[tuple[str, Any]] = ()
    if unit.start is None:
        set_here = scope[MADE].vars if scope[MADE] is not None else {}
        found = ((name, value) for name, value in set_here.items() if given.get(name, missing) is not value)
    elif len(scope) > SLOTS:
        found = ((name, value) for name, value, _ in names_set(scope, given, unit.stores))
    assigned.update((name, value) for name, value in found if not isinstance(value, (Macro, TemplateModule)))


def _rendered(unit: Unit, given: dict[str, Any]) -> str:
    """Return the text of a template that needs a context."""
    scope: Scope = [None]
    out: Output = []
    try:
        drain(_begun(unit, scope, given, out, NEVER))
        return unit.environment.concat(out)
    except Exception as error:
        other = told(error, unit, given)
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            finish(scope)
        except BaseException:
            finish(scope)
            raise


def _given(start: Start, variables: dict[str, Any]) -> Iterable[str]:
    """Yield the names that were given, beside those that are there by default."""
    defaults = start.defaults
    found = ((name, value) for name, value in list(variables.items()) if type(name) is str)
    return (name for name, value in found if name not in defaults or value is not defaults[name])


def render_block(unit: Unit, block: str, mappings: Mappings, variables: dict[str, Any]) -> str:
    """Return the text of one block alone, as the innermost template of the chain defines it.

    Of the rest of the chain only top-level `set`, `import`, `macro` and `extends` run, whose names blocks see.
    """
    given = merged({}, unit.name, mappings, variables)
    context = unit.new_context(given)
    context.render = scope = Render()  # type: ignore[attr-defined]
    out: Output = []
    try:
        if unit.preamble is not None:
            drain(unit.preamble(context, None, NEVER))
        if block not in context.blocks:
            raise BlockNotFound(unit.name or "<template>", block, context.blocks)
        write: Any = context.blocks[block][0]
        drain(write(context, out, NEVER))
        return unit.environment.concat(out)
    except Exception as error:
        other = told(error, unit, given)
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            scope.finish()
        except BaseException:
            scope.finish()
            raise


def stream(unit: Unit, mappings: Mappings, variables: dict[str, Any]) -> Iterator[str]:
    """Yield the text in pieces of some kilobytes; not much more than one of them is held."""
    start = unit.start
    given = merged({} if start is None else start.defaults.copy(), unit.name, mappings, variables)
    scope: Scope = [None]
    out: Output = []
    held: list[str] = []
    size = 0
    try:
        for _ in _begun(unit, scope, given, out, 0):
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
        other = told(error, unit, given if start is None else _given(start, given))
        if other is not None:
            raise other  # noqa: B904
        raise
    finally:
        try:
            finish(scope)
        except BaseException:
            finish(scope)
            raise


def _begun(unit: Unit, scope: Scope, given: dict[str, Any], out: Output, limit: int | None) -> Steps:
    """Begin to write, and fill the scope in."""
    start = unit.start
    if start is None:
        scope[MADE] = context = unit.new_context(given)
        context.render = Render()  # type: ignore[attr-defined]
        return unit.root(context, out, limit)
    scope += [unit, given, start.blocks]
    values = start.read(given)
    write = writing(start.write) if start.text else start.write
    if start.blocks is None:
        return write(*values, scope, out, limit)  # type: ignore[no-any-return]
    scope += values
    for slot, value in start.presets:
        scope[slot] = value
    return write(scope, out, limit)  # type: ignore[no-any-return]
