"""Output: what workers print, as lines, where a table has the terminal.

Enters: a pipe that workers have for their standard output and error. Leaves: whole lines, which somebody shows above
the table with whatever escapes a terminal needs.
"""

import os
import selectors
from collections.abc import Callable

_LONGEST = 4096  # bytes of a line


class Output:
    """The pipe. A worker that prints faster than the launcher reads waits, as it would for a terminal."""

    def __init__(self, selector: selectors.BaseSelector, show: Callable[[str], None]) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._show, self._rest = show, b""
        self._selector = selector
        selector.register(self._reader, selectors.EVENT_READ, self.read)

    def take_over(self) -> None:
        """Have this process, a worker, print into the pipe."""
        for descriptor in (1, 2):
            os.dup2(self._writer, descriptor)
        self.close()

    def read(self) -> None:
        """Show the lines that are there."""
        try:
            data = os.read(self._reader, 65536)
        except BlockingIOError:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._show(line.decode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Let go of both ends."""
        os.close(self._reader)
        os.close(self._writer)
