"""What runs programs that write rows, in C and in Python, and says what came of it."""

from collections.abc import Callable
from typing import Any

import jinja2
import pytest

from blendtpl.bundle.row_ops import GIVEN
from blendtpl.bundle.row_ops import Opcode as O  # noqa: N817  # it is in every line
from blendtpl.runtime import rows as in_python

in_c: Any = pytest.importorskip(
    "blendtpl.runtime._speedups", reason="there was no C compiler when blendtpl was installed"
)
BOTH = pytest.mark.parametrize("rows", [in_c.rows, in_python.rows], ids=["C", "reference"])
Rows = Callable[..., Any]


def loop(body: Any, target: Any = 0, test: Any = None, otherwise: Any = "", flags: int = 0, items: Any = GIVEN) -> Any:
    return (O.LOOP, 0, items, target, test, body, otherwise, flags)


def run(rows: Rows, program: Any, items: Any, *inputs: Any, escaped: bool = False, undefined: Any = None) -> list[str]:
    """Return the texts that a program writes."""
    out: list[str] = []
    assert rows(out, program, undefined or jinja2.Undefined, items, escaped, *inputs) is True
    return out


def value_of(rows: Rows, expression: Any, *inputs: Any, undefined: Any = jinja2.Undefined) -> Any:
    """Return what an expression gives, of inputs that are the registers from 1 on."""
    found: list[Any] = []
    call = (O.DO, (O.CALL, None, len(inputs) + 1, expression))
    run(rows, loop((call,)), [None], *inputs, found.append, undefined=undefined)
    return found[0]


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[Any, ...]:
    """Return the kind and the text of what a function gives or raises."""
    try:
        result = function(*arguments)
    except Exception as error:
        return "raised", type(error), str(error)
    if isinstance(result, jinja2.Undefined):
        return type(result), result._undefined_name, result._undefined_message
    return type(result), repr(result)
