"""The table of a pool: one line for each walker, for a terminal that shows it live, and for `--status`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from blendtpl.printable import one_line

_STYLES = {"ready": "green", "starting": "yellow", "leaving": "dim"}
_COLUMNS = ("walker", "pid", "state", "age", "RSS", "growth", "cycles", "renders/s", "mails/s", "errors", "backlog")


class LiveTable:
    """A table at the end of a terminal, under the lines that are said meanwhile. No thread draws it, as this forks."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        # what replaces the standard streams for that would be inherited by walkers
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )

    def start(self) -> None:
        """Begin to show it."""
        self._live.start()

    def stop(self) -> None:
        """Take it away."""
        self._live.stop()

    def show(self, told: Mapping[str, Any]) -> None:
        """Show what a pool is like now."""
        self._live.update(table(told), refresh=True)

    def say(self, line: str) -> None:
        """Print a line above it, with escapes for what a terminal could take for an order."""
        self._console.print(Text(one_line(line)), soft_wrap=True)


def table(told: Mapping[str, Any]) -> Group:
    """Return the table of what a pool says of itself."""
    grid = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in _COLUMNS:
        grid.add_column(name, justify="left" if name == "state" else "right", no_wrap=True)
    for walker in told["walkers"]:
        state = f"{walker['state']}{': ' + walker['reason'] if walker['reason'] else ''}"
        cells = (
            str(walker["number"]),
            str(walker["pid"]),
            Text(one_line(state), style=_STYLES.get(walker["state"], "")),
            age(walker["age"]),
            size(walker["rss"]),
            size(walker["growth"]) if walker["rss"] else "",
            f"{walker['cycles']:,}",
            f"{walker['renders_per_second']:.1f}",
            f"{walker['mails_per_second']:.1f}",
            f"{walker['errors']:,}",
            "" if walker["backlog"] is None else f"{walker['backlog']:,}",
        )
        grid.add_row(*cells)
    return Group(Text(heading(told), style="bold"), grid)


def heading(told: Mapping[str, Any]) -> str:
    """Return the line above the table: what the pool is like as a whole."""
    walkers = told["walkers"]
    left = ", ".join(f"{count:,} {reason}" for reason, count in told["rotations"].items())
    parts = [
        f"{one_line(told['function'])} (pid {told['pid']}): {told['ready']} of {told['workers']} ready",
        *([told["state"]] if told["state"] != "running" else []),
        f"{sum(each['renders_per_second'] for each in walkers):.1f} renders/s",
        f"{sum(each['mails_per_second'] for each in walkers):.1f} mails/s",
        *([f"{told['failures']} failures in a row"] if told["failures"] else []),
        *([f"gone: {left}"] if left else []),
        f"bundle {told['digest'][:12]}",
    ]
    return ", ".join(parts)


def age(seconds: float) -> str:
    """Return an age in at most two units."""
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours < 24 else f"{hours // 24}d{hours % 24:02}h"


def size(count: float) -> str:
    """Return a size in megabytes; nothing for one that is not known."""
    return f"{count / 1e6:.1f}MB" if count > 0 else "0" if count == 0 else ""
