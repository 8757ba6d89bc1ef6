"""What `pyproject.toml` cannot say in every version of setuptools: the extension module, which is left out where there
is no C compiler.
"""

from setuptools import Extension, setup

setup(ext_modules=[Extension("blendtpl._speedups", ["blendtpl/_speedups.c"], optional=True)])
