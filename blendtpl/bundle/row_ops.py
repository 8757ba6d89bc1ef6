"""Row operations: what the rows of a loop are made of. `blendtpl.runtime.attributes.rows` says what each means;
`runtime/csrc/rows.c` knows the same.
"""

from typing import Any

RowOp = str | tuple[Any, ...]
RowOps = str | tuple[RowOp, ...]
Operand = tuple[Any, ...]

MOST_VALUES, MOST_JOINED = 32, 8  # of a row, and of one `~`


class Opcode:
    """The number that a part begins with which is neither a text nor an operand; emitted code has it, so it is no
    enum.
    """

    LAST = -1
    FIRST = -2
    TURN = -3
    TRUE = -4
    EQUAL = -5
    SET = -6
    CONCAT = -7
    LOOP = -8
