"""The check of programs that write rows: whether one is what `blendtpl.bundle.row_ops` says.

Enters: a program, of whatever origin. Leaves: how many registers it has, or a `TypeError` that says what is wrong. The
functions in C check the same when they are given a program, and ask here for the words.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from blendtpl.bundle.row_ops import (
    FIRST_STATEMENT,
    GIVEN,
    KEEPS_PREVIOUS,
    MOST_DEPTH,
    MOST_NODES,
    MOST_PLACES,
    MOST_VALUES,
    NAMES,
    SIGNATURES,
    Opcode,
)

_BELOW = {"o": 7, "c": 8, "w": 5}  # how many numbers there are of these kinds
_UNARY = (7, 8)


def check(program: Any) -> int:
    """Return how many registers a program has. Raises `TypeError` when it is none."""
    checking = _Checking()
    if type(program) is not tuple or not program or type(program[0]) is not int or program[0] != Opcode.LOOP:
        _refuse("they are no loop")
    if not is_program(program):
        _refuse("their loop has items of its own")
    checking.nodes = 1
    checking.operation((*program[:2], 0, *program[3:]), statement=True)
    return checking.registers


def is_program(value: Any) -> bool:
    """Return whether a constant of code is meant to be a program, well-formed or not."""
    return type(value) is tuple and len(value) > 2 and type(value[2]) is bytes and value[2] == GIVEN


def own_registers(program: Any) -> int:
    """Return how many registers the items of a program are assigned to, behind which its inputs are."""
    target = program[3]
    return _highest(target) + 1


def fits(program: Any, inputs: int) -> bool:
    """Return whether a program that is made as it should be is none that is too long, too deep, or has too many
    registers.
    """
    try:
        check(program)
    except TypeError:
        return False
    return own_registers(program) + inputs <= MOST_VALUES


def _highest(target: Any) -> int:
    return target if type(target) is int else max(map(_highest, target))


def _refuse(reason: str) -> NoReturn:
    raise TypeError(f"these are no rows: {reason}")


@dataclass(slots=True)
class _Checking:
    """What is known of the part at hand: the loops around it, whether they can be left, and how deep it stands."""

    registers: int = 0
    nodes: int = 0
    depth: int = 0
    loops: int = 0
    leaves: bool = False
    keeps: bool = False

    def operation(self, operation: Any, *, statement: bool) -> None:
        """Check an operation, which has to be a statement, or to have a value."""
        opcode = operation[0] if type(operation) is tuple and operation else None
        if type(opcode) is not int or opcode not in SIGNATURES:
            _refuse("a part is neither a text nor an operation" if statement else "a part is no expression")
        if (opcode >= FIRST_STATEMENT) is not statement:
            _refuse(f"{NAMES[opcode]} is {'an expression' if statement else 'a statement'}")
        if not statement:
            self._add(1)
        items = list(operation[:0:-1])
        with self._deeper():
            for kind in SIGNATURES[opcode]:
                if kind in "lvj":
                    self._stands(kind, opcode)
                elif kind in "XY":
                    self._expressions(items, kind, operation)
                elif not items:
                    _refuse(f"{NAMES[opcode]} has only {len(operation)} items")
                else:
                    self._item(kind, items.pop(), operation)
        if items:
            _refuse(f"{NAMES[opcode]} has {len(operation)} items, which is more than it can have")

    def _stands(self, kind: str, opcode: int) -> None:
        stands = {"l": self.loops > 0, "v": self.loops > 0 and self.keeps, "j": self.leaves}
        if not stands[kind]:
            _refuse(f"{NAMES[opcode]} stands where there is no such loop")

    def _expressions(self, items: list[Any], kind: str, operation: Any) -> None:
        if kind == "Y" and not items:
            _refuse(f"{NAMES[operation[0]]} has no items")
        if operation[0] == Opcode.DICT and len(items) % 2:
            _refuse("a dict has a key without a value")
        if operation[0] == Opcode.CALLKW and len(operation[3]) > len(items):
            _refuse("a call has more names than arguments")
        self._add(len(items))
        while items:
            self._expression(items.pop())

    def _item(self, kind: str, item: Any, operation: Any) -> None:
        match kind:
            case "p":
                if item is not None:
                    _number(item, MOST_PLACES, "place")
            case "x":
                self._expression(item)
            case "y":
                if item is not None:
                    self._expression(item)
            case "r":
                self._register(item)
            case "n":
                if type(item) is not str:
                    _refuse("a name is no text")
            case "k":
                if type(item) is not tuple or not 0 < len(item) <= MOST_VALUES:
                    _refuse("there are too many keywords, or none")
                if any(type(name) is not str for name in item) or len(set(item)) < len(item):
                    _refuse("the names of keywords are no texts, or not different")
            case "u":
                if type(item) is not int or item not in _UNARY:
                    _refuse("there is no such operator")
            case "t":
                self._target(item)
            case "f":
                _number(item, 2, "flag")
            case "i":
                self._loop_body(item, operation)
            case "b":
                self._body(item)
            case "B":
                leaves, self.leaves = self.leaves, False
                self._body(item)
                self.leaves = leaves
            case _:
                _number(item, _BELOW[kind], "number of an operator")

    def _loop_body(self, body: Any, operation: Any) -> None:
        outer = self.loops, self.leaves, self.keeps
        self.loops, self.leaves = self.loops + 1, True
        self.keeps = len(operation) == 8 and type(operation[7]) is int and bool(operation[7] & KEEPS_PREVIOUS)
        self._body(body)
        self.loops, self.leaves, self.keeps = outer

    def _body(self, body: Any) -> None:
        if type(body) is str:
            self._add(2)
            return
        if type(body) is not tuple:
            _refuse("a body is neither a text nor a tuple of statements")
        self._add(len(body) + 1)
        with self._deeper():
            for statement in body:
                if type(statement) is not str:
                    self.operation(statement, statement=True)

    def _expression(self, expression: Any) -> None:
        if type(expression) is int:
            self._register(expression)
        else:
            self.operation(expression, statement=False)

    def _register(self, number: Any) -> None:
        if type(number) is int and number >= MOST_VALUES:
            _refuse(f"they have more than {MOST_VALUES} registers")
        _number(number, MOST_VALUES, "register")
        self.registers = max(self.registers, number + 1)

    def _target(self, target: Any) -> None:
        if type(target) is not tuple:
            self._register(target)
            return
        if not target:
            _refuse("nothing is a target")
        self._add(len(target))
        with self._deeper():
            for part in target:
                self._target(part)

    def _add(self, count: int) -> None:
        self.nodes += count
        if self.nodes > MOST_NODES:
            _refuse(f"they have more than {MOST_NODES} parts")

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            _refuse(f"parts stand in each other more than {MOST_DEPTH} deep")
        yield
        self.depth -= 1


def _number(number: Any, below: int, kind: str) -> None:
    if type(number) is not int or not 0 <= number < below:
        _refuse(f"there is no such {kind}")
