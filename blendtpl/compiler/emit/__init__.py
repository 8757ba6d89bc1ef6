"""Emission: from the tree of one template to a Python module of it."""

from blendtpl.compiler.emit.emitter import TreeOf, Unfinished
from blendtpl.compiler.emit.facts import Facts, facts
from blendtpl.compiler.emit.links import Links, statics, texts, uniform
from blendtpl.compiler.emit.module import Module, module

__all__ = ["Facts", "Links", "Module", "TreeOf", "Unfinished", "facts", "module", "statics", "texts", "uniform"]
