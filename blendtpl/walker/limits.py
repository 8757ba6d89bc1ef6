"""Limits: how long a walker lives and how large it grows, looked at between two cycles.

Enters: settings, and what the process is like now. Leaves: the `Stop` that is due, or none.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from types import ModuleType

from blendtpl.errors import ConfigError
from blendtpl.extras import not_installed
from blendtpl.walker.stop import Stop
from blendtpl.walker.units import duration, size


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes; `None`: without that limit. `jitter` is the share by which ages differ."""

    max_age: float | None = None
    max_growth: int | None = None
    max_rss: int | None = None
    jitter: float = 0.1
    deadline: float | None = None

    @property
    def of_memory(self) -> bool:
        """Whether the size of the process is asked for between cycles."""
        return self.max_growth is not None or self.max_rss is not None

    def age(self) -> float | None:
        """Return the age at which one process leaves. It is chosen from what the system has of chance, as processes
        that were forked, or that seed Python's generator alike, would all choose the same.
        """
        if self.max_age is None:
            return None
        return self.max_age * (1 + self.jitter * SystemRandom().uniform(-1, 1))

    def reached(self, rss: float, base_rss: float) -> Stop | None:
        """Return which limit of memory is reached. That of the whole is looked at first: it is the harder one."""
        if self.max_rss is not None and rss >= self.max_rss:
            return Stop.RSS
        if self.max_growth is not None and rss - base_rss >= self.max_growth:
            return Stop.GROWTH
        return None


def read_limits(max_age: object, max_growth: object, max_rss: object, jitter: object, deadline: object) -> Limits:
    """Return the limits that a caller names, as numbers or in words; raise `ConfigError` for what is none."""
    if isinstance(jitter, bool) or not isinstance(jitter, (int, float)) or not 0 <= jitter < 1:
        raise ConfigError(f"jitter: `{jitter!r}` is no share from 0 to below 1, such as 0.1 for a tenth of the age")
    return Limits(
        max_age=None if max_age is None else duration(max_age, "max_age"),
        max_growth=None if max_growth is None else size(max_growth, "max_growth"),
        max_rss=None if max_rss is None else size(max_rss, "max_rss"),
        jitter=float(jitter),
        deadline=None if deadline is None else duration(deadline, "deadline"),
    )


def rss_of_this_process() -> Callable[[], int]:
    """Return a function that asks how much memory this process has in use, in bytes; not that of one forked later.

    Raises `NotInstalledError` without psutil.
    """
    psutil = _psutil()
    process = psutil.Process(os.getpid())

    def rss() -> int:
        used: int = process.memory_info().rss
        return used

    return rss


def _psutil() -> ModuleType:
    try:
        import psutil
    except ImportError as error:
        raise not_installed("a limit of memory", error) from None
    return psutil
