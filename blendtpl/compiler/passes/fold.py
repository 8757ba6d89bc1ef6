"""Folding: what is known when a template is compiled, once a call has its arguments.

Jinja2 folds what is constant where it stands. Here it is what became constant because a macro or an include stands in
place of a call of it: conditions that are decided, constants that are printed, texts that come behind each other.
"""

from itertools import pairwise
from typing import Any

from jinja2.filters import FILTERS
from jinja2.tests import TESTS
from markupsafe import Markup, escape

from blendtpl.bundle.environment import passed_argument
from blendtpl.compiler.ir.base import Body, Statement, Value
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Rewriter
from blendtpl.compiler.ir.statements import (
    ESCAPE,
    RAW,
    Framed,
    If,
    Print,
    PrintText,
    Scoped,
)
from blendtpl.compiler.ir.values import (
    Apply,
    Choose,
    Compare,
    Concat,
    Constant,
    Logic,
    Marked,
    Not,
    Text,
    Undefined,
)

_PLAIN = (str, int, float, bool, type(None))  # what nobody's code runs for
_EQUALITY = {"eq": True, "ne": False}


def folded(function: Function) -> Function:
    """Return a function without what is decided by now."""
    return _Fold().parts(function)


class _Fold(Rewriter):
    def value(self, value: Value) -> Value:
        """Fold what is below first."""
        value = self.parts(value)
        match value:
            case Not(value=Constant(value=constant)):
                return Constant(value.line, not constant)
            case Logic(operator=operator, left=Constant(value=constant) as left, right=right):
                return right if bool(constant) is (operator == "and") else left
            case Choose(test=Constant(value=constant), yes=yes, no=no):
                return yes if constant else no
            case Compare(first=Constant(value=first), rest=((operator, Constant(value=second)),)) if (
                operator in _EQUALITY and type(first) in _PLAIN and type(second) in _PLAIN
            ):
                return Constant(value.line, (first == second) is _EQUALITY[operator])
            case Concat(values=values) if all(_is_plain(part) for part in values) and value.escaped in {True, False}:
                return Constant(value.line, "".join(str(part.value) for part in values if isinstance(part, Constant)))
            case Text(body=(PrintText(text=text),)):
                return Constant(value.line, text)
            case Text(body=()):
                return Constant(value.line, "")
            case Apply(own=True, arguments=arguments) if arguments.is_plain:
                return _applied(value)
        return value

    def statement(self, statement: Statement) -> Body:
        """Fold what is below first."""
        statement = self.parts(statement)
        match statement:
            case If():
                return _decided(statement)
            case Print():
                return (_printed(statement),)
            case Framed(body=body) if all(isinstance(part, PrintText) for part in body):
                return body
            case Scoped(bind=(), body=body, forgets=()):
                return body
        return (statement,)

    def body(self, body: Body) -> Body:
        """Have texts that come behind each other be one."""
        body = super().body(body)
        if not any(isinstance(a, PrintText) and isinstance(b, PrintText) for a, b in pairwise(body)):
            return body
        joined: list[Statement] = []
        for statement in body:
            last = joined[-1] if joined else None
            if isinstance(statement, PrintText) and isinstance(last, PrintText):
                joined[-1] = PrintText(last.line, last.text + statement.text)
            else:
                joined.append(statement)
        return tuple(joined)


def _is_plain(value: Value) -> bool:
    return isinstance(value, Constant) and type(value.value) in _PLAIN


def _decided(statement: If) -> Body:
    """Return what is left of a condition."""
    branches: list[tuple[Value, Body]] = []
    otherwise = statement.otherwise
    for test, body in statement.branches:
        if isinstance(test, Constant):
            if not test.value:
                continue
            otherwise = body
            break
        branches.append((test, body))
    if not branches:
        return otherwise
    if len(branches) == len(statement.branches):
        return (statement,)
    return (If(branches[0][0].line, tuple(branches), otherwise),)


def _printed(statement: Print) -> Statement:
    match statement.value:
        case Marked(value=Constant(value=str(text)), escaped=True) if statement.mode != RAW:
            return PrintText(statement.line, text)
        case Constant(value=constant) if type(constant) in {*_PLAIN, Markup} and statement.mode != RAW:
            return PrintText(statement.line, str(escape(constant) if statement.mode == ESCAPE else constant))
    return statement


def _applied(value: Apply) -> Value:
    """Return what one of Jinja2's own filters or tests makes of a constant, or of what is undefined."""
    is_test = value.kind == "test" and not value.arguments.positional
    if isinstance(value.value, Undefined) and is_test and value.called in {"defined", "undefined"}:
        return Constant(value.line, value.called == "undefined")
    if not (_is_plain(value.value) and all(map(_is_plain, value.arguments.positional))):
        return value
    function: Any = (FILTERS if value.kind == "filter" else TESTS)[value.called]
    if passed_argument(function) or value.passed is not None:
        return value
    function = getattr(function, "__wrapped__", function)
    constants = [part.value for part in (value.value, *value.arguments.positional) if isinstance(part, Constant)]
    try:
        result = function(*constants)
    except Exception:  # an error that is to be raised when this runs
        return value
    return Constant(value.line, result) if type(result) in _PLAIN else value
