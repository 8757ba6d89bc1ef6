"""Python syntax trees: building Python syntax trees.

Enters: parts. Leaves: nodes of `ast`, each made anew, since a node holds its line. Nothing here knows templates.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

LOAD, STORE, DEL = ast.Load(), ast.Store(), ast.Del()


def name(identifier: str) -> ast.Name:
    """Return a use of a local or global name."""
    return ast.Name(identifier, LOAD)


def target(identifier: str) -> ast.Name:
    """Return a name that is assigned to."""
    return ast.Name(identifier, STORE)


def const(value: Any) -> ast.Constant:
    """Return a literal."""
    return ast.Constant(value)


def attribute(value: ast.expr, attr: str) -> ast.Attribute:
    """Return ``value.attr``."""
    return ast.Attribute(value, attr, LOAD)


def item(value: ast.expr, key: ast.expr) -> ast.Subscript:
    """Return ``value[key]``."""
    return ast.Subscript(value, key, LOAD)


def call(function: ast.expr | str, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """Return a call; a function given as a string is a name."""
    called = name(function) if isinstance(function, str) else function
    return ast.Call(called, list(arguments), [ast.keyword(key, value) for key, value in keywords.items()])


def is_(value: ast.expr, other: str | None) -> ast.Compare:
    """Return ``value is other``, where other is a name or `None`."""
    return ast.Compare(value, [ast.Is()], [name(other) if other else const(None)])


def is_not(value: ast.expr, other: str | None) -> ast.Compare:
    """Return ``value is not other``, where other is a name or `None`."""
    return ast.Compare(value, [ast.IsNot()], [name(other) if other else const(None)])


def either(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
    """Return ``yes if test else no``."""
    return ast.IfExp(test, yes, no)


def likely(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
    """Return ``yes if test else no``, with what is likely last, where it has nothing to jump over."""
    if isinstance(test, ast.Compare) and type(test.ops[0]) is ast.Is:
        return ast.IfExp(ast.Compare(test.left, [ast.IsNot()], test.comparators), no, yes)
    return ast.IfExp(ast.UnaryOp(ast.Not(), test), no, yes)


def assign(to: ast.expr | str, value: ast.expr) -> ast.Assign:
    """Return an assignment."""
    return ast.Assign([target(to) if isinstance(to, str) else to], value)


def function(identifier: str, arguments: Sequence[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """Return a function definition, tidied."""
    body, names = peephole(arguments, body)
    spec = ast.arguments([], [ast.arg(argument) for argument in arguments], None, [], [], None, [])
    definition = ast.FunctionDef(identifier, spec, body, [])
    vars(definition).update(names=names, type_params=[])  # which there are since Python 3.12
    return definition


PURE_GETTER = "get"  # what looks up a name in a context, and does nothing else

_OFTEN = 3  # uses of a global name from which on it is worth a local one
_SHARED = frozenset(
    (
        *("type", "str", "int", "dict", "list", "tuple", "len", "escape_str", "escape_any", "missing", "undefined"),
        *("absent", "no_item", "field", "attribute", "publish", "environment", "callee", "stopped"),
        *(
            "eval_ctx_escaping",
            "eval_ctx_plain",
            "StopIteration",
            "AttributeError",
            "Markup",
            "escaped_field",
            "text_field",
        ),
    )
)


@dataclass(slots=True)
class _Uses:
    """Every use of each name in a function, and the names that functions in it use."""

    of: dict[str, list[ast.Name]]
    inner: set[str]
    loops: bool = False


def peephole(arguments: Sequence[str], body: list[ast.stmt]) -> tuple[list[ast.stmt], set[str]]:
    """Return the body of a function with as little in it as does the same, all of it in its place, and all names that
    are used in it.

    What is only a copy of another variable is that variable; what is copied and never used goes; and global names that
    are used often get local ones, each of which takes a sixth of the code, and a little less time.
    """
    line = next((statement.lineno for statement in body if "lineno" in vars(statement)), 1)
    uses = _placed(ast.Module(body, []), line)
    _join_copies(arguments, body, uses)
    remaining = _without_unused(body, uses)
    first: list[ast.stmt] = []
    for called in sorted(_SHARED & uses.of.keys()):
        occurrences = uses.of[called]
        if len(occurrences) >= (_OFTEN if uses.loops else 2 * _OFTEN):
            first.append(assign(f"{called}_", name(called)))
            for use in occurrences:
                use.id = f"{called}_"
    _placed(ast.Module(first, []), line)
    return [*first, *remaining], uses.of.keys() | uses.inner


def _placed(tree: ast.AST, line: int) -> _Uses:
    """Give every node below the line of the statement that it stands in, and every empty body a `pass`; return what
    names are used. What is in functions has its place already.

    Columns mean nothing here, and Python takes a node to end where it begins unless told otherwise. There are more
    nodes than anything else in a build, so nothing is asked of one that its kind can tell.
    """
    uses = _Uses({}, set())
    of, waiting = uses.of, [(tree, line)]
    while waiting:
        node, line = waiting.pop()
        kind: type[ast.AST] = type(node)
        if kind is ast.FunctionDef:
            uses.inner |= {vars(node)["name"], *vars(node)["names"]}
            kind, node = ast.arguments, vars(node)["args"]
        elif kind is ast.For:
            uses.loops = True
        elif kind is ast.AugAssign:  # which reads what it sets
            target = vars(node)["target"].id
            of.setdefault(target, []).append(name(target))
        for field in _FIELDS[kind]:
            value: Any = getattr(node, field, None)
            if not value:
                if field != "body":
                    continue
                value.append(ast.Pass())
            for child in value if type(value) is list else (value,):
                own = child.__dict__
                own["col_offset"] = -1
                at = own.setdefault("lineno", line)
                child_kind = type(child)
                if child_kind is ast.Name:
                    of.setdefault(child.id, []).append(child)
                elif _FIELDS[child_kind]:
                    waiting.append((child, at))
    return uses


def _join_copies(arguments: Sequence[str], body: list[ast.stmt], uses: _Uses) -> None:
    """Use a variable where another is set to it once, and neither is set again."""
    final = set(arguments)  # variables that are set by now, and not again
    for statement in _in_order(body):
        if type(statement) is not ast.Assign or type(statement.targets[0]) is not ast.Name:
            continue
        target, value = statement.targets[0].id, statement.value
        if len(statement.targets) > 1 or target in uses.inner or _times_set(uses, target) > 1 or target in final:
            continue
        if type(value) is ast.Name and value.id in final and _times_set(uses, value.id) == (value.id not in arguments):
            copies = [use for use in uses.of.pop(target) if use is not statement.targets[0]]
            for use in copies:
                use.id = value.id
            uses.of[value.id] += copies
            statement.targets = []
        else:
            final.add(target)


def _times_set(uses: _Uses, variable: str) -> int:
    return sum(type(use.ctx) is ast.Store for use in uses.of.get(variable, ()))


def _in_order(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that surely run, one after the other, unless one fails."""
    for statement in body:
        if type(statement) is ast.Try:
            yield from _in_order(statement.body)
        else:
            yield statement


def _without_unused(body: list[ast.stmt], uses: _Uses) -> list[ast.stmt]:
    """Return a body without what sets variables that nothing reads."""
    remaining = []
    for statement in reversed(body):
        for field in _BODIES.get(type(statement), ()):
            inner = _without_unused(getattr(statement, field), uses)
            if field == "body" and not inner:
                inner.append(ast.Pass(lineno=statement.lineno, col_offset=-1))
            setattr(statement, field, inner)
        if type(statement) is ast.Assign and (_is_pure(statement.value) or _is_getter(statement.targets[0])):
            targets = [target for target in statement.targets if not _is_unused(target, uses)]
            if not targets:
                read = statement.value.func if type(statement.value) is ast.Call else statement.value
                if type(read) is ast.Name:
                    uses.of[read.id].remove(read)
                continue
            statement.targets = targets
        remaining.append(statement)
    return remaining[::-1]


_BODIES: dict[type[ast.stmt], tuple[str, ...]] = {
    ast.Try: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.If: ("body", "orelse"),
}


def _is_unused(target: ast.expr, uses: _Uses) -> bool:
    return (
        type(target) is ast.Name
        and target.id not in uses.inner
        and all(type(use.ctx) is ast.Store for use in uses.of[target.id])
    )


def _is_pure(value: ast.expr) -> bool:
    """Return whether it makes no difference whether an expression is looked at: so it is with what is in a slot, and
    with what a context has.
    """
    if type(value) is ast.Call:
        return _is_getter(value.func)
    return is_simple(value) or (
        type(value) is ast.Subscript
        and type(value.value) is ast.Name
        and value.value.id == "context"
        and type(value.slice) is ast.Constant
    )


def _is_getter(value: ast.expr) -> bool:
    return type(value) is ast.Name and value.id == PURE_GETTER


def is_simple(value: ast.expr) -> bool:
    """Return whether an expression can be repeated, moved and left out: it has no effect and cannot fail."""
    return isinstance(value, (ast.Name, ast.Constant))


def literal(value: Any) -> ast.expr:
    """Return the expression for a constant; what can be changed is made anew each time that it runs."""
    if isinstance(value, Markup):
        return call("Markup", const(str(value)))
    if type(value) is tuple:
        return ast.Tuple([literal(part) for part in value], LOAD)
    if type(value) is list:
        return ast.List([literal(part) for part in value], LOAD)
    if type(value) is dict:
        return ast.Dict([literal(key) for key in value], [literal(part) for part in value.values()])
    if type(value) in {set, frozenset}:
        return call(type(value).__name__, ast.List([literal(part) for part in sorted(value, key=repr)], LOAD))
    if type(value) is range:
        return call("range", const(value.start), const(value.stop), const(value.step))
    return const(value)


def place(tree: ast.Module) -> None:
    """Give every node of a module its place: see `_placed`."""
    _placed(tree, 1)


# the fields that hold no nodes, or such as have no place, in all that is emitted
_PLAIN = {"id", "attr", "arg", "name", "asname", "module", "level", "kind", "conversion", "type_comment"}
_UNPLACED = {"ctx", "op", "ops", "type_ignores", "type_params"}
_FIELDS = {
    kind: () if kind is ast.Constant else tuple(field for field in kind._fields if field not in _PLAIN | _UNPLACED)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
