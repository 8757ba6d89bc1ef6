"""What is in C; see `_counting.c`."""

from collections.abc import Callable
from typing import Any

def counted(function: Callable[..., Any], row: memoryview[float], at: int, /) -> Callable[..., Any]: ...
