"""Metered calls: what operators, and methods of built-in values, would make, known before they make it.

Enters: the meter of a render, and the operands or arguments. Leaves: nothing, or a `BudgetError` for what would take
more than its budget. Operands that Python itself refuses are left to it.
"""

import re
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, MappingProxyType, MethodWrapperType
from typing import Any

from jinja2.utils import generate_lorem_ipsum
from markupsafe import Markup

from blendtpl.runtime.metering import TEXTS, Meter

_SEQUENCES = (*TEXTS, list, tuple)
_VALUES = (*_SEQUENCES, dict, set, frozenset, int, float)
_SPECIFIER = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d+)?(?:\.(\*|\d+))?")
_WORD, _MOST_WORDS = 16, 100  # characters of a word of `lipsum` at most, and how many of them unless it is told
_TRANSLATING = frozenset(("gettext", "ngettext", "pgettext", "npgettext", "_gettext_alias"))
_MOST_DIGITS = 18


def operator(meter: Meter, symbol: str, left: Any, right: Any) -> None:
    """Look whether what an operator would make is too long."""
    meter.check()
    if symbol == "*":
        _times(meter, left, right)
    elif symbol == "**" and isinstance(left, int) and isinstance(right, int):
        power(meter, left, right)
    elif symbol == "%" and isinstance(left, TEXTS):
        printf(meter, left, right)
    elif symbol in {"+", "-"}:  # of sets each element is hashed
        meter.measure(left)
        meter.measure(right)


def number(digits: str) -> int:
    """Return the number of some digits, or a large one where they are more than any width has."""
    return int(digits) if len(digits) < _MOST_DIGITS else 10**_MOST_DIGITS


def _times(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        meter.fit(left.bit_length() + right.bit_length() - 1)
    elif isinstance(left, _SEQUENCES) and isinstance(right, int):
        meter.fit(len(left) * max(right, 0))
    elif isinstance(left, int) and isinstance(right, _SEQUENCES):
        meter.fit(len(right) * max(left, 0))


def power(meter: Meter, base: int, exponent: int) -> None:
    """Look whether a power is too long, which has about that many bits."""
    if exponent > 0 and abs(base) > 1:
        meter.fit((abs(base).bit_length() - 1) * exponent)


def printf(meter: Meter, text: Any, values: Any) -> None:
    """Look whether what ``text % values`` gives is too long."""
    size = meter.measure(values)
    shown = text.decode("latin-1") if isinstance(text, (bytes, bytearray)) else str(text)
    found = [part for pair in _SPECIFIER.findall(shown) for part in pair]
    widths = [part for part in found if part.isdecimal()]
    total = len(shown) + sum(map(number, widths))
    if isinstance(values, Mapping):
        # any of them may be there as often as there are specifiers
        total += len(found) // 2 * max(map(meter.measure, values.values()), default=0)
    else:
        total += size
        given = values if isinstance(values, tuple) else (values,)
        total += sum(abs(value) for value in given if isinstance(value, int)) if "*" in found else 0
    meter.fit(total)


# -- methods -----------------------------------------------------------------------------------------------------------


def argument(arguments: tuple[Any, ...], keywords: Mapping[str, Any], at: int, name: str, default: Any) -> Any:
    """Return an argument by its place or its name."""
    return arguments[at] if len(arguments) > at else keywords.get(name, default)


def _padded(meter: Meter, owner: Any, *arguments: Any, **keywords: Any) -> None:
    width = argument(arguments, keywords, 0, "width", 0)
    if isinstance(width, int):
        meter.fit(width)


def _expanded(meter: Meter, owner: Any, *arguments: Any, **keywords: Any) -> None:
    size = argument(arguments, keywords, 0, "tabsize", 8)
    if isinstance(size, int) and isinstance(owner, TEXTS):
        tab: Any = b"\t" if isinstance(owner, (bytes, bytearray)) else "\t"
        meter.fit(len(owner) + owner.count(tab) * max(size, 0))


def replaced(meter: Meter, text: Any, *arguments: Any, **keywords: Any) -> None:
    """Look whether a text is too long in which one is replaced by another."""
    old, new = (argument(arguments, keywords, at, name, "") for at, name in enumerate(("old", "new")))
    count = argument(arguments, keywords, 2, "count", -1)
    if isinstance(text, TEXTS) and isinstance(new, TEXTS) and isinstance(old, str) is isinstance(text, str):
        found = text.count(old)
        if isinstance(count, int) and count >= 0:
            found = min(found, count)
        meter.fit(len(text) + found * max(len(new) - len(old), 0))


def _joined(meter: Meter, owner: Any, *arguments: Any, **keywords: Any) -> None:
    if arguments and isinstance(owner, TEXTS) and isinstance(arguments[0], _VALUES):
        values = arguments[0]
        size = meter.measure(values)
        meter.fit(size + len(owner) * (len(values) if hasattr(values, "__len__") else 0))


def _translated(meter: Meter, owner: Any, *arguments: Any, **keywords: Any) -> None:
    table = arguments[0] if arguments else None
    if isinstance(table, Mapping) and isinstance(owner, TEXTS):
        longest = max((len(text) for text in table.values() if isinstance(text, TEXTS)), default=1)
        meter.fit(len(owner) * max(longest, 1))


def _as_bytes(meter: Meter, owner: Any, *arguments: Any, **keywords: Any) -> None:
    length = argument(arguments, keywords, 0, "length", 1)
    if isinstance(length, int):
        meter.fit(length)


def stripped(meter: Meter, text: Any, *arguments: Any, **keywords: Any) -> None:
    """Count what `Markup.striptags` copies: all that is left, for each tag."""
    shown = str(text)
    meter.copy(shown.count("<") * len(shown))


def _filled(meter: Meter, owner: Any, *arguments: Any, **keywords: Any) -> None:
    for given in (arguments, keywords.values()):
        for value in given:
            meter.measure(value)


_METHODS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        **dict.fromkeys(("center", "ljust", "rjust", "zfill"), _padded),
        "expandtabs": _expanded,
        "replace": replaced,
        "join": _joined,
        "translate": _translated,
        "to_bytes": _as_bytes,
        "striptags": stripped,
    }
)


def method(meter: Meter, called: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
    """Look whether what a call of something built in would make is too long; return its arguments, such that what it
    iterates over is counted. What is anybody's own is left to whoever made it.
    """
    if called is generate_lorem_ipsum:
        _lorem_ipsum(meter, *arguments, **keywords)
        return arguments
    if getattr(called, "__name__", "") in _TRANSLATING:
        for text in arguments:
            if isinstance(text, str):
                printf(meter, text, keywords)
        return arguments
    owner = getattr(called, "__self__", None)
    of_value = isinstance(owner, _VALUES) or owner is Markup
    if not of_value and not isinstance(called, (type, BuiltinFunctionType, MethodWrapperType)):
        return arguments
    name = getattr(called, "__name__", "")
    if name == "join" and arguments and hasattr(arguments[0], "__next__"):
        arguments = (list(meter.go_through(arguments[0])), *arguments[1:])
    else:
        arguments = tuple(meter.go_through(value) if isinstance(value, _VALUES) else value for value in arguments)
        arguments = tuple(map(meter.counted, arguments))
    _filled(meter, owner, *arguments, **keywords)
    check = _METHODS.get(name)
    if of_value and check is not None:
        check(meter, owner, *arguments, **keywords)
    return arguments


def settled(meter: Meter, called: Any, result: Any) -> Any:
    """Return what a call has given, when neither that nor the value whose method it is has become too long."""
    owner = getattr(called, "__self__", None)
    if isinstance(owner, (list, dict, set)):
        meter.made(owner)
    return meter.made(result)


def _lorem_ipsum(meter: Meter, *arguments: Any, **keywords: Any) -> None:
    count = argument(arguments, keywords, 0, "n", 5)
    most = argument(arguments, keywords, 3, "max", _MOST_WORDS)
    if isinstance(count, int) and isinstance(most, int):
        words = max(count, 0) * max(most, 0)
        meter.fit(words * _WORD)
        meter.turn(words)
