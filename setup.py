"""What `pyproject.toml` cannot say in every version of setuptools: the extension module, which is left out where there
is no C compiler.
"""

from pathlib import Path

from setuptools import Extension, setup

C = Path("blendtpl/runtime/csrc")
SOURCES = [str(C / name) for name in ("abi.c", "entry.c", "lookahead.c", "module.c", "rows.c")]
HEADERS = [str(C / name) for name in ("abi.h", "module.h", "texts.h", "values.h")]

setup(ext_modules=[Extension("blendtpl.runtime._speedups", SOURCES, depends=HEADERS, optional=True)])
