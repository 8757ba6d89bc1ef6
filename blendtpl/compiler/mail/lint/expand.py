"""Expand: one variant of a template with all that it extends, includes and imports, as one text with holes.

Enters: the trees of all templates, and decisions. Leaves: the pieces of the text, each with the place that it is from.
What is too dynamic to be followed is a hole. Nothing here knows HTML.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from blendtpl.bundle.environment import autoescape_of
from blendtpl.compiler.mail.lint.decisions import Decisions
from blendtpl.compiler.mail.lint.expressions import filtered, truth, value
from blendtpl.compiler.mail.lint.scope import Scope
from blendtpl.compiler.mail.lint.values import (
    ANY,
    HOLE,
    BlockCall,
    Macro,
    Piece,
    Rendered,
    Space,
    Unknown,
    named,
    names_in,
    pieces_of,
    unknown,
)

Tree = Callable[[str], nodes.Template | None]

DEPTH = 60  # of templates, blocks and macros in each other
STEPS = 100_000  # statements of one variant
_CALLER = "the body of a call block"  # which no template can name
_ROUNDS = 200  # of a loop over what is known


class TooLarge(Exception):  # noqa: N818  # not an error of anybody
    """A template that takes more steps than it is worth."""


class _Break(Exception):  # noqa: N818
    pass


class _Continue(Exception):  # noqa: N818
    pass


@dataclass(slots=True)
class Page:
    """A template with what it extends: the bodies of each block, the innermost first."""

    blocks: dict[str, list[tuple[str, nodes.Block]]] = field(default_factory=dict)
    parent: Any = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expanded:
    """The text of a variant, and all variables that it asks for, printed or not."""

    pieces: tuple[Piece, ...]
    reads: frozenset[str]


class Run:
    """One variant."""

    def __init__(
        self, tree: Tree, known: Iterable[str] | Mapping[str, Any], environment: jinja2.Environment, decisions: Decisions
    ) -> None:
        self._tree, self._known, self._decisions = tree, known, decisions
        self.environment = environment
        self.is_newstyle = bool(getattr(environment, "newstyle_gettext", False))
        self._out: list[Piece] = []
        self._reads: set[str] = set()
        self._depth = self._steps = 0

    def expand(self, name: str) -> Expanded:
        """Return the text of a template."""
        self._template(name, None)
        return Expanded(tuple(self._out), frozenset(self._reads))

    # what expressions ask for

    def decide(self, name: str, node: nodes.Node, scope: Scope) -> bool:
        return self._decisions.decide(name, (scope.template, node.lineno, id(node)))

    def read(self, name: str) -> None:
        if not self.is_global(name):
            self._reads.add(name)

    def is_global(self, name: str) -> bool:
        return name in DEFAULT_NAMESPACE and self.environment.globals.get(name) is DEFAULT_NAMESPACE[name]

    def macro(self, macro: Macro, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self._depth >= DEPTH:
            return unknown(macro.name, args, kwargs)
        scope = macro.scope.inner()
        rest = dict(kwargs)
        defaults = list(macro.node.defaults)
        first = len(macro.node.args) - len(defaults)
        for at, argument in enumerate(macro.node.args):
            if at < len(args):
                found = args[at]
            elif argument.name in rest:
                found = rest.pop(argument.name)
            elif at >= first:
                found = value(defaults[at - first], scope)
            else:
                found = unknown(f"{macro.name}.{argument.name}")
            scope.values[argument.name] = found
        scope.values["varargs"] = tuple(args[len(macro.node.args) :])
        if "caller" in rest:
            scope.values["caller"] = rest.pop("caller")
        scope.values["kwargs"] = rest
        return self._captured(macro.node.body, scope)

    def block(self, call: BlockCall, line: int) -> Any:
        bodies = call.scope.page.blocks.get(call.name, [])
        if call.level >= len(bodies) or self._depth >= DEPTH:
            return unknown(call.name)
        return self._rendered(lambda: self._block_body(call.name, call.level, call.scope))

    # templates

    def _template(self, name: Any, around: Scope | None) -> None:
        page = Page()
        while name is not None:
            tree = self._tree(name) if isinstance(name, str) else None
            if tree is None or self._depth >= DEPTH:
                self._out.append(Piece(ANY, str(name), 1))
                return
            self._depth += 1
            for block in tree.find_all(nodes.Block):
                page.blocks.setdefault(block.name, []).append((name, block))
            page.parent = None
            scope = Scope(name, self, page, page.values, around)
            self._body(tree.body, scope)
            self._depth -= 1
            name = page.parent

    def _body(self, body: Iterable[nodes.Node], scope: Scope) -> None:
        for node in body:
            self._steps += 1
            if self._steps > STEPS:
                raise TooLarge
            work = _WORK.get(type(node).__name__)
            if work is not None:
                work(self, node, scope)
            else:
                self._hole(node, scope, ANY)

    def _hole(self, node: nodes.Node, scope: Scope, text: str = HOLE, names: frozenset[str] = frozenset()) -> None:
        self._out.append(Piece(text, scope.template, node.lineno, names))

    def _rendered(self, work: Callable[[], None]) -> Rendered:
        outer, self._out = self._out, []
        self._depth += 1
        try:
            work()
            return Rendered(tuple(self._out))
        finally:
            self._out = outer
            self._depth -= 1

    def _captured(self, body: Iterable[nodes.Node], scope: Scope) -> Rendered:
        return self._rendered(lambda: self._body(body, scope))

    def _is_silent(self, scope: Scope) -> bool:
        """Return whether what is printed here is behind an `extends`, and so is never printed."""
        page = scope.page
        return page is not None and page.parent is not None and scope.values is page.values

    def _output(self, node: nodes.Output, scope: Scope) -> None:
        escaping = autoescape_of(self.environment, scope.template)
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                if not self._is_silent(scope):
                    self._out.append(Piece(part.data, scope.template, part.lineno))
                continue
            if part.find(nodes.ExtensionAttribute) or isinstance(part, nodes.ExtensionAttribute):
                self._hole(part, scope, ANY)
                continue
            found = value(part, scope)
            if not self._is_silent(scope):
                self._out += pieces_of(found, scope.template, part.lineno, escaping=escaping)

    def _block(self, node: nodes.Block, scope: Scope) -> None:
        if self._is_silent(scope) or self._depth >= DEPTH:
            return
        self._depth += 1
        inner = scope if node.scoped else Scope(scope.template, self, scope.page, scope.page.values, _root(scope))
        self._block_body(node.name, 0, inner)
        self._depth -= 1

    def _block_body(self, name: str, level: int, scope: Scope) -> None:
        template, block = scope.page.blocks[name][level]
        inner = Scope(template, self, scope.page, {}, scope, scope.repeated)
        inner.values["super"] = BlockCall(name, level + 1, inner)
        self._body(block.body, inner)

    def _extends(self, node: nodes.Extends, scope: Scope) -> None:
        found = value(node.template, scope)
        name = self.environment.join_path(found, scope.template) if isinstance(found, str) else found
        if scope.page.parent is None:
            scope.page.parent = name

    def _include(self, node: nodes.Include, scope: Scope) -> None:
        found = value(node.template, scope)
        choices = list(found) if isinstance(found, (list, tuple)) else [found]
        for each in choices:
            if not isinstance(each, str):
                self._hole(node, scope, ANY)
                return
            name = self.environment.join_path(each, scope.template)
            if name in self._known:
                if self._depth >= DEPTH:
                    self._hole(node, scope, ANY)
                else:
                    self._template(name, scope if node.with_context else None)
                return

    def _module(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> Any:
        found = value(node.template, scope)
        name = self.environment.join_path(found, scope.template) if isinstance(found, str) else ""
        if name not in self._known or self._depth >= DEPTH:
            return unknown(f"import {named(found)}")
        tree = self._tree(name)
        if tree is None:
            return unknown(f"import {name}")
        page = Page()
        for block in tree.find_all(nodes.Block):
            page.blocks.setdefault(block.name, []).append((name, block))
        inner = Scope(name, self, page, page.values, scope if node.with_context else None)
        self._captured(tree.body, inner)
        return Space(name, page.values)

    def _import(self, node: nodes.Import, scope: Scope) -> None:
        scope.values[node.target] = self._module(node, scope)

    def _from(self, node: nodes.FromImport, scope: Scope) -> None:
        module = self._module(node, scope)
        for each in node.names:
            name, bound = each if isinstance(each, tuple) else (each, each)
            known = module.values if isinstance(module, Space) else {}
            scope.values[bound] = known.get(name, unknown(f"{named(module)}.{name}"))

    # statements

    def _macro(self, node: nodes.Macro, scope: Scope) -> None:
        scope.values[node.name] = Macro(node, scope, node.name)

    def _call_block(self, node: nodes.CallBlock, scope: Scope) -> None:
        if node.call.find(nodes.ExtensionAttribute):
            self._hole(node, scope, ANY)
            return
        body = nodes.Keyword("caller", nodes.Name(_CALLER, "load"))
        call = nodes.Call(
            node.call.node, node.call.args, [*node.call.kwargs, body], node.call.dyn_args, node.call.dyn_kwargs
        )
        call.set_lineno(node.call.lineno)
        inner = scope.inner()
        inner.values[_CALLER] = Macro(node, scope, "caller")
        self._print(value(call, inner), node, scope)

    def _print(self, found: Any, node: nodes.Node, scope: Scope) -> None:
        if not self._is_silent(scope):
            escaping = autoescape_of(self.environment, scope.template)
            self._out += pieces_of(found, scope.template, node.lineno, escaping=escaping)

    def _if(self, node: nodes.If, scope: Scope) -> None:
        for branch in (node, *node.elif_):
            if truth(branch.test, scope):
                self._body(branch.body, scope)
                return
        self._body(node.else_, scope)

    def _for(self, node: nodes.For, scope: Scope) -> None:
        found = value(node.iter, scope)
        if isinstance(found, (list, tuple, dict)):
            items = list(found)[:_ROUNDS]
        elif isinstance(found, str) or not self.decide(f"{named(found)} has items", node, scope):
            items = []
        else:
            self._rounds(node, scope, [Unknown(f"{named(found)}[]", names_in(found))], known=False)
            return
        self._rounds(node, scope, items, known=True)

    def _rounds(self, node: nodes.For, scope: Scope, items: list[Any], *, known: bool) -> None:
        kept = []
        for item in items:
            inner = scope.inner(repeated=not known)
            _bind(node.target, item, inner)
            if node.test is None or truth(node.test, inner):
                kept.append(item)
        for at, item in enumerate(kept):
            inner = scope.inner(repeated=not known)
            inner.values["loop"] = _loop(at, kept) if known else unknown(f"loop@{scope.template}:{node.lineno}")
            _bind(node.target, item, inner)
            try:
                self._body(node.body, inner)
            except _Continue:
                continue
            except _Break:
                break
        if not kept:
            self._body(node.else_, scope.inner())

    def _with(self, node: nodes.With, scope: Scope) -> None:
        inner = scope.inner()
        for target, each in zip(node.targets, node.values, strict=True):
            _bind(target, value(each, scope), inner)
        self._body(node.body, inner)

    def _scope(self, node: nodes.Scope, scope: Scope) -> None:
        self._body(node.body, scope.inner())

    def _assign(self, node: nodes.Assign, scope: Scope) -> None:
        _bind(node.target, value(node.node, scope), scope)

    def _assign_block(self, node: nodes.AssignBlock, scope: Scope) -> None:
        found: Any = self._captured(node.body, scope.inner())
        if node.filter is not None:
            found = _through(node.filter, found, scope)
        _bind(node.target, found, scope)

    def _filter_block(self, node: nodes.FilterBlock, scope: Scope) -> None:
        found = self._captured(node.body, scope.inner())
        self._print(_through(node.filter, found, scope), node, scope)

    def _expression(self, node: nodes.ExprStmt, scope: Scope) -> None:
        value(node.node, scope)

    def _nothing(self, node: nodes.Node, scope: Scope) -> None:
        pass

    def _break(self, node: nodes.Node, scope: Scope) -> None:
        raise _Break

    def _continue(self, node: nodes.Node, scope: Scope) -> None:
        raise _Continue


def _root(scope: Scope) -> Scope | None:
    """Return what is around the top level of the template that a scope is in."""
    at: Scope | None = scope
    while at is not None and at.values is not scope.page.values:
        at = at.around
    return None if at is None else at.around


def _bind(target: nodes.Node, found: Any, scope: Scope) -> None:
    if isinstance(target, nodes.Name):
        scope.values[target.name] = found
    elif isinstance(target, nodes.NSRef):
        space = scope.find(target.name)
        if isinstance(space, Space):
            # of a loop whose rounds are run as one, nobody knows how often it is set
            space.values[target.attr] = unknown(f"{target.name}.{target.attr}", found) if scope.repeated else found
    elif isinstance(target, (nodes.Tuple, nodes.List)):
        same = isinstance(found, (list, tuple)) and len(found) == len(target.items)
        for at, each in enumerate(target.items):
            _bind(each, found[at] if same else Unknown(f"{named(found)}[{at}]", names_in(found)), scope)


def _loop(at: int, items: list[Any]) -> Space:
    length = len(items)
    values = {
        "index": at + 1,
        "index0": at,
        "revindex": length - at,
        "revindex0": length - at - 1,
        "first": at == 0,
        "last": at == length - 1,
        "length": length,
        "previtem": items[at - 1] if at else unknown("loop.previtem"),
        "nextitem": items[at + 1] if at + 1 < length else unknown("loop.nextitem"),
    }
    return Space("loop", values)


def _through(filters: nodes.Filter, found: Any, scope: Scope) -> Any:
    """Return what the filters of a block make of its text."""
    if isinstance(filters.node, nodes.Filter):
        found = _through(filters.node, found, scope)
    args = [value(each, scope) for each in filters.args or ()]
    kwargs = {each.key: value(each.value, scope) for each in filters.kwargs or ()}
    return filtered(filters, found, args, kwargs, scope)


_WORK: dict[str, Callable[[Any, Any, Scope], None]] = {
    "Output": Run._output,
    "Block": Run._block,
    "Extends": Run._extends,
    "Include": Run._include,
    "Import": Run._import,
    "FromImport": Run._from,
    "Macro": Run._macro,
    "CallBlock": Run._call_block,
    "If": Run._if,
    "For": Run._for,
    "With": Run._with,
    "Scope": Run._scope,
    "ScopedEvalContextModifier": Run._scope,
    "Assign": Run._assign,
    "AssignBlock": Run._assign_block,
    "FilterBlock": Run._filter_block,
    "ExprStmt": Run._expression,
    "EvalContextModifier": Run._nothing,
    "Break": Run._break,
    "Continue": Run._continue,
}
