"""Feedwhip in small: what it writes down is written once, and all that it shows is so."""

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from testkit import ROOT


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A database with two watches, whose pages have been looked at."""
    monkeypatch.syspath_prepend(str(ROOT))
    found = importlib.import_module("examples.feedwhip.database").Database(tmp_path / "feedwhip.db")
    found.create([("Ada", "ada@example.org")], [("Ferry", "http://a"), ("Library", "http://b")], 0.0)
    for watch in found.take_watches(2):
        found.looked_at(watch, "first", None)
    yield found
    found.close()


def test_a_change_is_written_with_its_e_mail_and_once_though_two_have_seen_it(database: Any) -> None:
    (watch,) = database.take_watches(1)
    database.looked_at(watch, "second", {"lines": []})
    database.looked_at(watch, "second", {"lines": []})  # as by a walker that was slow, whose lease was over
    assert database.seen()[watch.url] == "second"
    assert (database.message_ids(), database.waiting()) == (["<change-1@feedwhip.example.com>"], 1)


def test_what_one_walker_has_taken_no_other_takes_until_its_lease_is_over(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (watch,) = database.take_watches(1)
    database.looked_at(watch, "second", {"lines": []})
    (mail,) = database.take_mails(16)
    assert database.take_mails(16) == []
    monkeypatch.setattr("examples.feedwhip.database.LEASE", 0.0)
    module = importlib.import_module("examples.feedwhip.database")
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 60)
    (again,) = database.take_mails(16)
    assert again == mail  # under the same Message-ID
    database.sent(mail)
    assert (database.take_mails(16), database.waiting()) == ([], 0)


def test_an_e_mail_that_did_not_come_is_told(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    show = importlib.import_module("examples.feedwhip.__main__")
    servers = importlib.import_module("examples.feedwhip.servers")
    mailbox = servers.Mailbox()
    for watch in database.take_watches(2):
        database.looked_at(watch, "second", {"lines": []})
    for _ in range(2):
        mailbox.take(b"Message-ID: <change-1@feedwhip.example.com>\r\nSubject: a\r\n\r\nb\r\n")
    assert show.tell(servers.Site(), database, mailbox) == 1
    assert "1 e-mails came; 1 are missing; 1 came twice" in capsys.readouterr().out


def test_all_of_it_runs_and_leaves_nothing_but_the_graph_and_an_e_mail(tmp_path: Path) -> None:
    """A short form of what the README says to run: a walker is killed in the middle of it."""
    out = tmp_path / "out"
    command = [sys.executable, "-W", "error", "-m", "examples.feedwhip", "--seconds", "3", "--walkers", "2"]
    with tempfile.TemporaryDirectory() as temporary:  # whose name is short, as those of sockets have to be
        environment = {**os.environ, "TMPDIR": temporary, "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
        done = subprocess.run(
            [*command, "--out", str(out)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        left = list(Path(temporary).iterdir())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert " 0 are missing; " in done.stdout
    assert "  | Subject: " in done.stdout
    assert sorted(each.name for each in out.iterdir()) == ["feedwhip-alert.eml", "feedwhip.svg"]
    assert left == []
