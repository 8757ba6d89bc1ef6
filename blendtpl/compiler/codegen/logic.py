"""Logic: what is asked for its truth, and how often.

Enters: `and`, `or`, `not`, comparisons and choices. Leaves: Python expressions that ask each value for its truth as
often as the code that Jinja2 makes of them, which is as often as Python does (O4).

Where an operand is no more than a variable, Python's own operators stand in the code as they would in Jinja2's. Where
it takes statements, those run in a branch, and what has been asked once is not asked again for the next branch.
"""

import ast
from collections.abc import Callable
from functools import partial
from types import MappingProxyType

from jinja2 import nodes

from blendtpl.compiler.codegen.generator import Emitter, Expressions
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, is_, is_simple, name
from blendtpl.compiler.codegen.scope import Scope

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
_NOT = "not "  # as Jinja2's generator has it, and asks whether a sandbox intercepts it


def condition(emitter: Emitter, node: nodes.Node, scope: Scope) -> ast.expr:
    """Return the expression for a node of which only the truth is wanted. It has to stand in a test, and at once."""
    folded = emitter.fold(node)
    if folded is not None:
        return folded
    outer, emitter.code.line = emitter.code.line, node.lineno or emitter.code.line
    if isinstance(node, nodes.Not) and not emitter.intercepted(_NOT, unary=True):
        test: ast.expr = _negated(condition(emitter, node.node, scope))
    elif _is_logic(emitter, node):
        test = _either_truth(emitter, node, scope)  # type: ignore[arg-type]  # it is one
    elif isinstance(node, nodes.Compare):
        test = _compared(emitter, node, scope, truth=True)
    elif isinstance(node, nodes.CondExpr):
        test = chosen(emitter, node, scope, _nothing(emitter, node), partial(_keep_truth, emitter))
    else:
        test = emitter.expression(node, scope)
    if not is_simple(test):
        test.lineno = emitter.code.line
    emitter.code.line = outer
    return test


Keep = Callable[[str, ast.expr | nodes.Expr, Scope], None]  # sets a variable to a value, or what becomes of a node


def chosen(
    emitter: Emitter, node: nodes.CondExpr, scope: Scope, otherwise: ast.expr, keep: Keep | None = None
) -> ast.expr:
    """Return which of two expressions a condition chooses; `otherwise` where there is no second."""

    def keep_value(result: str, part: ast.expr | nodes.Expr, scope: Scope) -> None:
        value = part if isinstance(part, ast.expr) else emitter.expression(part, scope)
        emitter.code.branch(assign(result, value))

    soft = scope.softened()
    result = emitter.code.temporary()
    branch = ast.If(condition(emitter, node.test, soft), [], [])
    emitter.code.branch(branch)
    for part, block in ((node.expr1, branch.body), (node.expr2 or otherwise, branch.orelse)):
        with emitter.code.branch_scope(block):
            (keep or keep_value)(result, part, soft)
    return name(result)


def intercepted(
    emitter: Emitter, node: nodes.BinExpr | nodes.UnaryExpr, scope: Scope, *, operator: str = ""
) -> ast.expr:
    """Return the expression for an operator that a sandboxed environment wants to see."""
    operands = [node.node] if isinstance(node, nodes.UnaryExpr) else [node.left, node.right]
    values = [emitter.expression(operand, scope) for operand in operands]
    guard = attribute(name("environment"), "call_unop" if len(values) == 1 else "call_binop")
    return emitter.code.materialise(call(guard, name(scope.context), const(operator or node.operator), *values))


def _cond(emitter: Emitter, node: nodes.CondExpr, scope: Scope) -> ast.expr:
    return chosen(emitter, node, scope, _nothing(emitter, node))


def _nothing(emitter: Emitter, node: nodes.CondExpr) -> ast.expr:
    message = (
        f"the inline if-expression on {emitter.position(node)} evaluated to false and no else section was defined."
    )
    return call("Undefined", const(message))  # (U3)


def _logic(emitter: Emitter, node: nodes.And | nodes.Or, scope: Scope) -> ast.expr:
    if emitter.intercepted(node.operator):
        return intercepted(emitter, node, scope)
    return emitter.code.materialise(_either_value(emitter, node, scope))


def _not(emitter: Emitter, node: nodes.Not, scope: Scope) -> ast.expr:
    if emitter.intercepted(_NOT, unary=True):
        return intercepted(emitter, node, scope, operator=_NOT)
    return emitter.code.materialise(_negated(_value(emitter, node.node, scope)))


def _compare(emitter: Emitter, node: nodes.Compare, scope: Scope) -> ast.expr:
    return emitter.code.materialise(_compared(emitter, node, scope))


LOGIC: Expressions = MappingProxyType(
    {nodes.CondExpr: _cond, nodes.And: _logic, nodes.Or: _logic, nodes.Not: _not, nodes.Compare: _compare}
)


def _is_logic(emitter: Emitter, node: nodes.Node) -> bool:
    return isinstance(node, (nodes.And, nodes.Or)) and not emitter.intercepted(node.operator)


def _negated(value: ast.expr) -> ast.UnaryOp:
    return ast.UnaryOp(ast.Not(), value)


def _operator(node: nodes.And | nodes.Or) -> ast.boolop:
    return ast.And() if isinstance(node, nodes.And) else ast.Or()


def _goes_on(operator: ast.boolop, value: ast.expr) -> ast.expr:
    """Return the test for whether an operator goes on to its right side, behind a value on its left."""
    return value if isinstance(operator, ast.And) else _negated(value)


def _value(emitter: Emitter, node: nodes.Expr, scope: Scope) -> ast.expr:
    """Return the expression for the value of a node; it has to be used once, and at once."""
    if emitter.fold(node) is None:
        if _is_logic(emitter, node):
            return _either_value(emitter, node, scope)  # type: ignore[arg-type]  # it is one
        if isinstance(node, nodes.Compare):
            return _compared(emitter, node, scope)
    return emitter.expression(node, scope)


def _either_truth(emitter: Emitter, node: nodes.And | nodes.Or, scope: Scope) -> ast.expr:
    """Return the test for whether both, or one, of two nodes are true."""
    code, operator = emitter.code, _operator(node)
    left = condition(emitter, node.left, scope)
    branch = ast.If(_goes_on(operator, left), [], [])
    code.materialise_output()
    with code.branch_scope(branch.body):
        right = condition(emitter, node.right, scope)
    if not branch.body:
        return ast.BoolOp(operator, [left, right])
    result = code.temporary()
    code.branch(branch)
    with code.appending_to(branch.body):
        _keep_truth(emitter, result, right, scope)
    with code.appending_to(branch.orelse):
        code.branch(assign(result, const(isinstance(operator, ast.Or))))
    return name(result)


def _keep_truth(emitter: Emitter, result: str, part: ast.expr | nodes.Expr, scope: Scope) -> None:
    """Set a variable to something that is as true as a test; what that asks is asked now, or when it is looked at."""
    test = part if isinstance(part, ast.expr) else condition(emitter, part, scope)
    if isinstance(test, (ast.BoolOp, ast.UnaryOp)) or (isinstance(test, ast.Compare) and len(test.ops) > 1):
        branch = ast.If(test, [], [])
        emitter.code.branch(branch)
        for block, truth in ((branch.body, True), (branch.orelse, False)):
            with emitter.code.appending_to(block):
                emitter.code.branch(assign(result, const(truth)))
    else:
        emitter.code.branch(assign(result, test))


def _either_value(emitter: Emitter, node: nodes.And | nodes.Or, scope: Scope) -> ast.expr:
    """Return the expression for the value of `and` or `or`."""
    code, operator = emitter.code, _operator(node)
    left, tested = _side(emitter, node.left, scope, operator)
    branch = ast.If(const(None), [], [])
    code.materialise_output()
    with code.branch_scope(branch.body):
        right = _value(emitter, node.right, scope)
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


def _side(emitter: Emitter, node: nodes.Expr, scope: Scope, outer: ast.boolop) -> tuple[ast.expr, bool]:
    """Return the expression for one side of the operator `outer`, and whether its truth has been asked by now: then it
    is `missing` where that operator goes on behind it.
    """
    if emitter.fold(node) is not None or not _is_logic(emitter, node):
        return _value(emitter, node, scope), False
    code, operator = emitter.code, _operator(node)  # type: ignore[arg-type]  # it is one
    left, tested = _side(emitter, node.left, scope, operator)  # type: ignore[attr-defined]
    branch = ast.If(is_(left, "missing"), [], [])
    code.materialise_output()
    with code.branch_scope(branch.body):
        right, right_tested = _side(emitter, node.right, scope, outer)  # type: ignore[attr-defined]
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


def _compared(emitter: Emitter, node: nodes.Compare, scope: Scope, *, truth: bool = False) -> ast.expr:
    """Return the expression for a comparison, or, for its `truth`, that for a test."""
    code = emitter.code
    left = emitter.expression(node.expr, scope)
    last = len(node.ops) - 1
    branches: list[ast.If] = []  # behind each comparison but the last
    steps: list[ast.Compare] = []
    for number, operand in enumerate(node.ops):
        code.materialise_output()
        block = branches[-1].body if branches else code.block
        with code.branch_scope(block) if branches else code.appending_to(block):
            right = emitter.expression(operand.expr, scope)
            right = right if number == last else code.materialise(right)
        steps.append(ast.Compare(left, [_COMPARE[operand.op]], [right]))
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
