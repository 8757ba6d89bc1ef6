"""Bindings: what binds each name of a module, and from where its imports come.

Enters: the syntax tree of one file. Leaves: every place that may bind a name of the module, in whatever scope; what is
assigned to a name; and the names of others that its code may set. Where this is not exact there is one place too many.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

_SETTING = frozenset({"setattr", "delattr", "patch", "object"})  # of builtins, pytest's monkeypatch and unittest.mock
_CHANGING = frozenset({"update", "pop", "setdefault", "clear", "popitem", "__setitem__", "__delitem__"})
_TABLES = frozenset({"globals", "vars", "locals"})
_OWN = frozenset({"self", "cls"})


@dataclass(slots=True)
class Bindings:
    """What one file says of the names of its module. `shown` is how the file is told of.

    `bound` holds each place that binds a name, `origins` the full names of those that are imported, `values` what is
    assigned to one, `branches` the names that are assigned within another statement; `shims` counts the places that
    bind a name to a shim. `sets` are names that it may set as attributes, by line, and `any` is a line that may set
    whichever name of a module. `star` is a module that everything is imported of.
    """

    shown: str
    bound: dict[str, list[ast.AST]] = field(default_factory=lambda: defaultdict(list))
    origins: dict[str, str] = field(default_factory=dict)
    values: dict[str, list[ast.expr]] = field(default_factory=lambda: defaultdict(list))
    branches: set[str] = field(default_factory=set)
    shims: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sets: dict[str, int] = field(default_factory=dict)
    any: int = 0
    star: str = ""

    def qualified(self, node: ast.expr) -> str:
        """Return the full name of what an expression means at the top level; empty when that is not sure."""
        if isinstance(node, ast.Attribute):
            outer = self.qualified(node.value)
            return f"{outer}.{node.attr}" if outer else ""
        if not isinstance(node, ast.Name) or len(self.bound.get(node.id, ())) != 1:
            return ""
        return self.origins.get(node.id, "")


def bindings_of(shown: str, tree: ast.Module) -> Bindings:
    """Return what a file says of the names of its module."""
    bindings = Bindings(shown)
    scan = _Scan(bindings)
    for statement in tree.body:
        scan.direct = statement
        scan.visit(statement)
    for node in ast.walk(tree):
        _note_setting(node, bindings)
    return bindings


def origins_of(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, with the full name of what it is, dots and all."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            dot = "" if origin.endswith(".") else "."
            yield alias.asname or alias.name, f"{origin}{dot}{alias.name}"
        elif alias.asname:
            yield alias.asname, alias.name
        else:
            first = alias.name.partition(".")[0]
            yield first, first


def modules_of(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield each name that may be a module by an import, or the last part of it, with the module's full name."""
    yield from origins_of(node)
    if isinstance(node, ast.Import):
        yield from ((alias.name.rpartition(".")[2], alias.name) for alias in node.names if not alias.asname)


def pairs_of(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name that an assignment binds, with what to, where both are written down."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is not None:
        for target in targets:
            yield from _pairs(target, node.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        starred = any(isinstance(element, ast.Starred) for element in (*target.elts, *value.elts))
        if not starred and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from _pairs(one, other)


def _terminal(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


class _Scan(ast.NodeVisitor):
    """Walks what runs when a module is imported, and the `global` names of its functions."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self.direct: ast.stmt | None = None

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._bindings.bound[node.name].append(node)
        self._inner(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _definition

    def _inner(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global):
                for name in inner.names:
                    self._bindings.bound[name].append(inner)

    visit_Lambda = _inner

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bindings.bound[node.id].append(node)

    def _assignment(self, node: ast.Assign | ast.AnnAssign) -> None:
        for name, value in pairs_of(node):
            self._bindings.values[name].append(value)
            if node is not self.direct:
                self._bindings.branches.add(name)
            if isinstance(value, ast.Call) and _terminal(value.func) == "IncludeShim":
                self._bindings.shims[name] += 1
        self.generic_visit(node)

    visit_Assign = visit_AnnAssign = _assignment

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, origin in origins_of(node):
            if name == "*":
                self._bindings.star = origin.removesuffix("*").rstrip(".") or origin.removesuffix("*")
            else:
                self._bindings.bound[name].append(node)
                self._bindings.origins[name] = origin

    visit_Import = visit_ImportFrom = _import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._named(node.name, node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._named(node.name, node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._named(node.name, node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._named(node.rest, node)

    def _named(self, name: str | None, node: ast.AST) -> None:
        if name is not None:
            self._bindings.bound[name].append(node)
        self.generic_visit(node)


def _note_setting(node: ast.AST, bindings: Bindings) -> None:
    """Note what sets a name of a module, from wherever: an attribute, `setattr` and the like, `globals()`."""
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        if _terminal(node.value) not in _OWN:
            bindings.sets.setdefault(node.attr, node.lineno)
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and _is_table(node.value):
        if isinstance(node.slice, ast.Constant):
            bindings.sets.setdefault(str(node.slice.value), node.lineno)
        else:
            bindings.any = bindings.any or node.lineno
    elif isinstance(node, ast.Call):
        if _terminal(node.func) in _SETTING:
            texts = (
                argument.value
                for argument in node.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )
            for text in texts:
                bindings.sets.setdefault(text.rpartition(".")[2], node.lineno)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING and _is_table(node.func.value):
            bindings.any = bindings.any or node.lineno


def _is_table(node: ast.expr) -> bool:
    """Return whether an expression is the names of a module, as a mapping."""
    if isinstance(node, ast.Attribute):
        return node.attr == "__dict__" and _terminal(node.value) not in _OWN
    return isinstance(node, ast.Call) and _terminal(node.func) in _TABLES
