"""Child: one package in a process of its own, ``python -m bench.real.child PACKAGE``; what it writes is lines of JSON.

The package runs first, in an empty folder. Then each workload is rendered in every way, and compared to the byte with
what the package itself rendered; what differs is told, and is not measured.
"""

import argparse
import contextlib
import gc
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.real.apart import apart
from bench.real.capture import Captured, capturing
from bench.real.constructs import constructs
from bench.real.measure import best
from bench.real.package import Package, Which
from bench.real.packages import packages
from bench.real.sampling import shares
from bench.real.ways import Ways, text_of, ways

WAYS = ("jinja2", "bundle", "live")


@dataclass(frozen=True, slots=True)
class Effort:
    """How long each workload is measured and each way sampled, in seconds, and whether functions in C are told."""

    seconds: float
    sampled: float
    native: bool


def captured_of(package: Package, stack: ExitStack) -> dict[str, Captured]:
    """Run a package, and return the chosen renders by the names of their workloads."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    stack.enter_context(contextlib.chdir(folder))
    with capturing(package.copied) as renders:
        package.run(folder, stack)
    found = {}
    for name, which in package.chosen.items():
        fitting = [render for render in renders if _is(render, which)]
        if not fitting:
            known = ", ".join(sorted({str(render.name) for render in renders}))
            raise LookupError(f"{name}: {package.name} rendered no such template; it did render: {known}")
        found[name] = max(fitting, key=lambda render: len(render.text))
    return found


def _is(render: Captured, which: Which) -> bool:
    return render.name == which if isinstance(which, str) else which(render)


def difference(expected: str, actual: str) -> str:
    """Return where two texts part, or nothing."""
    if expected == actual:
        return ""
    shorter = min(len(expected), len(actual))
    at = next((at for at in range(shorter) if expected[at] != actual[at]), shorter)
    start = max(at - 60, 0)
    return f"from {start}: {expected[start : at + 100]!r} but {actual[start : at + 100]!r}"


def compared(captured: Captured, found: Ways, same: Callable[[str], str]) -> dict[str, str]:
    """Return what is wrong with each way, by its name; nothing of those that give what the package rendered, twice."""
    wrong: dict[str, str] = {}
    for _ in range(2):
        for way, render in _renders(found).items():
            try:
                told = difference(same(captured.text), same(text_of(render, captured)))
            except Exception as error:  # whatever a template of others raises
                told = "".join(traceback.format_exception_only(error)).strip()
            if told:
                wrong.setdefault(way, told)
    return wrong


def _renders(found: Ways) -> dict[str, Any]:
    present = zip(WAYS, (found.theirs, found.bundle, found.live), strict=True)
    return {way: render for way, render in present if render is not None}


def rows(package: Package, only: str, effort: Effort) -> Iterator[dict[str, Any]]:
    """Yield what there is to tell of each workload of a package."""
    with ExitStack() as stack:
        for name, captured in captured_of(package, stack).items():
            if only and only not in f"{package.name} {name}":
                continue
            row: dict[str, Any] = {"package": package.name, "workload": name, "template": captured.name or "a text"}
            try:
                with ExitStack() as after:
                    captured.within.run(package.again, captured.variables, after)
                    yield row | _row(captured, package.same, effort)
            except Exception:  # told as what is wrong with the workload
                yield row | {"wrong": {"set up": traceback.format_exc(limit=-6)}}


def _row(captured: Captured, same: Callable[[str], str], effort: Effort) -> dict[str, Any]:
    found = ways(captured)
    row: dict[str, Any] = {
        "environment": type(captured.environment).__module__ + "." + type(captured.environment).__qualname__,
        "characters": len(captured.text),
        "templates": len(found.texts),
        "whole": found.whole,
        "refused": found.refused,
        "constructs": constructs(found.texts, found.environment),
        "wrong": compared(captured, found, same),
    }
    if "jinja2" in row["wrong"] or not effort.seconds:
        return row
    gc.collect()
    gc.freeze()
    gc.disable()
    row |= _measured(captured, found, row["wrong"], effort, WAYS if effort.native else ("bundle",))
    try:
        alone = apart(captured)
        alone_found = ways(alone, found.compiled)
        wrong = compared(alone, alone_found, same)
    except Exception:  # a function that cannot answer by itself
        wrong = {"set up": traceback.format_exc(limit=-3)}
    row["apart"] = {"wrong": wrong} if wrong else _measured(alone, alone_found, {}, effort, WAYS)
    gc.enable()
    return row


def _measured(
    captured: Captured, found: Ways, wrong: Mapping[str, str], effort: Effort, sampled: Sequence[str]
) -> dict[str, Any]:
    """Return the seconds of each way, and the shares of those that are to be sampled."""
    renders = {way: render for way, render in _renders(found).items() if way not in wrong}
    fastest = captured.within.run(partial(best, list(renders.values()), effort.seconds))
    told: dict[str, Any] = {"seconds": dict(zip(renders, fastest, strict=True))}
    if effort.sampled:
        told["shares"] = {
            way: captured.within.run(partial(shares, render, effort.sampled, effort.native))
            for way, render in renders.items()
            if way in sampled
        }
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a line for each workload of one package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--sampled", type=float, default=0.0)
    parser.add_argument("--native", action="store_true")
    chosen = parser.parse_args(arguments)
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # packages print
    sys.stdout = sys.stderr
    effort = Effort(chosen.seconds, chosen.sampled, chosen.native)
    for row in rows(packages()[chosen.package], chosen.only, effort):
        print(json.dumps(row), file=lines, flush=True)
    lines.flush()
    os._exit(0)  # some packages leave threads behind


if __name__ == "__main__":
    main()
