"""Includes as they were: a file is read, compiled and run for each use of it, with the caller's variables.

In the files, `print` prints. What a file assigns is assigned in the scope; without a scope it is gone.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

_FOLDER = Path(__file__).parent
_once: set[str] = set()


class Page:
    """What was printed while it was captured."""

    text = ""


def include(path: str, scope: dict[str, Any] | None = None) -> object:
    """Run a file; go on when there is none."""
    try:
        return _run(path, _seen_from(sys._getframe(1)) if scope is None else scope)
    except FileNotFoundError:
        print(f"warning: {path} is not there", file=sys.stderr)
        return False


def include_once(path: str, scope: dict[str, Any] | None = None) -> object:
    """Run a file, unless it ran before."""
    return True if path in _once else include(path, _seen_from(sys._getframe(1)) if scope is None else scope)


def require(path: str, scope: dict[str, Any] | None = None) -> object:
    """Run a file, which has to be there."""
    return _run(path, _seen_from(sys._getframe(1)) if scope is None else scope)


@contextmanager
def capture() -> Iterator[Page]:
    """Keep what is printed meanwhile."""
    page, printed = Page(), io.StringIO()
    with redirect_stdout(printed):
        yield page
    page.text = printed.getvalue()


@contextmanager
def request() -> Iterator[None]:
    """Begin anew with what is included once."""
    _once.clear()
    yield


def _run(path: str, scope: dict[str, Any]) -> int:
    text = (_FOLDER / path).read_text(encoding="utf-8")
    _once.add(path)
    exec(compile(text, path, "exec"), scope)  # noqa: S102  # the sin
    return 1


def _seen_from(frame: FrameType) -> dict[str, Any]:
    return {**frame.f_globals, **frame.f_locals}
