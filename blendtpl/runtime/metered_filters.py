"""Metered filters and tests: Jinja2's own, such that what they go through and make is counted.

Enters: the filters and tests of an environment. Leaves: functions that do the same within the budget of the render at
hand. A filter of an application's own, which it adds later, is its own affair; what it gives is counted where it is
printed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from types import GeneratorType, MappingProxyType
from typing import Any

from jinja2 import filters
from jinja2.filters import make_attrgetter
from jinja2.utils import pass_context, pass_environment, pass_eval_context

from blendtpl.bundle.environment import passed_argument
from blendtpl.runtime.coroutines import awaiting_of
from blendtpl.runtime.metered_calls import argument, operator, power, printf, replaced, stripped
from blendtpl.runtime.metering import TEXTS, Meter, current

_LINK = 32  # characters of a link around its address and what stands in it
_SHALLOW = frozenset(
    (
        *("attr", "batch", "count", "d", "default", "first", "items", "last", "length", "list", "map", "random"),
        *("reject", "rejectattr", "reverse", "select", "selectattr", "slice", "sum"),
    )
)
_ITERATING = frozenset(
    (
        *("batch", "dictsort", "groupby", "items", "join", "list", "map", "max", "min", "reject", "rejectattr"),
        *("reverse", "select", "selectattr", "slice", "sort", "sum", "unique", "urlencode", "xmlattr"),
    )
)
COMPARING = frozenset(
    (
        *("!=", "<", "<=", "==", ">", ">=", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le", "lessthan", "lt"),
        "ne",
    )
)


def _center(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    _number(meter, argument(arguments, keywords, 0, "width", 80))


def _number(meter: Meter, value: Any) -> None:
    if isinstance(value, int):
        meter.fit(value)


def _indent(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    width, text = argument(arguments, keywords, 0, "width", 4), str(value)
    size = len(width) if isinstance(width, str) else width
    if isinstance(size, int):
        meter.fit(len(text) + (len(text.splitlines()) + 1) * max(size, 0))


def _wordwrap(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    width = argument(arguments, keywords, 0, "width", 79)
    ending = argument(arguments, keywords, 2, "wrapstring", None)
    size = len(str(value))
    if isinstance(width, int) and width > 0:
        # a long word is copied for each line of it
        meter.copy(size * size // width)
        meter.fit(size + size // width * len(ending or "\n"))


def _format(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    printf(meter, str(value), keywords or arguments)


def _replace(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    old, new = (argument(arguments, keywords, at, name, "") for at, name in enumerate(("old", "new")))
    replaced(meter, str(value), str(old), str(new), argument(arguments, keywords, 2, "count", None))


def _round(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    precision = argument(arguments, keywords, 0, "precision", 0)
    if isinstance(precision, int):
        power(meter, 10, abs(precision))


def _tojson(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    indent = argument(arguments, keywords, 0, "indent", None)
    size = len(indent) if isinstance(indent, str) else indent
    if isinstance(size, int):
        meter.fit(meter.measure(value) * _deepest(value) * max(size, 1))


def _deepest(value: Any) -> int:
    """Return how many values are in each other at most; how large it is has been looked at."""
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = (part.values() if isinstance(part, dict) else part for part in level if not isinstance(part, TEXTS))
        level = list(chain.from_iterable(part for part in inner if isinstance(part, Iterable)))
    return depth


def _urlize(meter: Meter, value: Any, *arguments: Any, **keywords: Any) -> None:
    text = str(value)
    # brackets at the end of a word are taken one by one, with all that is behind them
    meter.copy(len(text) * sum(map(text.count, "(<[")))
    more = (part for part in (*arguments, *keywords.values()) if isinstance(part, str))
    links = text.count(".") + text.count("@") + text.count(":")
    meter.fit(len(text) + links * (_LINK + sum(map(len, more))))


_BEFORE: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "center": _center,
        "batch": lambda meter, value, *given, **named: _number(meter, argument(given, named, 0, "linecount", 0)),
        "format": _format,
        "indent": _indent,
        "replace": _replace,
        "round": _round,
        "striptags": stripped,
        "tojson": _tojson,
        "urlize": _urlize,
        "wordwrap": _wordwrap,
    }
)


def passed_first(function: Any, context: Any) -> tuple[Any, ...]:
    """Return what a function asks to be passed first."""
    match passed_argument(function):
        case "context":
            return (context,)
        case "eval_context":
            return (context.eval_ctx,)
        case "environment":
            return (context.environment,)
    return ()


@pass_context
@dataclass(frozen=True, slots=True)
class MeteredFilter:
    """A filter of Jinja2's, by its name, that is counted."""

    name: str
    function: Callable[..., Any]

    def __call__(self, context: Any, *given: Any, **keywords: Any) -> Any:
        """Return what the filter gives."""
        meter, awaiting = current(), awaiting_of(context.environment)
        meter.check()
        if given:
            value, *rest = given
            value = value if awaiting is None else awaiting.iterated(value)
            if self.name not in _SHALLOW:
                meter.measure(value)
            for part in (*rest, *keywords.values()):
                meter.measure(part)
            if self.name in _ITERATING:
                value = meter.go_through(value)
            given = (meter.counted(value), *rest)
            before = _BEFORE.get(self.name)
            if before is not None:
                before(meter, *given, **keywords)
        # what is asynchronous has been seen to
        own: Callable[..., Any] = getattr(filters, f"sync_{self.function.__name__}", self.function)
        function = _SPECIAL.get(self.name, own)
        result = function(*passed_first(function, context), *given, **keywords)
        if awaiting is not None and type(result) is GeneratorType:
            result = map(awaiting.awaited, result)
        return meter.made(result)


@dataclass(frozen=True, slots=True)
class MeteredTest:
    """A test of Jinja2's that compares, by its name, and is counted."""

    name: str
    function: Callable[..., Any]

    def __call__(self, *given: Any) -> Any:
        """Return what the test gives."""
        meter = current()
        meter.check()
        for value in given:
            meter.measure(value)
        return self.function(*given)


# -- those that would not stop by themselves ---------------------------------------------------------------------------


@pass_environment
def _sum(environment: Any, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
    meter = current()
    if attribute is not None:
        iterable = map(make_attrgetter(environment, attribute), iterable)
    total = sum((), start)  # which refuses what is no start
    for value in iterable:
        operator(meter, "+", total, value)
        total = meter.made(total + value)
    return total


@pass_eval_context
def _join(eval_ctx: Any, value: Any, d: Any = "", attribute: Any = None) -> Any:
    meter = current()
    if attribute is not None:
        value = map(make_attrgetter(eval_ctx.environment, attribute), value)
    values, size, between = [], 0, len(str(d))
    for part in value:
        size += meter.measure(part) + between
        meter.fit(size)
        values.append(part)
    return filters.sync_do_join(eval_ctx, values, d)


_SPECIAL: Mapping[str, Callable[..., Any]] = MappingProxyType({"join": _join, "sum": _sum})
