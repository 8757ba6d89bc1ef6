"""Parts: what the rows of a loop are made of. `blendtpl.runtime.attributes.rows` says what each means;
`runtime/csrc/rows.c` knows the same.
"""

from typing import Any

Part = str | tuple[Any, ...]
Parts = str | tuple[Part, ...]
Hole = tuple[Any, ...]

MOST_VALUES, MOST_JOINED = 32, 8  # of a row, and of one `~`


class Kind:
    """The number that a part begins with which is neither a text nor a hole; emitted code has it, so it is no enum."""

    LAST = -1
    FIRST = -2
    TURN = -3
    TRUE = -4
    EQUAL = -5
    SET = -6
    CONCAT = -7
    LOOP = -8
