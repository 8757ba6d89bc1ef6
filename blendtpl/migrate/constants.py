"""Constants: what path an expression surely gives.

Enters: an expression, and where it stands. Leaves: the path as a text, absolute where it begins with the place of the
file itself, or nothing. No file is touched.
"""

import os
from dataclasses import dataclass
from pathlib import PurePath

import libcst as cst

from blendtpl.migrate.aliases import Aliases
from blendtpl.migrate.flow import Parents
from blendtpl.migrate.scan import import_name
from blendtpl.migrate.scopes import Scope, Scopes

_SAME = {"os.path.abspath", "os.path.realpath", "os.path.normpath", "os.fspath", "builtins.str"}
_PATHS = {"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath"}
_DEEP = 20  # names that stand for names


@dataclass(frozen=True, slots=True)
class Code:
    """A module: its absolute path, its scopes, what each node stands in, and which of its names other modules take.

    `aliases` are the names of all modules that stand for methods of the shim.
    """

    file: str
    scopes: Scopes
    parents: Parents
    exported: frozenset[str]
    aliases: Aliases


def qualified(node: cst.CSTNode, scope: Scope) -> str:
    """Return the full name of what an expression means, such as ``os.path.join``; empty when that is not sure."""
    if isinstance(node, cst.Attribute):
        outer = qualified(node.value, scope)
        return f"{outer}.{node.attr.value}" if outer else ""
    if not isinstance(node, cst.Name):
        return ""
    home = scope.home(node.value)
    if home is None:
        return f"builtins.{node.value}"
    bindings = home.own[node.value]
    if len(bindings) != 1 or not isinstance(bindings[0], cst.ImportAlias):
        return ""
    return _imported(bindings[0], home)


def _imported(alias: cst.ImportAlias, home: Scope) -> str:
    origin = home.origins.get(alias)
    dotted = _dotted(alias.name)
    if origin is not None:
        return f"{origin}{dotted}" if origin.endswith(".") else f"{origin}.{dotted}"
    return dotted if alias.asname is not None else import_name(alias)


def _dotted(node: cst.CSTNode) -> str:
    return f"{_dotted(node.value)}.{node.attr.value}" if isinstance(node, cst.Attribute) else str(_value(node))


def _value(node: cst.CSTNode) -> str:
    return node.value if isinstance(node, cst.Name) else ""


def constant_path(node: cst.CSTNode, scope: Scope, code: Code) -> str | None:
    """Return the path that an expression gives each time, or `None`."""
    path = _Evaluation(code).value(node, scope, _DEEP)
    return None if path is None else os.fspath(path)


class _Evaluation:
    """Works out expressions of constants: texts, and paths of `pathlib`."""

    def __init__(self, code: Code) -> None:
        self._code = code

    def value(self, node: cst.CSTNode, scope: Scope, depth: int) -> str | PurePath | None:
        if depth == 0:
            return None
        match node:
            case cst.SimpleString() | cst.ConcatenatedString() | cst.FormattedString():
                return self._text(node, scope, depth)
            case cst.BinaryOperation():
                return self._operation(node, scope, depth)
            case cst.Attribute(attr=cst.Name(value="parent")):
                path = self.value(node.value, scope, depth)
                return path.parent if isinstance(path, PurePath) else None
            case cst.Subscript():
                return self._ancestor(node, scope, depth)
            case cst.Call():
                return self._call(node, scope, depth)
            case cst.Name():
                return self._name(node, scope, depth)
        return None

    def _text(self, node: cst.CSTNode, scope: Scope, depth: int) -> str | None:
        if isinstance(node, cst.SimpleString):
            text = node.evaluated_value
            return text if isinstance(text, str) else None
        if isinstance(node, cst.ConcatenatedString):
            parts = [self._text(part, scope, depth) for part in (node.left, node.right)]
        elif isinstance(node, cst.FormattedString):
            parts = [self._part(part, scope, depth) for part in node.parts]
            if "r" in node.prefix.lower() or any(part and "\\" in part for part in parts):
                return None  # escapes of an f-string would have to be worked out
        else:
            return None
        return None if None in parts else "".join(part for part in parts if part is not None)

    def _part(self, part: cst.CSTNode, scope: Scope, depth: int) -> str | None:
        if isinstance(part, cst.FormattedStringText):
            return part.value.replace("{{", "{").replace("}}", "}")
        if isinstance(part, cst.FormattedStringExpression) and not (part.conversion or part.format_spec or part.equal):
            value = self.value(part.expression, scope, depth)
            return None if value is None else str(value)
        return None

    def _operation(self, node: cst.BinaryOperation, scope: Scope, depth: int) -> str | PurePath | None:
        left, right = self.value(node.left, scope, depth), self.value(node.right, scope, depth)
        if left is None or right is None:
            return None
        if isinstance(node.operator, cst.Add):
            return left + right if isinstance(left, str) and isinstance(right, str) else None
        if isinstance(node.operator, cst.Divide) and isinstance(left, PurePath):
            return left / right
        return None

    def _ancestor(self, node: cst.Subscript, scope: Scope, depth: int) -> PurePath | None:
        """Return what ``path.parents[n]`` is."""
        match node:
            case cst.Subscript(
                value=cst.Attribute(value=inner, attr=cst.Name(value="parents")),
                slice=[cst.SubscriptElement(slice=cst.Index(value=cst.Integer(value=digits)))],
            ):
                path = self.value(inner, scope, depth)
                number = int(digits) if digits.isdecimal() else len(digits)
                if isinstance(path, PurePath) and number < len(path.parents):
                    return path.parents[number]
        return None

    def _call(self, node: cst.Call, scope: Scope, depth: int) -> str | PurePath | None:
        if any(argument.star or argument.keyword for argument in node.args):
            return None
        values = [self.value(argument.value, scope, depth) for argument in node.args]
        arguments = [value for value in values if value is not None]
        if len(arguments) < len(values):
            return None
        name = qualified(node.func, scope)
        if name in _PATHS and arguments:
            return PurePath(*arguments)
        if name == "os.path.join" and arguments:
            return os.path.join(*arguments)  # noqa: PTH118  # that is what the code says
        if name == "os.path.dirname" and len(arguments) == 1:
            return os.path.dirname(arguments[0])  # noqa: PTH120
        if name in _SAME and len(arguments) == 1:
            return os.fspath(arguments[0])
        return self._method(node, scope, depth, arguments)

    def _method(
        self, node: cst.Call, scope: Scope, depth: int, arguments: list[str | PurePath]
    ) -> PurePath | str | None:
        if not isinstance(node.func, cst.Attribute):
            return None
        path, method = self.value(node.func.value, scope, depth), node.func.attr.value
        if not isinstance(path, PurePath):
            return None
        if method == "joinpath":
            return path.joinpath(*arguments)
        if method in {"resolve", "absolute"} and not arguments:
            return path
        return path.as_posix() if method == "as_posix" and not arguments else None

    def _name(self, node: cst.Name, scope: Scope, depth: int) -> str | PurePath | None:
        home = scope.home(node.value)
        if home is None:
            return self._code.file if node.value == "__file__" else None
        bindings = home.own[node.value]
        if len(bindings) != 1 or home.is_class:
            return None
        target = self._code.parents.get(bindings[0])
        if isinstance(target, cst.AssignTarget):
            around = self._code.parents.get(target)
            if isinstance(around, cst.Assign) and len(around.targets) == 1:
                return self.value(around.value, home, depth - 1)
        elif isinstance(target, cst.AnnAssign) and target.value is not None:
            return self.value(target.value, home, depth - 1)
        return None
