"""Rows: programs that print, for loops that do no more than that.

Enters: a program (`blendtpl.bundle.row_ops`), items, and what else it is given. Leaves: a text for each item. This is
what each operation means; `blendtpl.runtime._speedups` has the same in C.

*Registers* hold values. Those that the items are assigned to come first, then the inputs, which are constants,
variables, functions, and `None` for whatever an operation sets. A *place* is the number of where in the templates
something stands that may fail. An operation is at its own once its operands are there, which had theirs; with `None` it
is where the one before was. A body of a loop begins at the place of that, and so does what comes behind the loop.
"""

import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import GeneratorType, MappingProxyType
from typing import Any

from jinja2.runtime import LoopContext, markup_join, str_join
from jinja2.utils import missing
from markupsafe import Markup

from blendtpl.bundle.row_check import check, own_registers
from blendtpl.bundle.row_ops import MOST_VALUES, Body, Comparison, Expression, Opcode, Operator, Program, Target
from blendtpl.runtime.attributes import attribute, field
from blendtpl.runtime.calls import stopped
from blendtpl.runtime.exceptions import static
from blendtpl.runtime.items import subscript
from blendtpl.runtime.output import escape_any

_PLAIN = frozenset((list, tuple, dict, range, type({}.items()), type({}.keys()), type({}.values())))


def rows(out: list[str], program: Program, undefined: Any, items: Any, escaped: bool, *inputs: Any) -> bool | list[Any]:
    """Write a text for each of `items`, unless that is of no plain type; return whether it is.

    An error from a place other than 0 is not raised: what is returned is ``[place, error]``. Raises `TypeError` for
    what is no program, before anything of it is done.
    """
    if type(items) not in _PLAIN:
        return False
    registers, own = check(program), own_registers(program)
    if own + len(inputs) > MOST_VALUES:
        raise TypeError(f"these are no rows: they have more than {MOST_VALUES} registers")
    if own + len(inputs) < registers:
        raise TypeError(f"these are no rows: of {registers} registers {own + len(inputs)} are given")
    run = _Run(undefined, escaped, [None] * own + list(inputs), [])
    try:
        run.loop(program, items, out)
    except BaseException as error:
        if run.place:
            return [run.place, error]
        raise
    return True


def pause() -> None:
    """Do nothing: when this is called, whatever waits for Python code to run has its turn, such as other threads, the
    handlers of signals, and what another thread wants to be raised here (R4).
    """


def taken_apart(item: Any, count: int) -> list[Any]:
    """Return what is assigned to so many names at once; raises Python's own errors (P8)."""
    kind = type(item)
    try:
        parts = iter(item)
    except TypeError:
        if all(static(kind, name) is None for name in ("__iter__", "__getitem__")):
            [_] = item  # which calls nothing, and has Python's words
        raise
    values: list[Any] = []
    for value in parts:
        if len(values) == count:
            size = f", got {len(item)}" if sys.version_info >= (3, 14) and kind in {list, tuple, dict} else ""
            raise ValueError(f"too many values to unpack (expected {count}{size})")
        values.append(value)
    if len(values) < count:
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(values)})")
    return values


_BINARY: Mapping[int, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        Operator.ADD: operator.add,
        Operator.SUB: operator.sub,
        Operator.MUL: operator.mul,
        Operator.DIV: operator.truediv,
        Operator.FLOORDIV: operator.floordiv,
        Operator.MOD: operator.mod,
        Operator.POW: operator.pow,
    }
)
_COMPARE: Mapping[int, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        Comparison.LT: operator.lt,
        Comparison.LE: operator.le,
        Comparison.EQ: operator.eq,
        Comparison.NE: operator.ne,
        Comparison.GT: operator.gt,
        Comparison.GE: operator.ge,
        Comparison.IN: lambda a, b: a in b,
        Comparison.NOTIN: lambda a, b: a not in b,
    }
)
_COUNTERS = ("index", "index0", "first", "depth", "depth0")  # by the numbers of `Counter`
_ASKED = MappingProxyType(
    {
        Opcode.LAST: "last",
        Opcode.LENGTH: "length",
        Opcode.REVINDEX: "revindex",
        Opcode.REVINDEX0: "revindex0",
        Opcode.PREVITEM: "previtem",
        Opcode.NEXTITEM: "nextitem",
    }
)


@dataclass(slots=True)
class _Run:
    """A program that runs: its registers, the texts so far, the place, and the loop at hand."""

    undefined: Any
    escaped: bool
    values: list[Any]
    texts: list[str]
    place: int = 0
    around: Any = None  # the loop at hand

    def loop(self, statement: Program, items: Any, out: list[str] | None = None) -> int | None:
        """Write the texts of a loop; with `out` each item's are one there. Return what leaves the loop around it."""
        _, place, _, target, test, body, otherwise, _ = statement
        self._move(place)
        outer, here, completed, ended = self.around, self.place, False, None
        passing = items if test is None else self._passing(items, target, test)
        self.around = context = LoopContext(passing, self.undefined)
        try:
            for item, _ in context:
                self.assign(target, item)
                ended = self.body(body)
                if out is not None:
                    self._hand_over(out)
                completed = completed or ended is None
                self.place = here
                if ended == Opcode.BREAK:
                    break
        finally:
            self.around = outer
        if completed:
            return None
        ended = self.body(otherwise)  # (P5)
        if out is not None and self.texts:
            self._hand_over(out)
        return ended

    def _passing(self, items: Any, target: Target, test: Expression) -> Iterator[Any]:
        """Yield the items that a condition lets pass; nothing changes for whoever looks ahead (P4)."""
        own, outer = self.place, self.around
        values = self.values
        here, inner, kept = self.place, self.around, values[:]
        self.place = own
        for item in items:
            self.around = outer
            self.assign(target, item)
            passes = self.condition(test, None)
            self.around, self.place = inner, own
            if passes:
                # what was taken apart is put together anew, so that an item is taken apart only once (L7)
                chosen = self._together(target)
                self._restore(target, kept)
                self.place = here
                yield chosen
                here, inner, kept = self.place, self.around, values[:]
                self.place = own
        self._restore(target, kept)
        self.place = here

    def _together(self, target: Target) -> Any:
        return self.values[target] if type(target) is int else tuple(map(self._together, target))  # type: ignore[arg-type]

    def _restore(self, target: Target, kept: list[Any]) -> None:
        if type(target) is int:
            self.values[target] = kept[target]
        else:
            for part in target:  # type: ignore[union-attr]  # a tuple
                self._restore(part, kept)

    def assign(self, target: Target, item: Any) -> None:
        """Have an item be the value of a target, as Python takes it apart (P8)."""
        if type(target) is int:
            self.values[target] = item
            return
        for part, value in zip(target, taken_apart(item, len(target)), strict=True):  # type: ignore[arg-type]
            self.assign(part, value)

    def _hand_over(self, out: list[str]) -> None:
        out.append("".join(self.texts))
        self.texts.clear()

    def _move(self, place: int | None) -> None:
        if place is not None:
            self.place = place

    def body(self, body: Body) -> int | None:
        """Write the texts of a body; return what leaves the loop, if anything does: `BREAK` or `CONTINUE`."""
        for statement in (body,) if type(body) is str else body:
            ended = self._statement(statement)
            if ended is not None:
                return ended
        return None

    def _statement(self, statement: Any) -> int | None:
        match statement:
            case str():
                if statement:
                    self.texts.append(statement)
            case [Opcode.PRINT, place, x]:
                self._print(place, x, escape_any if self.escaped else str)
            case [Opcode.PRINTSTR, place, x]:
                self._print(place, x, str)
            case [Opcode.PRINTTEXT, x]:
                self._print(None, x, _exact)
            case [Opcode.IF, place, test, first, second]:
                return self.body(first if self.condition(test, place) else second)
            case [Opcode.SET, number, x]:
                self.values[number] = self.value(x)
            case [Opcode.LOOP, _, x, *_]:
                return self.loop(statement, self.value(x))
            case [Opcode.BREAK | Opcode.CONTINUE]:
                return int(statement[0])
            case [Opcode.DO, x]:
                self.value(x)
            case [Opcode.GUARD, place, body, instead]:
                self._guard(place, body, instead)
        return None

    def _print(self, place: int | None, x: Expression, text: Callable[[Any], str]) -> None:
        value = self.value(x)
        self._move(place)
        self.texts.append(text(value))

    def _guard(self, place: int | None, body: Body, instead: Expression) -> None:
        """Write a body, or, where it raises `StopIteration`, the text of something else (U4)."""
        count, outer = len(self.texts), self.around
        try:
            self.body(body)
            self._move(place)
        except StopIteration:
            self.around = outer
        else:
            return
        del self.texts[count:]
        self._print(place, instead, str)

    def value(self, x: Expression) -> Any:
        """Return the value of an expression."""
        if type(x) is int:
            return self.values[x]
        opcode, *operands = x  # type: ignore[misc]  # a tuple
        own = getattr(self, _METHODS.get(opcode, "_strict"))
        return own(x, *operands)

    def _chosen(self, x: Any, place: int | None, *operands: Any) -> Any:
        if x[0] == Opcode.NOT:
            return not self.condition(operands[0], place)
        if x[0] == Opcode.CHOOSE:
            return self.value(operands[1] if self.condition(operands[0], place) else operands[2])
        return self._junction(x)[0]

    def _text(self, x: Any, body: Body) -> str:
        outer, self.texts = self.texts, []
        try:
            self.body(body)
            text = "".join(self.texts)
        finally:
            self.texts = outer
        return Markup(text) if x[0] == Opcode.MARKUP else text  # noqa: S704  # the template says so

    def _checked(self, x: Any, number: int, name: str) -> Any:
        value = self.values[number]
        return self.undefined(name=name) if value is missing else value

    def _counter(self, x: Any, which: int) -> Any:
        return getattr(self.around, _COUNTERS[which])

    def _asked(self, x: Any, place: int | None) -> Any:
        self._move(place)
        return getattr(self.around, _ASKED[x[0]])

    def _guarded(self, x: Any, guarded: Expression, instead: Expression) -> Any:
        """Return a value, or, where it raises `StopIteration`, another (U4)."""
        count, outer = len(self.texts), self.around
        try:
            return self.value(guarded)
        except StopIteration:
            self.around = outer
        del self.texts[count:]
        return self.value(instead)

    def _behind(self, x: Any, body: Body, inner: Expression) -> Any:
        self.body(body)
        return self.value(inner)

    def _awaited(self, x: Any, place: int | None, function: Expression, inner: Expression) -> Any:
        value = self.value(inner)
        # its type says that it may be awaited, or it is a generator, which may have a mark
        if not (hasattr(type(value), "__await__") or type(value) is GeneratorType):
            return value
        self._move(place)
        return self.value(function)(value)

    def _many(self, x: Any, *operands: Any) -> Any:
        values = [self.value(operand) for operand in operands]
        if x[0] == Opcode.CYCLE:
            return self.around.cycle(*values)
        return values if x[0] == Opcode.LIST else tuple(values)

    def _strict(self, x: Any, place: int | None, *operands: Any) -> Any:
        """Return the value of an operation that is evaluated behind all its operands."""
        match x:
            case [Opcode.ATTR | Opcode.METHOD, _, a, name]:
                value = self.value(a)
                self._move(place)
                return (field if x[0] == Opcode.ATTR else attribute)(self.undefined, value, name)
            case [Opcode.CALLKW, _, function, names, *arguments]:
                callee, *values = (self.value(operand) for operand in (function, *arguments))
                self._move(place)
                count = len(values) - len(names)
                return _called(callee, values[:count], names, values[count:])
            case [Opcode.BINARY | Opcode.UNARY | Opcode.COMPARE, _, which, *arguments]:
                values = [self.value(operand) for operand in arguments]
                self._move(place)
                if x[0] == Opcode.UNARY:
                    return -values[0] if which == Operator.NEG else +values[0]
                return (_COMPARE if x[0] == Opcode.COMPARE else _BINARY)[which](*values)
        values = [None if operand is None else self.value(operand) for operand in operands]
        self._move(place)
        match x[0]:
            case Opcode.ITEM:
                return subscript(self.undefined, *values)
            case Opcode.CALL:
                return values[0](*values[1:])
            case Opcode.DICT:
                return dict(zip(values[::2], values[1::2], strict=True))
            case Opcode.CONCAT:
                return (markup_join if self.escaped else str_join)(values)
            case Opcode.SLICE:
                return values[0][values[1] : values[2] : values[3]]
        try:
            return self.around.changed(*values)
        except StopIteration:
            return stopped(self.undefined)

    def _junction(self, x: Expression) -> tuple[Any, bool | None]:
        """Return a value, and whether it holds, if that has been asked: nobody is asked twice (L7)."""
        if type(x) is int or x[0] not in {Opcode.AND, Opcode.OR}:  # type: ignore[index]
            return self.value(x), None
        opcode, place, first, second = x  # type: ignore[misc]
        value, holds = self._junction(first)
        self._move(place)
        if holds is None:
            holds = bool(value)
        return (value, holds) if holds is (opcode == Opcode.OR) else self._junction(second)

    def condition(self, x: Expression, place: int | None) -> bool:
        """Return whether an expression holds, as Python asks in a condition."""
        match x:
            case [Opcode.NOT, own, a]:
                holds = not self.condition(a, own)
                self._move(place)
                return holds
            case [Opcode.AND | Opcode.OR as opcode, own, a, b]:
                holds = self.condition(a, own)
                return holds if holds is (opcode == Opcode.OR) else self.condition(b, place)
            case [Opcode.CHOOSE, own, test, a, b]:
                return self.condition(a if self.condition(test, own) else b, place)
        value = self.value(x)
        self._move(place)
        return bool(value)


def _exact(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("what is printed as a text is none")
    return value


def _called(function: Any, values: list[Any], names: tuple[str, ...], named: list[Any]) -> Any:
    keywords = dict(zip(names, named, strict=True))
    return function(*values, **keywords)


_METHODS = {
    **dict.fromkeys((Opcode.NOT, Opcode.AND, Opcode.OR, Opcode.CHOOSE), "_chosen"),
    **dict.fromkeys((Opcode.TEXT, Opcode.MARKUP), "_text"),
    **dict.fromkeys((Opcode.TUPLE, Opcode.LIST, Opcode.CYCLE), "_many"),
    **dict.fromkeys(_ASKED, "_asked"),
    Opcode.CHECKED: "_checked",
    Opcode.COUNTER: "_counter",
    Opcode.GUARDED: "_guarded",
    Opcode.BEHIND: "_behind",
    Opcode.AWAIT: "_awaited",
}
