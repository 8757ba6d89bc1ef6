"""Answers: what the launcher tells to whoever connects, without ever waiting for anybody.

Enters: sockets that listen, and what is to be said. Leaves: bytes. All is done in the launcher's own loop, one step of
what can be done at once after the other, so that no thread is there when it forks. Who neither asks nor reads is left
after a while, and so is the oldest of too many.
"""

import contextlib
import json
import selectors
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from blendtpl.errors import ConfigError

_MOST = 64  # connections at a time
_PATIENCE = 5.0  # seconds
_REQUEST = 8192  # bytes of a request that are read at most
_END = b"\r\n\r\n"

Answer = Callable[[bytes], bytes]


@dataclass(eq=False, slots=True)
class _Connection:
    socket: socket.socket
    answer: Answer
    until: float
    asked: bytearray = field(default_factory=bytearray)
    left: memoryview | None = None  # of the answer; `None`: nothing was asked yet


class Answers:
    """The connections of all sockets that the launcher listens at."""

    def __init__(self, selector: selectors.BaseSelector, clock: Callable[[], float]) -> None:
        self._selector, self._clock = selector, clock
        self._listening: list[socket.socket] = []
        self._open: list[_Connection] = []

    def listen(self, listening: socket.socket, answer: Answer, *, asked: bool) -> None:
        """Answer at a socket: to a request that ends with an empty line, or with `asked` false to nothing but the
        connection.
        """
        listening.setblocking(False)
        self._listening.append(listening)

        def accept() -> None:
            with contextlib.suppress(OSError):  # it may have gone, or there may be no descriptor left
                self._begin(listening.accept()[0], answer, asked=asked)

        self._selector.register(listening, selectors.EVENT_READ, accept)

    def _begin(self, connected: socket.socket, answer: Answer, *, asked: bool) -> None:
        connected.setblocking(False)
        if len(self._open) >= _MOST:
            self._end(self._open[0])
        connection = _Connection(connected, answer, self._clock() + _PATIENCE)
        self._open.append(connection)
        if not asked:
            connection.left = memoryview(answer(b""))
        self._go_on(connection)

    def _go_on(self, connection: _Connection) -> None:
        """Do what can be done at once."""
        try:
            if connection.left is None:
                self._read(connection)
            if connection.left is not None:
                sent = connection.socket.send(connection.left)
                connection.left = connection.left[sent:]
                if not connection.left:
                    connection.socket.shutdown(socket.SHUT_WR)
                    self._end(connection)
                    return
        except BlockingIOError:
            pass
        except OSError:
            self._end(connection)
            return
        events = selectors.EVENT_READ if connection.left is None else selectors.EVENT_WRITE
        with contextlib.suppress(KeyError):
            self._selector.unregister(connection.socket)
        self._selector.register(connection.socket, events, lambda: self._go_on(connection))

    def _read(self, connection: _Connection) -> None:
        data = connection.socket.recv(_REQUEST)
        if not data:
            raise ConnectionResetError
        connection.asked += data
        if _END in connection.asked or len(connection.asked) >= _REQUEST:
            connection.left = memoryview(connection.answer(bytes(connection.asked)))

    def _end(self, connection: _Connection) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        self._open.remove(connection)
        connection.socket.close()

    def forget(self) -> None:
        """Leave those that take too long."""
        now = self._clock()
        for connection in [each for each in self._open if each.until <= now]:
            self._end(connection)

    def close(self) -> None:
        """Close everything, in the launcher at its end and in each of its children."""
        for each in [*self._listening, *(connection.socket for connection in self._open)]:
            each.close()
        self._listening, self._open = [], []


def listen_at(host: str, port: int, what: str) -> socket.socket:
    """Return a socket that listens there, for `what`. Raises `ConfigError` where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"{what} cannot listen at {host}, port {port}: {why.lower()}; give another port") from None
    return listening


def health(request: bytes, told: Mapping[str, Any]) -> bytes:
    """Return the answer of HTTP to a request for the health of a pool: 200 when it is well, 503 when it is not."""
    line = request.split(b"\r\n", 1)[0].split(b" ")
    if len(line) != 3 or not line[2].startswith(b"HTTP/"):
        return _http("400 Bad Request", {"error": "this is no request of HTTP"})
    if line[0] not in (b"GET", b"HEAD"):
        return _http("405 Method Not Allowed", {"error": "ask with GET"})
    answer = _http("200 OK" if told["healthy"] else "503 Service Unavailable", told)
    return answer if line[0] == b"GET" else answer[: answer.index(_END) + len(_END)]


def _http(status: str, body: Mapping[str, Any]) -> bytes:
    text = json.dumps(body).encode() + b"\n"
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n"
    return f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + text
