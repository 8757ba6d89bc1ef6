"""Fixtures, and hooks: tables of the ratios within and over the groups, which also go into `extra_info`.

With `--benchmark-compare` there is a table of the ratios then and now.
"""

import gc
import math
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.baseline import complaint
from bench.measure import COUNT
from bench.ratios import compared, memory
from testkit.generated import generate

_TESTS = Path(__file__).parent / "tests"


@pytest.fixture(scope="session")
def templates() -> Mapping[str, str]:
    """Give the generated templates."""
    return generate(COUNT)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Keep the garbage collector off, and what was there before out of its sight."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


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


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Tell a stored run that cannot be compared with before pytest-benchmark trips over it."""
    option = config.getoption("benchmark_compare", default=None)
    if isinstance(option, str) and (reason := complaint(option)):
        raise pytest.UsageError(f"--benchmark-compare: {reason}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests of the benchmarks alone where only benchmarks are to run."""
    return True if collection_path == _TESTS and config.getoption("benchmark_only", default=False) else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Put the ratios into `extra_info` before pytest-benchmark saves it."""
    groups = _groups(session.config)
    for benches in groups.values():
        fastest = min(bench.stats.min for bench in benches)
        peers = {_label(bench): bench.stats.min for bench in benches if bench.extra_info.get("peer")}
        for bench in benches:
            bench.extra_info["ratio"] = {
                "fastest": bench.stats.min / fastest,
                **{label: bench.stats.min / best for label, best in peers.items()},
            }
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_benchmark_compare_machine_info(machine_info: dict[str, Any], compared_benchmark: dict[str, Any]) -> None:
    """Have pytest-benchmark not mind another machine: ratios are compared."""
    compared_benchmark["machine_info"] = machine_info


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many times as long each benchmark took as the fastest of its group, and how much less than peers.

    Groups whose benchmarks have a `column` are the rows of one table of peers.
    """
    groups = _groups(terminalreporter.config)
    rows = {group: benches for group, benches in groups.items() if "column" in benches[0].extra_info}
    for group in (title for title in groups if title not in rows):
        _print_group(terminalreporter, group, groups[group])
    if rows:
        _print_rows(terminalreporter, rows)
    _print_memory_and_comparison(terminalreporter, [bench for benches in groups.values() for bench in benches])


def _print_group(terminalreporter: pytest.TerminalReporter, group: str, benches: list[Any]) -> None:
    terminalreporter.section(f"{group}: best rounds", sep="-")
    for bench in sorted(benches, key=lambda bench: float(bench.stats.min)):
        ratios = bench.extra_info["ratio"]
        columns = [f"{bench.name:<44}", f"{_time(bench.stats.min):>9}", f"{ratios['fastest']:9.2f} x fastest"]
        columns += [
            f"{1 / ratio:9.1f} times faster than {name}"
            for name, ratio in ratios.items()
            if name not in {"fastest", _label(bench)}
        ]
        terminalreporter.write_line(" ".join(columns))


def _print_rows(terminalreporter: pytest.TerminalReporter, rows: dict[str, list[Any]]) -> None:
    """Print how many times as long as the one that is no peer each peer took, and the geometric means.

    The mean of all is over kinds, each of which counts once, by the mean of its groups.
    """
    subject = next((_label(bench) for benches in rows.values() for bench in benches if not _is_peer(bench)), None)
    labels = list(dict.fromkeys(_label(bench) for benches in rows.values() for bench in benches if _is_peer(bench)))
    terminalreporter.section(f"times as long as {subject}: best rounds", sep="-")
    terminalreporter.write_line(f"{'':<34}{subject!s:>10}" + "".join(f"{label:>11}" for label in labels))
    over_groups: dict[str, list[float]] = defaultdict(list)
    over_kinds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for group, benches in rows.items():
        times = {_label(bench): float(bench.stats.min) for bench in benches}
        own = times.get(str(subject))
        if own is None:
            continue
        for label in times.keys() - {subject}:
            over_groups[label].append(times[label] / own)
            over_kinds[label][benches[0].extra_info["kind"]].append(times[label] / own)
        cells = [f"{times[label] / own:>11.2f}" if label in times else f"{'-':>11}" for label in labels]
        terminalreporter.write_line(f"{group:<34}{_time(own):>10}" + "".join(cells))
    for title, means in (
        ("geometric mean of the groups", {label: _mean(ratios) for label, ratios in over_groups.items()}),
        (
            "geometric mean, each kind once",
            {label: _mean([_mean(ratios) for ratios in kinds.values()]) for label, kinds in over_kinds.items()},
        ),
    ):
        cells = [f"{means[label]:>11.2f}" if label in means else f"{'-':>11}" for label in labels]
        terminalreporter.write_line(f"{title:<44}" + "".join(cells))


def _print_memory_and_comparison(terminalreporter: pytest.TerminalReporter, benches: list[Any]) -> None:
    session = getattr(terminalreporter.config, "_benchmarksession", None)
    runs = (session.compared_mapping if session else None) or {}
    if lines := list(memory(benches, next(iter(runs.values()), {}))):
        terminalreporter.section("memory, collector off", sep="-")
        for line in lines:
            terminalreporter.write_line(line)
    for path, stored in runs.items():
        terminalreporter.section(f"ratios to Jinja2, now and in {path}", sep="-")
        for line in compared(benches, stored):
            terminalreporter.write_line(line)


def _mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def _label(bench: Any) -> str:
    return str(bench.extra_info.get("column", bench.name))


def _is_peer(bench: Any) -> bool:
    return bool(bench.extra_info.get("peer"))


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
