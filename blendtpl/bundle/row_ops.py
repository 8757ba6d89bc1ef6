"""Row operations: what a program is made of that writes the rows of a loop.

`blendtpl.runtime.rows` says what each operation means and is the reference; `runtime/csrc` has the same in C.

A *body* is a text, or a tuple of *statements*, each a text or an operation. An *expression* is a register, by its
number, or an operation that has a value. An operation is a tuple that begins with its opcode, and `SIGNATURES` says
what follows. A program is one `LOOP`, with `GIVEN` for its items.
"""

from types import MappingProxyType
from typing import Any

Body = str | tuple[Any, ...]
Expression = int | tuple[Any, ...]
Target = int | tuple[Any, ...]
Program = tuple[Any, ...]

GIVEN = b""  # for the items of a program, which are given when it runs; no template has such a constant

MOST_VALUES = 64  # registers
MOST_DEPTH = 128  # how deep operations may stand in each other
MOST_NODES = 1 << 16  # of a program, which may have one part many times
MOST_PLACES = 1 << 30

LIMITS = ("MOST_VALUES", "MOST_DEPTH", "MOST_NODES", "MOST_PLACES", "FIRST_STATEMENT", "KEEPS_PREVIOUS")

KEEPS_PREVIOUS = 1  # a flag of a loop: the item before that at hand is asked for


class Opcode:
    """The number that an operation begins with; emitted code has it, so it is no enum."""

    ATTR = 1
    METHOD = 2
    ITEM = 3
    CALL = 4
    CALLKW = 5
    BINARY = 6
    UNARY = 7
    COMPARE = 8
    NOT = 9
    AND = 10
    OR = 11
    CHOOSE = 12
    CONCAT = 13
    COUNTER = 14
    LAST = 15
    LENGTH = 16
    REVINDEX = 17
    REVINDEX0 = 18
    PREVITEM = 19
    NEXTITEM = 20
    CHANGED = 21
    CYCLE = 22
    TUPLE = 23
    LIST = 24
    SLICE = 25
    CHECKED = 26
    TEXT = 27
    MARKUP = 28
    DICT = 29
    GUARDED = 30
    BEHIND = 31
    AWAIT = 32
    PRINT = 33
    PRINTSTR = 34
    PRINTTEXT = 35
    IF = 36
    SET = 37
    LOOP = 38
    BREAK = 39
    CONTINUE = 40
    DO = 41
    GUARD = 42


FIRST_STATEMENT = Opcode.PRINT  # from there on they have no value


class Operator:
    """What `BINARY` does, and, from `POS` on, `UNARY`."""

    ADD, SUB, MUL, DIV, FLOORDIV, MOD, POW, POS, NEG = range(9)


class Comparison:
    """What `COMPARE` asks; the numbers of the first six are those of CPython."""

    LT, LE, EQ, NE, GT, GE, IN, NOTIN = range(8)


class Counter:
    """What `COUNTER` gives."""

    INDEX, INDEX0, FIRST, DEPTH, DEPTH0 = range(5)


# What follows an opcode, a letter for each item:
#   p  a place, or `None` for that at hand         x  an expression          y  one, or `None`
#   X  expressions, as many as there are           Y  the same, at least one
#   r  a register          n  a name          k  names of keywords, for the last of the expressions behind them
#   o u c w  a number of `Operator`, of its unary part, of `Comparison`, of `Counter`
#   b  a body              B  a body which nothing breaks out of      i  the body of a loop
#   t  a register, or a tuple of such targets      f  flags of a loop
# and l, v, j stand for nothing, but say where that may be: in a loop, in one that keeps the previous item, and where a
# loop can be left.
SIGNATURES = MappingProxyType(
    {
        Opcode.ATTR: "pxn",
        Opcode.METHOD: "pxn",
        Opcode.ITEM: "pxx",
        Opcode.CALL: "pxX",
        Opcode.CALLKW: "pxkX",
        Opcode.BINARY: "poxx",
        Opcode.UNARY: "pux",
        Opcode.COMPARE: "pcxx",
        Opcode.NOT: "px",
        Opcode.AND: "pxx",
        Opcode.OR: "pxx",
        Opcode.CHOOSE: "pxxx",
        Opcode.CONCAT: "pX",
        Opcode.COUNTER: "lw",
        Opcode.LAST: "lp",
        Opcode.LENGTH: "lp",
        Opcode.REVINDEX: "lp",
        Opcode.REVINDEX0: "lp",
        Opcode.PREVITEM: "vp",
        Opcode.NEXTITEM: "lp",
        Opcode.CHANGED: "lpX",
        Opcode.CYCLE: "lY",
        Opcode.TUPLE: "X",
        Opcode.LIST: "X",
        Opcode.SLICE: "pxyyy",
        Opcode.CHECKED: "rn",
        Opcode.TEXT: "B",
        Opcode.MARKUP: "B",
        Opcode.DICT: "pX",
        Opcode.GUARDED: "xx",
        Opcode.BEHIND: "Bx",
        Opcode.AWAIT: "pxx",
        Opcode.PRINT: "px",
        Opcode.PRINTSTR: "px",
        Opcode.PRINTTEXT: "x",
        Opcode.IF: "pxbb",
        Opcode.SET: "rx",
        Opcode.LOOP: "pxtyibf",
        Opcode.BREAK: "j",
        Opcode.CONTINUE: "j",
        Opcode.DO: "x",
        Opcode.GUARD: "pBx",
    }
)


def numbers(names: type) -> dict[str, int]:
    """Return the numbers of one of the classes here, by their names."""
    return {name: number for name, number in vars(names).items() if name.isupper()}


NAMES = MappingProxyType({number: name for name, number in numbers(Opcode).items()})
