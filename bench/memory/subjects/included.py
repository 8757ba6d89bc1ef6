"""blendtpl's include shim: each kind of call that old code makes, served by a bundle that was loaded once."""

import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from keyword import iskeyword
from typing import Any

from bench.memory.registered import Desk, Family, Kind, Part, Render, Unsupported, subject
from blendtpl import TemplateNotFound
from blendtpl.compat import IncludeShim
from testkit.oracle import load

_BROKEN = {"broken.html": "half of it{% set a = 1 %}{{ a // 0 }}"}


@subject("include shim, with a scope", Family.OURS, Kind.ALERT)
def with_a_scope(part: Part, desk: Desk) -> Render:
    """`IncludeShim.include` with a dict, printed to a stream."""
    printed = _Printed()
    include, path = _shim(part, printed).include, _path(part)
    return lambda context: printed.by(include, path, dict(context))


@subject("include shim, with locals", Family.OURS, Kind.ALERT)
def with_locals(part: Part, desk: Desk) -> Render:
    """`IncludeShim.include` without a scope, in a function whose local variables the template needs."""
    printed = _Printed()
    included = _function_with_locals(part, _shim(part, printed), _path(part))
    return lambda context: printed.by(included, **context)


@subject("include shim, fetch", Family.OURS, Kind.ALERT)
def fetched(part: Part, desk: Desk) -> Render:
    """`IncludeShim.fetch` with a dict."""
    fetch, path = _shim(part).fetch, _path(part)
    return lambda context: fetch(path, dict(context))


@subject("include shim, captured", Family.OURS, Kind.ALERT)
def captured(part: Part, desk: Desk) -> Render:
    """`IncludeShim.include` within two buffers, the outer of which is printed into before and behind."""
    shim, path = _shim(part), _path(part)

    def render(context: Mapping[str, Any]) -> str:
        with shim.capture():
            shim.include(path, dict(context))
            with shim.capture() as page:
                shim.include(path, dict(context))
            shim.include(path, dict(context))
        return page.text

    return render


@subject("include shim, once in a request", Family.OURS, Kind.ALERT)
def once(part: Part, desk: Desk) -> Render:
    """`IncludeShim.include_once`, twice in a request of its own."""
    shim, path = _shim(part), _path(part)

    def render(context: Mapping[str, Any]) -> str:
        with shim.request(), shim.capture() as page:
            shim.include_once(path, dict(context))
            shim.include_once(path, dict(context))
        return page.text

    return render


@subject("include shim, behind one that fails", Family.OURS, Kind.ALERT)
def behind_a_failure(part: Part, desk: Desk) -> Render:
    """A template that fails half-way, deep within buffers, and then `IncludeShim.fetch`."""
    shim, path = _shim(part), _path(part)

    def render(context: Mapping[str, Any]) -> str:
        with suppress(ZeroDivisionError), shim.capture(), shim.request(), shim.capture():
            shim.capture()
            shim.include("templates/broken.php", dict(context))
        return shim.fetch(path, dict(context))

    return render


@subject("include shim, behind one that is missing", Family.OURS, Kind.ALERT)
def behind_a_missing_one(part: Part, desk: Desk) -> Render:
    """`include` and `require` of templates that are missing, and then `IncludeShim.fetch`."""
    shim, path = _shim(part), _path(part)

    def render(context: Mapping[str, Any]) -> str:
        shim.include("templates/nope.php", dict(context))
        with suppress(TemplateNotFound):
            shim.require("templates/nope.php", dict(context))
        return shim.fetch(path, dict(context))

    return render


class _Printed:
    """A stream that has what was written by the last call."""

    def __init__(self) -> None:
        self._text = ""

    def write(self, text: str) -> None:
        self._text += text

    def by(self, call: Callable[..., object], *arguments: Any, **named: Any) -> str:
        """Return what a call prints."""
        self._text = ""
        call(*arguments, **named)
        return self._text


def _shim(part: Part, stream: _Printed | None = None) -> IncludeShim:
    warnings.filterwarnings("ignore", "`(include|require|fetch)", DeprecationWarning)
    warnings.filterwarnings("ignore", "`templates/nope.php`", RuntimeWarning)
    return IncludeShim(load({**_BROKEN, **part.sources}, part.make), roots=["templates"], stream=stream)


def _path(part: Part) -> str:
    """Return how old code calls the template."""
    stem, dot, suffix = part.entry.rpartition(".")
    return f"templates/{stem}.php" if dot + suffix == ".html" else f"templates/{part.entry}"


def _function_with_locals(part: Part, shim: IncludeShim, path: str) -> Callable[..., object]:
    """Return a function that has the variables of a part as arguments, and includes its template."""
    names = list(part.variables())
    if not all(name.isidentifier() and not iskeyword(name) for name in names):
        raise Unsupported("it has variables that no function can have")
    space: dict[str, Any] = {"included_by": shim.include, "old_path": path}
    exec(f"def included({', '.join(names)}):\n    return included_by(old_path)", space)
    included: Callable[..., object] = space["included"]
    return included
