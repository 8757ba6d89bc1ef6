"""Held: texts and template objects that code keeps in a variable between reading a file and rendering.

Enters: an expression. Leaves: the path of the file that it reads, and the variables that are no longer needed once
nothing is read; each says why it has to stay, if it has to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from blendtpl.migrate.constants import Code, qualified
from blendtpl.migrate.flow import ancestors
from blendtpl.migrate.scopes import Scope

_OPEN = {"builtins.open", "io.open", "codecs.open"}
_TEXT_MODES = {"r", "rt", "tr"}
_BINARY_MODES = {"rb", "br"}

Statement = cst.SimpleStatementLine | cst.With


@dataclass(frozen=True, slots=True)
class Held:
    """A variable, the statement that makes it, and where it is read. `unwrapped`: of the statement, its body stays.

    `problem` is why it cannot go.
    """

    name: str
    home: Scope
    statement: cst.CSTNode
    uses: frozenset[cst.CSTNode]
    unwrapped: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A file that is read: the path, and the variables on the way."""

    path: cst.BaseExpression
    held: tuple[Held, ...] = ()


def held(node: cst.BaseExpression, scope: Scope, code: Code) -> tuple[cst.BaseExpression, tuple[Held, ...]]:
    """Return what a variable was set to, and the variable; or the expression itself when it is none."""
    if not isinstance(node, cst.Name):
        return node, ()
    assigned = _assigned(node, scope, code)
    if assigned is None:
        return node, ()
    value, name = assigned
    return value, (_placed(name, name.statement, code),)


def read_of(node: cst.BaseExpression, scope: Scope, code: Code, *, binary: bool = False) -> Read | None:
    """Return the file whose whole text an expression is, or `None`. `binary`: its bytes will do."""
    assigned = _assigned(node, scope, code) if isinstance(node, cst.Name) else None
    value, name = (node, None) if assigned is None else assigned
    if not (isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute)):
        return None
    around = scope if name is None else name.home
    file, method = value.func.value, value.func.attr.value
    if method == "read_text" or (binary and method == "read_bytes"):
        read = Read(file) if not _positional(value) else None
    elif method == "read" and not value.args:
        read = _opened(file, around, code, binary)
    else:
        read = None
    if read is None or name is None:
        return read
    if len(read.held) == 1 and _only(read.held[0].statement, name.statement):
        # `with open(path) as file: text = file.read()`: the variable lives on behind the `with`, which goes as a whole
        file_held = replace(read.held[0], unwrapped=False)
        return Read(read.path, (_used_once(_placed(name, file_held.statement, code)), file_held))
    return Read(read.path, (_used_once(_placed(name, name.statement, code)), *read.held))


def _positional(node: cst.Call) -> bool:
    return any(argument.star or argument.keyword is None for argument in node.args)


def _opened(file: cst.BaseExpression, scope: Scope, code: Code, binary: bool) -> Read | None:
    if isinstance(file, cst.Call):
        path = _path_of_open(file, scope, binary)
        return None if path is None else Read(path)
    if not isinstance(file, cst.Name) or (home := scope.home(file.value)) is None:
        return None
    bindings = home.own[file.value]
    item = code.parents.get(code.parents.get(bindings[0], bindings[0])) if len(bindings) == 1 else None
    if not isinstance(item, cst.WithItem) or not isinstance(item.item, cst.Call):
        return None
    path = _path_of_open(item.item, home, binary)
    statement = code.parents[item]
    if path is None or not isinstance(statement, cst.With):
        return None
    uses = frozenset(use for _, use in home.uses(file.value))
    problem = ""
    if len(statement.items) != 1 or len(statement.body.body) != 1 or statement.asynchronous is not None:
        problem = f"the `with` that opens `{file.value}` does more than read it"
    elif len(uses) != 1 or isinstance(statement.body.body[0], cst.BaseCompoundStatement):
        problem = f"`{file.value}` is used for more than one read"
    return Read(path, (Held(file.value, home, statement, uses, unwrapped=True, problem=problem),))


def _path_of_open(node: cst.Call, scope: Scope, binary: bool) -> cst.BaseExpression | None:
    """Return the path of a call that opens a file for reading."""
    by_path = (
        isinstance(node.func, cst.Attribute) and node.func.attr.value == "open" and not qualified(node.func, scope)
    )
    if not by_path and qualified(node.func, scope) not in _OPEN:
        return None
    if any(argument.star for argument in node.args):
        return None
    arguments: dict[str, cst.BaseExpression] = {}
    if by_path and isinstance(node.func, cst.Attribute):
        arguments["file"] = node.func.value
    names = ("mode",) if by_path else ("file", "mode")
    for number, argument in enumerate(node.args):
        name = names[number] if number < len(names) else ""
        name = argument.keyword.value if argument.keyword is not None else name
        arguments["file" if name == "filename" else name] = argument.value
    allowed = _TEXT_MODES | _BINARY_MODES if binary else _TEXT_MODES
    mode = arguments.get("mode")
    if mode is not None and not (isinstance(mode, cst.SimpleString) and mode.evaluated_value in allowed):
        return None
    return arguments.get("file")


def _assigned(node: cst.Name, scope: Scope, code: Code) -> tuple[cst.BaseExpression, Held] | None:
    home = scope.home(node.value)
    if home is None or len(home.own[node.value]) != 1:
        return None
    target = code.parents.get(home.own[node.value][0])
    around = code.parents.get(target) if isinstance(target, cst.AssignTarget) else target
    if not isinstance(around, (cst.Assign, cst.AnnAssign)) or around.value is None:
        return None
    statement = code.parents[around]
    uses = frozenset(use for _, use in home.uses(node.value))
    problem = ""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        problem = f"`{node.value}` is set in a line with other statements"
    elif isinstance(around, cst.Assign) and len(around.targets) != 1:
        problem = f"`{node.value}` is set together with another variable"
    elif home.is_class:
        problem = f"`{node.value}` is an attribute of a class"
    elif home.parent is None and node.value in code.exported:
        problem = f"`{node.value}` may be used by another module"
    return around.value, Held(node.value, home, statement, uses, problem=problem)


def _used_once(name: Held) -> Held:
    if name.problem or len(name.uses) == 1:
        return name
    return replace(name, problem=f"its text is kept in `{name.name}`, which is used more than once")


def _placed(name: Held, statement: cst.CSTNode, code: Code) -> Held:
    """Return the variable as what goes with a statement, which it only can when it is used behind that."""
    if name.problem:
        return name
    body = getattr(code.parents[statement], "body", ())
    if not isinstance(body, Sequence) or statement not in body:
        return replace(name, problem=f"`{name.name}` is not set by a statement of its own")
    behind = set(body[list(body).index(statement) + 1 :])
    if not all(behind.intersection(ancestors(use, code.parents)) for use in name.uses):
        return replace(name, problem=f"`{name.name}` is used elsewhere than behind where it is set")
    return replace(name, statement=statement)


def _only(outer: cst.CSTNode, inner: cst.CSTNode) -> bool:
    return isinstance(outer, cst.With) and list(outer.body.body) == [inner]


def names_in(node: cst.CSTNode) -> Iterator[cst.Name]:
    """Yield every name in a piece of code."""
    if isinstance(node, cst.Name):
        yield node
    for child in node.children:
        yield from names_in(child)
