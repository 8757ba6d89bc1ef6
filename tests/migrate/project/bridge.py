"""The bridge of the old programs: the registry, and the shim on it."""

import jinja2

import blendtpl
from blendtpl.compat import IncludeExtension, IncludeShim


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.add_extension(IncludeExtension)
    made.globals["site"] = "feedwhip"
    return made


registry = blendtpl.load("project.blend", environment=environment)
shim = IncludeShim(registry, roots=["templates"])
