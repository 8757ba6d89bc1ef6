"""Soak: whether anything grows while the templates of a bundle are rendered, and what it is, who holds it and where.

Enters: a registry, and contexts for each template. Leaves: a `Soak`. Each template is rendered in a process of its own,
with the collector off, so that a template that crashes or does not end says so, and nothing of one is in the figures of
another. Every render gets a copy of a context that nobody else has: what is kept of it then is a growth. Half of the
copies have texts and numbers of their own, as a cache keyed by the values of an example would take them in only once.
"""

import gc
import mmap
import re
import signal
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import NamedTuple

import jinja2

from blendtpl.runtime.namespace import names_of
from blendtpl.runtime.template import Template
from blendtpl.tools.contexts import Sample, Variables, copied, watchable
from blendtpl.tools.printed import Printed, Watch
from blendtpl.tools.soak.growth import WARM_UP, Growth, measure, survivors
from blendtpl.tools.soak.lines import innermost, shown
from blendtpl.tools.soak.origins import Origins, follow
from blendtpl.tools.soak.processes import Death, Exhausted, run_isolated

# A leak of one object in a thousand renders leaves five in half of these, which is one more than what is let pass.
RENDERS = 10_000
PATIENCE = 60  # seconds for one render
MEMORY = 512 * 2**20  # bytes that a template may take, in all of its renders

_ENOUGH = 200  # pieces that were left are enough to find out about
_FEW = 100  # renders, or more, to find so many in
_STORY = 300  # characters of an error
_LOOK = 256  # bytes that it takes to look at an object

_STACK = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+|\?+) in ', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of one template. `examples`: whether its contexts are examples. `failures` are those that it fails
    with, and the errors; `kept` is what outlives a render, of what went in; `problem` says why nothing was measured;
    `printed` is what the template prints by accident.
    """

    template: str
    contexts: int
    examples: bool
    renders: int
    failures: tuple[tuple[str, str], ...] = ()
    growth: Growth | None = None
    kept: tuple[str, ...] = ()
    problem: str = ""
    origins_of: Origins | None = None
    printed: tuple[Printed, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing grew and nothing went wrong; a template may fail and be sound."""
        return not (self.problem or self.growth)


@dataclass(frozen=True, slots=True)
class Soak:
    """What came of all templates. `renders` is how often each was to be rendered."""

    renders: int
    templates: tuple[Soaked, ...]

    @property
    def unsound(self) -> tuple[Soaked, ...]:
        """The templates that grew, or could not be measured."""
        return tuple(soaked for soaked in self.templates if not soaked.sound)


def soak(
    templates: Mapping[str, Template],
    contexts: Mapping[str, Sequence[Sample]],
    *,
    renders: int = RENDERS,
    patience: int = PATIENCE,
    memory: int = MEMORY,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Soak:
    """Render each of the templates that there are contexts for so often, or a few times more: each context as often.

    `patience` is how many seconds one render may take, `memory` how many bytes a template may take in all of its
    renders. `progress` is called with how many renders are done, and how many there are.
    """
    counters = memoryview(mmap.mmap(-1, 8 * len(contexts) or 1)).cast("B").cast("Q" if contexts else "B")
    tasks = [
        _Task(templates, name, tuple(contexts[name]), renders, patience, counters[number : number + 1])
        for number, name in enumerate(contexts)
    ]
    total = sum(task.renders for task in tasks)

    def tick() -> None:
        progress(min(sum(counters), total), total)

    results: dict[str, Soaked] = {}
    for task, result in run_isolated(tasks, _measured, jobs=jobs, memory=memory, tick=tick):
        results[task.name] = _died(task, result, memory) if isinstance(result, Death) else result
    to_follow = [task for task in tasks if _may_be_followed(results[task.name])]
    # looking through all that there is takes memory of its own, which is no template's
    aside = _LOOK * len(gc.get_objects())
    for task, origins_of in run_isolated(to_follow, partial(_followed, results), jobs=jobs, memory=memory + aside):
        if isinstance(origins_of, Origins):
            results[task.name] = replace(results[task.name], origins_of=origins_of)
    return Soak(renders, tuple(results[name] for name in contexts))


class _Task(NamedTuple):
    """A template to render; the counter is one that the parent sees."""

    templates: Mapping[str, Template]
    name: str
    contexts: tuple[Sample, ...]
    least: int
    patience: int
    counter: memoryview

    @property
    def turn(self) -> int:
        """How many renders it takes until each context had its turn, as it is and with values of its own."""
        return 2 * len(self.contexts)

    @property
    def renders(self) -> int:
        """How many renders to measure: whole turns in each half, after each of which all is as it was."""
        return 2 * self.turn * -(-self.least // (2 * self.turn))

    @property
    def warm_up(self) -> int:
        """How many to render before, in whole turns."""
        return self.turn * -(-WARM_UP // self.turn)


def _measured(task: _Task) -> Soaked:
    """Return what comes of a template. It runs in a process of its own."""
    warnings.filterwarnings("ignore", r"coroutine .* was never awaited", RuntimeWarning)
    gc.freeze()  # what was there before need not be looked through each time
    render = _render(task)
    template = task.templates[task.name]
    failures = [(sample.label, error) for sample in task.contexts if (error := _error(task, sample))]
    growth = measure(render, task.renders, warm_up=task.warm_up)
    if growth:  # what happens once, however late, does not happen again
        growth = measure(render, task.renders, warm_up=0)
    surviving = [
        path for sample in task.contexts for path in survivors(template.render, partial(watchable, sample.variables))
    ]
    return Soaked(
        task.name,
        len(task.contexts),
        _are_examples(task),
        task.renders,
        failures=tuple(failures),
        growth=growth,
        kept=tuple(dict.fromkeys(surviving)),
        printed=_printed(task, {label for label, _ in failures}),
    )


def _printed(task: _Task, failing: Container[str]) -> tuple[Printed, ...]:
    """Return what a template prints by accident. Jinja2 renders it for that, from the sources in the bundle."""
    template = task.templates[task.name]
    if template.source is None:
        return ()
    loader = jinja2.FunctionLoader(lambda name: task.templates[name].source if name in task.templates else None)
    watch = Watch(template._compiled.environment, loader)
    for sample in task.contexts:
        if sample.label not in failing:
            signal.alarm(task.patience)
            watch.render(task.name, sample.label, partial(copied, sample.variables, 0))
            signal.alarm(0)
    return watch.printed


def _followed(results: Mapping[str, Soaked], task: _Task) -> Origins:
    """Return where the growth of a template comes from. It runs in a process of its own."""
    growth = results[task.name].growth
    if growth is None:
        renders = max(1, min(_FEW, results[task.name].renders // 4))
    else:
        half = growth.renders - growth.renders // 2
        pieces = max(growth.blocks, growth.collected, growth.bytes // 16, 1)
        renders = min(half, max(_FEW, -(-half * _ENOUGH // pieces)))
    _without_rows(task.templates[task.name])
    return follow(_render(task), renders, task.templates, warm_up=min(renders, task.warm_up))


def _without_rows(template: Template) -> None:
    """Have loops run as Python in this process, which knows of each line where that made something."""
    names_of(template._compiled.environment)["rows"] = lambda *unused: False


def _may_be_followed(soaked: Soaked) -> bool:
    # what a single render has no memory for is no leak
    return bool(soaked.growth) or (soaked.problem.startswith(_TOO_MUCH) and soaked.renders > soaked.contexts)


def _render(task: _Task) -> Callable[[], None]:
    """Return a function that renders with the next context. The process ends when that takes too long."""
    render, counter, patience = task.templates[task.name].render, task.counter, task.patience
    following = _contexts(task.contexts)

    def once() -> None:
        counter[0] += 1
        signal.alarm(patience)
        try:
            render(next(following))
        except MemoryError as error:
            raise Exhausted from error
        finally:
            signal.alarm(0)

    return once


def _contexts(samples: Sequence[Sample]) -> Iterator[Variables]:
    """Yield copies of the contexts without end: of each, then of each with values of its own, and again."""
    numbers = count(1)
    while True:
        for sample in samples:
            yield copied(sample.variables, 0)
        for sample in samples:
            yield copied(sample.variables, next(numbers))


def _error(task: _Task, context: Sample) -> str:
    """Return what the template fails with for a context, or `""`."""
    task.counter[0] += 1
    signal.alarm(task.patience)
    try:
        task.templates[task.name].render(copied(context.variables, 0))
    except MemoryError as error:
        raise Exhausted from error
    except (Exception, SystemExit) as error:
        try:
            problem_text = "; ".join(map(str, (error, *getattr(error, "__notes__", ()))))
        except Exception:  # a message may be a value that cannot be shown
            problem_text = "its message cannot be shown"
        return f"{type(error).__name__}: {problem_text}"[:_STORY]
    finally:
        signal.alarm(0)
    return ""


_TOO_MUCH = "it needs more than"


def _died(task: _Task, death: Death, memory: int) -> Soaked:
    done = task.counter[0]
    if death.full:
        problem = f"{_TOO_MUCH} {memory / 2**20:,.0f} MB of memory"
    elif death.status == -signal.SIGALRM:
        problem = f"one render takes more than {task.patience} s"
    elif death.status < 0:
        problem = f"it is ended by {signal.Signals(-death.status).name}"
    else:
        problem = f"it ends the process, with exit status {death.status}"
    stack = [_Line(frame["file"], int(frame["line"].strip("?") or 0)) for frame in _STACK.finditer(death.trace)][::-1]
    place = innermost(stack, task.templates)
    where = f", at {shown(place, task.templates)}" if place else ""
    problem_text = f"{problem}, in render {done:,}{where}"
    return Soaked(task.name, len(task.contexts), _are_examples(task), done, problem=problem_text)


def _are_examples(task: _Task) -> bool:
    return any(sample.example for sample in task.contexts)


class _Line(NamedTuple):
    filename: str
    lineno: int
