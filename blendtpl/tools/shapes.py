"""Shapes: what templates do with each name, and values that bear it.

Enters: trees. Leaves: contexts with which templates get as far as they can: what is looped over is a list, what is
called a function, what has attributes an object that has these. A name stands for whatever is called so in the trees.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from jinja2 import nodes

_DEPTH, _VALUES = 6, 2000  # how deep a context goes, and how many values it has
_OF_TEXT = frozenset(name for name in dir(str) if not name.startswith("_"))
_OF_DICT = frozenset(name for name in dir(dict) if not name.startswith("_"))
_OF_LIST = frozenset(("append", "extend", "insert", "remove", "sort", "reverse"))
_KINDS: Mapping[str, frozenset[str]] = {
    "number": frozenset(("round", "abs", "filesizeformat", "float", "int", "format", "even", "odd", "divisibleby")),
    "list": frozenset(("join", "batch", "slice", "sum", "map", "select", "selectattr", "reject", "rejectattr", "sort")),
    "dict": frozenset(("dictsort", "items", "xmlattr")),
    "text": frozenset(("upper", "lower", "title", "capitalize", "trim", "replace", "urlize", "truncate", "wordwrap")),
}
_OF_FILTER = {name: kind for kind, names in _KINDS.items() for name in names}
_ARITHMETIC = (nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg, nodes.Pos)


class Shapes:
    """What is known of names. `items` are what those of a name are called, `alike` names for one and the same value."""

    def __init__(self, trees: Iterable[nodes.Template], templates: Iterable[str]) -> None:
        self.fields: dict[str, set[str]] = defaultdict(set)
        self.items: dict[str, tuple[str, ...]] = {}
        self.called: set[str] = set()
        self.kinds: dict[str, str] = {}
        self.words: dict[str, list[Any]] = defaultdict(list)  # what a name is compared with
        self.named: set[str] = set()  # what names a template
        self.templates = sorted(templates)
        self._alike: list[tuple[str, str]] = []
        trees = list(trees)
        self._macros = {macro.name: macro for tree in trees for macro in tree.find_all(nodes.Macro)}
        self._methods = {id(node.node) for tree in trees for node in tree.find_all(nodes.Call) if _method(node)}
        for tree in trees:
            for node in tree.find_all(nodes.Node):
                self._note(node)
        for _ in range(3):  # for what is passed on, and on
            for name, other in self._alike:
                self._join(name, other)

    def _note(self, node: nodes.Node) -> None:
        if isinstance(node, (nodes.Getattr, nodes.Getitem)):
            if (attr := _attribute(node)) and id(node) not in self._methods:
                self.fields[_key(node.node)].add(attr)
        elif isinstance(node, nodes.Call):
            self._note_call(node)
        elif isinstance(node, nodes.For):
            targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
            self.items[_key(node.iter)] = tuple(map(_key, targets))
        elif isinstance(node, nodes.Assign):
            self._alike.append((_key(node.target), _key(node.node)))
        elif isinstance(node, nodes.With):
            self._alike += zip(map(_key, node.targets), map(_key, node.values), strict=True)
        elif isinstance(node, (nodes.Filter, nodes.Test)) and node.name in _OF_FILTER and node.node is not None:
            self.kinds.setdefault(_key(node.node), _OF_FILTER[node.name])
        elif isinstance(node, _ARITHMETIC):
            for side in node.iter_child_nodes():
                self.kinds.setdefault(_key(side), "number")
        elif isinstance(node, nodes.Compare):
            self._note_compared([node.expr, *(operand.expr for operand in node.ops)])
        elif isinstance(node, (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            self.named.add(_key(node.template))

    def _note_call(self, node: nodes.Call) -> None:
        if method := _method(node):
            kind = "list" if method in _OF_LIST else "dict" if method in _OF_DICT else "text"
            self.kinds.setdefault(_key(node), kind)
            return
        called = _key(node.node)
        if called in self._macros:
            parameters = [parameter.name for parameter in self._macros[called].args]
            self._alike += zip(parameters, map(_key, node.args), strict=False)
            self._alike += [(keyword.key, _key(keyword.value)) for keyword in node.kwargs]
        self.called.add(called)

    def _note_compared(self, sides: list[nodes.Expr]) -> None:
        for side in sides:
            if isinstance(side, nodes.Const):
                for other in sides:
                    if other is not side and _key(other):
                        self.words[_key(other)].append(side.value)

    def _join(self, name: str, other: str) -> None:
        if not (name and other) or name == other:
            return
        self.fields[other] |= self.fields[name]
        tables: tuple[dict[str, Any], ...] = (self.items, self.kinds, self.words)
        for table in tables:
            if name in table:
                table.setdefault(other, table[name])
        for names in (self.called, self.named):
            if name in names:
                names.add(other)


class StandIn(str):
    """A text that may be called, looped over, counted with and asked for anything, and gives more of its kind."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return StandIn(self)

    def __getitem__(self, key: Any) -> Any:
        return [StandIn(self)] if isinstance(key, slice) else StandIn(self)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: D102
        return StandIn(self)

    def __iter__(self) -> Any:
        return iter([StandIn(self), StandIn(self)])

    def __len__(self) -> int:
        return 2

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        return 1.0

    def __format__(self, spec: str) -> str:
        try:
            return format(1, spec)
        except ValueError:
            return format(str(self), spec)

    def _other(self, *others: Any) -> Any:
        return StandIn(self)

    __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _other
    __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = __round__ = __add__ = __radd__ = _other

    def _true(self, other: object) -> bool:
        return True

    __lt__ = __le__ = __gt__ = __ge__ = _true


class Fitting:
    """Makes the values of one context, the same ones for the same state of `random`."""

    def __init__(self, shapes: Shapes, random: Random, thing: Any) -> None:
        self._shapes, self._random, self._thing, self._left = shapes, random, thing, _VALUES

    def value(self, name: str, depth: int = 0) -> Any:
        """Return a value that bears what is done with that name."""
        self._left -= 1
        shapes, choose = self._shapes, self._random.choice
        if depth >= _DEPTH or self._left < 0:
            return "leaf"
        if name in shapes.named:
            return choose(shapes.templates)
        both = name in shapes.items and shapes.fields.get(name)  # as of a list, one of whose items is asked for more
        if name in shapes.called or (both and choose((True, False))):
            return StandIn("1")
        return self._plain(name, depth)

    def _plain(self, name: str, depth: int) -> Any:
        shapes, choose = self._shapes, self._random.choice
        kind = shapes.kinds.get(name, "")
        targets = shapes.items.get(name)
        if kind == "dict":
            inner = targets[-1] if targets else ""
            return {**self._members(name, depth), **{key: self.value(inner, depth + 1) for key in ("a", "b")}}
        if targets is not None or kind == "list":
            rows = [[self.value(target, depth + 1) for target in targets or ("",)] for _ in range(choose((1, 2)))]
            return [row[0] if len(row) == 1 else tuple(row) for row in rows]
        if shapes.fields.get(name):
            members = self._members(name, depth)
            return choose((members, self._thing(members)))
        if words := shapes.words.get(name):
            return choose(words)
        if kind == "number":
            return choose((1, 2, 7))
        return choose(("Ada", "x & y", "https://example.org/?a=1&b=2")) if kind == "text" else choose((1, 2, "3"))

    def _members(self, name: str, depth: int) -> dict[str, Any]:
        return {field: self.value(field, depth + 1) for field in sorted(self._shapes.fields.get(name, ()))}


def _attribute(node: nodes.Getattr | nodes.Getitem) -> str:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else ""


def _method(node: nodes.Call) -> str:
    """Return the name of the method of texts, dicts or lists that is called, if it is one."""
    attr = node.node.attr if isinstance(node.node, nodes.Getattr) else ""
    return attr if attr in _OF_TEXT | _OF_DICT | _OF_LIST else ""


def _key(node: nodes.Node) -> str:
    """Return the name that an expression is known by: the last one in it."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return _attribute(node) or _key(node.node)
    if isinstance(node, nodes.Call) and _method(node) and isinstance(node.node, nodes.Getattr):
        return _key(node.node.node)
    if isinstance(node, (nodes.Call, nodes.Filter, nodes.Test)) and node.node is not None:
        return _key(node.node)
    return _key(node.expr1) if isinstance(node, nodes.CondExpr) else ""
