"""SMTP servers on loopback, which keep what comes and answer as a test asks them to."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message, as the server has it."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    options: tuple[str, ...]


@dataclass
class Server:
    """A server: `hidden` are extensions that it does not offer, `answers` what it says to a recipient or to ``DATA``.

    `breaks` names a command at which it closes the connection.
    """

    hidden: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    breaks: str = ""
    port: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802  # aiosmtpd asks for methods of these names
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [each for each in responses if each[4:].partition(" ")[0] not in self.hidden]

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        self._break(server, "MAIL")
        envelope.mail_from, envelope.mail_options = address, options
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.commands.append("RCPT")
        self._break(server, "RCPT")
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.commands.append("DATA")
        self._break(server, "DATA")
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            kept = envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content
            self.arrivals.append(Arrival(*kept, tuple(envelope.mail_options)))
        return answer

    def _break(self, server: Any, command: str) -> None:
        if command == self.breaks:
            server.transport.abort()


class _OnSocket(Controller):
    """A controller that listens on a port which is free for sure, as the system chose it."""

    def __init__(self, server: Server, **options: Any) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        super().__init__(server, hostname="127.0.0.1", port=self._listening.getsockname()[1], **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


@contextmanager
def running(server: Server, *, smtputf8: bool = True, size: int = 33_554_432) -> Iterator[Server]:
    """Run a server in a thread."""
    controller = _OnSocket(server, enable_SMTPUTF8=smtputf8, data_size_limit=size, server_hostname="localhost")
    controller.start()
    server.port = int(controller.port)
    try:
        yield server
    finally:
        controller.stop()
