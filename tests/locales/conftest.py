"""A project folder for each test, as those of the build half have it."""

from tests.compiling.conftest import project

__all__ = ["project"]
