"""What a call through the include shim costs over `registry.render`: ``python -m bench.include``.

Every way to call is timed in turn, round after round, in one process with the collector off; the best round of each
counts. Prints microseconds per call, and what that is over `render` of the same template with the same variables.
"""

import gc
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import blendtpl
from bench.workloads import WORKLOADS
from blendtpl.compat import IncludeShim

_ROUNDS, _CALLS = 40, 1000

Way = Callable[[int], None]
LINE = {"line.html": "<p>{{ user.name }}: {{ watch.title }}, {{ changes|length }}, {{ site.name }}</p>\n"}


class _Nowhere:
    def write(self, text: str) -> None:
        """Take a text."""


def ways(templates: Mapping[str, str], name: str, scope: Mapping[str, Any]) -> dict[str, Way]:
    """Return what there is to time: functions that call so often."""
    registry = blendtpl.load(blendtpl.compile(templates))
    shim = IncludeShim(registry, roots="templates", stream=_Nowhere())
    path = f"templates/{name}"
    render, include, fetch = registry.render, shim.include, shim.fetch

    def rendered(count: int) -> None:
        for _ in range(count):
            render(name, scope)

    def with_scope(count: int) -> None:
        for _ in range(count):
            include(path, scope)

    def with_locals(count: int) -> None:
        site, user, watch, changes = (scope[variable] for variable in ("site", "user", "watch", "changes"))
        for _ in range(count):
            include(path)
        assert all((site, user, watch, changes))

    def fetched(count: int) -> None:
        for _ in range(count):
            fetch(path, scope)

    def captured(count: int) -> None:
        for _ in range(count):
            with shim.capture():
                include(path, scope)

    def once(count: int) -> None:
        for _ in range(count):
            with shim.request():
                shim.include_once(path, scope)

    return {
        "registry.render": rendered,
        "include, with a scope": with_scope,
        "include, with the caller's locals": with_locals,
        "fetch": fetched,
        "include, in a capture of its own": captured,
        "include_once, in a request of its own": once,
    }


def best(timed: Mapping[str, Way]) -> dict[str, float]:
    """Return the microseconds that each call takes, by the best round."""
    times = dict.fromkeys(timed, float("inf"))
    for _ in range(_ROUNDS):
        for title, way in timed.items():
            started = time.perf_counter()
            way(_CALLS)
            times[title] = min(times[title], (time.perf_counter() - started) / _CALLS * 1e6)
    return times


def main() -> None:
    """Print a table for a line of text, and one for the alert e-mail of ten changes."""
    warnings.simplefilter("ignore", DeprecationWarning)
    alert = next(workload for workload in WORKLOADS if workload.name == "alert, 10 changes, dicts")
    for title, templates, name in (("a line of text", LINE, "line.html"), (alert.name, alert.jinja2, alert.entry)):
        timed = ways(templates, name, alert.context)
        gc.collect()
        gc.disable()
        times = best(timed)
        gc.enable()
        base = times["registry.render"]
        print(title)
        for way, microseconds in times.items():
            print(
                f"  {way:<40} {microseconds:8.2f} µs  {microseconds - base:+6.2f} µs  {microseconds / base:6.2f} times"
            )


if __name__ == "__main__":
    main()
