"""What the tests of the shim share: a registry of a few templates, and a shim that prints into memory."""

import io
from collections.abc import Mapping
from typing import Any

from blendtpl.compat import IncludeShim
from testkit.oracle import load
from testkit.shim_calls import environment


def shim_for(templates: Mapping[str, str], **options: Any) -> tuple[IncludeShim, io.StringIO]:
    """Return a shim over those templates, and what it prints to."""
    stream = io.StringIO()
    options = {"stream": stream, **options}
    make = options.pop("make", environment)
    return IncludeShim(load(templates, make), **options), stream
