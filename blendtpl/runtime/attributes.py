"""Attributes: what a template finds under the name of an attribute.

Enters: a value, the attribute, and the class of what is undefined. Leaves: what `jinja2.Environment.getattr` gives for
it, or its text. `blendtpl.runtime._speedups` has some of these in C, which go on here with what is not found.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jinja2.runtime import markup_join, str_join
from jinja2.utils import missing

from blendtpl.bundle.row_ops import Opcode, Operand, RowOp, RowOps
from blendtpl.runtime.causes import named, named_here
from blendtpl.runtime.exceptions import is_a, shortened, trace_of
from blendtpl.runtime.lookahead import Lookahead
from blendtpl.runtime.output import escape_any, escape_str

NO_ITEM = (TypeError, LookupError, AttributeError)  # what says to Jinja2 that there is none (L6)


def field(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
    """Return ``value.attr`` as `attribute` does, for a name that is no method of a dict (L4)."""
    if type(value) is dict:
        try:
            return value[attr]
        except NO_ITEM:
            return no_key(undefined, value, attr)
    return attribute(undefined, value, attr, called)


def escaped_field(undefined: Any, value: Any, attr: str, called: str = "") -> str:
    """Return the text of what `field` returns, where output is escaped; calling that would take a third more."""
    if type(value) is dict:
        try:
            result = value[attr]
        except NO_ITEM:
            result = no_key(undefined, value, attr)
    else:
        result = attribute(undefined, value, attr, called)
    return escape_str(result) if type(result) is str else escape_any(result)


def text_field(undefined: Any, value: Any, attr: str, called: str = "") -> str:
    """Return the text of what `field` returns (E5)."""
    return str(field(undefined, value, attr, called))


_PLAIN = frozenset((list, tuple, dict, type({}.items()), type({}.keys()), type({}.values())))


def rows(
    out: list[str], spec: RowOps, undefined: Any, items: Any, escaped: bool, pairs: bool, *inputs: Any
) -> bool | list[Any]:
    """Write a row of text for each of `items`, unless that is of no plain type; return whether it is.

    The parts of a row are texts; ``()``, the number of the item, from 1; *holes*; texts that are chosen; and what is
    done. A hole is ``(n,)``, the nth of the values, or ``(n, name)``, an attribute of that. The values are the item,
    or, where items are pairs, both of what it is made of, and then what is given. ``(-1, place, a, b)`` is `a` for the
    last item and else `b`, ``(-2, a, b)`` is that for the first item, ``(-4, hole, a, b)`` when the hole is true,
    ``(-5, hole, hole, a, b)`` when two are equal, and ``(-3, a, b, …)`` are in turn: each of these is a text, or a
    tuple of parts. ``(-6, n, hole)`` sets a value to another, ``(-7, n, hole, …)`` to what `~` makes of some.
    ``(-8, place, hole, n, pairs, parts)`` is a loop over any items, each of which, or both parts of each, are the
    values from `n` on.

    A hole may have a third item, and that of a value ``None`` for its second: the number of the place where it stands,
    and all behind it up to the next that says so, from 1. What asks for the last item has that, or ``None``. An error
    from there is not raised: what is returned is ``[place, error]``.
    """
    if type(items) not in _PLAIN:
        return False
    writer = _Rows(undefined, escaped, [*((None, None) if pairs else (None,)), *inputs])
    try:
        writer.loop(items, 0, pairs, spec, 0, out.append)
    except BaseException as error:
        if writer.place:
            return [writer.place, error]
        raise
    return True


def pause() -> None:
    """Do nothing: when this is called, whatever waits for Python code to run has its turn, such as other threads, the
    handlers of signals, and what another thread wants to be raised here (R4).
    """


def pair(item: Any) -> tuple[Any, Any]:
    """Return what is assigned to two names at once (P8)."""
    first, second = item
    return first, second


@dataclass(slots=True)
class _Rows:
    """Rows that are written: their values, at which place that is, and the loop at hand with the number of its item."""

    undefined: Any
    escaped: bool
    values: list[Any]
    place: int = 0
    items: Any = None
    number: int = 0

    def loop(
        self, items: Any, first: int, pairs: bool, parts: RowOps, place: int, write: Callable[[str], object]
    ) -> None:
        """Write the text of parts for each item."""
        outer = self.items, self.number
        self.number, self.place = 0, place
        self.items = Lookahead(items)
        for item in self.items:
            self.number += 1
            if pairs:
                self.values[first], self.values[first + 1] = pair(item)
            else:
                self.values[first] = item
            write(self.text(parts))
            self.place = place
        self.items, self.number = outer

    def text(self, parts: RowOps) -> str:
        """Return the text of parts."""
        return parts if type(parts) is str else "".join([self._of(part) for part in parts])

    def _of(self, part: RowOp) -> str:
        match part:
            case str():
                return part
            case ():
                return str(self.number)
            case [Opcode.TURN, *choices]:
                return self.text(choices[(self.number - 1) % len(choices)])
            case [Opcode.LAST, place, first, second]:
                self.place = self.place if place is None else place
                return self.text(first if self.items.last else second)
            case [Opcode.FIRST, first, second]:
                return self.text(first if self.number == 1 else second)
            case [Opcode.TRUE, hole, first, second]:
                return self.text(first if self._value(hole) else second)
            case [Opcode.EQUAL, hole, other, first, second]:
                return self.text(first if self._value(hole) == self._value(other) else second)
            case [Opcode.SET, number, hole]:
                self.values[number] = self._value(hole)
            case [Opcode.CONCAT, number, *holes]:
                values = [self._value(hole) for hole in holes]
                self.values[number] = (markup_join if self.escaped else str_join)(values)
            case [Opcode.LOOP, place, hole, number, pairs, parts]:
                texts: list[str] = []
                self.loop(self._value(hole), number, pairs, parts, place, texts.append)
                return "".join(texts)
            case _:
                return escape_any(self._value(part)) if self.escaped else str(self._value(part))
        return ""

    def _value(self, hole: Operand) -> Any:
        number, attr, place = (*hole, None, None)[:3]
        if place is not None:
            self.place = place
        value = self.values[number]
        return value if attr is None else field(self.undefined, value, attr)


def attribute(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
    """Return ``value.attr`` as `jinja2.Environment.getattr` does (L3).

    Where the value is `missing`, it is that of the name `called`, which is undefined (L2).
    """
    try:
        return getattr(value, attr)
    except AttributeError as error:
        name = named_here(attr, value, error)
    return _item_or_undefined(undefined, value, attr, name, called)


def not_found(undefined: Any, value: Any, attr: str, called: str = "", error: BaseException | None = None) -> Any:
    """Return what `attribute` does where there is no attribute of that name, for the error that says so, if that came
    from inside.
    """
    name = attr if error is None else named(attr, value, error, trace_of(error))
    del error  # lest it, and this function, wait for each other
    return _item_or_undefined(undefined, value, attr, name, called)


def _item_or_undefined(undefined: Any, value: Any, attr: str, name: str, called: str = "") -> Any:
    """Return ``value[attr]`` where there is no attribute of that name; `name` is that of what is undefined."""
    if value is missing:
        return attribute(undefined, undefined(name=called), attr)
    try:
        return value[attr]
    except NO_ITEM as error:
        if name is attr:
            name = named_here(attr, value, error)
        return undefined(obj=value, name=name)


def no_key(undefined: Any, value: Any, attr: str) -> Any:
    """Return what stands for an item that a dict does not have (L4, L9)."""
    return undefined(obj=value, name=attr)


def absent(undefined: Any, value: Any, attr: str, is_no_dict: bool) -> Any:
    """Return ``value[attr]`` where there is no attribute of that name, or what is undefined where that was asked, of a
    dict. Raises the error at hand when it does not say that, but is a `KeyError` of what a property did (L6).
    """
    if not is_no_dict:
        return no_key(undefined, value, attr)
    if not is_a(sys.exception(), AttributeError):
        raise shortened(sys.exception())  # type: ignore[arg-type]  # there is one
    name = named_here(attr, value, sys.exception())  # type: ignore[arg-type]
    return _item_or_undefined(undefined, value, attr, name)
