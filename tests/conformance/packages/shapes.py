"""Shapes: what a set's templates do with each name, read off their trees.

Enters: trees. Leaves: which attributes are asked of a name, which names are looped over and called. Contexts are made
after it, so that most renders get far into a template. Names stand for what they name anywhere in the set.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

_METHODS = {
    **dict.fromkeys(dir({}), "dict"),
    **{name: "text" for name in dir("") if not name.startswith("_")},
    **dict.fromkeys(("append", "extend", "insert", "pop", "remove", "sort", "reverse"), "list"),
}


@dataclass(frozen=True, slots=True)
class Shapes:
    """What is known of names.

    `items` are the loop targets of a name: one, or as many as its items are unpacked to. `builtin` says that something
    is a text, a number, a dict or a list, `references` that it names a template, one of `templates`.
    """

    fields: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    builtin: dict[str, str] = field(default_factory=dict)
    filters: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    templates: tuple[str, ...] = ()
    aliases: list[tuple[str, str]] = field(default_factory=list)


_REFERENCES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
_NOTED = (nodes.Getattr, nodes.Getitem, nodes.Call, nodes.For, nodes.Assign, nodes.With)


def shapes(trees: Mapping[str, nodes.Template]) -> Shapes:
    """Return what the templates of these trees do with names."""
    likely = tuple(name for name in sorted(trees) if any(word in name for word in ("base", "layout", "master", "lib")))
    found = Shapes(templates=likely or tuple(sorted(trees)))
    macros = {macro.name: macro for tree in trees.values() for macro in tree.find_all(nodes.Macro)}
    for tree in trees.values():
        for operation in tree.find_all(nodes.BinExpr):
            _note_operands([operation.left, operation.right], found)
        for comparison in tree.find_all(nodes.Compare):
            _note_operands([comparison.expr, *(operand.expr for operand in comparison.ops)], found)
            for operand in comparison.ops:
                if operand.op in {"in", "notin"} and _key(operand.expr):
                    found.builtin.setdefault(_key(operand.expr), "dict")
        references: Iterator[Any] = tree.find_all(_REFERENCES)
        found.references.update(_key(reference.template) for reference in references)
        for call in tree.find_all(nodes.Call):
            if macro := macros.get(_key(call.node)):
                pairs = zip(macro.args, call.args, strict=False)
                found.aliases.extend((parameter.name, _key(value)) for parameter, value in pairs)
        for node in tree.find_all(_NOTED):
            _note(node, found)
        found.filters.update(node.name for node in tree.find_all(nodes.Filter) if node.name)
        found.tests.update(node.name for node in tree.find_all(nodes.Test))
    for target, source in [*found.aliases, *found.aliases]:  # twice, for what is passed on once more
        if target in found.called:
            found.called.add(source)
        found.fields[source] |= found.fields[target]
        if target in found.items:
            found.items.setdefault(source, found.items[target])
        if target in found.builtin:
            found.builtin.setdefault(source, found.builtin[target])
    return found


def _note(node: nodes.Node, found: Shapes) -> None:
    if isinstance(node, nodes.Call):
        key = _key(node.node)
        if isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS:
            found.builtin[_key(node.node.node)] = _METHODS[node.node.attr]
            found.fields[_key(node.node.node)].discard(node.node.attr)
        elif key:
            found.called.add(key)
            if isinstance(node.node, nodes.Name):
                found.functions.add(key)
    elif isinstance(node, (nodes.Getattr, nodes.Getitem)):
        name = _attribute(node)
        if name and name not in _METHODS:
            found.fields[_key(node.node)].add(name)
    elif isinstance(node, nodes.For):
        targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
        found.items[_key(node.iter)] = tuple(_key(target) for target in targets)
    elif isinstance(node, nodes.Assign):
        found.aliases.append((_key(node.target), _key(node.node)))
    elif isinstance(node, nodes.With):
        pairs = zip(node.targets, node.values, strict=True)
        found.aliases.extend((_key(target), _key(value)) for target, value in pairs)


def _note_operands(sides: list[nodes.Expr], found: Shapes) -> None:
    """Note that what is added to or compared with a constant is of the constant's kind."""
    kinds = {type(side.value) for side in sides if isinstance(side, nodes.Const)}
    kind = "text" if str in kinds else "number" if int in kinds else ""
    for side in sides:
        if kind and isinstance(side, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            found.builtin.setdefault(_key(side), kind)


def _attribute(node: nodes.Getattr | nodes.Getitem) -> str:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else ""


def _key(node: nodes.Node) -> str:
    """Return the name that an expression is known by: the last one in it."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return _attribute(node) or _key(node.node)
    if isinstance(node, (nodes.Call, nodes.Filter)) and node.node is not None:
        inner = node.node
        if isinstance(inner, nodes.Getattr) and inner.attr in _METHODS:
            return _key(inner.node)
        return _key(inner)
    return ""
