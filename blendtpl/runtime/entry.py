"""Starting: how a template of a closed set renders without a context.

Enters: a start, which is made when a bundle is loaded, and the variables of a render. Leaves: text. `started` is there
in C as well.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from blendtpl.bundle.abi import TUPLE_FREELIST_LIMIT
from blendtpl.runtime.frame import MADE, Scope, empty
from blendtpl.runtime.output import NEVER, Output


class Start(NamedTuple):
    """What a unit is called with; the order is known in C.

    `write` takes a scope with these `blocks`, or, when they are `None`, the values of `names` and a scope. `defaults`
    are what each of these names is when it is not given. `join` makes the text of the output. `text`: whether `write`
    returns the text, rather than write to a list; `alone`: whether it needs no scope for that, only the values.
    `keeps`: whether a scope may come to hold itself. `presets` are the slots that hold something from the start, each
    with what it holds. `read` gives the values of the names of a dict that has them all, in their order. `direct`:
    whether all names are likely to be given, so that their values are looked for there first.
    """

    write: Any
    blocks: Sequence[Any] | None
    names: tuple[str, ...]
    defaults: dict[str, Any]
    join: Callable[[Output], str]
    text: bool
    alone: bool
    keeps: bool
    presets: tuple[tuple[int, Any], ...]
    read: Callable[[dict[str, Any]], tuple[Any, ...]]
    direct: bool


def picker(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Return a function that gives the values of some names, all of which a dict must have; maybe one more."""
    if len(names) == TUPLE_FREELIST_LIMIT:
        names = (*names, names[0])
    if len(names) > 1:
        return itemgetter(*names)
    if not names:
        return lambda values: ()
    (name,) = names
    return lambda values: (values[name],)


def started(start: Start, unit: Any, given: dict[str, Any]) -> str:
    """Return the text of a template for variables, which are not changed."""
    if not start.direct:
        given = {**start.defaults, **given}
    elif not start.alone:
        given = given.copy()
    try:
        values = start.read(given)
    except KeyError:  # not all of them are given
        given = {**start.defaults, **given}
        values = start.read(given)
    if start.alone:
        return start.write(*values)  # type: ignore[no-any-return]
    scope = [None, unit, given] if start.blocks is None else [None, unit, given, start.blocks, *values]
    for slot, value in start.presets:
        scope[slot] = value
    try:
        if start.text:
            return start.write(*values, scope) if start.blocks is None else start.write(scope)  # type: ignore[no-any-return]
        out: Output = []
        steps = start.write(*values, scope, out, NEVER) if start.blocks is None else start.write(scope, out, NEVER)
        if steps:
            for _ in steps:
                pass
        return start.join(out)
    finally:
        if start.keeps or scope[MADE] is not None:
            try:
                finish(scope)
            except BaseException:
                finish(scope)
                raise


def finish(scope: Scope) -> None:
    """Let nothing of a render wait for the collector. What a handler of signals raises may come in the midst of it, or
    before it has begun: so whoever calls it does so once more, should anything be raised.
    """
    context = scope[MADE]
    if context is not None:
        context.render.finish()
    empty(scope)
