"""systemd's notifications: what a service says of itself over the socket that ``NOTIFY_SOCKET`` names.

Enters: lines such as ``READY=1``. Leaves: a datagram with them, or nothing where no service manager waits for any.
The protocol is that of sd_notify(3); a socket whose name begins with ``@`` is an abstract one, of Linux.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """The way to the service manager. What cannot be sent is lost: no walker waits for that."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        self._pause = _watchdog_pause(environ)
        self._next = 0.0
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def send(self, *lines: str) -> None:
        """Send some lines together."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.sendto("\n".join(lines).encode(), self._address)

    def alive(self, now: float) -> None:
        """Say that the launcher goes on, twice as often as the service manager wants to hear it."""
        if self._pause and now >= self._next:
            self._next = now + self._pause
            self.send("WATCHDOG=1")

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
