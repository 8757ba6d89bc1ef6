"""What the launcher tells: answers to whoever connects, notifications, sockets in a folder."""

import json
import os
import selectors
import socket
from pathlib import Path

import pytest

from blendtpl.errors import ConfigError
from blendtpl.walker.launcher.answers import Answers, health, listen_at
from blendtpl.walker.launcher.notify import Notifier
from blendtpl.walker.launcher.status import listen_in, pools_in, run_folder

WELL = {"healthy": True, "ready": 2}


class Desk:
    """Answers at a port, one step at a time, by a clock that stands until it is moved."""

    def __init__(self, text: bytes = b"") -> None:
        self.now = 0.0
        self.selector = selectors.DefaultSelector()
        self.answers = Answers(self.selector, lambda: self.now)
        self.listening = listen_at("127.0.0.1", 0, "the test")
        self.answers.listen(self.listening, lambda request: text or health(request, WELL), asked=True)

    def connect(self) -> socket.socket:
        connected = socket.create_connection(self.listening.getsockname())
        connected.settimeout(60)
        self.step()
        return connected

    def step(self) -> None:
        for key, _ in self.selector.select(0.1):
            key.data()

    def answer(self, connected: socket.socket) -> bytes:
        connected.setblocking(False)
        found = b""
        while True:
            try:
                piece = connected.recv(65536)
            except BlockingIOError:
                self.step()
                continue
            if not piece:
                return found
            found += piece

    def close(self) -> None:
        self.answers.close()
        self.selector.close()


def test_health_answers_http() -> None:
    desk = Desk()
    with desk.connect() as connected:
        connected.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = desk.answer(connected).partition(b"\r\n\r\n")
    desk.close()
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(body) == WELL
    assert f"Content-Length: {len(body)}".encode() in head


@pytest.mark.parametrize(
    ("request_line", "status"),
    [(b"", b"400"), (b"\0\xff", b"400"), (b"GET /", b"400"), (b"POST / HTTP/1.1", b"405"), (b"GET / HTTP/1.1", b"503")],
)
def test_health_says_what_is_wrong(request_line: bytes, status: bytes) -> None:
    assert health(request_line + b"\r\n\r\n", {"healthy": False}).split(b" ")[1] == status


def test_a_request_for_the_head_has_no_body() -> None:
    assert health(b"HEAD / HTTP/1.1\r\n\r\n", WELL).endswith(b"\r\n\r\n")


def test_who_asks_for_nothing_keeps_nobody_else_waiting_and_is_left_after_a_while() -> None:
    desk = Desk()
    with desk.connect() as silent:
        with desk.connect() as connected:
            connected.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert desk.answer(connected).startswith(b"HTTP/1.1 200")
        desk.now = 60.0
        desk.answers.forget()
        assert silent.recv(1) == b""
    desk.close()


def test_a_long_answer_is_sent_as_it_is_read_and_who_goes_is_forgotten() -> None:
    text = b"x" * 5_000_000
    desk = Desk(text)
    with desk.connect() as slow, desk.connect() as gone:
        for each in (slow, gone):
            each.sendall(b"GET / HTTP/1.1\r\n\r\n")
        gone.close()
        assert desk.answer(slow) == text
    desk.close()


def test_the_oldest_of_too_many_connections_is_closed() -> None:
    desk = Desk()
    connected = [desk.connect() for _ in range(65)]
    assert connected[0].recv(1) == b""
    connected[64].sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert desk.answer(connected[64]).startswith(b"HTTP/1.1 200")
    for each in connected:
        each.close()
    desk.close()


def test_a_port_in_use_is_a_clear_error() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigError, match=r"the test cannot listen at .* address already in use; give another port"),
    ):
        listen_at("127.0.0.1", taken.getsockname()[1], "the test")


@pytest.mark.parametrize("abstract", [True, False])
def test_notifications_that_find_no_room_are_sent_later_and_signs_of_life_are_not(
    abstract: bool, tmp_path: Path
) -> None:
    name = f"blendtpl-notify-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}" if abstract else name)
        manager.setblocking(False)
        notifier = Notifier({"NOTIFY_SOCKET": f"@{name}" if abstract else name, "WATCHDOG_USEC": "2000000"})
        for number in range(1000):
            notifier.send(f"STATUS={number}")
        notifier.alive(10.0, "no room")
        came: list[str] = []
        while len(came) < 1000:
            came.append(manager.recv(100).decode())
            notifier.alive(20.0)
        notifier.alive(20.5)  # the pause between two is a second
        notifier.alive(21.0)
        notifier.close()
        assert came == [f"STATUS={number}" for number in range(1000)]
        assert manager.recv(100) == b"WATCHDOG=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        with pytest.raises(BlockingIOError):
            manager.recv(100)


def test_without_a_service_manager_nothing_is_sent() -> None:
    name = f"blendtpl-nobody-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        manager.setblocking(False)
        for given in ({"WATCHDOG_USEC": "2000000"}, {"NOTIFY_SOCKET": "@nobody-has-this"}):
            notifier = Notifier(given)
            notifier.send("READY=1")
            notifier.alive(1.0)
            notifier.close()
        for_another = Notifier({"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"})
        for_another.alive(1.0)
        for_another.close()
        with pytest.raises(BlockingIOError):
            manager.recv(100)


def test_a_folder_that_others_may_write_into_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigError, match=r"others could write into .* name a folder of your own with `--run`"):
        run_folder(tmp_path, {})
    made = run_folder(None, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert made == tmp_path / "blendtpl"
    assert made.stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be made: .*; name another with `--run`"):
        run_folder(tmp_path / "file", {})
    with pytest.raises(ConfigError, match="too long for a socket"):
        listen_in(tmp_path / ("x" * 90))


def test_sockets_of_pools_that_are_gone_are_removed(tmp_path: Path) -> None:
    listening, path = listen_in(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    listening.close()
    assert list(pools_in(tmp_path)) == []
    assert not path.exists()
