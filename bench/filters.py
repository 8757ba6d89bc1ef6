"""Each filter and test beside Jinja2's own: ``python -m bench.filters``.

What is called is what emitted code is bound to, and Jinja2's function of that name, as its own code calls it: both on
the same values, in turn, round after round. What is printed is the ratio of the best rounds: how many times as long
Jinja2's takes. Generators are run to their end. Words choose among the calls by their titles; ``--portable`` measures
what there is where nothing is in C, ``--sandboxed`` in a sandboxed environment.
"""

import argparse
import gc
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from blendtpl.runtime import choice_filters, filters, items, lookup_filters
from blendtpl.runtime.namespace import bind_filter, bind_test
from testkit.filter_calls import CALLS, Call, passed

_SECONDS = 0.0005  # that a round takes at least

Function = Callable[..., Any]


def ours(environment: jinja2.Environment, call: Call) -> Function:
    """Return what emitted code calls for a filter or test."""
    bind = bind_filter if call.kind == "filter" else bind_test
    return bind(environment, call.name)  # type: ignore[no-any-return]


def theirs(environment: jinja2.Environment, call: Call) -> Function:
    """Return what Jinja2's code calls."""
    functions: Mapping[str, Any] = environment.filters if call.kind == "filter" else environment.tests
    function: Function = functions[call.name]
    return function


def seconds(function: Function, first: tuple[Any, ...], call: Call, count: int) -> float:
    """Return the time of so many calls; whatever they loop over is made before."""
    values = [call.make() for _ in range(count)] if _is_spent(call) else [call.make()] * count
    arguments, keywords = call.arguments, call.keywords
    lazy = isinstance(function(*first, call.make(), *arguments, **keywords), Iterator)
    bound = partial(function, *first) if first else function
    exhaust = deque[Any](maxlen=0).extend
    started = time.perf_counter()
    if lazy:
        for value in values:
            exhaust(bound(value, *arguments, **keywords))
    elif keywords:
        for value in values:
            bound(value, *arguments, **keywords)
    elif len(arguments) == 1:
        (argument,) = arguments
        for value in values:
            bound(value, argument)
    elif arguments:
        for value in values:
            bound(value, *arguments)
    else:
        for value in values:
            bound(value)
    return time.perf_counter() - started


def _is_spent(call: Call) -> bool:
    return isinstance(call.make(), Iterator)


def ratio(environment: jinja2.Environment, call: Call, rounds: int, *, escapes: bool) -> tuple[float, float]:
    """Return how many times as long Jinja2's function takes, and the seconds of a call of it."""
    function, own = ours(environment, call), theirs(environment, call)
    first = passed(environment, own, escapes=escapes)
    count = 1
    while seconds(own, first, call, count) < _SECONDS:
        count *= 2
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for at, measured in enumerate((own, function)):
            best[at] = min(best[at], seconds(measured, first, call, count))
    return best[0] / best[1], best[0] / count


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each call."""
    parser = argparse.ArgumentParser(prog="python -m bench.filters", description=__doc__)
    parser.add_argument("words", nargs="*", help="parts of the titles of calls")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--portable", action="store_true", help="as where there is nothing in C")
    parser.add_argument("--sandboxed", action="store_true", help="in a sandboxed environment")
    parser.add_argument("--plain", action="store_true", help="where output is not escaped")
    chosen = parser.parse_args(arguments)
    kind = SandboxedEnvironment if chosen.sandboxed else jinja2.Environment
    environment = kind(autoescape=not chosen.plain)
    if chosen.portable:
        filters.FASTER, filters.FASTER_TESTS = filters.PORTABLE, filters.PORTABLE_TESTS
        lookup_filters.getter = choice_filters.getter = items.getter  # type: ignore[attr-defined]
    gc.disable()
    ratios = []
    for call in CALLS:
        if chosen.words and not any(word in call.title for word in chosen.words):
            continue
        times, own = ratio(environment, call, chosen.rounds, escapes=not chosen.plain)
        ratios.append(times)
        print(f"{call.title[:64]:<64} {times:6.2f} times  {own * 1e9:9.0f} ns", flush=True)
    print(f"geometric mean of {len(ratios)}: {statistics.geometric_mean(ratios):.2f}")


if __name__ == "__main__":
    main()
