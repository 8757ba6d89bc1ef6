"""What `pyproject.toml` cannot say in every version of setuptools: the extension module, which is left out where there
is no C compiler.
"""

from setuptools import Extension, setup

SOURCES = ["blendtpl/_lookahead.c", "blendtpl/_rows.c", "blendtpl/_speedups.c", "blendtpl/_starting.c"]
HEADERS = ["blendtpl/_speedups.h", "blendtpl/_texts.h", "blendtpl/_values.h"]

setup(ext_modules=[Extension("blendtpl._speedups", SOURCES, depends=HEADERS, optional=True)])
