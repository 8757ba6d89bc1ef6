"""The loop variable: what a template asks of a `loop` that is no more than counters.

Enters: the counters of a loop and what is asked. Leaves: Python expressions.
"""

import ast

from blendtpl.compiler.codegen.generator import Generator
from blendtpl.compiler.codegen.pyast import attribute, call, const, either, is_, item, name
from blendtpl.compiler.ir.values import Counter, Turn


def counter(generator: Generator, value: Counter) -> ast.expr:
    """Return the value of a counter; `index` and `index0` are integers (P1)."""
    loop, attr = generator.loops[value.loop], value.attr
    number, one = name(loop.number), const(1)
    if attr == "index":
        return number
    if attr == "index0":
        return ast.BinOp(number, ast.Sub(), one)
    if attr == "first":
        return ast.Compare(number, [ast.Eq()], [one])
    if attr in {"depth", "depth0"}:
        deeper = 1 if attr == "depth" else 0
        return ast.BinOp(name(loop.depth), ast.Add(), const(deeper)) if loop.depth else const(deeper)
    size, is_plain = call("len", name(loop.items)), is_(name(loop.ahead), None)
    if attr == "last":
        plain = ast.Compare(number, [ast.Eq()], [size])
        return generator.code.materialise(either(is_plain, plain, attribute(name(loop.ahead), attr)))
    length = generator.code.materialise(either(is_plain, size, attribute(name(loop.ahead), "length")))
    if attr == "length":
        return length
    remaining = ast.BinOp(length, ast.Sub(), number)
    return remaining if attr == "revindex0" else ast.BinOp(remaining, ast.Add(), one)


def turn(generator: Generator, value: Turn, values: list[ast.expr]) -> ast.expr:
    """Return which of the values it is the turn of."""
    number = name(generator.loops[value.loop].number)
    index = ast.BinOp(ast.BinOp(number, ast.Sub(), const(1)), ast.Mod(), const(len(values)))
    return item(ast.Tuple(values, ast.Load()), index)
