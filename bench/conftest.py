"""Fixtures, and a hook: a table of the ratios within each group, which also go into `extra_info`."""

import gc
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.generated import generate
from bench.measure import COUNT


@pytest.fixture(scope="session")
def templates() -> Mapping[str, str]:
    """Give the generated templates."""
    return generate(COUNT)


@pytest.fixture(params=[True, False], ids=["gc", "no-gc"])
def collector(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the benchmark with the garbage collector on and off; what was there before is out of its sight."""
    gc.collect()
    gc.freeze()
    (gc.enable if request.param else gc.disable)()
    yield "on" if request.param else "off"
    gc.enable()
    gc.unfreeze()


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """Give a function that empties the build cache and returns its folder."""
    folder = tmp_path / "cache"

    def empty() -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    yield empty
    empty()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Put the ratios into `extra_info` before pytest-benchmark saves it."""
    for benches in _groups(session.config).values():
        fastest = min(bench.stats.min for bench in benches)
        peers = {bench.name: bench.stats.min for bench in benches if bench.extra_info.get("peer")}
        for bench in benches:
            bench.extra_info["ratio"] = {
                "fastest": bench.stats.min / fastest,
                **{name: bench.stats.min / best for name, best in peers.items()},
            }
    yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many times as long each benchmark took as the fastest of its group, and how much less than peers."""
    for group, benches in _groups(terminalreporter.config).items():
        terminalreporter.section(f"{group}: best rounds", sep="-")
        for bench in sorted(benches, key=lambda bench: float(bench.stats.min)):
            ratios = bench.extra_info["ratio"]
            columns = [f"{bench.name:<44}", f"{_time(bench.stats.min):>9}", f"{ratios['fastest']:9.2f} x fastest"]
            columns += [
                f"{1 / ratio:9.1f} times faster than {name}"
                for name, ratio in ratios.items()
                if name not in {"fastest", bench.name}
            ]
            terminalreporter.write_line(" ".join(columns))


def _groups(config: pytest.Config) -> dict[str, list[Any]]:
    session = getattr(config, "_benchmarksession", None)
    groups: dict[str, list[Any]] = defaultdict(list)
    for bench in session.benchmarks if session else ():
        if bench and not bench.has_error:
            groups[bench.group or "others"].append(bench)
    return groups


def _time(seconds: float) -> str:
    scaled = {"s": seconds, "ms": seconds * 1e3, "us": seconds * 1e6}
    unit = next((unit for unit, value in scaled.items() if value >= 1), "us")
    return f"{scaled[unit]:.1f} {unit}"
