"""Effects: what running a part of a template may do."""

from blendtpl.compiler.ir.base import Statement, below
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
from blendtpl.compiler.ir.values import BlockText, CallMacro, Printed, Text

LONGEST = 8  # conditions in a chain: Python nests every one of them in the one before


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
