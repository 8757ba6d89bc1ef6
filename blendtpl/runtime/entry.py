"""Entry: how a template of a closed set renders without a context.

Enters: an entry plan, which is made when a bundle is loaded, and the variables of a render. Leaves: text.
`enter_template` is there in C as well.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from blendtpl.bundle.abi import CONTEXT, TUPLE_FREELIST_LIMIT
from blendtpl.runtime.frame import Frame, empty
from blendtpl.runtime.output import NEVER, Output


class EntryPlan(NamedTuple):
    """What a compiled template is called with; the order is known in C.

    `write` takes a frame with these `blocks`, or, when they are `None`, the values of `names` and a frame. `defaults`
    are what each of these names is when it is not given. `join` makes the text of the output, or `None` does, for
    pieces that stand one behind the other. `text`: whether `write` returns the text, rather than write to a list;
    `alone`: whether it needs no frame for that, only the values. `may_form_cycle`: whether a frame may come to hold
    itself. `constant_slots` are the slots that hold something from the start, each with what it holds. `read` gives the
    values of the names of a dict that has them all, in their order. `direct`: whether all names are likely to be given,
    so that their values are looked for there first.
    """

    write: Any
    blocks: Sequence[Any] | None
    names: tuple[str, ...]
    defaults: dict[str, Any]
    join: Callable[[Output], str] | None
    text: bool
    alone: bool
    may_form_cycle: bool
    constant_slots: tuple[tuple[int, Any], ...]
    read: Callable[[dict[str, Any]], tuple[Any, ...]]
    direct: bool


def getter(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Return a function that gives the values of some names, all of which a dict must have; maybe one more."""
    if len(names) == TUPLE_FREELIST_LIMIT:
        # tuples of this length would be kept by CPython (`TUPLE_FREELIST_LIMIT`); nobody looks at one value more
        names = (*names, names[0])
    if len(names) > 1:
        return itemgetter(*names)
    if not names:
        return lambda values: ()
    (name,) = names
    return lambda values: (values[name],)


def enter_template(plan: EntryPlan, compiled: Any, given: dict[str, Any], as_bytes: bool = False) -> str:
    """Return the text of a template for variables, which are not changed (L1).

    In C it is UTF-8 when `as_bytes` asks for that, but for a text that has none, with half of a surrogate pair in it.
    """
    if not plan.direct:
        given = {**plan.defaults, **given}
    elif not plan.alone:
        # the frame keeps it, to make a context of when somebody asks for one: by then the caller may have changed
        # theirs
        given = given.copy()
    try:
        values = plan.read(given)
    except KeyError:  # not all of them are given
        given = {**plan.defaults, **given}
        values = plan.read(given)
    if plan.alone:
        return plan.write(*values)  # type: ignore[no-any-return]
    frame = [None, compiled, given] if plan.blocks is None else [None, compiled, given, plan.blocks, *values]
    for slot, value in plan.constant_slots:
        frame[slot] = value
    try:
        if plan.text:
            return plan.write(*values, frame) if plan.blocks is None else plan.write(frame)  # type: ignore[no-any-return]
        out: Output = []
        steps = plan.write(*values, frame, out, NEVER) if plan.blocks is None else plan.write(frame, out, NEVER)
        if steps:
            for _ in steps:
                pass
        return "".join(out) if plan.join is None else plan.join(out)
    finally:
        if plan.may_form_cycle or frame[CONTEXT] is not None:
            try:
                finish(frame)
            except BaseException:
                finish(frame)
                raise


def finish(frame: Frame) -> None:
    """Let nothing of a render wait for the collector. What a handler of signals raises may come in the midst of it, or
    before it has begun: so whoever calls it does so once more, should anything be raised (R5).
    """
    context = frame[CONTEXT]
    if context is not None:
        context.render.finish()
    empty(frame)
