"""Constant slots: a top level that does no more than say what names are, as data in place of code.

Enters: the function of a template's top level. Leaves: the slots that it fills, with what, and the line from which what
it extends goes on. Most templates that extend another are like that, and a registry of thousands has no use for
thousands of functions that do next to nothing.
"""

import ast
from dataclasses import dataclass

from blendtpl.bundle import abi

_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class ConstantSlots:
    """What a top level puts into slots. Each value is a constant, or the global variable that has it."""

    line: int
    slots: tuple[int, ...]
    values: tuple[ast.Constant | ast.Name, ...]


def constant_slots(root: ast.FunctionDef) -> ConstantSlots | None:
    """Return the constant slots that a function is; `None` when it does anything else."""
    variables: dict[str, ast.Constant | ast.Name] = {}  # variables
    slots: dict[int, ast.Constant | ast.Name] = {}  # slots
    body = [statement for statement in root.body if not isinstance(statement, ast.Pass)]
    while body and (_tells(body[0]) or _note(body[0], variables, slots)):
        body = body[1:]
    line = _goes_on(body)
    return None if line is None else ConstantSlots(line, tuple(slots), tuple(slots.values()))


def _note(
    statement: ast.stmt, variables: dict[str, ast.Constant | ast.Name], slots: dict[int, ast.Constant | ast.Name]
) -> bool:
    """Note what a variable or a slot is set to; return whether that is all that a statement does."""
    if not isinstance(statement, ast.Assign):
        return False
    value: ast.expr | None = statement.value
    if isinstance(value, ast.Name):
        value = variables.get(value.id, value if value.id == "missing" or abi.is_symbol(value.id) else None)
    if not (isinstance(value, ast.Name) or (isinstance(value, ast.Constant) and type(value.value) in _PLAIN)):
        return False
    for target in statement.targets:
        match target:
            case ast.Name(variable):
                variables[variable] = value
            case ast.Subscript(ast.Name("context"), ast.Constant(int(slot))) if not _is_missing(value):
                slots[slot] = value
            case _:
                return False
    return True


def _is_missing(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id == "missing"


def _tells(statement: ast.stmt) -> bool:
    """Return whether a statement tells a context of what has been set."""
    match statement:
        case ast.If(body=[ast.Expr(ast.Call(ast.Name("publish_set")))], orelse=[]):
            return True
    return False


def _goes_on(body: list[ast.stmt]) -> int | None:
    """Return the line of the statements that end a function by going on with what the template extends."""
    match body:
        case [ast.Return(ast.Call(ast.Name(function), [ast.Name("context")])) as last]:
            return last.lineno if abi.is_symbol(function) else None
        case [
            ast.Assign(
                [ast.Name(steps)], ast.Call(_, [ast.Name("context"), ast.Name("out"), ast.Name("limit")])
            ) as last,
            ast.If(ast.Name(tested), [ast.Expr(ast.YieldFrom(ast.Name(yielded)))], []),
        ]:
            return last.lineno if steps == tested == yielded else None
    return None
