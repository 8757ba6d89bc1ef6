"""Includes on the way: the names that the old call sites know, served by a registry.

Nothing is read, compiled or kept for an e-mail any more, and no call site had to change. Each tells once what to call
in its place, and `report` says which are still alive.
"""

import logging
from pathlib import Path

import jinja2

import blendtpl
from blendtpl.compat import IncludeExtension, IncludeShim


def environment() -> jinja2.Environment:
    """Return blendtpl's defaults, with the newlines that the old files print."""
    made = blendtpl.default_environment()
    made.add_extension(IncludeExtension)
    made.trim_blocks = made.lstrip_blocks = made.keep_trailing_newline = True
    return made


logging.basicConfig(level=logging.INFO, format="%(message)s")

# in an application the bundle is compiled when it is built, and loaded here: blendtpl.load("build/feedwhip.blend")
registry = blendtpl.load(
    blendtpl.compile(Path(__file__).parents[1] / "templates", environment=environment), environment=environment
)
shim = IncludeShim(
    registry,
    roots=["templates"],
    aliases={".inc": (".txt", ".html"), "email/": "emails/"},
    log=logging.getLogger("includes"),
)
include, include_once, require = shim.include, shim.include_once, shim.require
capture, request, report = shim.capture, shim.request, shim.report
