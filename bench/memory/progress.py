"""A bar on standard error while tasks run, where that is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from bench.memory.tasks import Task

_BAR, _NUMBERS, _NARROWEST = 16, 30, 10  # characters of a line: two numbers of seven digits, and the time


@dataclass(slots=True)
class Bar:
    """One line for all, and one for each task that runs."""

    _shown: Progress
    _whole: TaskID
    _rows: dict[Task, TaskID] = field(default_factory=dict)

    def sampled(self, task: Task, renders: int) -> None:
        """Show how far a task is."""
        if task not in self._rows:
            self._rows[task] = self._shown.add_task(task.title, total=task.renders)
        self._shown.update(self._rows[task], completed=renders)

    def done(self, task: Task) -> None:
        """Count a task as done, and take its line away."""
        if (row := self._rows.pop(task, None)) is not None:
            self._shown.remove_task(row)
        self._shown.advance(self._whole)

    def step(self, title: str) -> None:
        """Count something that is no task as done, and say what it was."""
        self._shown.update(self._whole, advance=1, description=title)


@contextmanager
def bar(total: int) -> Iterator[Bar]:
    """Show a bar for so many tasks and steps."""
    console = Console(stderr=True)
    title = Column(no_wrap=True, overflow="ellipsis", max_width=max(_NARROWEST, console.width - _NUMBERS - _BAR))
    columns = (
        TextColumn("{task.description}", table_column=title),
        BarColumn(bar_width=_BAR),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield Bar(shown, shown.add_task("all", total=total))
