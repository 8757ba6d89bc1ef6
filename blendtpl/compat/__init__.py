"""Old include-style call sites, served by a registry: a bridge to cross, and to take down behind one."""

from blendtpl.compat.buffers import Capture
from blendtpl.compat.extension import IncludeExtension
from blendtpl.compat.shim import Included, IncludeShim
from blendtpl.compat.sites import Report, Row
from blendtpl.errors import (
    CaptureError,
    IncludeError,
    IncludeNotFound,
    IncludeWarning,
    PathError,
    ReturnedError,
    ScopeError,
)

__all__ = [
    "Capture",
    "CaptureError",
    "IncludeError",
    "IncludeExtension",
    "IncludeNotFound",
    "IncludeShim",
    "IncludeWarning",
    "Included",
    "PathError",
    "Report",
    "ReturnedError",
    "Row",
    "ScopeError",
]
