"""Coroutines: whether a template may wait for what it is given, and what renders it then.

Enters: an environment. Leaves: `blendtpl.runtime.awaiting`, which stands on a library that only those need who await.
"""

from types import ModuleType

import jinja2

from blendtpl.extras import not_installed


def awaiting_of(environment: jinja2.Environment) -> ModuleType | None:
    """Return what renders templates of an environment that awaits, or `None` for any other.

    Raises `NotInstalledError` where the library is missing that it stands on.
    """
    if not environment.is_async:
        return None
    try:
        from blendtpl.runtime import awaiting
    except ImportError as error:
        raise not_installed("an environment with `enable_async`", error) from None
    return awaiting


def can_await() -> bool:
    """Return whether that library is there."""
    try:
        import greenlet  # noqa: F401
    except ImportError:
        return False
    return True
