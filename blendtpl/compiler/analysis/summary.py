"""Summaries: what linking has to know of one template, without its tree.

Enters: a parsed tree. Leaves: its references, blocks, free variables, filters and tests, small enough to be
cached under the digest of its source. Nothing here looks at another template.

The scoping is Jinja2's (its `idtracking`), read in the order of the text: what is set in one branch of an `if`
only may still come from the context; what a loop or a `with` sets does not leave it; a block sees what its
template sets at the top level, and what surrounds it only when it is `scoped`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import jinja2
from jinja2 import nodes

from blendtpl.bundle.environment import GETTEXT_ALIAS
from blendtpl.compiler.analysis.computed_names import Pattern, patterns
from blendtpl.compiler.analysis.facts import Facts, MacroShape, facts
from blendtpl.compiler.analysis.string_functions import Prints
from blendtpl.compiler.analysis.walk import Visitor


@dataclass(frozen=True, slots=True)
class Link:
    """One reference as it stands in a template.

    `names` are its constant names in order, empty when it is made at run time. `guarded`: whether it is behind a
    condition, a loop or a call; `optional`: whether it may be missing; `context`: whether the other template
    sees this one's context, then without the names in `bound`, which are set here. `block` is the block that it
    stands in, or empty. `patterns` are what is known of the name of an include that is made at run time.
    """

    kind: str
    names: tuple[str, ...]
    line: int
    guarded: bool
    optional: bool
    context: bool
    bound: frozenset[str]
    block: str
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a template. `free` are the names that its body reads, `visible` those that are set where it stands
    and that every body sees which is put there; `supers`: whether it renders the body that it overrides.
    """

    name: str
    free: frozenset[str]
    visible: frozenset[str]
    supers: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A filter or test that a template names; `soft` where Jinja2 looks for it only when it gets there."""

    name: str
    line: int
    soft: bool


@dataclass(frozen=True, slots=True)
class TemplateSummary:
    """What a template is made of. `free` are the names that it reads outside of its blocks without having set them,
    `top` those that it sets at its top level. `spellings` are the names of templates in it as they stand there, each
    with the one that was meant, which is the one that all else has.
    """

    links: tuple[Link, ...]
    blocks: tuple[Block, ...]
    free: frozenset[str]
    top: frozenset[str]
    filters: tuple[Use, ...]
    tests: tuple[Use, ...]
    facts: Facts
    spellings: tuple[tuple[str, str], ...] = ()


def summarize(tree: nodes.Template, environment: jinja2.Environment, name: str) -> TemplateSummary:
    """Return the summary of a parsed template."""
    template_facts = facts(tree, environment, name)
    scan = _Scan(environment, name, extends=template_facts.extends)
    scan.run(tree)
    return TemplateSummary(
        links=tuple(scan.links),
        blocks=tuple(
            Block(name, frozenset(scan.free[name]), visible, name in scan.supers)
            for name, visible in scan.visible.items()
        ),
        free=frozenset(scan.free[""]),
        top=frozenset(scan.top),
        filters=_distinct(scan.filters),
        tests=_distinct(scan.tests),
        facts=template_facts,
    )


def to_bytes(summary: TemplateSummary) -> bytes:
    """Return the summary as canonical JSON."""
    return json.dumps(asdict(summary), default=sorted, sort_keys=True).encode()


def from_bytes(data: bytes) -> TemplateSummary:
    """Return the summary of that JSON; raises `ValueError`, `KeyError` or `TypeError` when it is not one."""
    loaded = json.loads(data)
    return TemplateSummary(
        links=tuple(
            Link(
                **{
                    **link,
                    "names": tuple(link["names"]),
                    "bound": frozenset(link["bound"]),
                    "patterns": tuple((begin, end, template) for begin, end, template in link["patterns"]),
                }
            )
            for link in loaded["links"]
        ),
        blocks=tuple(
            Block(block["name"], frozenset(block["free"]), frozenset(block["visible"]), block["supers"])
            for block in loaded["blocks"]
        ),
        free=frozenset(loaded["free"]),
        top=frozenset(loaded["top"]),
        filters=tuple(Use(**use) for use in loaded["filters"]),
        tests=tuple(Use(**use) for use in loaded["tests"]),
        facts=_facts(loaded["facts"]),
        spellings=tuple((written, resolved) for written, resolved in loaded["spellings"]),
    )


def _prints(loaded: dict[str, Any]) -> Prints:
    return Prints(
        loaded["function"],
        tuple(loaded["included"]),
        tuple(loaded["blocks"]),
        tuple((called, attr) for called, attr in loaded["called"]),
    )


_SETS = ("stored", "bound", "scoped", "inner", "shadows", "changeable", "handled", "early")


def _facts(loaded: dict[str, Any]) -> Facts:
    macros = (
        MacroShape(
            **{
                **shape,
                "arguments": tuple(shape["arguments"]),
                "special": tuple(shape["special"]),
                "included": tuple(shape["included"]),
            }
        )
        for shape in loaded["macros"]
    )
    return Facts(
        **{
            **loaded,
            "macros": tuple(macros),
            "imported": tuple(map(tuple, loaded["imported"])),
            "in_context": tuple(map(tuple, loaded["in_context"])),
            "modules": tuple(map(tuple, loaded["modules"])),
            "included": tuple(loaded["included"]),
            "blocks": tuple(loaded["blocks"]),
            "extensible": None if loaded["extensible"] is None else tuple(loaded["extensible"]),
            "prints": tuple(map(_prints, loaded["prints"])),
            "required": tuple(loaded["required"]),
            **{key: frozenset(loaded[key]) for key in _SETS},
        }
    )


def _distinct(uses: Iterable[Use]) -> tuple[Use, ...]:
    return tuple(dict.fromkeys(uses))


Bound = set[str]


class _Scan(Visitor):
    """Walks a tree once; every visit is given the names that are bound there, and adds those it binds."""

    def __init__(self, environment: jinja2.Environment, name: str, *, extends: bool) -> None:
        self.environment, self.name, self.extends = environment, name, extends
        self.links: list[Link] = []
        self.filters: list[Use] = []
        self.tests: list[Use] = []
        self.free: dict[str, set[str]] = defaultdict(set)  # by the block that reads, or ""
        self.visible: dict[str, frozenset[str]] = {}
        self.supers: set[str] = set()
        self.top: Bound = set()
        self._block = ""
        self._ended = False  # what the top level prints behind an `extends` is never printed
        self._later: list[tuple[nodes.Block, Bound]] = []
        self._guards = 0
        self._soft = False

    def run(self, tree: nodes.Template) -> None:
        self.top = {"self"}
        self._visit_all(tree.body, self.top)
        # what a template that extends another sets at its top level is set before any block runs
        while self._later:
            block, around = self._later.pop(0)
            self._body(block, around)
        self.top.discard("self")

    def _visit_all(self, body: Iterable[nodes.Node], bound: Bound) -> None:
        for node in body:
            self.visit(node, bound)

    def _hard(self, body: Iterable[nodes.Node], bound: Bound, *, guarded: bool = True) -> None:
        """Visit a body that has a frame of its own, where an unknown filter is an error again."""
        soft, self._soft = self._soft, False
        self._guards += guarded
        self._visit_all(body, bound)
        self._guards -= guarded
        self._soft = soft

    def visit_Name(self, node: nodes.Name, bound: Bound) -> None:
        if node.ctx != "load":
            bound.add(node.name)
        elif node.name == "super" and self._block:
            self.supers.add(self._block)
        elif node.name not in bound:
            self.free[self._block].add(node.name)
            if node.name == "_" and "gettext" not in bound and self.environment.globals.get("_") is GETTEXT_ALIAS:
                self.free[self._block].add("gettext")

    def visit_NSRef(self, node: nodes.NSRef, bound: Bound) -> None:
        if node.name not in bound:
            self.free[self._block].add(node.name)

    def visit_Assign(self, node: nodes.Assign, bound: Bound) -> None:
        self.visit(node.node, bound)
        self.visit(node.target, bound)

    def visit_AssignBlock(self, node: nodes.AssignBlock, bound: Bound) -> None:
        self._hard(node.body, set(bound), guarded=False)
        if node.filter is not None:
            self.visit(node.filter, bound)
        self.visit(node.target, bound)

    def visit_If(self, node: nodes.If, bound: Bound) -> None:
        soft, self._soft = self._soft, True
        self.visit(node.test, bound)
        self._guards += 1
        branches = [set(bound)]
        self._visit_all(node.body, branches[0])
        for other in node.elif_:
            self.visit(other.test, bound)
            branches.append(set(bound))
            self._visit_all(other.body, branches[-1])
        branches.append(set(bound))
        self._visit_all(node.else_, branches[-1])
        self._guards -= 1
        self._soft = soft
        bound |= set.intersection(*branches)

    def visit_CondExpr(self, node: nodes.CondExpr, bound: Bound) -> None:
        soft, self._soft = self._soft, True
        self.generic_visit(node, bound)
        self._soft = soft

    def visit_For(self, node: nodes.For, bound: Bound) -> None:
        self.visit(node.iter, bound)
        inner = set(bound)
        self.visit(node.target, inner)
        if node.test is not None:
            self.visit(node.test, set(inner))
        self._hard(node.body, inner | {"loop"})
        self._hard(node.else_, set(bound))

    def visit_With(self, node: nodes.With, bound: Bound) -> None:
        inner = set(bound)
        for target, value in zip(node.targets, node.values, strict=True):
            self.visit(value, bound)
            self.visit(target, inner)
        self._hard(node.body, inner, guarded=False)

    def visit_Macro(self, node: nodes.Macro, bound: Bound) -> None:
        bound.add(node.name)
        self._call_body(node, bound, {"caller", "varargs", "kwargs"})

    def visit_CallBlock(self, node: nodes.CallBlock, bound: Bound) -> None:
        self.visit(node.call, bound)
        self._call_body(node, bound, {"varargs", "kwargs"})

    def _call_body(self, node: nodes.Macro | nodes.CallBlock, bound: Bound, special: Bound) -> None:
        inner = bound | {argument.name for argument in node.args} | special
        self._visit_all(node.defaults, inner)
        self._hard(node.body, inner)

    def visit_FilterBlock(self, node: nodes.FilterBlock, bound: Bound) -> None:
        self._hard(node.body, set(bound), guarded=False)
        self.visit(node.filter, bound)

    def visit_Scope(self, node: nodes.Scope, bound: Bound) -> None:
        self._hard(node.body, set(bound), guarded=False)

    def visit_Block(self, node: nodes.Block, bound: Bound) -> None:
        around = set(bound) if node.scoped else set()
        if self.extends:
            self._later.append((node, around))
        else:
            self._body(node, around)

    def _body(self, node: nodes.Block, around: Bound) -> None:
        bound = around | self.top
        self.visible.setdefault(node.name, frozenset(bound))
        outer, self._block, self._soft = (self._block, self._soft), node.name, False
        for child in node.body:  # here, as every call takes its part of how deep blocks can be nested
            self.visit(child, bound)
        self._block, self._soft = outer

    def visit_Filter(self, node: nodes.Filter, bound: Bound) -> None:
        self.filters.append(Use(node.name, node.lineno, self._soft))
        self.generic_visit(node, bound)

    def visit_Test(self, node: nodes.Test, bound: Bound) -> None:
        self.tests.append(Use(node.name, node.lineno, self._soft))
        self.generic_visit(node, bound)

    def visit_Output(self, node: nodes.Output, bound: Bound) -> None:
        if not (self._ended and bound is self.top):
            self.generic_visit(node, bound)

    def visit_Extends(self, node: nodes.Extends, bound: Bound) -> None:
        self._ended = bound is self.top
        self._link("extends", node, bound)

    def visit_Include(self, node: nodes.Include, bound: Bound) -> None:
        self._link("include", node, bound, optional=node.ignore_missing, context=node.with_context)

    def visit_Import(self, node: nodes.Import, bound: Bound) -> None:
        self._link("import", node, bound, context=node.with_context)
        bound.add(node.target)

    def visit_FromImport(self, node: nodes.FromImport, bound: Bound) -> None:
        self._link("from", node, bound, context=node.with_context)
        bound.update(name[1] if isinstance(name, tuple) else name for name in node.names)

    def _link(
        self,
        kind: str,
        node: nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport,
        bound: Bound,
        *,
        optional: bool = False,
        context: bool = True,
    ) -> None:
        self.visit(node.template, bound)
        choices = list(_choices(node.template))
        # of a choice between names each is a link of its own, and the first has what is known of all
        known = patterns(node.template, self.environment, self.name) if kind == "include" and context else ()
        for names in choices:
            joined = tuple(self.environment.join_path(name, self.name) for name in names)
            hidden = {"loop", "self", "caller", "varargs", "kwargs"}  # what no other template sees
            self.links.append(
                Link(
                    kind=kind,
                    names=joined,
                    line=node.template.lineno,
                    guarded=bool(self._guards) or len(choices) > 1,
                    optional=optional,
                    context=context,
                    bound=frozenset(bound - hidden),
                    block=self._block,
                    patterns=known,
                )
            )
            known = ()


def _choices(expression: nodes.Expr) -> Iterable[tuple[str, ...]]:
    """Yield the tuples of names that a reference may resolve to; an empty one for a name made at run time."""
    if isinstance(expression, nodes.CondExpr):
        yield from _choices(expression.expr1)
        yield from _choices(expression.expr2) if expression.expr2 is not None else [()]
        return
    items = expression.items if isinstance(expression, (nodes.List, nodes.Tuple)) else [expression]
    names = [item.value for item in items if isinstance(item, nodes.Const) and isinstance(item.value, str)]
    yield tuple(names) if len(names) == len(items) else ()
