"""What many templates take in memory: a loaded registry beside Jinja2 with all of them compiled in its cache.

Enters: a count. Leaves: the memory of processes that hold 2,000 generated templates, over that of one with the same
imports which holds none. Each is measured some times, in an interpreter of its own: when it holds them all, and when
each page and e-mail was rendered once.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jinja2

import blendtpl
from bench.measure import jinja2_environment
from bench.memory.interpreters import DiedError, death, end, start
from bench.memory.interrupts import held_back
from bench.memory.sample import COLUMNS, new_row, sampler
from testkit.generated import CONTEXT, generate, write

COUNT = 2000
REPEATS = 3
MEASURES = ("rss", "pss", "private_dirty")
MOMENTS = ("loaded", "rendered")
OURS, THEIRS, NEITHER = "blendtpl registry", "Jinja2, all compiled", "imports only"
HOLDERS = (NEITHER, OURS, THEIRS)
SEED = 0  # of the generated templates

_BUNDLE = "generated.blend"
_LIBRARIES = ("layouts/", "partials/", "macros/")  # templates that others need, which are not rendered by themselves


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes that holders have in memory, by holder, moment and measure: one number for each time."""

    count: int
    bundle: int  # bytes of the file
    sources: int  # bytes of the texts
    found: Mapping[str, Mapping[str, Mapping[str, list[int]]]]

    def over(self, holder: str, moment: str, measure: str) -> tuple[float, float, float]:
        """Return the median, the least and the most that a holder has over the imports alone."""
        base = statistics.median(self.found[NEITHER][moment][measure])
        values = [value - base for value in self.found[holder][moment][measure]]
        return statistics.median(values), min(values), max(values)

    def ratio(self, moment: str, measure: str) -> tuple[float, float, float]:
        """Return how many times what Jinja2 holds the registry holds: of the medians, and the least and the most."""
        middle, low, high = self.over(OURS, moment, measure)
        theirs, lowest, highest = self.over(THEIRS, moment, measure)
        return middle / theirs, low / highest, high / lowest


def compare(count: int = COUNT, repeats: int = REPEATS, jobs: int = 1) -> Generator[str | Held, None, None]:
    """Measure each holder so many times; yield what was done, and at last what was found.

    When it is closed, or interrupted, its processes end. Raises `DiedError` when one of them fails.
    """
    running = _Running()
    with TemporaryDirectory(prefix="blendtpl-memory-") as name:
        folder = Path(name)
        templates = generate(count, SEED)
        write(folder / "templates", templates)
        bundle = folder / _BUNDLE
        blendtpl.compile(templates).write(bundle)
        yield f"{count} templates compiled"
        figures: dict[str, Any] = {holder: {at: {key: [] for key in MEASURES} for at in MOMENTS} for holder in HOLDERS}
        with held_back(running.end), ThreadPoolExecutor(jobs) as pool:
            try:
                doing = {
                    pool.submit(_measure, holder, folder, running): holder for holder in HOLDERS for _ in range(repeats)
                }
                for done in as_completed(doing):
                    for moment, row in done.result().items():
                        for measure in MEASURES:
                            figures[doing[done]][moment][measure].append(row[COLUMNS.index(measure)])
                    yield f"{doing[done]}, {count} templates"
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                running.end()
        yield Held(count, bundle.stat().st_size, sum(len(text.encode()) for text in templates.values()), figures)


class _Running:
    """The processes that run."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def communicate(self, process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
        """Return what a process says until its end."""
        self._processes.add(process)
        if self._ended:
            end(process)
        try:
            return process.communicate()
        finally:
            self._processes.discard(process)

    def end(self) -> None:
        """End all, and those that begin from now on."""
        self._ended = True
        for process in list(self._processes):
            end(process)


def _measure(holder: str, folder: Path, running: _Running) -> dict[str, list[int]]:
    with start("bench.memory.loaded", holder, str(folder), stderr=subprocess.PIPE) as process:
        output, complaint = running.communicate(process)
    if process.returncode:
        raise DiedError(f"{holder} {death(process.returncode, complaint)}")
    figures: dict[str, list[int]] = json.loads(output)
    return figures


def main(holder: str, folder: Path) -> None:
    """Hold the templates, and print the memory of this process as JSON."""
    take = sampler(os.getpid())
    render = _hold(holder, folder)
    figures = {}
    for moment in MOMENTS:
        gc.collect()
        row = new_row()
        take(row)
        figures[moment] = list(row)
        for path in (folder / "templates").rglob("*.*"):
            name = path.relative_to(folder / "templates").as_posix()
            if moment == MOMENTS[0] and not name.startswith(_LIBRARIES):
                render(name)
    print(json.dumps(figures))


def _hold(holder: str, folder: Path) -> Callable[[str], object]:
    if holder == OURS:
        registry = blendtpl.load(folder / _BUNDLE)
        return lambda name: registry.render(name, CONTEXT)
    if holder == THEIRS:
        environment = jinja2_environment({})
        environment.loader = jinja2.FileSystemLoader(folder / "templates")
        for name in environment.list_templates():
            environment.get_template(name)
        return lambda name: environment.get_template(name).render(CONTEXT)
    return lambda name: None


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
