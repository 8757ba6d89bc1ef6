"""Notes: what of one template may turn out to be a mistake when the others are known.

Enters: a parsed tree. Leaves: a frozen record that is JSON. Nothing here looks at another template, and nothing is
noted of which it is not certain what it means: a name is followed only where the template binds it once.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import jinja2
from jinja2 import nodes

from blendtpl.compiler.analysis.walk import ByKind, below, by_kind, fields, of_kind, undeclared
from blendtpl.compiler.lint.blocks import blind_blocks
from blendtpl.compiler.lint.loops import lost_sets

_SPECIAL = ("caller", "kwargs", "varargs")
_FORWARD = (*("ContextReference", "DerivedContextReference", "OverlayScope"), *("ExtensionAttribute", "InternalName"))
_SETS = (nodes.Assign, nodes.AssignBlock)
_BIND = (nodes.Import, nodes.FromImport, nodes.Macro, nodes.Name)  # what binds names
_NO_VALUE = (nodes.Const, nodes.ExtensionAttribute)
_MAYBE = {"defined", "undefined", "default", "d"}  # tests and filters of what may be missing


@dataclass(frozen=True, slots=True)
class Signature:
    """How a macro takes its arguments; `special` are those of caller, kwargs and varargs that it uses."""

    name: str
    arguments: tuple[str, ...]
    special: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """A name that a template wants of one that it imports; `bound` is what that is reached by, `block`: in a block."""

    template: str
    name: str
    line: int
    after: tuple[str, ...]
    bound: str
    block: bool


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call of what is a macro, of this template or of another. `many`: whether it has ``*`` or ``**``; `calls`:
    whether it is that of a call block.
    """

    template: str
    name: str
    line: int
    positional: int
    keywords: tuple[str, ...]
    many: bool
    calls: bool
    bound: str
    block: bool


@dataclass(frozen=True, slots=True)
class Notes:
    """What is noted of a template. `exports` are the names that it may export, `None` where that is not known, and
    `imports` those that it imports itself; `fills` are the blocks behind its `extends` which only another template can
    print; `outside` what is printed outside of blocks: line, text, and whether it comes before the `extends`.
    `self_blocks` are those that it asks `self` for, `None` where that may be any; `blind` are the blocks that read what
    they do not see, with these names and their lines.
    """

    exports: tuple[str, ...] | None
    imports: tuple[str, ...]
    macros: tuple[Signature, ...]
    fills: tuple[tuple[str, int], ...]
    outside: tuple[tuple[int, str, bool], ...]
    self_blocks: tuple[str, ...] | None
    wants: tuple[Want, ...]
    calls: tuple[CallSite, ...]
    lost: tuple[tuple[str, int], ...]
    blind: tuple[tuple[str, tuple[str, ...], int], ...]


def notes(tree: nodes.Template, environment: jinja2.Environment, name: str) -> Notes:
    """Return the notes of a parsed template."""
    every = by_kind(tree)
    walk = _Walk(tree, environment, name, every)
    walk.body(tree.body, {}, block=False)
    fills, outside = _around_extends(tree)
    return Notes(
        exports=_exports(every),
        imports=tuple(_imported(every)),
        macros=tuple(_macros(tree)),
        fills=fills,
        outside=outside,
        self_blocks=_self_blocks(every),
        wants=tuple(walk.wants),
        calls=tuple(walk.calls),
        lost=tuple(lost_sets(tree.body)),
        blind=tuple(_blind(tree, environment)),
    )


def _blind(tree: nodes.Template, environment: jinja2.Environment) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield the blocks that read what they do not see, and neither ask for first nor find among the globals."""
    for block, read in blind_blocks(tree.body):
        if variables := read.difference(_maybe(by_kind(block)), environment.globals):
            yield block.name, tuple(sorted(variables)), block.lineno


def to_bytes(template_notes: Notes) -> bytes:
    """Return the notes as JSON."""
    return json.dumps(asdict(template_notes), sort_keys=True).encode()


def from_bytes(data: bytes) -> Notes:
    """Return the notes of that JSON; raises `ValueError`, `KeyError` or `TypeError` when it is none."""
    loaded = json.loads(data)
    plain: dict[str, Any] = {key: value if value is None else tuple(map(_row, value)) for key, value in loaded.items()}
    kinds: tuple[tuple[str, type[Any]], ...] = (("macros", Signature), ("wants", Want), ("calls", CallSite))
    for key, kind in kinds:
        plain[key] = tuple(kind(**_tuples(entry)) for entry in loaded[key])
    return Notes(**plain)


def _row(value: Any) -> Any:
    return tuple(map(_row, value)) if isinstance(value, list) else value


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _row(value) for key, value in row.items()}


def _exports(every: ByKind) -> tuple[str, ...] | None:
    if any(kind.__name__ in _FORWARD for kind in every):
        return None
    names = {node.name for node in every.get(nodes.Macro, ())}
    for kind in _SETS:
        for node in every.get(kind, ()):
            names |= {name for part in (node.target, *of_kind(node.target, nodes.Name)) for name in _bound_by(part)}
    return tuple(sorted(names))


def _imported(every: ByKind) -> list[str]:
    imports = (*every.get(nodes.Import, ()), *every.get(nodes.FromImport, ()))
    return sorted({name for node in imports for name in _bound_by(node)})


def _bound_by(node: nodes.Node) -> Iterator[str]:
    """Yield the names that a node binds by itself."""
    if isinstance(node, nodes.Import):
        yield node.target
    elif isinstance(node, nodes.FromImport):
        yield from (name[1] if isinstance(name, tuple) else name for name in node.names)
    elif isinstance(node, nodes.Macro) or (isinstance(node, nodes.Name) and node.ctx != "load"):
        yield node.name


def _macros(tree: nodes.Template) -> Iterator[Signature]:
    """Yield the macros of a top level that are surely there and surely these."""
    count = Counter(name for node in _top(tree.body) for name in _bound_at_top(node))
    for node in tree.body:
        if isinstance(node, nodes.Macro) and count[node.name] == 1 and (signature := _signature(node)):
            yield signature


def _signature(node: nodes.Macro) -> Signature | None:
    arguments = tuple(argument.name for argument in node.args)
    if not set(_SPECIAL).isdisjoint(arguments):
        return None
    return Signature(node.name, arguments, tuple(sorted(undeclared(node.body, _SPECIAL))))


def _top(body: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    for node in body:
        yield node
        if isinstance(node, nodes.If):
            yield from _top([*node.body, *node.elif_, *node.else_])


def _bound_at_top(node: nodes.Node) -> Iterator[str]:
    yield from _bound_by(node)
    if isinstance(node, _SETS):
        for part in (node.target, *of_kind(node.target, nodes.Name)):
            yield from _bound_by(part)


def _self_blocks(every: ByKind) -> tuple[str, ...] | None:
    uses = sum(node.name == "self" for node in every.get(nodes.Name, ()))
    attributes = [
        node
        for node in (every.get(nodes.Getattr, ()) if uses else ())
        if isinstance(node.node, nodes.Name) and node.node.name == "self"
    ]
    return tuple(sorted({node.attr for node in attributes})) if uses == len(attributes) else None


def _around_extends(
    tree: nodes.Template,
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[int, str, bool], ...]]:
    """Return the blocks, and what is printed outside of them, of a template that surely extends another."""
    at = next((index for index, node in enumerate(tree.body) if isinstance(node, nodes.Extends)), None)
    if at is None:
        return (), ()
    behind = list(_top(tree.body[at + 1 :]))
    fills = tuple((node.name, node.lineno) for node in behind if isinstance(node, nodes.Block))
    before = [place for node in tree.body[:at] for place in _printed(node, before=True)]
    return fills, (*before, *(place for node in behind for place in _printed(node, before=False)))


def _printed(node: nodes.Node, *, before: bool) -> Iterator[tuple[int, str, bool]]:
    """Yield the first of what a node prints: a value has no text. Before the `extends` a value may be asked for its
    effects; what an extension makes of its tags is its own affair.
    """
    if not isinstance(node, nodes.Output):
        return
    for part in node.nodes:
        if isinstance(part, nodes.TemplateData):
            if part.data.strip():
                text = part.data.replace("\r\n", "\n").replace("\r", "\n")
                blank = text[: len(text) - len(text.lstrip())]
                yield part.lineno + blank.count("\n"), text.strip().split("\n", 1)[0].rstrip(), before
                return
        elif not (before or isinstance(part, _NO_VALUE) or part.find(nodes.ExtensionAttribute)):
            yield part.lineno, "", before
            return


@dataclass(frozen=True, slots=True)
class _Binding:
    """What a name is bound to: a module, when it has no `member`, or a macro of a template, "" for this one."""

    template: str
    member: str


_Seen = dict[str, _Binding]


class _Walk:
    """Follows the names of modules and macros through a tree."""

    def __init__(self, tree: nodes.Template, environment: jinja2.Environment, name: str, every: ByKind) -> None:
        self._environment, self._name, self._top_body = environment, name, tree.body
        self._top: _Seen = {}
        self._count = Counter(name for kind in _BIND for node in every.get(kind, ()) for name in _bound_by(node))
        self._maybe = set(_maybe(every))
        self.wants: list[Want] = []
        self.calls: list[CallSite] = []

    def body(self, body: list[nodes.Node], around: _Seen, *, block: bool) -> None:
        """Walk through what is rendered one after the other, where what is bound is seen from then on."""
        seen = dict(around)
        for node in body:
            bound = dict(self._bound(node, block=block))
            seen.update(bound)
            if body is self._top_body:
                self._top.update(bound)
            self._visit(node, seen, block=block)

    def _bound(self, node: nodes.Node, *, block: bool) -> Iterator[tuple[str, _Binding]]:
        if isinstance(node, nodes.Macro):
            if self._count[node.name] == 1 and _signature(node):
                yield node.name, _Binding("", node.name)
            return
        if not isinstance(node, (nodes.Import, nodes.FromImport)) or not isinstance(node.template, nodes.Const):
            return
        if not isinstance(node.template.value, str):
            return
        template = self._environment.join_path(node.template.value, self._name)
        if isinstance(node, nodes.Import):
            if self._count[node.target] == 1:
                yield node.target, _Binding(template, "")
            return
        for imported in node.names:
            name, bound = imported if isinstance(imported, tuple) else (imported, imported)
            if bound not in self._maybe:
                self.wants.append(Want(template, name, node.lineno, ("import", ","), "", block=block))
            if self._count[bound] == 1:
                yield bound, _Binding(template, name)

    def _visit(self, node: nodes.Node, seen: _Seen, *, block: bool, calls: bool = False) -> None:
        if isinstance(node, nodes.Block):
            self.body(node.body, self._top, block=True)
            return
        if isinstance(node, nodes.Call):
            self._call(node, seen, block=block, calls=calls)
        member = _member(node)
        if member and (binding := seen.get(member[0])) and not binding.member and binding.template:
            bound, name = member
            if f"{bound}.{name}" not in self._maybe and not name.startswith("__") and name != "_body_stream":
                self.wants.append(Want(binding.template, name, node.lineno, (".", "["), bound, block=block))
        for value in fields(node):
            if isinstance(value, nodes.Node):
                called = isinstance(node, nodes.CallBlock) and value is node.call
                self._visit(value, seen, block=block, calls=called)
            else:
                self._list(value, seen, block=block)

    def _list(self, value: list[Any], seen: _Seen, *, block: bool) -> None:
        if value and isinstance(value[0], nodes.Stmt):
            self.body(value, seen, block=block)
        else:
            for item in value:
                if isinstance(item, nodes.Node):
                    self._visit(item, seen, block=block)

    def _call(self, node: nodes.Call, seen: _Seen, *, block: bool, calls: bool) -> None:
        member = _member(node.node)
        if isinstance(node.node, nodes.Name):
            bound = node.node.name
            binding = seen.get(bound)
            if binding is None or not binding.member:
                return
            template, name = binding.template, binding.member
        elif member and (binding := seen.get(member[0])) and not binding.member:
            bound, (template, name) = member[0], (binding.template, member[1])
        else:
            return
        self.calls.append(
            CallSite(
                template=template,
                name=name,
                line=node.node.lineno,
                positional=len(node.args),
                keywords=tuple(keyword.key for keyword in node.kwargs),
                many=node.dyn_args is not None or node.dyn_kwargs is not None,
                calls=calls,
                bound=bound,
                block=block,
            )
        )


def _member(node: nodes.Node) -> tuple[str, str] | None:
    """Return the variable and the name of what ``variable.name`` or ``variable['name']`` is."""
    if not (isinstance(node, (nodes.Getattr, nodes.Getitem)) and isinstance(node.node, nodes.Name)):
        return None
    if isinstance(node, nodes.Getattr):
        return node.node.name, node.attr
    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    return (node.node.name, key) if isinstance(key, str) else None


def _maybe(every: ByKind) -> Iterator[str]:
    """Yield what these nodes ask about before they use it, as ``name`` or ``module.name``."""
    called = {id(node.node) for node in every.get(nodes.Call, ())}
    for node in (*every.get(nodes.Test, ()), *every.get(nodes.Filter, ())):
        if node.name in _MAYBE and node.node is not None:
            yield from _spelt(node.node)
    both = [node for kind in (nodes.And, nodes.Or) for node in every.get(kind, ())]
    tests = [node.test for kind in (nodes.If, nodes.CondExpr) for node in every.get(kind, ())]
    for condition in (*(node.left for node in both), *(node.right for node in both), *tests):
        for part in (condition, *below(condition)):
            if id(part) not in called:
                yield from _spelt(part)


def _spelt(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        yield node.name
    elif member := _member(node):
        yield ".".join(member)
