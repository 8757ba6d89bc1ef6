"""What `pyproject.toml` cannot say in every version of setuptools: the extension modules.

Where there is no C compiler it is left out, and all is done in Python. `BLENDTPL_SPEEDUPS=1` has that be an error, for
wheels that others rely on; `BLENDTPL_SPEEDUPS=0` leaves it out anywhere, for the wheel of pure Python, which any other
interpreter and platform takes: `BLENDTPL_SPEEDUPS=0 python -m build`.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup

C = Path("blendtpl/runtime/csrc")
SOURCES = [
    str(C / f"{name}.c")
    for name in (
        *("abi", "attributes", "calls", "entry", "expressions", "filters", "layout", "lookahead", "lookups", "loops"),
        *("module", "order_filters", "program", "statements", "text_filters", "translations", "utf8", "value_tests"),
    )
]
HEADERS = [
    str(C / f"{name}.h")
    for name in ("abi", "filters", "module", "operands", "operators", "rows", "texts", "utf8", "utf8_vectors", "values")
]

wanted = os.environ.get("BLENDTPL_SPEEDUPS", "")
if wanted not in {"", "0", "1"}:
    raise SystemExit(
        f"BLENDTPL_SPEEDUPS is {wanted!r}: 1 is for with functions in C, 0 for without, unset for if possible"
    )
optional = wanted != "1"
speedups = Extension("blendtpl.runtime._speedups", SOURCES, depends=HEADERS, optional=optional)
transfer = Extension("blendtpl.mail._transfer", ["blendtpl/mail/_transfer.c"], optional=optional)
counting = Extension("blendtpl.metrics._counting", ["blendtpl/metrics/_counting.c"], optional=optional)
posix = [] if sys.platform == "win32" else [counting]  # as what it counts in is

setup(ext_modules=[] if wanted == "0" else [speedups, transfer, *posix])
