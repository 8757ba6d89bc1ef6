"""The arbiter where the system refuses what it needs, or a signal comes in a storm: in this process, without a fork."""

import errno
import os
import selectors
import signal
from pathlib import Path
from typing import NoReturn

import pytest

import blendtpl
from blendtpl.walker import Walker
from blendtpl.walker.launcher import Arbiter, Job, Policy, children
from blendtpl.walker.launcher.bundle_file import BundleFile
from blendtpl.walker.launcher.notify import Notifier
from blendtpl.walker.launcher.rows import Rows
from blendtpl.walker.launcher.wakeup import HANDLED, Wakeup


def test_a_system_that_refuses_processes_is_asked_again_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(child: object) -> NoReturn:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(children, "fork", refuse)
    path, said, policy = tmp_path / "hello.blend", list[str](), Policy(3, give_up=3)
    blendtpl.compile({"hello.html": "x"}).write(path)
    job = Job(
        "walk",
        lambda walker: None,
        BundleFile(path, lambda: blendtpl.load(path)),
        lambda registry, stats: Walker(registry),
    )
    before = [signal.getsignal(number) for number in HANDLED]
    arbiter = Arbiter(job, policy, Rows(policy.rows), log=said.append, notifier=Notifier({}))
    assert arbiter.run() == 3
    arbiter.close()
    assert said[0] == "error: no process can be made: resource temporarily unavailable; next try in 0.25 s"
    assert said[-1] == "error: no walker was ever ready, and 3 tries failed; given up"
    assert len(said) == 4
    assert [signal.getsignal(number) for number in HANDLED] == before


def test_no_signal_of_a_storm_is_lost_and_each_is_taken_once() -> None:
    with selectors.DefaultSelector() as selector:
        wakeup = Wakeup(selector)
        wakeup.install()
        try:
            for _ in range(3000):  # more than the pipe has room for
                signal.raise_signal(signal.SIGHUP)
            assert wakeup.take(signal.SIGHUP) == 3000
            assert wakeup.take(signal.SIGHUP) == 0
            assert wakeup.take(signal.SIGTERM) == 0
            for key, _ in selector.select(0):
                key.data()
            assert selector.select(0) == []
        finally:
            wakeup.restore()
            wakeup.close()
