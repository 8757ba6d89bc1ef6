"""``kill -9`` at any moment leaves the old bundle or the new one, whole, and what was left behind goes away."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import blendtpl
import blendtpl.bundle.archive
from tests.compiling.support import write

KILLED_WRITERS = 190
KILLED_COMMANDS = 10

TEXTS = ("one {{ x }}", "two {{ x }}")


def sources(text: str) -> dict[str, str]:
    return {f"{number}.html": f"{text}{'<p>' * 500}" for number in range(20)}


def loads(path: Path, digests: set[str]) -> None:
    for _ in range(3):
        assert blendtpl.load(path).digest in digests


@pytest.mark.slow
def test_190_writers_killed_at_random_moments_leave_a_whole_bundle(tmp_path: Path) -> None:
    path = tmp_path / "x.blend"
    bundles = [blendtpl.compile(sources(text)) for text in TEXTS]
    digests = {bundle.digest for bundle in bundles}
    bundles[0].write(path)
    chance = random.Random(4)
    seen: set[str] = set()
    for number in range(KILLED_WRITERS):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, b"x")
            while True:
                for bundle in reversed(bundles):
                    bundle.write(path)
        os.close(writer)
        with open(reader, "rb") as begun:
            begun.read(1)
        until = time.monotonic() + chance.uniform(0.0, 0.03)
        while time.monotonic() < until or (number == 0 and seen != digests):
            registry = blendtpl.load(path)
            assert registry.digest in digests
            seen.add(registry.digest)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        loads(path, digests)
    assert seen == digests  # both the old one and the new one were met


def test_10_commands_killed_at_random_moments_leave_a_whole_bundle(tmp_path: Path) -> None:
    path = tmp_path / "x.blend"
    digests = set()
    for number, text in enumerate(TEXTS):
        folder = write(tmp_path / str(number), sources(text))
        bundle = blendtpl.compile(folder)
        bundle.write(path)
        digests.add(bundle.digest)
    chance = random.Random(7)
    command = [sys.executable, "-m", "blendtpl", "compile", "-o", str(path)]
    environ = {**os.environ, "BLENDTPL_CACHE_DIR": str(tmp_path / "cache")}
    for number in range(KILLED_COMMANDS):
        process = subprocess.Popen([*command, str(number % 2)], cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL)
        until = time.monotonic() + chance.uniform(0.05, 0.4)
        while time.monotonic() < until:
            assert blendtpl.load(path).digest in digests
        process.kill()
        process.wait()
        loads(path, digests)
    done = subprocess.run([*command, "0"], cwd=tmp_path, env=environ, check=True, capture_output=True)
    assert done.stderr == b""


def test_what_a_killed_writer_left_is_removed_when_it_is_an_hour_old(tmp_path: Path) -> None:
    path = tmp_path / "[x]*.blend"
    bundle = blendtpl.compile({"a": "a"})
    old, new = (tmp_path / f".[x]*.blend.{digit * 16}.tmp" for digit in "01")
    others = [tmp_path / ".other.blend.0000000000000000.tmp", tmp_path / "[x]*.blend.tmp"]
    for left in (old, new, *others):
        left.write_bytes(bundle.data[:-7])
        moment = time.time() - blendtpl.bundle.archive._ABANDONED * (0.5 if left == new else 2)
        os.utime(left, (moment, moment))
    bundle.write(path)
    assert {left.name for left in tmp_path.iterdir()} == {path.name, new.name, *(other.name for other in others)}
    assert blendtpl.load(path).digest == bundle.digest
