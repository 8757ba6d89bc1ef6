"""What is around Feedwhip: a site whose pages change, and a mail server that counts what comes."""

import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer, StreamRequestHandler, ThreadingTCPServer
from typing import Any

TOPICS = ("Night train", "Ferry", "Chess club", "Allotments", "Town council", "Harbour prices", "Library", "Concerts")
PLACES = ("Stockholm", "Bristol", "Trieste")
_ITEMS = ("opens at {}:00", "has {} places left", "costs €{}", "is moved to the {}th", "is put off by {} minutes")


class Site:
    """Pages of some lines each, one of which is another after a change."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311  # the same pages each time
        self._lock = threading.Lock()
        self._pages = {
            f"/{number}": [f"{topic} in {place}", *(self._line() for _ in range(8))]
            for number, (topic, place) in enumerate((topic, place) for topic in TOPICS for place in PLACES)
        }
        self.changes = 0

    def titles(self) -> dict[str, str]:
        """Return the title of each page, by its path."""
        return {path: lines[0] for path, lines in self._pages.items()}

    def text(self, path: str) -> str:
        """Return what a page says."""
        with self._lock:
            return "\n".join(self._pages[path])

    def change(self) -> None:
        """Change a page."""
        with self._lock:
            lines = self._random.choice(list(self._pages.values()))
            at = self._random.randrange(1, len(lines))
            before = lines[at]
            while lines[at] == before:
                lines[at] = self._line()
            self.changes += 1

    def _line(self) -> str:
        return (
            f"Room {self._random.randrange(10, 99)} {self._random.choice(_ITEMS).format(self._random.randrange(9, 28))}"
        )


class Mailbox:
    """All e-mails that came: how often each did, by its Message-ID, and the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.arrived: Counter[str] = Counter()
        self.last = b""

    def take(self, data: bytes) -> None:
        """Keep an e-mail."""
        found = re.search(rb"^Message-ID: (\S+)", data, re.MULTILINE)
        with self._lock:
            self.arrived[found[1].decode() if found else ""] += 1
            self.last = data


@contextmanager
def serving_pages(site: Site) -> Iterator[str]:
    """Serve the pages of a site; give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.text(self.path).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *unused: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a walker that was killed before it had its answer

    with Server(("127.0.0.1", 0), Handler) as server, _running(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


@contextmanager
def serving_mail(mailbox: Mailbox) -> Iterator[int]:
    """Take e-mails by SMTP; give the port. It speaks no more of it than `smtplib` asks for."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 feedwhip")
            while line := self.rfile.readline():
                command = line[:4].upper()
                if command == b"DATA":
                    self.say("354 go on")
                    mailbox.take(self.message())
                self.say("221 bye" if command == b"QUIT" else "250 OK")
                if command == b"QUIT":
                    return

        def message(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            return b"".join(lines)

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a walker that was killed in the middle of a command

    with Server(("127.0.0.1", 0), Handler) as server, _running(server):
        yield server.server_address[1]


@contextmanager
def _running(server: BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
