"""Lint: what is legal in templates, and hardly meant. Each finding is a warning with a stable name."""

from blendtpl.compiler.lint.ignores import Ignores, ignores
from blendtpl.compiler.lint.prose import WARNINGS
from blendtpl.compiler.lint.stage import Stage

__all__ = ["WARNINGS", "Ignores", "Stage", "ignores"]
