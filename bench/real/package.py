"""Package: which templates of a package are rendered, and what makes the package render them."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from bench.real.capture import Captured

Which = str | Callable[[Captured], bool]  # a template's name, or whether a render is the one


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """A run of one package.

    `how` says in a few words how the contexts come to be. `chosen` has the name of each workload, and which of the
    renders it is; of several the one with the longest text. `run` is given an empty folder, and a stack for what
    must stay open for as long as is rendered. `needs` are the distributions that it imports.
    """

    name: str
    how: str
    chosen: Mapping[str, Which]
    run: Callable[[Path, ExitStack], None]
    needs: tuple[str, ...]
    again: Callable[[dict[str, Any], ExitStack], None] = lambda variables, stack: None
    same: Callable[[str], str] = lambda text: text
    copied: bool = False

    def missing(self) -> list[str]:
        """Return what is not installed of what it needs."""
        return [name for name in self.needs if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
