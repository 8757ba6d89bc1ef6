"""Sampling: whose functions a render spends its time in, as py-spy sees it from outside.

A profiler in the process would make calls dearer, and those of an application's small functions most of all. py-spy
reads the stack from outside, so that code in C counts for whatever called it.
"""

import functools
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any

_ENGINE = ("/jinja2/", "/markupsafe/", "/blendtpl/")
_LIBRARY = str(Path(os.__file__).parent)
_SPIN = "spin_for_samples"


@functools.cache
def command() -> str | None:
    """Return py-spy's command, when it is there."""
    return which("py-spy", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))


def shares(render: Callable[[], object], seconds: float, native: bool = False) -> dict[str, Any]:
    """Return the share of samples within the application's own functions, and the shares of functions.

    Without py-spy there are none.
    """
    program = command()
    if program is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "samples")
        arguments = ["--pid", str(os.getpid()), "--rate", "400", "--duration", str(max(1, round(seconds)))]
        options = ["--format", "raw", "--full-filenames", "--output", str(raw), *(["--native"] if native else [])]
        sampler = subprocess.Popen(
            [program, "record", *arguments, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        spin_for_samples(render, sampler)
        return _read(raw.read_text(encoding="utf-8")) if raw.exists() else {}


def spin_for_samples(render: Callable[[], object], sampler: "subprocess.Popen[bytes]") -> None:
    """Render until the sampler has ended."""
    while sampler.poll() is None:
        for _ in range(3):
            render()


def _read(raw: str) -> dict[str, Any]:
    total, application = 0, 0
    functions: Counter[str] = Counter()
    for line in raw.splitlines():
        stack, _, number = line.rpartition(" ")
        frames = stack.split(";")
        start = next((at for at, frame in enumerate(frames) if frame.startswith(_SPIN)), None)
        if start is None or len(frames) == start + 1 or "poll" in frames[start + 1].split(" ")[0]:
            continue
        inner, count = frames[start + 1 :], int(number)
        total += count
        first = next((frame for frame in inner if _is_application(frame)), None)
        application += count * (first is not None)
        functions[f"{'application' if first else 'engine'}: {_short(first or inner[-1])}"] += count
    if not total:
        return {}
    top = {name: count / total for name, count in functions.most_common(25)}
    return {"application": application / total, "samples": total, "functions": top}


def _is_application(frame: str) -> bool:
    """Return whether a frame is of neither an engine, a template, Python's library, nor of C."""
    file = frame.rpartition(" (")[2].rstrip(")").rpartition(":")[0]
    if not file.endswith(".py") or any(part in file for part in _ENGINE):
        return False
    return "site-packages" in file or not file.startswith(_LIBRARY)


def _short(frame: str) -> str:
    name, _, place = frame.rpartition(" (")
    file, _, line = place.rstrip(")").rpartition(":")
    return f"{name} ({'/'.join(file.split('/')[-2:])}{f':{line}' if not file.endswith('.py') and line else ''})"
