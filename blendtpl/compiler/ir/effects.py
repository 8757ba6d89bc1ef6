"""Effects: what running a part of a template may do."""

from blendtpl.compiler.ir.base import Statement, Value, below
from blendtpl.compiler.ir.statements import (
    RAW,
    Framed,
    If,
    Print,
    PrintAsked,
    PrintText,
    RunIncluded,
    Scoped,
    Set,
    ToVariable,
)
from blendtpl.compiler.ir.values import BlockText, CallMacro, Checked, Constant, Printed, Text, Undefined, Variable

_STAYS = (Constant, Checked, Undefined, Variable)  # what is there, and stays as it is

LONGEST = 8  # conditions in a chain: Python nests every one of them in the one before


def held_in(name: str, line: int, value: Value) -> tuple[Value, tuple[Set, ...]]:
    """Return what stands for a value from here on, and what puts it into a variable of that name, if need be."""
    if isinstance(value, _STAYS):
        return value, ()
    return Variable(line, name), (Set(line, ToVariable(line, name), value, made=True),)


def only_prints(body: tuple[Statement, ...]) -> bool:
    """Return whether statements do no more than print values and texts, under conditions: nothing of that writes to the
    output itself, so that what they print may be one text.
    """
    return all(map(_only_prints, body))


def _only_prints(statement: Statement) -> bool:
    match statement:
        case PrintText() | PrintAsked():
            return True
        case Print(value=Printed(value=BlockText() | CallMacro() as value)):
            return value.text
        case Print(mode=mode):
            return mode != RAW
        case If(branches=branches, otherwise=otherwise):
            return (
                len(branches) <= LONGEST and all(only_prints(body) for _, body in branches) and only_prints(otherwise)
            )
        case RunIncluded(text=text):
            return text
        case Framed(body=body) | Scoped(body=body):
            return only_prints(body)
        case Set(target=ToVariable(), value=value):
            # what is captured into a list of its own writes to that
            return all(only_prints(node.body) for node in (value, *below(value)) if isinstance(node, Text))
    return False
