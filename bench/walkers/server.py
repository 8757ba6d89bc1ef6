"""The SMTP server, a process of its own: ``python -m bench.walkers.server ORDERS``, which `bench.walkers.run` starts.

Enters: as JSON the digests of the e-mails that may come, and the descriptor of the counters. Leaves: a line with the
port, the numbers of e-mails that were right and wrong, and a refusal of those that are wrong. It ends when its standard
input does.
"""

import asyncio
import json
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.walkers.counters import RECEIVED, WRONG, view
from bench.walkers.mails import digest


class Desk:
    """Where e-mails arrive. aiosmtpd asks for a method of this name."""

    def __init__(self, expected: frozenset[str], counts: memoryview) -> None:
        self._expected, self._counts = expected, counts

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Count an e-mail; one that is not to the byte what it should be is refused."""
        content = envelope.content
        if isinstance(content, bytes) and digest(content) in self._expected:
            self._counts[RECEIVED] += 1
            return "250 OK"
        self._counts[WRONG] += 1
        return "554 this e-mail is none of those that should come"


async def serve(expected: frozenset[str], counts: memoryview) -> None:
    """Serve on a free port of loopback."""
    loop = asyncio.get_running_loop()
    desk = Desk(expected, counts)
    server = await loop.create_server(lambda: SMTP(desk, hostname="localhost", loop=loop), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    orders = json.loads(sys.argv[1])
    asyncio.run(serve(frozenset(orders["expected"]), view(orders["counters"])))
