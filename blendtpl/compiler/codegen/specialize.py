"""Specialised filters: what Jinja2's own common filters and tests do to values of exact types, as an expression.

Enters: a filter or a test of a template, the value that it is applied to and its constant arguments. Leaves: a Python
expression that does the same without a call for the types named here, and calls the filter or test for all others. It
calls for all when the environment that the code is bound to has another filter or test by that name: the variable that
stands for a type is then none.
"""

import ast
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from blendtpl.compiler.codegen.generator import Generator
from blendtpl.compiler.codegen.pyast import attribute, call, const, either, is_, item, likely, name
from blendtpl.compiler.ir.values import Apply, Constant

Constants = tuple[Any, ...]

# the type of a value, what else must hold for it, what the arguments must be, and what the filter makes of it
_Filter = tuple[
    str,
    Callable[[ast.expr], ast.expr] | None,
    Callable[[Constants], bool],
    Callable[[ast.expr, Constants], ast.expr],
]

_Exact = Callable[[str], str]  # the variable that stands for a type, where the test is Jinja2's own
# of that, a value, the arguments, and the expression for the call: the expression for a test
_BuildTest = Callable[[_Exact, ast.expr, Constants, ast.expr], ast.expr]


def specialised(
    generator: Generator, node: Apply, value: ast.expr, arguments: list[ast.expr], general: ast.expr
) -> ast.expr:
    """Return the expression for a filter or a test; `general` is that for its call, which is less code."""
    if not node.own or not isinstance(value, ast.Name):
        return general
    if node.kind == "test":
        return _test(generator, node, value, general) if generator.code.function.hot else general
    if not generator.code.function.hot:
        return general
    if node.called in {"default", "d"}:
        return _default(generator, node, value, general)
    constants = node.arguments.constants
    if constants is None or node.called not in _FILTERS:
        return general
    exact, holds, takes, build = _FILTERS[node.called]
    if not takes(constants):
        return general
    kind = call("type", value)
    test: ast.expr = is_(kind, generator.bind("exact", "filter", node.called, exact))
    if holds is not None:
        test = ast.BoolOp(ast.And(), [test, holds(value)])
    inlined = likely(test, build(value, constants), general)
    if node.called == "int":
        # not a number is no whole number, and the only one that is not what it is
        whole = ast.BoolOp(
            ast.And(),
            [is_(kind, generator.bind("exact", "filter", "int", "float")), ast.Compare(value, [ast.Eq()], [value])],
        )
        inlined.body = either(whole, call("int", value), general)
    return inlined


def _test(generator: Generator, node: Apply, value: ast.expr, general: ast.expr) -> ast.expr:
    constants = node.arguments.constants
    if constants is None or node.called not in _TESTS:
        return general
    takes, build = _TESTS[node.called]
    if not takes(constants):
        return general

    def exact(kind: str) -> str:
        return generator.bind("exact", "test", node.called, kind)

    return build(exact, value, constants, general)


def _default(generator: Generator, node: Apply, value: ast.expr, general: ast.expr) -> ast.expr:
    takes, given = ("default_value", "boolean"), node.arguments
    arguments = {**dict(zip(takes, given.positional, strict=False)), **dict(given.keywords)}
    if (
        len(arguments) < len(given.positional) + len(given.keywords)  # too many, or one twice
        or not arguments.keys() <= set(takes)
        or given.star is not None
        or given.stars is not None
    ):
        return general
    boolean = arguments.get("boolean", Constant(0, False))
    if not isinstance(boolean, Constant):
        return general  # whose truth is asked for before that of the value
    if not boolean.value:
        missing = call("isinstance", value, name(generator.bind("exact", "filter", node.called, "Undefined")))
        return either(missing, general, value)
    text = is_(call("type", value), generator.bind("exact", "filter", node.called, "str"))
    return likely(ast.BoolOp(ast.And(), [text, value]), value, general)


def _method(called: str) -> Callable[[ast.expr, Constants], ast.expr]:
    return lambda value, arguments: call(attribute(value, called), *map(const, arguments))


def _none(arguments: Constants) -> bool:
    return not arguments


def _texts(count: int) -> Callable[[Constants], bool]:
    return lambda arguments: len(arguments) == count and all(type(argument) is str for argument in arguments)


def _number(arguments: Constants) -> bool:
    return len(arguments) <= 1 and all(type(argument) is int for argument in arguments)


def _itself(value: ast.expr, arguments: Constants) -> ast.expr:
    return value


_FILTERS: MappingProxyType[str, _Filter] = MappingProxyType(
    {
        "upper": ("str", None, _none, _method("upper")),
        "lower": ("str", None, _none, _method("lower")),
        "capitalize": ("str", None, _none, _method("capitalize")),
        "title": ("str", None, _none, lambda value, arguments: call("titled", value)),
        "trim": ("str", None, _none, _method("strip")),
        "string": ("str", None, _none, _itself),
        "replace": ("str", None, _texts(2), _method("replace")),
        "int": ("int", None, _none, _itself),
        "float": ("float", None, _none, _itself),
        "round": (
            "float",
            None,
            _number,
            lambda value, arguments: call("round", value, const((*arguments, 0)[0])),
        ),
        "first": ("list", lambda value: value, _none, lambda value, arguments: item(value, const(0))),
        "last": ("list", lambda value: value, _none, lambda value, arguments: item(value, const(-1))),
        "list": ("list", None, _none, lambda value, arguments: call("list", value)),
    }
)


def _missing(present: bool) -> _BuildTest:
    def build(exact: _Exact, value: ast.expr, arguments: Constants, general: ast.expr) -> ast.expr:
        # what stands for the type is `object` where the test is another, and everything is one
        return either(call("isinstance", value, name(exact("Undefined"))), general, const(present))

    return build


def _is_none(exact: _Exact, value: ast.expr, arguments: Constants, general: ast.expr) -> ast.expr:
    return likely(is_(call("type", value), exact("str")), const(False), general)


def _always(*kinds: str) -> _BuildTest:
    """Return what makes the expression for a test that holds for all values of some types."""

    def build(exact: _Exact, value: ast.expr, arguments: Constants, general: ast.expr) -> ast.expr:
        tests: list[ast.expr] = [is_(call("type", value), exact(kind)) for kind in kinds]
        return either(ast.BoolOp(ast.Or(), tests) if len(tests) > 1 else tests[0], const(True), general)

    return build


def _rest(remainder: int, *divisor: int) -> _BuildTest:
    """Return what makes the expression for a test of what is left of a whole number by a divisor, or by that given."""

    def build(exact: _Exact, value: ast.expr, arguments: Constants, general: ast.expr) -> ast.expr:
        (by,) = divisor or arguments
        rest = ast.Compare(ast.BinOp(value, ast.Mod(), const(by)), [ast.Eq()], [const(remainder)])
        return likely(is_(call("type", value), exact("int")), rest, general)

    return build


def _divisor(arguments: Constants) -> bool:
    return len(arguments) == 1 and type(arguments[0]) is int and arguments[0] != 0


_TESTS: MappingProxyType[str, tuple[Callable[[Constants], bool], _BuildTest]] = MappingProxyType(
    {
        "defined": (_none, _missing(True)),
        "undefined": (_none, _missing(False)),
        "none": (_none, _is_none),
        "iterable": (_none, _always("list", "tuple", "str", "dict")),
        "sequence": (_none, _always("list", "tuple", "str", "dict")),
        "mapping": (_none, _always("dict")),
        "string": (_none, _always("str")),
        "even": (_none, _rest(0, 2)),
        "odd": (_none, _rest(1, 2)),
        "divisibleby": (_divisor, _rest(0)),
    }
)
