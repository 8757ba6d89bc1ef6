"""The shim: old include-style call sites, served by a registry.

Enters: an old path, and the variables of its caller. Leaves: what the template prints, in the innermost buffer or else
the stream, with the meaning that PHP's `include` has; the tests compare the two. A call holds nothing when it is over.
"""

import logging
import os
import sys
import warnings
import weakref
from collections.abc import Callable, Iterable, MutableMapping
from functools import wraps
from types import FrameType, MappingProxyType
from typing import Any, Protocol, TypeVar, cast

from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup

from blendtpl.compat import buffers
from blendtpl.compat.buffers import Capture, Once, Request
from blendtpl.compat.paths import PHP, Aliases, Found, Paths
from blendtpl.compat.scopes import Scope, given_by, seen_from, seen_names
from blendtpl.compat.sites import Report, Sites
from blendtpl.errors import IncludeNotFound, IncludeWarning, ReturnedError
from blendtpl.registry import Registry
from blendtpl.rendering import render_in_scope
from blendtpl.template import Frozen

Path = str | os.PathLike[str]

Levels = tuple[buffers.Level, ...]

_GO_ON = frozenset({"include", "include_once"})  # without a template that is missing
_ONCE = frozenset({"include_once", "require_once"})
_PATHS_KEPT = 4096  # paths whose template is looked for once; they may come from anywhere
_Method = TypeVar("_Method", bound=Callable[..., Any])


class Stream(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> object:
        """Write a text."""


class Included(str):
    """What a template included by a template prints. `value` is what it returned."""

    __slots__ = ("value",)

    value: Any


class IncludedMarkup(Markup, Included):
    """The same where output is escaped: it is not, a second time."""

    __slots__ = ()


def _from_templates_too(method: _Method) -> _Method:
    """Let templates call a method: they get the text in place, and are themselves where relative paths start."""

    @wraps(method)
    def called(self: "IncludeShim", *arguments: Any, **named: Any) -> Any:
        if arguments and isinstance(arguments[0], Context):
            return self._in_place(method.__name__, sys._getframe(1), *arguments, **named)
        return method(self, *arguments, **named)

    return cast(_Method, pass_context(called))


class IncludeShim(Frozen):
    """Serves `include` and its like from a registry, with PHP's meaning.

    `roots` are the folders of the old files, absolute or as old paths begin with them; `aliases` say what a suffix, a
    folder or a whole old path is called in the registry (`blendtpl.compat.paths.Paths`). `stream` is where output
    goes that no buffer holds, standard output at the time of the call when left out. `sites` bounds the rows of the
    report, which is logged to `log` when the process ends.

    A `scope` is a mapping of variables; what the template sets at its top level flows back into it when it can be
    changed. Left out, it is a snapshot of the caller's local variables over its global ones, and nothing flows back.

    Every method raises `PathError` for a path that leaves the roots, `ScopeError` for a scope that is no mapping, and
    what the template raises. Then the buffers are as they were, and nothing of the failed output is in any of them.
    """

    __slots__ = ("__weakref__", "_found", "_paths", "_registry", "_sites", "_stream")

    _found: dict[tuple[Path, str], Found]  # what a path in a folder means
    _paths: Paths
    _registry: Registry
    _sites: Sites
    _stream: Callable[[], Stream]

    def __init__(
        self,
        registry: Registry,
        *,
        roots: Path | Iterable[Path] = (),
        aliases: Aliases = PHP,
        stream: Stream | None = None,
        ignore_case: bool = False,
        backslashes: bool = False,
        sites: int = 1000,
        log: logging.Logger | None = None,
    ) -> None:
        for slot, value in (
            ("_registry", registry),
            ("_paths", Paths(roots, aliases, registry, ignore_case=ignore_case, backslashes=backslashes)),
            ("_stream", (lambda: sys.stdout) if stream is None else lambda: stream),
            ("_sites", Sites(sites)),
            ("_found", {}),
        ):
            object.__setattr__(self, slot, value)
        if log is not None:
            weakref.finalize(self, self._sites.log, log)

    @_from_templates_too
    def include(self, path: Path, scope: Scope | None = None) -> Any:
        """Print a template; return what it returns, else 1.

        A missing one is an `IncludeWarning`, and the value is `False`.
        """
        return self._print("include", sys._getframe(2), path, scope)

    @_from_templates_too
    def include_once(self, path: Path, scope: Scope | None = None) -> Any:
        """Do as `include` does, but for what has been included in this request before: then the value is `True`."""
        return self._print("include_once", sys._getframe(2), path, scope)

    @_from_templates_too
    def require(self, path: Path, scope: Scope | None = None) -> Any:
        """Do as `include` does, but raise `IncludeNotFound` for a missing template."""
        return self._print("require", sys._getframe(2), path, scope)

    @_from_templates_too
    def require_once(self, path: Path, scope: Scope | None = None) -> Any:
        """Do as `include_once` does, but raise `IncludeNotFound` for a missing template."""
        return self._print("require_once", sys._getframe(2), path, scope)

    @_from_templates_too
    def fetch(self, path: Path, scope: Scope | None = None) -> str:
        """Return what a template prints; raises `IncludeNotFound` for a missing one."""
        levels = buffers.opened()
        folder = levels[-1].place[1] if levels else ""
        return self._run("fetch", sys._getframe(2), levels, folder, path, scope)[0]

    def capture(self) -> Capture:
        """Open a buffer, which holds what is printed until it is closed: at the end of a `with`, or by `close`."""
        return Capture(sys._getframe(1))

    def request(self) -> Request:
        """Open a request, for a `with`: what is included once is once in it.

        Outside of any it is once in the outermost include.
        """
        return Request(sys._getframe(1), self._stream)

    def report(self) -> Report:
        """Return which call sites the shim has served so far, and how often."""
        return self._sites.report()

    def _print(self, call: str, frame: FrameType, path: Path, scope: Scope | None) -> Any:
        levels = buffers.opened()
        folder = levels[-1].place[1] if levels else ""
        text, value = self._run(call, frame, levels, folder, path, scope)
        if text:
            buffers.write(text, self._stream)
        return value

    def _in_place(
        self, call: str, frame: FrameType, context: Context, path: Path, scope: Scope | None = None
    ) -> Included:
        """Return the text for a template that includes another; its variables are the scope when none is given."""
        levels = buffers.opened()
        name = str(context.name)
        around = levels[-1].place if levels else buffers.NOWHERE
        folder = around[1] if around[0] == name else name.rpartition("/")[0]
        # it may be the one that the render was given, into which nothing may flow
        seen = MappingProxyType(context.get_all()) if scope is None else scope
        text, value = self._run(call, frame, levels, folder, path, seen)
        made = (IncludedMarkup if context.eval_ctx.autoescape else Included)(text)
        made.value = value
        return made

    def _run(
        self, call: str, frame: FrameType, levels: Levels, folder: str, path: Path, scope: Scope | None
    ) -> tuple[str, Any]:
        """Return what a template prints and what it returns; `levels` are what the caller has open."""
        found = self._find(path, folder)
        first = self._sites.count((frame.f_code.co_filename, frame.f_lineno, call, found.name))
        if first and found.exists:
            self._warn(call, frame, path, found, scope)
        if not found.exists:
            missing = IncludeNotFound(str(path), found.name, self._registry)
            if call not in _GO_ON:
                raise missing
            warnings.warn_explicit(str(missing), IncludeWarning, frame.f_code.co_filename, frame.f_lineno)
            return "", False
        once = levels[-1].once if levels else None
        key = (self, found.name)
        if once is None:
            once = set()
        elif key in once and call in _ONCE:
            return "", True
        once.add(key)
        return self._render(frame, found, scope, once)

    def _render(self, frame: FrameType, found: Found, scope: Scope | None, once: Once) -> tuple[str, Any]:
        unit = self._registry[found.name]._unit
        given = seen_from(frame, unit) if scope is None else given_by(scope, unit)
        pieces: list[str] = []
        assigned: dict[str, Any] = {}
        value: Any = 1
        level = buffers.enter(id(frame), pieces, once, (found.name, found.folder))
        try:
            text = render_in_scope(unit, given, pieces, assigned)
        except ReturnedError as returned:
            if hasattr(returned, "__notes__"):  # of a render within this one, which no shim has begun
                raise
            text, value = "".join(pieces), returned.value
        except BaseException:
            buffers.leave(*buffers.within(level))
            raise
        finally:
            buffers.leave(level)
            if assigned and isinstance(scope, MutableMapping):
                scope.update(assigned)
        return text, value

    def _find(self, path: Path, folder: str) -> Found:
        try:
            known = self._found.get((path, folder))
        except TypeError:  # what cannot be hashed is no path either
            known = None
        if known is None:
            known = self._paths.find(path, folder)
            if len(self._found) < _PATHS_KEPT:
                self._found[path, folder] = known
        return known

    def _warn(self, call: str, frame: FrameType, path: Path, found: Found, scope: Scope | None) -> None:
        """Tell of a call site, once, what to call in its place."""
        file, line = frame.f_code.co_filename, frame.f_lineno
        if file in self._registry:
            better = f'`{{% include "{found.name}" %}}`'
        elif scope is not None:
            better = f'`registry.render("{found.name}", …)` with the same scope'
        else:
            bound = seen_names(frame, self._registry[found.name].variables)
            arguments = ", ".join((f'"{found.name}"', *(f"{name}={name}" for name in bound)))
            better = f"`registry.render({arguments})`"
        message = f'`{call}("{path}")` is served by a shim that is there for the time of moving: call {better}'
        warnings.warn_explicit(message, DeprecationWarning, file, line, frame.f_globals.get("__name__"))
