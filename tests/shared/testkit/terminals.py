"""A terminal that a process writes to, and a test reads."""

import os
import select

from testkit import PATIENCE


class Terminal:
    """Both ends of a terminal: `far` is the descriptor for a process."""

    def __init__(self) -> None:
        self._near, self.far = os.openpty()
        self._open = True

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *unused: object) -> None:
        self._let_go()
        os.close(self._near)

    def read(self, until: bytes | None = None) -> bytes:
        """Return what a process that was started has written, until it has written that, or is gone."""
        self._let_go()  # the process has it; as long as anybody else has, it does not end
        shown = b""
        while (until is None or until not in shown) and select.select([self._near], [], [], PATIENCE)[0]:
            try:
                shown += os.read(self._near, 65536)
            except OSError:  # the other end is closed
                break
        return shown

    def _let_go(self) -> None:
        if self._open:
            os.close(self.far)
            self._open = False
