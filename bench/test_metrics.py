"""What counting costs: the alert e-mail rendered, and made into a message, with metrics and without.

``python -m bench.test_metrics`` prints how many times as long each takes with metrics: the median of the ratios of
turns that alternate, with the quartiles, and the ratio of the fastest turns, which other work on the machine disturbs
least. At most 1.03 is promised of a render.
"""

import gc
import statistics
import sys
from collections.abc import Callable, Sequence
from functools import partial
from time import process_time
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare
from bench.test_message import ALERT, SENDER, TO, UNSUBSCRIBE, _inlined, _sources
from blendtpl.metrics import measure, traced
from blendtpl.metrics.measured import MeasuredRegistry

MOST = 1.03
_TURN, _ROUNDS = 20, 3000  # renders of a turn, of a quarter of a millisecond: most turns are over before a disturbance
_NAME = "alert/body.html"

Way = Callable[[blendtpl.Registry], Callable[[], Any]]


def rendered(registry: blendtpl.Registry) -> Callable[[], str]:
    """Render by the registry."""
    return partial(registry.render, _NAME, ALERT.context)


def by_template(registry: blendtpl.Registry) -> Callable[[], str]:
    """Render by the template."""
    return partial(registry[_NAME].render, ALERT.context)


def as_message(registry: blendtpl.Registry) -> Callable[[], blendtpl.Message]:
    """Make the message, whose parts are three renders."""
    to, sender = (f"{name} <{box}>" for name, box in (TO, SENDER))
    return lambda: registry.message("alert", ALERT.context, to=[to], sender=sender, unsubscribe=UNSUBSCRIBE)


WAYS: dict[str, Way] = {"registry.render": rendered, "template.render": by_template, "registry.message": as_message}


def plain() -> blendtpl.Registry:
    """Return the registry without metrics."""
    return blendtpl.load(blendtpl.compile(_inlined(_sources("english"))))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["plain", "measured", "traced, no provider"])
@pytest.mark.usefixtures("no_collector")
def test_metrics(benchmark: BenchmarkFixture, way: str, kind: str) -> None:
    """From variables to text."""
    registry = plain()
    if kind != "plain":
        registry = measure(registry) if kind == "measured" else traced(registry)
    compare(benchmark, f"metrics, {way}", peer=kind == "plain", collector="off")
    benchmark(WAYS[way](registry))


def paired(without: Callable[[], object], with_metrics: Callable[[], object]) -> tuple[list[float], float]:
    """Return the ratios of turns, in which the one that begins alternates, and that of the fastest turns."""

    def turn(render: Callable[[], object]) -> float:
        begun = process_time()
        for _ in range(_TURN):
            render()
        return process_time() - begun

    pairs = []
    for number in range(_ROUNDS):
        if number % 2:
            before = turn(without)
            pairs.append((before, turn(with_metrics)))
        else:
            after = turn(with_metrics)
            pairs.append((turn(without), after))
    fastest, fastest_with = (min(times) for times in zip(*pairs, strict=True))
    return [after / before for before, after in pairs], fastest_with / fastest


def main(arguments: Sequence[str] = ()) -> int:
    """Print a line for each way; exit 1 when a render took longer with metrics than it may."""
    registry = plain()
    measured = measure(registry)
    gc.collect()
    gc.disable()
    worst = 0.0
    for title, way in WAYS.items():
        ratios, fastest = paired(way(registry), way(measured))
        low, median, high = statistics.quantiles(ratios, n=4)
        print(f"{title:<18}{median:7.3f} times as long with metrics ({low:.3f} to {high:.3f}), at best {fastest:.3f}")
        if way is not as_message:
            worst = max(worst, min(median, fastest))
    _check(measured)
    return int(worst > MOST)


def _check(measured: MeasuredRegistry) -> None:
    """See that what was rendered was counted, each time."""
    found = measured.metrics.templates()[_NAME].renders
    if found != len(WAYS) * _TURN * _ROUNDS:
        raise SystemExit(f"{found} renders were counted of {len(WAYS) * _TURN * _ROUNDS}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
