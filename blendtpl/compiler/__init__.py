"""The build half: read, parse, link, emit, pack. The run half never imports it."""

from blendtpl.compiler.build import Build, build

__all__ = ["Build", "build"]
