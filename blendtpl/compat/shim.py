"""The shim: old include-style call sites, served by a registry.

Enters: an old path, and the variables of its caller. Leaves: what the template prints, in the innermost buffer or else
the stream, with the meaning that PHP's `include` has; the tests compare the two. A call holds nothing when it is over.
"""

import logging
import os
import sys
import warnings
import weakref
from collections.abc import Iterable, MutableMapping
from types import FrameType, MappingProxyType
from typing import Any, NamedTuple

from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup

from blendtpl.compat import buffers
from blendtpl.compat.buffers import PLACE, Capture, Level, Request, Stream
from blendtpl.compat.paths import PHP, Aliases, Paths
from blendtpl.compat.scopes import Scope, from_mapping, seen_from, seen_names
from blendtpl.compat.sites import Report, Sites
from blendtpl.errors import ConfigError, IncludeNotFound, IncludeWarning, ReturnedError
from blendtpl.printable import one_line
from blendtpl.runtime.registry import Registry
from blendtpl.runtime.render import render_in_scope
from blendtpl.runtime.template import Frozen, Template

Path = str | os.PathLike[str]

_GO_ON = frozenset({"include", "include_once"})  # without a template that is missing
_ONCE = frozenset({"include_once", "require_once"})
_PATHS_KEPT = 4096  # paths whose template is looked for once; they may come from anywhere


class Included(str):
    """What a template included by a template prints. `value` is what it returned."""

    __slots__ = ("value",)

    value: Any


class IncludedMarkup(Markup, Included):
    """The same where output is escaped: it is not, a second time."""

    __slots__ = ()


class Target(NamedTuple):
    """What a path means: a template, its name, and the folder of the old path; without a template, what is missing.

    `problem` tells that; what may have been meant is looked for among all names, which takes a while.
    """

    template: Template | None
    name: str
    folder: str
    problem: str = ""


class IncludeShim(Frozen):
    """Serves `include` and its like from a registry, with PHP's meaning.

    `roots` are the folders of the old files, absolute or as old paths begin with them; `aliases` say what a suffix, a
    folder or a whole old path is called in the registry (`blendtpl.compat.paths.Paths`). `stream` is where output
    goes that no buffer holds, standard output at the time of the call when left out. `sites` bounds the rows of the
    report, which is logged to `log` when the process ends.

    A `scope` is a mapping of variables; what the template sets at its top level flows back into it when it can be
    changed. Left out, it is a snapshot of the caller's local variables over its global ones, and nothing flows back.

    Raises `ConfigError` for what is no registry or no stream, and `PathError` for a root that is no path.

    Every method raises `PathError` for a path that leaves the roots, `ScopeError` for a scope that is no mapping, and
    what the template raises. Then the buffers are as they were, and nothing of the failed output is in any of them.
    """

    __slots__ = ("__weakref__", "_paths", "_registry", "_sites", "_stream", "_targets")

    _paths: Paths
    _registry: Registry
    _sites: Sites
    _stream: Stream | None
    _targets: dict[tuple[Path, str], Target]  # what a path in a folder means

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
        if not isinstance(registry, Registry):
            raise ConfigError(f"a shim is made of what `blendtpl.load` gives, not of a {type(registry).__name__}")
        if stream is not None and not hasattr(stream, "write"):
            raise ConfigError(f"the stream of a shim is nothing that can be written to, but a {type(stream).__name__}")
        for slot, value in (
            ("_registry", registry),
            ("_paths", Paths(roots, aliases, registry, ignore_case=ignore_case, backslashes=backslashes)),
            ("_stream", stream),
            ("_sites", Sites(sites)),
            ("_targets", {}),
        ):
            object.__setattr__(self, slot, value)
        if log is not None:
            weakref.finalize(self, self._sites.log, log)

    @pass_context
    def include(self, path: Path, scope: Scope | None = None, *inner: Any) -> Any:
        """Print a template; return what it returns, else 1.

        A missing one is an `IncludeWarning`, and the value is `False`. A template that calls this, or any of the
        others, gets the text in place, as an `Included`; a scope has to be given by position there.
        """
        return self._print("include", sys._getframe(1), path, scope, inner)

    @pass_context
    def include_once(self, path: Path, scope: Scope | None = None, *inner: Any) -> Any:
        """Do as `include` does, but for what was included before in this request: then the value is `True`."""
        return self._print("include_once", sys._getframe(1), path, scope, inner)

    @pass_context
    def require(self, path: Path, scope: Scope | None = None, *inner: Any) -> Any:
        """Do as `include` does, but raise `IncludeNotFound` for a missing template."""
        return self._print("require", sys._getframe(1), path, scope, inner)

    @pass_context
    def require_once(self, path: Path, scope: Scope | None = None, *inner: Any) -> Any:
        """Do as `include_once` does, but raise `IncludeNotFound` for a missing template."""
        return self._print("require_once", sys._getframe(1), path, scope, inner)

    @pass_context
    def fetch(self, path: Path, scope: Scope | None = None, *inner: Any) -> str:
        """Return what a template prints; raises `IncludeNotFound` for a missing one."""
        if isinstance(path, Context):
            return self._in_place("fetch", sys._getframe(1), path, scope, *inner)
        return self._run("fetch", sys._getframe(1), buffers.opened(), path, scope)[0]

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

    def _print(self, call: str, frame: FrameType, path: Path, scope: Scope | None, inner: tuple[Any, ...]) -> Any:
        if isinstance(path, Context):
            return self._in_place(call, frame, path, scope, *inner)
        levels = buffers.opened()
        text, value = self._run(call, frame, levels, path, scope)
        if text:
            buffers.write(text, levels and buffers.opened(), self._stream)
        return value

    def _in_place(self, call: str, frame: FrameType, context: Context, path: Any, scope: Any = None) -> Included:
        """Return the text for a template that includes another; its variables are the scope when none is given."""
        levels = buffers.opened()
        name = str(context.name)
        target = _renders(levels)
        folder = target.folder if target is not None and target.name == name else name.rpartition("/")[0]
        # what a context has may be what its render was given, into which nothing may flow
        seen = MappingProxyType(context.get_all()) if scope is None else scope
        text, value = self._run(call, frame, levels, path, seen, folder)
        included = (IncludedMarkup if context.eval_ctx.autoescape else Included)(text)
        included.value = value
        return included

    def _run(
        self,
        call: str,
        frame: FrameType,
        levels: tuple[Level, ...],
        path: Path,
        scope: Scope | None,
        folder: str | None = None,
    ) -> tuple[str, Any]:
        """Return what a template prints and what it returns; `levels` are what the caller has open."""
        if folder is None:
            around = _renders(levels) if levels else None
            folder = around.folder if around is not None else ""
        try:
            target = self._targets[path, folder]
        except (KeyError, TypeError):  # what cannot be hashed is no path either
            target = self._find(path, folder)
        first = self._sites.count(frame, call, target.name)
        template = target.template
        if template is None:
            return self._missing(call, frame, path, target)
        if first:
            self._warn(call, frame, path, template, scope)
        if levels or call in _ONCE:
            once = buffers.once_of(levels)
            if call in _ONCE and template in once:
                return "", True
            once.add(template)
        compiled = template._compiled
        variables = seen_from(frame, compiled) if scope is None else from_mapping(scope, compiled)
        pieces: list[str] = []
        assigned: dict[str, Any] = {}
        value: Any = 1
        level = buffers.enter(id(frame), pieces, target)
        try:
            text = render_in_scope(compiled, variables, pieces, assigned)
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

    def _find(self, path: Path, folder: str) -> Target:
        location = self._paths.find(path, folder)
        template = self._registry[location.name] if location.exists else None
        problem = "" if location.exists else str(IncludeNotFound(str(path), location.name, self._registry))
        target = Target(template, location.name, location.folder, problem)
        if len(self._targets) < _PATHS_KEPT:
            self._targets[path, folder] = target
        return target

    def _missing(self, call: str, frame: FrameType, path: Path, target: Target) -> tuple[str, Any]:
        if call not in _GO_ON:
            # in no variable, which its traceback would hold
            raise IncludeNotFound(str(path), target.name, self._registry)
        warnings.warn_explicit(target.problem, IncludeWarning, frame.f_code.co_filename, frame.f_lineno)
        return "", False

    def _warn(self, call: str, frame: FrameType, path: Path, template: Template, scope: Scope | None) -> None:
        """Tell of a call site, once, what to call in its place."""
        file, name = frame.f_code.co_filename, template.name
        if file in self._registry:
            better = f'{{% include "{name}" %}}'
        elif scope is not None:
            better = f'registry.render("{name}", …)'
        else:
            seen = (f"{variable}={variable}" for variable in seen_names(frame, template.variables))
            better = f"registry.render({', '.join((repr(name), *seen))})"
        shown = one_line(str(path))
        message = f'`{call}("{shown}")` is served by a shim, which is there for the time of moving: call `{better}`'
        warnings.warn_explicit(message, DeprecationWarning, file, frame.f_lineno, frame.f_globals.get("__name__"))


def _renders(levels: tuple[Level, ...]) -> Target | None:
    """Return what the innermost of some levels renders, that does."""
    return next((level[PLACE] for level in reversed(levels) if level[PLACE] is not None), None)
