"""The packages: one module for each, found by what is in this folder.

A module has `PACKAGES`, one or more runs. It imports its package only in the functions that run it.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from bench.real.package import Package


@cache
def packages() -> Mapping[str, Package]:
    """Return the runs of all modules, by their names."""
    found: dict[str, Package] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        for package in importlib.import_module(f"{__name__}.{module}").PACKAGES:
            found[package.name] = package
    return found
