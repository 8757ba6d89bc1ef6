"""Project: what all files together say of a call site: what may be captured, or included once, by other code.

Enters: the syntax trees of all files. Leaves: names of functions, and of templates. Functions are told apart by their
names alone: where several have one name, what is true of one is taken to be true of all.
"""

import ast
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blendtpl.migrate.aliases import METHODS, NAMED, Aliases, aliases_of
from blendtpl.migrate.bindings import modules_of, origins_of, pairs_of

_PRINTING = METHODS - {"fetch"}
ONCE = frozenset(method for method in METHODS if method.endswith("_once"))


@dataclass(frozen=True, slots=True)
class ShimCall:
    """Where a shim is made, and what it is made with, by name; `None` when that is not written down there."""

    place: str
    options: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Project:
    """What was found in all files.

    `captured` are functions that may run while a buffer is open or a template renders, with the place that may do so;
    `printing` those that may print through the shim; `once` old paths that are included once, with the place, and the
    empty path when some are not constant; `streams` is where a shim prints elsewhere than to standard output; `shims`
    are where shims are made; `loose` is a place that passes on what opens a buffer. `exported` are names that a module
    takes from another, by the last part of what that is called; `imports` the modules that each file imports when it is
    imported itself; `aliases` names that stand for methods of the shim.
    """

    captured: Mapping[str, str]
    printing: frozenset[str]
    once: Mapping[str, str]
    streams: str
    shims: tuple[ShimCall, ...]
    exported: frozenset[tuple[str, str]]
    imports: Mapping[str, frozenset[str]]
    loose: str
    aliases: Aliases


def project_of(
    files: Iterable[tuple[str, str, ast.Module]], shim: str, called: Iterable[str], including_once: Iterable[str] = ()
) -> Project:
    """Return what these files say, each given as it is shown, with its module and its tree.

    `called` are functions that templates call, `including_once` the templates that include others once.
    """
    listed = list(files)
    aliases = aliases_of(((file, tree) for file, _, tree in listed), shim)
    scan = _Scan(shim, aliases)
    for file, module, tree in listed:
        scan.look_at(file, module, tree)
    roots = dict.fromkeys(called, "from a template")
    for name, place in scan.roots.items():
        roots.setdefault(name, place)
    template = next(iter(including_once), "")
    return Project(
        captured=_reached(roots, scan.mentions),
        printing=_reaching(scan.printing, scan.mentions),
        once={**scan.once, "": f"`{template}`"} if template else scan.once,
        streams=scan.streams,
        shims=tuple(scan.shims),
        exported=frozenset(scan.exported),
        imports={module: frozenset(imported) for module, imported in scan.imports.items()},
        loose=scan.loose,
        aliases=aliases,
    )


def imports_back(module: str, origin: str, project: Project) -> bool:
    """Return whether the module `origin` imports `module`, by whatever way."""
    return module in _reached(
        {origin: ""}, {name: set(imported) for name, imported in project.imports.items()} | {module: set()}
    )


def _reached(roots: Mapping[str, str], mentions: Mapping[str, set[str]]) -> dict[str, str]:
    """Return the functions that these names reach, each with the place that the first of them stands in."""
    places: dict[str, str] = {}
    waiting = list(roots.items())
    while waiting:
        name, place = waiting.pop()
        if name in mentions and name not in places:
            places[name] = place
            waiting.extend((other, place) for other in mentions[name])
    return places


def _reaching(names: Iterable[str], mentions: Mapping[str, set[str]]) -> frozenset[str]:
    """Return these functions, and all that mention one of them, or one that does."""
    users: dict[str, set[str]] = defaultdict(set)
    for function, mentioned in mentions.items():
        for name in mentioned:
            users[name].add(function)
    reaching: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reaching:
            reaching.add(name)
            waiting.extend(users[name])
    return frozenset(reaching)


class _Scan(ast.NodeVisitor):
    """Walks each file once, and notes what each function and class mentions by name."""

    def __init__(self, shim: str, aliases: Aliases) -> None:
        self.file = ""
        self.mentions: dict[str, set[str]] = defaultdict(set)
        self.roots: dict[str, str] = {}
        self.printing: set[str] = set()
        self.once: dict[str, str] = {}
        self.streams = ""
        self.shims: list[ShimCall] = []
        self.exported: set[tuple[str, str]] = set()
        self.imports: dict[str, set[str]] = defaultdict(set)
        self._module = ""
        self.loose = ""
        self._shim = shim
        self._aliases = aliases
        self._names = {shim}
        self._methods: Mapping[str, str] = {}
        self._plain: set[ast.expr] = set()
        self._functions: list[str] = []
        self._captures: list[str] = []

    def look_at(self, file: str, module: str, tree: ast.Module) -> None:
        self.file, self._module = file, module
        imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
        aliases = (alias for node in imports for alias in node.names if alias.name == self._shim)
        self._names = {self._shim, *(alias.asname for alias in aliases if alias.asname)}
        self._methods = _methods(tree, os.path.abspath(file), self._aliases)  # noqa: PTH100  # links stay
        self._plain = set(_plain_uses(tree))
        self.visit(tree)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.mentions.setdefault(node.name, set())
        self._functions.append(node.name)
        captures, self._captures = self._captures, []
        self.generic_visit(node)
        self._captures = captures
        self._functions.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _function

    def _mention(self, name: str) -> None:
        for function in self._functions:
            if function != name:
                self.mentions[function].add(name)
        if self._captures and name not in self._names:
            self.roots.setdefault(name, self._captures[-1])

    def visit_Name(self, node: ast.Name) -> None:
        self._mention(node.id)
        if isinstance(node.ctx, ast.Load):
            self._method_at(node)

    def _method_at(self, node: ast.Name | ast.Attribute) -> str:
        """Note what a place says that may be a method of the shim, and return which."""
        method = self._method(node)
        place = f"{self.file}:{node.lineno}"
        if method in _PRINTING:
            self.printing.update(self._functions)
        if node not in self._plain:
            if method in ONCE:
                self.once.setdefault("", place)
            elif method == "capture":
                self.loose = self.loose or place
        return method

    def _method(self, node: ast.expr) -> str:
        """Return the method that an expression may be; names are looked at alone, wherever they stand."""
        if isinstance(node, ast.Attribute):
            if self._is_shim(node.value):
                return node.attr if node.attr in NAMED else ""
            return self._methods.get(f"{_called(node.value)}.{node.attr}", "")
        return self._methods.get(node.id, "") if isinstance(node, ast.Name) else ""

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.exported.add((_called(node.value), node.attr))
        if self._method_at(node) not in METHODS:
            self._mention(node.attr)
        self.visit(node.value)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        origin = node.module or ""
        if node.level:
            parts = [*self._module.split("."), *(["__init__"] if self.file.endswith("__init__.py") else [])]
            package = parts[: -node.level]
            origin = ".".join([*package, *([origin] if origin else [])])
        self.exported.update((origin.rpartition(".")[2], alias.name) for alias in node.names)
        self._import(origin, *(f"{origin}.{alias.name}" for alias in node.names))

    def visit_Import(self, node: ast.Import) -> None:
        self._import(*(alias.name for alias in node.names))

    def _import(self, *modules: str) -> None:
        if not self._functions:
            self.imports[self._module].update(modules)

    def visit_Call(self, node: ast.Call) -> None:
        place = f"{self.file}:{node.lineno}"
        if method := self._method(node.func):
            if method in ONCE:
                self.once.setdefault(_text(node.args[0]) if node.args else "", place)
            if method in METHODS:
                self._passed(node, place)
            if method == "capture":  # one of a `with` does not come here: nobody says where this one ends
                self.roots.update({name: place for name in self._functions[-1:] if name not in self.roots})
        elif _called(node.func) == "IncludeShim":
            self._constructed(node, place)
        self.generic_visit(node)

    def _constructed(self, node: ast.Call, place: str) -> None:
        if any(keyword.arg == "stream" for keyword in node.keywords):
            self.streams = self.streams or place
        try:
            options = {
                str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords if _leads(keyword)
            }
        except ValueError:
            self.shims.append(ShimCall(place, None))
        else:
            self.shims.append(ShimCall(place, options))

    def _passed(self, node: ast.Call, place: str) -> None:
        """Note what is passed to a template, which may call it while it renders."""
        for argument in (*node.args[1:], *(keyword.value for keyword in node.keywords)):
            run = {id(inner.func) for inner in ast.walk(argument) if isinstance(inner, ast.Call)}
            for inner in ast.walk(argument):
                if isinstance(inner, (ast.Name, ast.Attribute)) and id(inner) not in run:
                    self.roots.setdefault(_called(inner), place)

    def visit_With(self, node: ast.With) -> None:
        captures = [
            f"{self.file}:{node.lineno}"
            for item in node.items
            if isinstance(item.context_expr, ast.Call) and self._method(item.context_expr.func) == "capture"
        ]
        if not captures:
            self.generic_visit(node)
            return
        self._captures.extend(captures)
        for statement in node.body:
            self.visit(statement)
        del self._captures[-len(captures) :]

    def _is_shim(self, node: ast.expr) -> bool:
        return _called(node) in self._names


def _methods(tree: ast.Module, file: str, aliases: Aliases) -> Mapping[str, str]:
    """Return the names in a file that may be methods, in whatever scope; those of a module with its last part."""
    methods = {name: alias.method for name, alias in aliases.here(file).items()}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for name, origin in origins_of(node):
                if alias := aliases.of(origin, file):
                    methods[name] = alias.method
            for name, origin in modules_of(node):
                methods.update(
                    {f"{name}.{attribute}": alias.method for attribute, alias in aliases.within(origin, file).items()}
                )
    return methods


def _plain_uses(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what is called where it stands, and what a name at the top level is set to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func
    for statement in tree.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            yield from (value for _, value in pairs_of(statement))


def _leads(keyword: ast.keyword) -> bool:
    """Return whether an argument of a shim has to do with paths; one that is not named may have."""
    return keyword.arg in {None, "roots", "aliases", "ignore_case", "backslashes"}


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
