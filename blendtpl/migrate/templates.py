"""Templates: what old paths mean now, and what is known of each template that a call site names.

Enters: a bundle with its sources, the environment that it was compiled for, roots and aliases. Leaves: a template for
a path, or why there is none; for a template the variables that it needs, and what it does beside printing.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes

from blendtpl.bundle.archive import Bundle
from blendtpl.bundle.environment import is_own, passed_argument
from blendtpl.compat.extension import IncludeExtension
from blendtpl.compat.paths import PHP, Aliases, Paths
from blendtpl.compiler.analysis.summary import summarize
from blendtpl.compiler.frontend.parser import parse
from blendtpl.compiler.frontend.reader import Source
from blendtpl.errors import BundleError, Fault, PathError, did_you_mean
from blendtpl.migrate.aliases import METHODS
from blendtpl.migrate.project import ONCE, ShimCall


@dataclass(frozen=True, slots=True)
class Known:
    """A template. `variables` must be given to it, `defaults` are globals of the environment that a variable may stand
    in for; `calls` are functions that it may call, by the names that it and Python code have for them, `sets` are set
    at its top level. `opaque` says why it may read other variables, if it may.
    """

    name: str
    variables: frozenset[str]
    defaults: frozenset[str]
    calls: frozenset[str]
    sets: frozenset[str]
    returns: bool
    opaque: str
    escapes: bool

    def may_read(self, names: frozenset[str]) -> bool:
        """Return whether it may read one of some variables: what it is passed and calls may read any."""
        return bool(self.opaque or names & (self.variables | self.defaults) or self.calls & self.variables)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one template does by itself."""

    free: frozenset[str]
    calls: frozenset[str]
    sets: frozenset[str]
    returns: bool
    opaque: str


@dataclass(slots=True)
class Templates:
    """The templates of a bundle, by the paths that old code has for them. `base` is where relative paths begin.

    `own`: the environment is the application's, and not blendtpl's defaults. `given`: roots and aliases hold for the
    shim too, whatever it is made with.
    """

    bundle: Bundle
    environment: jinja2.Environment
    roots: tuple[str, ...]
    aliases: Aliases
    base: Path
    own: bool
    given: bool = False
    _sources: Mapping[str, str] = field(init=False)
    _paths: Paths = field(init=False)
    _shim: Paths = field(init=False)
    _doubt: str = field(init=False, default="")
    _facts: dict[str, _Facts] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if not self.bundle.sources:
            raise BundleError("the bundle has no sources, which say what templates set and return: give --templates")
        self._sources = json.loads(self.bundle.sources)
        absolute = (os.path.normpath(self.base / root) for root in self.roots)
        self._paths = Paths((*self.roots, *absolute), self.aliases, self.bundle.manifest.templates)
        self._shim = self._paths

    def follow(self, shims: Sequence[ShimCall]) -> None:
        """Have old paths of the shim mean what they do where it is made, unless roots and aliases were given."""
        if self.given or not shims:
            return
        first = shims[0]
        unread = next((shim for shim in shims if shim.options is None or shim.options != first.options), None)
        if first.options is None or unread is not None:
            place = first.place if unread is None else unread.place
            self._doubt = f"what roots and aliases the shim at {place} has is not clear: give --root and --alias"
            return
        options: dict[str, Any] = dict(first.options)
        roots, aliases = options.pop("roots", ()), options.pop("aliases", PHP)
        self._shim = Paths(roots, aliases, self.bundle.manifest.templates, **options)

    def options(self) -> Mapping[str, object]:
        """Return the options of the environment that the templates were compiled for."""
        return self.bundle.manifest.environment

    def of_old_path(self, path: str) -> tuple[str, str]:
        """Return the template that a shim takes for a path, or an empty name and why there is none."""
        return ("", self._doubt) if self._doubt else self._lookup(path, self._shim)

    def _lookup(self, path: str, paths: Paths) -> tuple[str, str]:
        try:
            target = paths.find(path)
        except PathError as error:
            return "", str(error)
        return (target.name, "") if target.exists else ("", self._missing(path, target.name))

    def of_file(self, path: str) -> tuple[str, str]:
        """Return the template that a file has become which code opens: it is below a root, or has an alias.

        Else an empty name, and why there is none; no reason for a file that has nothing to do with templates.
        """
        absolute = os.path.normpath(self.base / path)
        if any(absolute.startswith(os.path.join(self.base, root, "")) for root in self.roots):  # noqa: PTH118
            return self._lookup(absolute, self._paths)
        shown = os.path.normpath(path)
        named = (old for old in self.aliases if not old.startswith("."))
        if any(shown == os.path.normpath(old) or (old.endswith("/") and shown.startswith(old)) for old in named):
            return self._lookup(shown, self._paths)
        return "", ""

    def _missing(self, path: str, name: str) -> str:
        hint = did_you_mean(name, self.bundle.manifest.templates)
        return f"the bundle has no template for `{path}`" + (f"; {hint}" if hint else "")

    def called(self) -> frozenset[str]:
        """Return the names of functions that templates call: by their own names, and by those of Python code."""
        return frozenset(call for name in self._sources for call in self._of(name).calls)

    def including_once(self) -> Iterator[str]:
        """Yield the templates that include others once, through the shim."""
        yield from (name for name in self._sources if not ONCE.isdisjoint(self._of(name).calls))

    def known(self, name: str) -> Known:
        """Return what is known of a template of the bundle."""
        entry = self.bundle.manifest.templates[name]
        reached = {other: self._of(other) for other in self._reached(name)}
        free = frozenset().union(*(facts.free for facts in reached.values()))
        parents = self._parents(name)
        return Known(
            name=name,
            variables=frozenset(entry.variables),
            defaults=(free & frozenset(self.environment.globals)) - frozenset(entry.variables),
            calls=frozenset().union(*(facts.calls for facts in reached.values())),
            sets=frozenset().union(*(reached[parent].sets for parent in parents)),
            returns=any(facts.returns for facts in reached.values()),
            opaque=next((f"`{other}` {facts.opaque}" for other, facts in reached.items() if facts.opaque), ""),
            escapes=entry.autoescape,
        )

    def _reached(self, name: str, kinds: Iterable[str] = ()) -> list[str]:
        """Return a template and all that it refers to, by references of these kinds or of any."""
        entries = self.bundle.manifest.templates
        reached = [name]
        for current in reached:
            for reference in entries[current].references:
                if not kinds or reference.kind in kinds:
                    reached.extend(other for other in reference.names if other in entries and other not in reached)
        return reached

    def _parents(self, name: str) -> list[str]:
        return self._reached(name, ("extends",))

    def _of(self, name: str) -> _Facts:
        if name not in self._facts:
            self._facts[name] = self._facts_of(name)
        return self._facts[name]

    def _facts_of(self, name: str) -> _Facts:
        tree = parse(Source(name, self._sources[name], ""), self.environment)
        if isinstance(tree, Fault):
            return _Facts(
                frozenset(), frozenset(), frozenset(), False, f"cannot be parsed in this environment: {tree.message}"
            )
        summary = summarize(tree, self.environment, name)
        free = summary.free.union(*(block.free for block in summary.blocks))
        references = self.bundle.manifest.templates[name].references
        dynamic = next((reference for reference in references if not reference.names), None)
        opaque = ""
        if dynamic is not None:
            opaque = f"refers to templates by names made at run time (line {dynamic.line})"
        elif any(_includes(call) for call in tree.find_all(nodes.Call)):
            opaque = "includes templates through the shim"
        elif reader := next(iter(self._taking_all(tree)), ""):
            opaque = f"uses `{reader}`, which may read any variable"
        return _Facts(free, frozenset(self._calls(tree)), frozenset(_set(tree.body)), _returns(tree), opaque)

    def _calls(self, tree: nodes.Template) -> Iterator[str]:
        """Yield the functions that a template may call: their names in it, and those in Python code."""
        environment = self.environment
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Getattr):
                yield call.node.attr
            elif isinstance(call.node, nodes.Name):
                yield call.node.name
                yield getattr(environment.globals.get(call.node.name), "__name__", "")
        for table, kind in ((environment.filters, nodes.Filter), (environment.tests, nodes.Test)):
            for use in tree.find_all(kind):
                yield getattr(table.get(use.name), "__name__", "")

    def _taking_all(self, tree: nodes.Template) -> Iterable[str]:
        """Yield what is called in a template that is passed all of its variables."""
        environment = self.environment
        for use in tree.find_all((nodes.Filter, nodes.Test)):
            table = environment.filters if isinstance(use, nodes.Filter) else environment.tests
            kind = "filter" if isinstance(use, nodes.Filter) else "test"
            if not is_own(environment, kind, use.name) and passed_argument(table.get(use.name)) == "context":
                yield use.name
        for name in tree.find_all(nodes.Name):
            function = environment.globals.get(name.name)
            if passed_argument(function) == "context" and not _is_gettext(name.name):
                yield name.name


def _is_gettext(name: str) -> bool:
    return name in {"_", "gettext", "ngettext", "pgettext", "npgettext"}  # what they read is a variable of its own name


def _includes(call: nodes.Call) -> bool:
    return isinstance(call.node, nodes.Getattr) and call.node.attr in METHODS


def _set(body: Iterable[nodes.Node]) -> Iterable[str]:
    """Yield the names that are set at a template's top level, where an `if` does not leave it."""
    for node in body:
        if isinstance(node, (nodes.Assign, nodes.AssignBlock)):
            yield from (name.name for name in node.find_all(nodes.Name) if name.ctx == "store")
        elif isinstance(node, nodes.If):
            yield from _set([*node.body, *node.elif_, *node.else_])


def _returns(tree: nodes.Template) -> bool:
    return any(
        attribute.identifier == IncludeExtension.identifier and attribute.name == "end"
        for attribute in tree.find_all(nodes.ExtensionAttribute)
    )
