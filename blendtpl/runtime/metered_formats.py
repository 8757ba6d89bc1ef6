"""Metered formats: ``"…".format(…)`` in a sandbox with a budget.

Enters: an environment that is a sandbox, and a text. Leaves: a function that does what Jinja2's sandbox makes of its
`format`, or `format_map`, and counts what each field gives before all of them are joined.
"""

import re
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from jinja2.sandbox import SandboxedEscapeFormatter, SandboxedFormatter
from markupsafe import Markup

from blendtpl.runtime.metered_calls import number
from blendtpl.runtime.metering import current

_DIGITS = re.compile(r"\d+")


class _Counting(SandboxedFormatter):
    """Counts the text of all fields of one format."""

    def __init__(self, environment: Any, **options: Any) -> None:
        super().__init__(environment, **options)
        self._size = 0

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion is not None:
            current().measure(value)
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        meter = current()
        meter.check()
        self._size += meter.measure(value) + sum(map(number, _DIGITS.findall(str(format_spec))))
        meter.fit(self._size)
        return super().format_field(value, format_spec)


class _CountingEscape(_Counting, SandboxedEscapeFormatter):
    """Escapes what it formats, too."""


def metered_format(environment: Any, bound: Any, safe: Callable[..., str]) -> Callable[..., str]:
    """Return what a template gets as the method `format` or `format_map` of a text; `safe` is what Jinja2 gives it,
    which refuses arguments that are none.
    """
    text = bound.__self__
    is_map = bound.__name__ == "format_map"

    def run(*args: Any, **kwargs: Any) -> str:
        if is_map and (kwargs or len(args) != 1):
            return safe(*args, **kwargs)
        if isinstance(text, Markup):
            formatter: _Counting = _CountingEscape(environment, escape=text.escape)
        else:
            formatter = _Counting(environment)
        given, named = ((), args[0]) if is_map else (args, kwargs)
        result: str = type(text)(formatter.vformat(text, given, named))
        current().made(result)
        return result

    return update_wrapper(run, bound)
