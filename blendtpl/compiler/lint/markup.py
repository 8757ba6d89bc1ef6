"""Markup: what a template prints where escaping for HTML does not make it safe.

Enters: the tree of a template whose output is escaped, and where in HTML its blocks and itself are printed. Leaves:
findings, and where in HTML what it extends it by, and what it includes, stands. Nothing is said of what the template
makes itself, nor where it cannot be told what part of HTML something is in.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

import jinja2
from jinja2 import nodes

from blendtpl.compiler.analysis.walk import ByKind, below, by_kind, children
from blendtpl.compiler.frontend.html_place import (
    BARE,
    BEFORE_VALUE,
    DOUBLE,
    HOLE,
    RAW,
    SINGLE,
    Place,
    behind_hole,
    behind_text,
    joined,
)

Places = Mapping[str, tuple[Place, ...]]

# Jinja2's filters that pass on what is dangerous; what any other makes is that filter's
_KEEP = frozenset(
    (
        *("e", "escape", "forceescape", "string", "upper", "lower", "title", "capitalize", "trim", "default", "d"),
        *(
            "replace",
            "truncate",
            "first",
            "last",
            "join",
            "random",
            "reverse",
            "center",
            "indent",
            "wordwrap",
            "format",
        ),
        *("attr", "striptags", "safe"),
    )
)
_OWN = frozenset(("loop", "self", "super", "caller", "varargs", "kwargs"))
_URLS = frozenset(("href", "src", "action", "formaction", "data", "xlink:href", "poster", "background"))
_SCRIPTS = ("javascript:", "vbscript:", "data:text/html", "data:image/svg")
_NO_SCRIPT = ("template", "handlebars", "mustache", "html", "markdown", "plain", "text/ng", "glsl", "shader", "x-tmpl")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found: the rule, the line, the first word of what is printed, all of it, and the attribute it is in."""

    rule: str
    line: int
    word: str
    shown: str
    where: str


@dataclass(frozen=True, slots=True)
class Markup:
    """What is found in a template, and the places of its blocks and of what it includes."""

    findings: tuple[Finding, ...]
    blocks: Places
    included: Places


def markup(tree: nodes.Template, environment: jinja2.Environment, name: str, starts: Places) -> Markup:
    """Return what is found. `starts` are the places of blocks that another template has, and, under an empty name,
    those where this one is printed.
    """
    every = by_kind(tree)
    extends = any(isinstance(node, nodes.Extends) for node in tree.body)
    vouches = any(node.name == "safe" for node in every.get(nodes.Filter, ()))
    walk = _Walk(environment, name, starts if extends else {}, _names_made(every), _parameters(every), vouches)
    for loop in every.get(nodes.For, ()):
        if not walk.is_given(loop.iter):
            walk.made.update(_targets(loop.target))
    for start in starts.get("", (Place(),)):
        walk.body(tree.body, Place() if extends else start)
    findings = tuple(sorted(set(walk.findings), key=lambda found: (found.line, found.rule, found.shown)))
    blocks = {**{block: places for block, places in starts.items() if block}, **_frozen(walk.blocks)}
    return Markup(findings, blocks, _frozen(walk.included))


def _frozen(places: Mapping[str, set[Place]]) -> Places:
    return {name: tuple(sorted(found, key=repr)) for name, found in sorted(places.items())}


def to_bytes(found: Markup) -> bytes:
    """Return it as bytes of JSON."""
    return json.dumps(asdict(found)).encode()


def from_bytes(data: bytes) -> Markup:
    """Return what `to_bytes` was given; raises `ValueError`, `KeyError` or `TypeError` for what is none of that."""
    given = json.loads(data)
    places = [
        {name: tuple(Place(**place) for place in found) for name, found in given[key].items()}
        for key in ("blocks", "included")
    ]
    return Markup(tuple(Finding(**found) for found in given["findings"]), *places)


def _targets(target: nodes.Node) -> Iterator[str]:
    return (node.name for node in (target, *below(target)) if isinstance(node, nodes.Name))


def _names_made(every: ByKind) -> set[str]:
    """Return the names that a template gives to what it makes, beside the targets of loops."""
    made: set[str] = {*_OWN, *(node.name for node in every.get(nodes.Macro, ()))}
    made.update(node.target for node in every.get(nodes.Import, ()))
    for node in (*every.get(nodes.Assign, ()), *every.get(nodes.AssignBlock, ())):
        made.update(_targets(node.target))
    for node in every.get(nodes.With, ()):
        made.update(name for target in node.targets for name in _targets(target))
    for node in every.get(nodes.FromImport, ()):
        made.update(imported if isinstance(imported, str) else imported[1] for imported in node.names)
    return made


def _parameters(every: ByKind) -> frozenset[str]:
    """Return the names of arguments: who calls may have vouched for what they are."""
    takers = (*every.get(nodes.Macro, ()), *every.get(nodes.CallBlock, ()))
    return frozenset(argument.name for taker in takers for argument in taker.args)


@dataclass(slots=True)
class _Walk:
    environment: jinja2.Environment
    name: str
    starts: Places
    made: set[str]
    parameters: frozenset[str]
    vouches: bool  # whether anything is `safe` in it
    findings: list[Finding] = field(default_factory=list)
    blocks: dict[str, set[Place]] = field(default_factory=dict)
    included: dict[str, set[Place]] = field(default_factory=dict)

    def body(self, body: Iterable[nodes.Node], place: Place | None) -> Place | None:
        """Walk through what is printed one after the other; return the place behind it."""
        for node in body:
            place = self._node(node, place)
        return place

    def _node(self, node: nodes.Node, place: Place | None) -> Place | None:
        match node:
            case nodes.Output():
                return self._output(node, place)
            case nodes.If():
                branches = [node.body, *(branch.body for branch in node.elif_), node.else_]
                return joined([self.body(branch, place) for branch in branches])
            case nodes.For():
                return joined([place, self.body(node.body, place), self.body(node.else_, place)])
            case nodes.Block():
                for start in self.starts.get(node.name, (place,)):
                    if start is not None:
                        self.blocks.setdefault(node.name, set()).add(start)
                    self.body(node.body, start)
                return place
            case nodes.Include():
                for included in _constants(node.template):
                    if place is not None:
                        found = self.environment.join_path(included, self.name)
                        self.included.setdefault(found, set()).add(place)
                return place
            case nodes.Macro() | nodes.CallBlock() | nodes.AssignBlock():
                self.body(node.body, Place())
                return place
            case nodes.With() | nodes.Scope() | nodes.FilterBlock() | nodes.ScopedEvalContextModifier():
                return self.body(node.body, place)
        return place

    def _output(self, node: nodes.Output, place: Place | None) -> Place | None:
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                place = place and behind_text(place, part.data)
            else:
                if self.vouches:
                    self._safe(part)
                if place is not None:
                    self._value(part, place)
                place = place and behind_hole(place)
        return place

    def _safe(self, value: nodes.Node) -> None:
        for node in (value, *below(value)):
            if isinstance(node, nodes.Filter) and node.name == "safe" and node.node is not None:
                root = _root(node.node)
                if self.is_given(node.node) and root not in self.parameters:
                    self._find("safe-given", node, "")

    def _value(self, value: nodes.Node, place: Place) -> None:
        where = place.attribute.replace(HOLE, "…") or f"<{place.tag.replace(HOLE, '…')}>"
        last = value.name if isinstance(value, nodes.Filter) else ""
        if place.mode == DOUBLE and last == "tojson":
            self._find("tojson-in-quotes", value, where)
        elif not self.is_given(value):
            return
        elif place.mode == RAW and place.tag == "script" and not any(word in place.kind for word in _NO_SCRIPT):
            self._find("script-variable", value, where)
        elif place.mode in {DOUBLE, SINGLE}:
            self._in_quotes(value, place, where)
        elif place.mode in {BEFORE_VALUE, BARE}:
            self._find("unquoted-attribute", value, where)

    def _in_quotes(self, value: nodes.Node, place: Place, where: str) -> None:
        if place.attribute.startswith("on"):
            self._find("event-handler", value, where)
        elif place.attribute == "srcdoc":
            self._find("srcdoc-variable", value, where)
        elif place.attribute in _URLS and place.value.strip().lower().startswith(_SCRIPTS):
            self._find("javascript-url", value, where)

    def is_given(self, value: nodes.Node | None) -> bool:
        """Return whether a value is, or holds as it was, what somebody else gave the template."""
        match value:
            case nodes.Name():
                return value.name not in self.made and value.name not in self.environment.globals
            case nodes.Getattr() | nodes.Getitem():
                return self.is_given(value.node)
            case nodes.Filter():
                return value.name in _KEEP and value.node is not None and self.is_given(value.node)
            case nodes.Call():
                return isinstance(value.node, (nodes.Getattr, nodes.Getitem)) and self.is_given(value.node)
            case nodes.CondExpr():
                return self.is_given(value.expr1) or self.is_given(value.expr2)
            case nodes.Concat() | nodes.Or() | nodes.And() | nodes.Add():
                return any(self.is_given(part) for part in children(value))
        return False

    def _find(self, rule: str, value: nodes.Node, where: str) -> None:
        named = next((node for node in (value, *below(value)) if isinstance(node, nodes.Name)), None)
        word = _root(value) or (named.name if named else "")
        self.findings.append(Finding(rule, value.lineno, word, shown(value), where))


def _root(value: nodes.Node | None) -> str:
    """Return the variable that a value begins with."""
    while isinstance(value, (nodes.Getattr, nodes.Getitem, nodes.Filter)):
        value = value.node
    return value.name if isinstance(value, nodes.Name) else ""


def shown(value: nodes.Node | None) -> str:
    """Return an expression, shortened where it is more than a variable and its attributes."""
    match value:
        case nodes.Name():
            return str(value.name)
        case nodes.Getattr():
            return f"{shown(value.node)}.{value.attr}"
        case nodes.Getitem():
            key = repr(value.arg.value) if isinstance(value.arg, nodes.Const) else "…"
            return f"{shown(value.node)}[{key}]"
        case nodes.Filter():
            return f"{shown(value.node)}|{value.name}"
        case nodes.Call():
            return f"{shown(value.node)}(…)"
    return "…"


def _constants(value: nodes.Node) -> Iterator[str]:
    if isinstance(value, nodes.Const) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, (nodes.Tuple, nodes.List)):
        for item in value.items:
            yield from _constants(item)


Look = Callable[[str, Places], Markup | None]


def look_at_all(
    names: Collection[str], parents: Mapping[str, str | None], included: Mapping[str, Iterable[str]], look: Look
) -> Iterator[tuple[str, Finding]]:
    """Yield what is found in templates, each behind those whose places it stands in: what it extends, and what includes
    it. `look` gives what is found in one.
    """
    including: dict[str, list[str]] = {}
    for name in names:
        for other in included.get(name, ()):
            including.setdefault(other, []).append(name)
    order = _Order(frozenset(names), parents, including, look)
    for name in names:
        if (found := order.visit(name, frozenset())) is not None:
            for finding in found.findings:
                yield name, finding


@dataclass(frozen=True, slots=True)
class _Order:
    """What has been looked at, so that each template comes behind those around it; in a circle one comes first."""

    names: frozenset[str]
    parents: Mapping[str, str | None]
    including: Mapping[str, list[str]]
    look: Look
    found: dict[str, Markup | None] = field(default_factory=dict)

    def visit(self, name: str, around: frozenset[str]) -> Markup | None:
        """Return what is found in a template; nothing for one that is being looked at."""
        if name not in self.found and name in self.names and name not in around:
            self.found[name] = self.look(name, self._starts(name, around | {name}))
        return self.found.get(name)

    def _starts(self, name: str, around: frozenset[str]) -> Places:
        parent = self.parents.get(name)
        above = self.visit(parent, around) if parent else None
        starts: dict[str, tuple[Place, ...]] = dict(above.blocks) if above else {}
        places: set[Place] = set()
        for other in self.including.get(name, ()):
            if (found := self.visit(other, around)) is not None:
                places.update(found.included.get(name, ()))
        if places:
            starts[""] = tuple(sorted(places, key=repr))
        return starts
