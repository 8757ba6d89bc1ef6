"""Logic: what is asked for its truth, and how often.

Enters: `and`, `or`, `not`, comparisons and choices. Leaves: Python expressions that ask each value for its truth as
often as the code that Jinja2 makes of them, which is as often as Python does (O4).

Where an operand is no more than a variable, Python's own operators stand in the code as they would in Jinja2's. Where
it takes statements, those run in a branch, and what has been asked once is not asked again for the next branch.
"""

import ast
from collections.abc import Callable
from types import MappingProxyType

from blendtpl.compiler.codegen.generator import Generator, Values
from blendtpl.compiler.codegen.pyast import assign, const, is_, is_simple, name
from blendtpl.compiler.ir.base import Value
from blendtpl.compiler.ir.values import Choose, Compare, Logic, Not

_COMPARE: dict[str, ast.cmpop] = {
    "eq": ast.Eq(),
    "ne": ast.NotEq(),
    "gt": ast.Gt(),
    "gteq": ast.GtE(),
    "lt": ast.Lt(),
    "lteq": ast.LtE(),
    "in": ast.In(),
    "notin": ast.NotIn(),
}
_OPERATORS: dict[str, ast.boolop] = {"and": ast.And(), "or": ast.Or()}


def condition(generator: Generator, value: Value) -> ast.expr:
    """Return the expression for a value of which only the truth is wanted. It has to stand in a test, and at once."""
    outer, generator.code.line = generator.code.line, value.line or generator.code.line
    if isinstance(value, Not):
        test: ast.expr = _negated(condition(generator, value.value))
    elif isinstance(value, Logic):
        test = _either_truth(generator, value)
    elif isinstance(value, Compare):
        test = _compared(generator, value, truth=True)
    elif isinstance(value, Choose):
        test = _chosen(generator, value, _keep_truth_of)
    else:
        test = generator.value(value)
    if not is_simple(test):
        test.lineno = generator.code.line
    generator.code.line = outer
    return test


def _chosen(generator: Generator, value: Choose, keep: Callable[[Generator, str, Value], None]) -> ast.expr:
    """Return which of two values a condition chooses, of which a variable keeps something."""
    code = generator.code
    result = code.temporary()
    branch = ast.If(condition(generator, value.test), [], [])
    code.branch(branch)
    for part, block in ((value.yes, branch.body), (value.no, branch.orelse)):
        with code.branch_scope(block):
            keep(generator, result, part)
    return name(result)


def _keep_value(generator: Generator, result: str, value: Value) -> None:
    generator.code.branch(assign(result, generator.value(value)))


def _keep_truth_of(generator: Generator, result: str, value: Value) -> None:
    _keep_truth(generator, result, condition(generator, value))


def _choose(generator: Generator, value: Choose) -> ast.expr:
    return _chosen(generator, value, _keep_value)


def _logic(generator: Generator, value: Logic) -> ast.expr:
    return generator.code.materialise(_either_value(generator, value))


def _not(generator: Generator, value: Not) -> ast.expr:
    return generator.code.materialise(_negated(_value(generator, value.value)))


def _compare(generator: Generator, value: Compare) -> ast.expr:
    return generator.code.materialise(_compared(generator, value))


LOGIC: Values = MappingProxyType({Choose: _choose, Logic: _logic, Not: _not, Compare: _compare})


def _negated(value: ast.expr) -> ast.UnaryOp:
    return ast.UnaryOp(ast.Not(), value)


def _goes_on(operator: ast.boolop, value: ast.expr) -> ast.expr:
    """Return the test for whether an operator goes on to its right side, behind a value on its left."""
    return value if isinstance(operator, ast.And) else _negated(value)


def _value(generator: Generator, value: Value) -> ast.expr:
    """Return the expression for a value; it has to be used once, and at once."""
    if isinstance(value, Logic):
        return _either_value(generator, value)
    if isinstance(value, Compare):
        return _compared(generator, value)
    return generator.value(value)


def _either_truth(generator: Generator, value: Logic) -> ast.expr:
    """Return the test for whether both, or one, of two values are true."""
    code, operator = generator.code, _OPERATORS[value.operator]
    left = condition(generator, value.left)
    branch = ast.If(_goes_on(operator, left), [], [])
    code.materialise_output()
    with code.branch_scope(branch.body):
        right = condition(generator, value.right)
    if not branch.body:
        return ast.BoolOp(operator, [left, right])
    result = code.temporary()
    code.branch(branch)
    with code.appending_to(branch.body):
        _keep_truth(generator, result, right)
    with code.appending_to(branch.orelse):
        code.branch(assign(result, const(isinstance(operator, ast.Or))))
    return name(result)


def _keep_truth(generator: Generator, result: str, test: ast.expr) -> None:
    """Set a variable to something that is as true as a test; what that asks is asked now, or when it is looked at."""
    code = generator.code
    if isinstance(test, (ast.BoolOp, ast.UnaryOp)) or (isinstance(test, ast.Compare) and len(test.ops) > 1):
        branch = ast.If(test, [], [])
        code.branch(branch)
        for block, truth in ((branch.body, True), (branch.orelse, False)):
            with code.appending_to(block):
                code.branch(assign(result, const(truth)))
    else:
        code.branch(assign(result, test))


def _either_value(generator: Generator, value: Logic) -> ast.expr:
    """Return the expression for the value of `and` or `or`."""
    code, operator = generator.code, _OPERATORS[value.operator]
    left, tested = _side(generator, value.left, operator)
    branch = ast.If(const(None), [], [])
    code.materialise_output()
    with code.branch_scope(branch.body):
        right = _value(generator, value.right)
    if not (tested or branch.body):
        return ast.BoolOp(operator, [left, right])
    result = code.temporary()
    if tested or not is_simple(left):
        code.branch(assign(result, left if tested else _or_missing(operator, left)))
        branch.test = is_(name(result), "missing")
    else:
        code.branch(assign(result, left))
        branch.test = _goes_on(operator, name(result))
    code.branch(branch)
    with code.appending_to(branch.body):
        code.branch(assign(result, right))
    return name(result)


def _side(generator: Generator, value: Value, outer: ast.boolop) -> tuple[ast.expr, bool]:
    """Return the expression for one side of the operator `outer`, and whether its truth has been asked by now: then it
    is `missing` where that operator goes on behind it.
    """
    if not isinstance(value, Logic):
        return _value(generator, value), False
    code, operator = generator.code, _OPERATORS[value.operator]
    left, tested = _side(generator, value.left, operator)
    branch = ast.If(is_(left, "missing"), [], [])
    code.materialise_output()
    with code.branch_scope(branch.body):
        right, right_tested = _side(generator, value.right, outer)
    if not (tested or branch.body):
        return ast.BoolOp(operator, [left, right]), False
    result = code.temporary()
    if type(operator) is type(outer):
        code.branch(assign(result, left if tested else _or_missing(operator, left)))
        branch.test = is_(name(result), "missing")
    else:
        if not tested:
            branch.test = _goes_on(operator, left)
        with code.appending_to(branch.orelse):
            code.branch(assign(result, name("missing")))
    code.branch(branch)
    with code.appending_to(branch.body):
        code.branch(assign(result, right if right_tested else _or_missing(outer, right)))
    return name(result), True


def _or_missing(operator: ast.boolop, value: ast.expr) -> ast.expr:
    return ast.BoolOp(operator, [value, name("missing")])


def _compared(generator: Generator, value: Compare, *, truth: bool = False) -> ast.expr:
    """Return the expression for a comparison, or, for its `truth`, that for a test."""
    code = generator.code
    left = generator.value(value.first)
    last = len(value.rest) - 1
    branches: list[ast.If] = []  # behind each comparison but the last
    steps: list[ast.Compare] = []
    for number, (operator, operand) in enumerate(value.rest):
        code.materialise_output()
        block = branches[-1].body if branches else code.block
        with code.branch_scope(block) if branches else code.appending_to(block):
            right = generator.value(operand)
            right = right if number == last else code.materialise(right)
        steps.append(ast.Compare(left, [_COMPARE[operator]], [right]))
        left = right
        branches.append(ast.If(steps[-1], [], []))
    if not any(branch.body for branch in branches[:-1]):
        return ast.Compare(steps[0].left, [step.ops[0] for step in steps], [step.comparators[0] for step in steps])
    result, block = code.temporary(), code.block
    if truth:
        code.branch(assign(result, const(False)))
    for step, branch in zip(steps, branches, strict=True):
        with code.appending_to(block):
            if not truth or step is steps[-1]:
                code.branch(assign(result, step))
                branch.test = name(result)
            if step is not steps[-1]:
                code.branch(branch)
        block = branch.body
    return name(result)
