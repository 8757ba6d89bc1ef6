"""Versions: what an installation is made of, in one line for a person."""

import platform

import jinja2

from blendtpl._version import __version__
from blendtpl.runtime.speedups import WHY_NOT


def version_line() -> str:
    """Return the versions of blendtpl, Python and Jinja2, and whether what templates call most is in C."""
    speed = f"without functions in C ({WHY_NOT})" if WHY_NOT else "with functions in C"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"blendtpl {__version__} {speed}, {python}, Jinja2 {jinja2.__version__}"
