"""Expand: one variant of a template with all that it extends, includes and imports, as one text with holes.

Enters: the trees of all templates, and decisions. Leaves: the pieces of the text, each with the place that it is from.
What is too dynamic to be followed is a hole. Nothing here knows HTML.
"""

from collections.abc import Callable, Iterable
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from blendtpl.bundle.environment import autoescape_of
from blendtpl.compiler.mail.lint.binding import bind, forget, loop_of, through
from blendtpl.compiler.mail.lint.decisions import Decisions
from blendtpl.compiler.mail.lint.expressions import truth, value
from blendtpl.compiler.mail.lint.pages import Expanded, Page, Templates, TooLarge
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

DEPTH = 60  # of templates, blocks and macros in each other
STEPS = 100_000  # statements of one variant
_CALLER = "the body of a call block"  # which no template can name
_RECURSIONS = 2  # of a loop in itself
_ROUNDS = 200  # of a loop over what is known


class _Break(Exception):  # noqa: N818
    pass


class _Continue(Exception):  # noqa: N818
    pass


class Run:
    """One variant."""

    def __init__(self, templates: Templates, environment: jinja2.Environment, decisions: Decisions) -> None:
        self._templates, self._decisions = templates, decisions
        self.environment = environment
        self.is_newstyle = bool(getattr(environment, "newstyle_gettext", False))
        self._out: list[Piece] = []
        self._reads: set[str] = set()
        self._modules: dict[str, Space] = {}
        self._depth = self._steps = 0

    def expand(self, name: str, block: str = "") -> Expanded:
        """Return the text of a template, or of a block of it."""
        page = self._template(name, None)
        if block:
            self._out.clear()
            if block in page.blocks:
                self._block_body(block, 0, Scope(name, self, page, page.values))
        return Expanded(tuple(self._out), frozenset(self._reads))

    # what expressions ask for

    def decide(self, name: str, node: nodes.Node, scope: Scope, part: int = 0) -> bool:
        """Return which way a condition goes."""
        return self._decisions.decide(name, (scope.template, node.lineno, id(node), part))

    def read(self, name: str) -> None:
        """Note that a variable is asked for."""
        if not self.is_global(name):
            self._reads.add(name)

    def is_global(self, name: str) -> bool:
        """Return whether a name is one of the functions that Jinja2 brings."""
        return name in DEFAULT_NAMESPACE and self.environment.globals.get(name) is DEFAULT_NAMESPACE[name]

    def macro(self, macro: Macro, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return what a macro gives."""
        if self._depth >= DEPTH:
            return unknown(macro.name, args, kwargs)
        scope = macro.scope.inner()
        rest = dict(kwargs)
        defaults = list(macro.node.defaults)
        first = len(macro.node.args) - len(defaults)
        for at, argument in enumerate(macro.node.args):
            if at < len(args):
                bound = args[at]
            elif argument.name in rest:
                bound = rest.pop(argument.name)
            elif at >= first:
                bound = value(defaults[at - first], scope)
            else:
                bound = unknown(f"{macro.name}.{argument.name}")
            scope.values[argument.name] = bound
        scope.values["varargs"] = tuple(args[len(macro.node.args) :])
        if "caller" in rest:
            scope.values["caller"] = rest.pop("caller")
        scope.values["kwargs"] = rest
        return self._captured(macro.node.body, scope)

    def block(self, call: BlockCall, line: int) -> Any:
        """Return what a block of a page gives, from that level of its bodies on."""
        bodies = call.scope.page.blocks.get(call.name, [])
        if call.level >= len(bodies) or self._depth >= DEPTH:
            return unknown(call.name)
        return self._rendered(lambda: self._block_body(call.name, call.level, call.scope))

    # templates

    def _template(self, name: Any, around: Scope | None) -> Page:
        page = Page()
        while name is not None:
            tree, blocks = self._templates.get(name) if isinstance(name, str) else (None, ())
            if tree is None or self._depth >= DEPTH:
                self._out.append(Piece(ANY, str(name), 1))
                return page
            self._depth += 1
            for block in blocks:
                page.blocks.setdefault(block.name, []).append((name, block))
            page.parent = None
            scope = Scope(name, self, page, page.values, around)
            self._body(tree.body, scope)
            self._depth -= 1
            name = page.parent
        return page

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
            printed = value(part, scope)
            if not self._is_silent(scope):
                self._out += pieces_of(printed, scope.template, part.lineno, escaping=escaping)

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
        parent = value(node.template, scope)
        name = self.environment.join_path(parent, scope.template) if isinstance(parent, str) else parent
        if scope.page.parent is None:
            scope.page.parent = name

    def _include(self, node: nodes.Include, scope: Scope) -> None:
        target = value(node.template, scope)
        choices = list(target) if isinstance(target, (list, tuple)) else [target]
        for part, choice in enumerate(choices):
            if isinstance(choice, str):
                name = self.environment.join_path(choice, scope.template)
            else:
                name = self._one_of(choice, node, scope)
                if not name and (
                    part == len(choices) - 1 or self.decide(f"{named(choice)} is there", node, scope, -part)
                ):
                    self._hole(node, scope, ANY)
                    return
            if name in self._templates.names:
                if self._depth >= DEPTH:
                    self._hole(node, scope, ANY)
                else:
                    self._template(name, scope if node.with_context else None)
                return

    def _one_of(self, target: Any, node: nodes.Include, scope: Scope) -> str:
        """Return one of the templates that a name may mean of which a part is known, or nothing."""
        if not isinstance(target, Rendered):
            return ""
        for part, name in enumerate(self._templates.matching(target.text), 1):
            if self.decide(f"{named(target)} == {name!r}", node, scope, part):
                return name
        return ""

    def _module(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> Any:
        target = value(node.template, scope)
        name = self.environment.join_path(target, scope.template) if isinstance(target, str) else ""
        tree, blocks = self._templates.get(name)
        if tree is None or self._depth >= DEPTH:
            return unknown(f"import {named(target)}")
        if name in self._modules and not node.with_context:
            return self._modules[name]
        page = Page()
        for block in blocks:
            page.blocks.setdefault(block.name, []).append((name, block))
        inner = Scope(name, self, page, page.values, scope if node.with_context else None)
        self._captured(tree.body, inner)
        module = Space(name, page.values)
        if not node.with_context:
            self._modules[name] = module
        return module

    def _import(self, node: nodes.Import, scope: Scope) -> None:
        scope.values[node.target] = self._module(node, scope)

    def _from(self, node: nodes.FromImport, scope: Scope) -> None:
        module = self._module(node, scope)
        for alias in node.names:
            name, bound = alias if isinstance(alias, tuple) else (alias, alias)
            exported = module.values if isinstance(module, Space) else {}
            scope.values[bound] = exported.get(name, unknown(f"{named(module)}.{name}"))

    # statements

    def _macro(self, node: nodes.Macro, scope: Scope) -> None:
        scope.values[node.name] = Macro(node, scope, node.name)

    def _call_block(self, node: nodes.CallBlock, scope: Scope) -> None:
        if isinstance(node.call.node, nodes.ExtensionAttribute):
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

    def _print(self, printed: Any, node: nodes.Node, scope: Scope) -> None:
        if not self._is_silent(scope):
            escaping = autoescape_of(self.environment, scope.template)
            self._out += pieces_of(printed, scope.template, node.lineno, escaping=escaping)

    def _if(self, node: nodes.If, scope: Scope) -> None:
        for branch in (node, *node.elif_):
            if truth(branch.test, scope):
                self._body(branch.body, scope)
                return
        self._body(node.else_, scope)

    def _for(self, node: nodes.For, scope: Scope) -> None:
        self._over(value(node.iter, scope), node, scope, 0)

    def _over(self, iterable: Any, node: nodes.For, scope: Scope, depth: int) -> None:
        if isinstance(iterable, (list, tuple, dict)):
            items = list(iterable)[:_ROUNDS]
        elif isinstance(iterable, str) or not self._has_items(iterable, node, scope, depth):
            items = []
        else:
            for target in node.find_all(nodes.NSRef):
                forget(target, scope)
            self._rounds(node, scope, [Unknown(f"{named(iterable)}[]", names_in(iterable))], depth, certain=False)
            return
        self._rounds(node, scope, items, depth, certain=True)

    def _has_items(self, iterable: Any, node: nodes.For, scope: Scope, depth: int) -> bool:
        # a loop in itself is another one for what has been tried
        return self.decide(f"{named(iterable)} has items", node, scope, depth)

    def _again(self, node: nodes.For, scope: Scope, depth: int) -> Callable[[Any], Rendered]:
        def again(iterable: Any) -> Rendered:
            if depth > _RECURSIONS:
                return Rendered((Piece(HOLE, scope.template, node.lineno, names_in(iterable)),))
            return self._rendered(lambda: self._over(iterable, node, scope, depth))

        return again

    def _rounds(self, node: nodes.For, scope: Scope, items: list[Any], depth: int, *, certain: bool) -> None:
        selected = []
        for item in items:
            inner = scope.inner(repeated=not certain)
            bind(node.target, item, inner)
            if node.test is None or truth(node.test, inner):
                selected.append(item)
        for at, item in enumerate(selected):
            inner = scope.inner(repeated=not certain)
            loop = loop_of(at, selected) if certain else Space(f"loop@{scope.template}:{node.lineno}:{depth}")
            loop.values.update(depth=depth + 1, depth0=depth)
            loop.again = self._again(node, scope, depth + 1) if node.recursive else None
            inner.values["loop"] = loop
            bind(node.target, item, inner)
            try:
                self._body(node.body, inner)
            except _Continue:
                continue
            except _Break:
                break
        if not selected:
            self._body(node.else_, scope.inner())

    def _with(self, node: nodes.With, scope: Scope) -> None:
        inner = scope.inner()
        for target, expression in zip(node.targets, node.values, strict=True):
            bind(target, value(expression, scope), inner)
        self._body(node.body, inner)

    def _scope(self, node: nodes.Scope, scope: Scope) -> None:
        self._body(node.body, scope.inner())

    def _assign(self, node: nodes.Assign, scope: Scope) -> None:
        bind(node.target, value(node.node, scope), scope)

    def _assign_block(self, node: nodes.AssignBlock, scope: Scope) -> None:
        captured: Any = self._captured(node.body, scope.inner())
        if node.filter is not None:
            captured = through(node.filter, captured, scope)
        bind(node.target, captured, scope)

    def _filter_block(self, node: nodes.FilterBlock, scope: Scope) -> None:
        captured = self._captured(node.body, scope.inner())
        self._print(through(node.filter, captured, scope), node, scope)

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
