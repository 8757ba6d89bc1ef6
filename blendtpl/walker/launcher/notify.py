"""systemd's notifications: what a service says of itself over the socket that ``NOTIFY_SOCKET`` names.

Enters: lines such as ``READY=1``. Leaves: a datagram with them, or nothing where no service manager waits for any.
The protocol is that of sd_notify(3); a socket whose name begins with ``@`` is an abstract one, of Linux.
"""

import os
import socket
from collections import deque
from collections.abc import Mapping


class Notifier:
    """The way to the service manager, which may not read for a while: no walker waits for that. Signs of life that it
    has no room for are left out, all else is sent later.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        self._pause = _watchdog_pause(environ)
        self._next = 0.0
        self._waiting: deque[bytes] = deque()
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def send(self, *lines: str) -> None:
        """Send some lines together, now or, by `alive`, later."""
        if self._socket is not None:
            self._waiting.append("\n".join(lines).encode())
            self._flush()

    def alive(self, now: float, status: str = "") -> None:
        """Say that the launcher goes on, twice as often as the service manager wants to hear it, and how it is."""
        self._flush()
        if status and not self._waiting:
            self.send(f"STATUS={status}")
        if self._pause and now >= self._next and not self._waiting:
            self._next = now + self._pause
            self.send("WATCHDOG=1")

    def _flush(self) -> None:
        while self._socket is not None and self._waiting:
            try:
                self._socket.sendto(self._waiting[0], self._address)
            except BlockingIOError:
                return
            except OSError:  # there is nobody any more
                pass
            self._waiting.popleft()

    def reloading(self, now: float) -> None:
        """Say that what it serves is being replaced; `now` is that of the monotonic clock, which both share."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={int(now * 1_000_000)}")

    def close(self) -> None:
        """Let go of the socket, as a child does."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _watchdog_pause(environ: Mapping[str, str]) -> float:
    """Return the seconds between two signs of life, or 0 where nobody waits for any."""
    for_us = environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
    text = environ.get("WATCHDOG_USEC", "")
    return int(text) / 2_000_000 if for_us and text.isdecimal() and text.isascii() else 0.0
