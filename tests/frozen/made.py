"""The application that is frozen, as a package in a folder, and what it prints."""

import shutil
from pathlib import Path

import blendtpl
from blendtpl.runtime import speedups
from blendtpl.tools.versions import version_line

TEMPLATES = {"a.html": "{% for row in rows %}\n{{ loop.index }} {{ row.name }};\n{%- endfor %}"}


def package(folder: Path) -> None:
    """Write the package `shop` into a folder, with its bundle as data."""
    (folder / "shop").mkdir()
    (folder / "shop/__init__.py").touch()
    shutil.copy(Path(__file__).with_name("application.py"), folder / "shop")
    blendtpl.compile(TEMPLATES).write(folder / "shop/shop.blend")


def expected(*, in_c: bool = speedups.ACTIVE, version: str = version_line()) -> str:
    """Return what the application prints, where it finds the functions in C or does not."""
    lines = [
        version,
        "\n1 &lt;Ada&gt;;\n2 Bob;",
        "a.html:2: 'dict object' has no attribute 'name'",
        "True True",
        "Live",
        "42",
        "['blendtpl.runtime._speedups', 'blendtpl._version']" if in_c else "['blendtpl._version']",
    ]
    return "\n".join(lines) + "\n"
