"""What each operation of rows takes, beside the same as CPython runs it: ``python -m bench.row_operations``.

In nanoseconds, the best of many rounds in turn, without what the loop around takes; collector off.
"""

import gc
import sys
from collections.abc import Callable
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import jinja2

from blendtpl.bundle.row_ops import GIVEN, Comparison, Counter, Operator
from blendtpl.bundle.row_ops import Opcode as O  # noqa: N817  # it is in every line
from blendtpl.runtime import speedups

ITEMS, TIMES, ROUNDS = 100, 10, 40

# an operation with the register 0 for the item `x`, and 1 to 5 for `obj`, `n`, `text`, `f` and `y`; the same in Python
OPERATIONS: dict[str, tuple[Any, str]] = {
    "text": ("<td>", "append('<td>')"),
    "print a text, escaped": ((O.PRINT, None, 3), "append(escape(text))"),
    "print an int": ((O.PRINT, None, 2), "append(escape(n))"),
    "print x.a of a dict": ((O.PRINT, None, (O.ATTR, None, 0, "a")), "append(escaped_field(undefined, x, 'a'))"),
    "x.a of a dict": ((O.DO, (O.ATTR, None, 0, "a")), "x['a'] if type(x) is dict else x.a"),
    "x.a of an object": ((O.DO, (O.ATTR, None, 1, "a")), "obj['a'] if type(obj) is dict else obj.a"),
    "x['a'] of a dict": ((O.DO, (O.ITEM, None, 0, 3)), "x[text]"),
    "if x.a": ((O.IF, None, (O.ATTR, None, 0, "a"), "", ""), "\n  if x['a'] if type(x) is dict else x.a: pass"),
    "if x.a == text": (
        (O.IF, None, (O.COMPARE, None, Comparison.EQ, (O.ATTR, None, 0, "a"), 3), "", ""),
        "\n  if (x['a'] if type(x) is dict else x.a) == text: pass",
    ),
    "n == n": ((O.DO, (O.COMPARE, None, Comparison.EQ, 2, 2)), "n == n"),
    "n < n": ((O.DO, (O.COMPARE, None, Comparison.LT, 2, 2)), "n < n"),
    "text in y": ((O.DO, (O.COMPARE, None, Comparison.IN, 3, 5)), "text in y"),
    "not n": ((O.DO, (O.NOT, None, 2)), "not n"),
    "n and text or y": ((O.DO, (O.OR, None, (O.AND, None, 2, 3), 5)), "n and text or y"),
    "text if n else y": ((O.DO, (O.CHOOSE, None, 2, 3, 5)), "text if n else y"),
    "n + n": ((O.DO, (O.BINARY, None, Operator.ADD, 2, 2)), "n + n"),
    "n * n": ((O.DO, (O.BINARY, None, Operator.MUL, 2, 2)), "n * n"),
    "n / n": ((O.DO, (O.BINARY, None, Operator.DIV, 2, 2)), "n / n"),
    "-n": ((O.DO, (O.UNARY, None, Operator.NEG, 2)), "-n"),
    "text ~ text": ((O.DO, (O.CONCAT, None, 3, 3)), "f'{text}{text}'"),
    "f(n), of Python": ((O.DO, (O.CALL, None, 4, 2)), "f(n)"),
    "f(a=n), of Python": ((O.DO, (O.CALLKW, None, 4, ("a",), 2)), "f(a=n)"),
    "(n, text)": ((O.DO, (O.TUPLE, 2, 3)), "(n, text)"),
    "[n, text]": ((O.DO, (O.LIST, 2, 3)), "[n, text]"),
    "text[n:]": ((O.DO, (O.SLICE, None, 3, 2, None, None)), "text[n:]"),
    "a capture": ((O.DO, (O.TEXT, ("<", (O.PRINT, None, 3), ">"))), "f'<{escape(text)}>'"),
    "set z = n": ((O.SET, 6, 2), "z = n"),
    "print loop.index": ((O.PRINT, None, (O.COUNTER, Counter.INDEX)), "append(str(number))"),
    "loop.first": ((O.IF, None, (O.COUNTER, Counter.FIRST), "", ""), "\n  if number == 1: pass"),
    "loop.last": ((O.IF, None, (O.LAST, None), "", ""), "\n  if ahead.last: pass"),
    "loop.length": ((O.DO, (O.LENGTH, None)), "ahead.length"),
    "loop.cycle('a', 'b')": ((O.PRINTTEXT, (O.CYCLE, (O.TEXT, "a"), (O.TEXT, "b"))), "append(('a', 'b')[number % 2])"),
    "a guard": ((O.GUARD, None, "", 3), "\n  try: pass\n  except StopIteration: pass"),
    "a loop of two items": ((O.LOOP, 0, 5, 6, None, "", "", 0), "\n  for z in y: pass"),
    "two items that are chosen": ((O.LOOP, 0, 5, 6, (O.NOT, None, 2), "", "", 0), "\n  for z in y:\n   if not n: pass"),
}


def main() -> None:
    """Print the table."""
    if not speedups.ACTIVE:
        sys.exit(f"there is nothing in C: {speedups.WHY_NOT}")
    names: dict[str, Any] = {
        "obj": SimpleNamespace(a="text"),
        "n": 1,
        "text": "a",
        "f": lambda a: a,
        "y": ("a", "b"),
    }
    items = [{"a": "text", "b": number} for number in range(ITEMS)]
    print(f"{'operation':28} {'in C':>7} {'CPython':>8} {'ratio':>6}")
    gc.disable()
    nothing = _best(_program((), names, items), _function("", names, items))
    for name, (operation, source) in OPERATIONS.items():
        times = _best(_program((operation,) * TIMES, names, items), _function(source, names, items))
        c, python = (max(time - empty, 0) / ITEMS / TIMES * 1e9 for time, empty in zip(times, nothing, strict=True))
        print(f"{name:28} {c:7.1f} {python:8.1f} {c / python if python else 0:6.2f}")


def _program(body: Any, names: dict[str, Any], items: Any) -> Callable[[], object]:
    program = (O.LOOP, 0, GIVEN, 0, None, body, "", 0)
    prepared = _prepare(program)
    inputs = (*names.values(), None)
    return lambda: speedups.rows([], prepared, jinja2.Undefined, items, True, *inputs)


def _prepare(program: Any) -> Any:
    """Return a program as a bundle has it that was loaded."""
    code = compile("0", "", "eval").replace(co_consts=(program,))
    return speedups.prepare(code).co_consts[0]


def _function(source: str, names: dict[str, Any], items: Any) -> Callable[[], object]:
    line = source if source.startswith("\n") else f"\n  {source}"
    text = f"def run(items, {', '.join(names)}):\n append, number, ahead = [].append, 0, new_lookahead(items)\n"
    text += " for x in ahead:\n  number += 1" + (line * TIMES if source else "")
    space = {**vars(speedups), "escape": speedups.escape_any, "undefined": jinja2.Undefined}
    exec(text, space)
    return lambda: space["run"](items, *names.values())


def _best(*functions: Callable[[], object]) -> list[float]:
    best = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for at, function in enumerate(functions):
            before = perf_counter()
            function()
            best[at] = min(best[at], perf_counter() - before)
    return best


if __name__ == "__main__":
    main()
