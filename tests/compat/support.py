"""What the tests of the shim share: a registry of a few templates, and a shim that prints into memory."""

import io
from collections.abc import Mapping
from typing import Any

import jinja2

import blendtpl
from blendtpl.compat import IncludeExtension, IncludeShim
from tests.run.oracle import load


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.add_extension(IncludeExtension)
    return made


def shim_for(templates: Mapping[str, str], **options: Any) -> tuple[IncludeShim, io.StringIO]:
    """Return a shim over those templates, and what it prints to."""
    stream = io.StringIO()
    options = {"stream": stream, **options}
    make = options.pop("make", environment)
    return IncludeShim(load(templates, make), **options), stream
