"""Flatten: all that a message's HTML may be, as few texts without Jinja2.

Enters: marked sources, and the name of a template. Leaves: HTML in which each element of each source stands wherever it
may stand in a render: every branch one after the other, the bodies of loops once, what is included, inherited or called
in its place. Conditional regions, and what is printed, are comments; holes in tags are numbered. Elements of which it
is not known where they are printed, since they travel in variables, are in texts of their own.

Where the branches of a condition open and close different tags there is a text for each way to go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import jinja2
from jinja2 import nodes

from blendtpl.compiler.mail.bindings import Scope, unknown
from blendtpl.compiler.mail.composition import DEPTH, Around, Templates, inner
from blendtpl.compiler.mail.constants import Constants
from blendtpl.compiler.mail.flat import Flat, Text, Unreadable, wrapped
from blendtpl.compiler.mail.hole_values import HoleValues
from blendtpl.compiler.mail.marked import Marked
from blendtpl.compiler.mail.scanning import advance
from blendtpl.compiler.mail.trees import branches, data_of, filtered, filters, outer, rest

_VARIANTS = 32  # texts of one message
_LONGEST = 4_000_000  # characters of one text

_GETTEXT = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
_SAME = {"safe", "trim", "indent", "default", "d", "join", "list", "first", "last", "replace"}  # elements stay elements


class Flattener:
    """Flattens messages of one set of sources."""

    def __init__(
        self, sources: Mapping[str, Marked], environment: jinja2.Environment, texts: Mapping[str, str]
    ) -> None:
        self.sources, self.environment, self.names = sources, environment, sorted(texts)
        self.constants = Constants(environment, texts)

    def flat(self, name: str) -> Flat:
        """Return the texts of a template; raises `Unreadable`."""
        choices: list[str] = []
        while True:
            flat = Flat()
            try:
                for picked in product((True, False), repeat=len(choices)):
                    _Writer(self, flat, dict(zip(choices, picked, strict=True))).whole(name)
            except _ChoiceError as choice:
                choices.append(choice.key)
                if 2 ** len(choices) > _VARIANTS:
                    raise Unreadable(choice.template, choice.line, "too many conditions open and close tags") from None
            else:
                return flat


class _ChoiceError(Exception):
    """A condition whose branches have to stand in texts of their own."""

    def __init__(self, key: str, template: str, line: int) -> None:
        super().__init__(key)
        self.key, self.template, self.line = key, template, line


class _Writer:
    """Writes one text, and those of what is loose in it."""

    def __init__(self, flattener: Flattener, flat: Flat, choices: dict[str, bool]) -> None:
        self._of, self._flat, self._choices = flattener, flat, choices
        self._templates = Templates(flattener.sources, flattener.environment, flat.reached)
        self._values = HoleValues(self._templates, flattener.constants)
        self._join = self._templates.join
        self._text = Text(flat)
        self._stack: list[int | str] = []  # what is being expanded
        self._loose: dict[tuple[int, bool], tuple[Callable[[], None], bool]] = {}

    def whole(self, name: str) -> None:
        """Write the text of a template."""
        self._template(name, Scope(), None)
        self._flat.texts.append(str(self._text))
        done: set[tuple[int, bool]] = set()
        while waiting := [key for key in self._loose if key not in done]:
            for key in waiting:
                done.add(key)
                write, frozen = self._loose[key]
                self._text = Text(self._flat, conditions=1)
                write()
                self._flat.texts.append(wrapped(str(self._text), frozen=frozen))

    # templates

    def _template(self, name: str, scope: Scope, loop: nodes.For | None) -> None:
        chain = self._templates.chain(name)
        around = self._templates.around(chain, Scope(scope))
        for part in chain[:-1]:
            before = []
            for node in self._templates.tree(part).body:
                if isinstance(node, nodes.Extends):
                    break
                before.append(node)
            self._body(before, replace(around, template=part, escaped=self._templates.escaped(part)))
        root = chain[-1]
        self._body(
            self._templates.tree(root).body,
            replace(around, template=root, escaped=self._templates.escaped(root), loop=loop),
        )

    # statements

    def _body(self, body: Sequence[nodes.Node], around: Around) -> None:
        for node in body:
            self._statement(node, around)

    def _statement(self, node: nodes.Node, around: Around) -> None:
        if self._text.length > _LONGEST:
            raise Unreadable(around.template, node.lineno, "it is too long")
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                self._printed(part, around)
            return
        if isinstance(node, (nodes.Extends, nodes.Import, nodes.FromImport, nodes.Continue, nodes.Break)):
            return
        if isinstance(node, nodes.Macro):
            for default in node.defaults:
                self._travels(default, around)
            return
        if self._text.mode != "text":
            self._in_tag(node, around)
            return
        handler = getattr(self, f"_{type(node).__name__.lower()}", self._markup)
        handler(node, around)

    def _if(self, node: nodes.If, around: Around) -> None:
        # the same condition goes the same way wherever it stands
        key = self._key(node, around)
        ways = (node.body, [rest(node)] if node.elif_ else node.else_)
        if key in self._choices:
            self._text.conditions += 1
            self._body(ways[not self._choices[key]], around)
            self._text.conditions -= 1
            return
        end = self._text.region()
        for branch in ways:
            text = self._text
            before, least, mode, opened = len(text.opened), text.least, text.mode, list(text.opened)
            text.least = before
            self._body(branch, inner(branch, around, self._join))
            uneven = text.least < before or text.opened != opened or text.mode != mode
            text.least = min(least, text.least)
            if uneven:
                raise _ChoiceError(key, around.template, node.lineno)
        end()

    def _key(self, node: nodes.If, around: Around) -> str:
        """Return what a condition is known by: its text, in one macro, block or template."""
        return f"{around.template} {self._stack[-1:]} {node.test!r}"

    def _for(self, node: nodes.For, around: Around) -> None:
        self._travels(node.iter, around)
        end = self._text.region()
        within = Scope(unknown(around.scope, [node.target]))
        self._loop_body(node, replace(around, scope=within.bind(around.template, node.body, self._join), loop=node))
        self._body(node.else_, inner(node.else_, around, self._join))
        end()

    def _loop_body(self, node: nodes.For, around: Around) -> None:
        if self._stack.count(id(node)) < DEPTH:
            self._stack.append(id(node))
            self._body(node.body, around)
            self._stack.pop()

    def _block(self, node: nodes.Block, around: Around) -> None:
        self._of_block(node.name, 0, around, scoped=node.scoped)

    def _of_block(self, name: str, index: int, around: Around, *, scoped: bool = False) -> None:
        overrides = around.blocks.get(name, [])
        if index >= len(overrides) or self._stack.count(id(overrides[index][0])) >= DEPTH:
            return
        block, template = overrides[index]
        scope = around.scope if scoped or around.top is None else around.top
        within = replace(
            around,
            template=template,
            escaped=self._templates.escaped(template),
            above=(name, index + 1),
            loop=None,
            scope=scope,
        )
        self._stack.append(id(block))
        self._body(block.body, inner(block.body, within, self._join))
        self._stack.pop()

    def _include(self, node: nodes.Include, around: Around) -> None:
        names = self._templates.included(node, around.template, self._of.names)
        readable = [name for name in names if name is not None and name in self._of.sources]
        end = self._text.region() if len(names) > 1 or node.ignore_missing else None
        for name in readable:
            if self._stack.count(name) < DEPTH and (around.escaped or not self._templates.escaped(name)):
                self._stack.append(name)
                self._template(name, around.scope if node.with_context else Scope(), None)
                self._stack.pop()
        if end:
            end()
        if None in names:
            self._markup(node, around)

    def _with(self, node: nodes.With, around: Around) -> None:
        for value in node.values:
            self._travels(value, around)
        scope = Scope(unknown(around.scope, node.targets)).bind(around.template, node.body, self._join)
        self._body(node.body, replace(around, scope=scope))

    def _callblock(self, node: nodes.CallBlock, around: Around) -> None:
        macros = self._templates.macros(node.call.node, around)
        if not macros:
            self._later(node, lambda: self._body(node.body, self._templates.in_call(node, around)))
            self._markup(node, around)
        for macro, home in macros:
            self._arguments(node.call, around)
            self._expand(macro, home, around, (node, around))

    def _filterblock(self, node: nodes.FilterBlock, around: Around) -> None:
        within = inner(node.body, around, self._join)
        if filters(node.filter) <= _SAME:
            self._body(node.body, within)
        else:
            self._later(node, lambda: self._body(node.body, within), frozen=True)
            self._text.boundary()

    def _assign(self, node: nodes.Assign | nodes.ExprStmt, around: Around) -> None:
        self._travels(node.node, around)

    _exprstmt = _assign

    def _assignblock(self, node: nodes.AssignBlock, around: Around) -> None:
        frozen = not filters(node.filter) <= _SAME
        self._later(node, lambda: self._body(node.body, inner(node.body, around, self._join)), frozen=frozen)

    def _scope(self, node: nodes.Scope, around: Around) -> None:
        self._body(node.body, inner(node.body, around, self._join))

    def _scopedevalcontextmodifier(self, node: nodes.ScopedEvalContextModifier, around: Around) -> None:
        escaped = around.escaped
        for option in node.options:
            if option.key == "autoescape":
                escaped = isinstance(option.value, nodes.Const) and bool(option.value.value)
        self._body(node.body, replace(inner(node.body, around, self._join), escaped=escaped))

    # what is printed

    def _printed(self, node: nodes.Node, around: Around) -> None:
        if isinstance(node, nodes.TemplateData):
            self._text.data(node.data)
        elif self._text.mode != "text":
            self._in_tag(node, around)
        elif isinstance(node, nodes.Call):
            self._call(node, around)
        elif isinstance(node, nodes.CondExpr):
            self._travels_as_branches(node, around)
        elif isinstance(node, (nodes.MarkSafe, nodes.MarkSafeIfAutoescape)):
            self._printed(node.expr, around)
        elif isinstance(node, nodes.Mod):
            self._printed(node.left, around)
            self._travels(node.right, around)
        elif isinstance(node, nodes.Concat):
            for part in node.nodes:
                self._printed(part, around)
        elif isinstance(node, nodes.Filter) and filters(node) <= _SAME and isinstance(filtered(node), nodes.Call):
            self._printed(filtered(node), around)
        else:
            self._travels(node, around)
            self._value(node, around)

    def _travels_as_branches(self, node: nodes.CondExpr, around: Around) -> None:
        end = self._text.region()
        self._printed(node.expr1, around)
        if node.expr2 is not None:
            self._printed(node.expr2, around)
        end()

    def _call(self, node: nodes.Call, around: Around) -> None:
        callee = node.node
        if isinstance(callee, nodes.Name) and callee.name in _GETTEXT and not around.scope.find(callee.name)[0]:
            for argument in node.args:
                if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                    self._text.data(argument.value)
                    self._text.mode = "text"
            self._arguments(node, around)
            self._text.boundary()
            return
        if isinstance(callee, nodes.Name) and callee.name == "super" and around.above is not None:
            self._of_block(*around.above, around)
            return
        if isinstance(callee, nodes.Name) and callee.name == "caller" and around.caller is not None:
            block, place = around.caller
            if self._stack.count(id(block)) < DEPTH:
                self._arguments(node, around)
                self._stack.append(id(block))
                self._body(block.body, self._templates.in_call(block, place))
                self._stack.pop()
            return
        if isinstance(callee, nodes.Name) and callee.name == "loop" and around.loop is not None:
            self._arguments(node, around)
            self._loop_body(around.loop, around)
            return
        if isinstance(callee, nodes.Getattr) and isinstance(callee.node, nodes.Name) and callee.node.name == "self":
            self._of_block(callee.attr, 0, around)
            return
        self._arguments(node, around)
        macros = self._templates.macros(callee, around)
        if not macros:
            self._travels(callee, around)
            self._value(node, around)
            return
        end = self._text.region() if len(macros) > 1 else None
        for macro, home in macros:
            self._expand(macro, home, around, None)
        if end:
            end()

    def _arguments(self, node: nodes.Call, around: Around) -> None:
        for argument in (*node.args, *(keyword.value for keyword in node.kwargs), node.dyn_args, node.dyn_kwargs):
            if argument is not None:
                self._travels(argument, around)

    def _expand(
        self, macro: nodes.Macro, home: Around, around: Around, caller: tuple[nodes.CallBlock, Around] | None
    ) -> None:
        if not home.escaped and around.escaped:  # its text is escaped where it is printed
            self._text.boundary()
            return
        if self._stack.count(id(macro)) >= DEPTH:
            return
        self._stack.append(id(macro))
        self._body(macro.body, self._templates.in_macro(macro, home, caller))
        self._stack.pop()

    # what travels in variables

    def _travels(self, node: nodes.Node, around: Around, *, frozen: bool = False) -> None:
        """Have all that is printed somewhere by way of a value written as a text of its own."""
        if isinstance(node, nodes.Filter) and node.name not in _SAME:
            frozen = True
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
            name, above = node.node.name, around.above
            if name == "super" and above is not None:
                self._later(node, lambda: self._of_block(*above, around), frozen=frozen)
            elif name == "caller" and around.caller is not None:
                block, place = around.caller
                self._later(block, lambda: self._body(block.body, self._templates.in_call(block, place)), frozen=frozen)
        if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            for macro, home in self._templates.macros(node, around):
                if around.escaped and not home.escaped:  # its text is escaped wherever it is printed
                    continue
                self._later(macro, partial(self._alone, macro, home), frozen=frozen)
            if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "self":
                self._later(node, lambda: self._of_block(node.attr, 0, around), frozen=frozen)
        for child in node.iter_child_nodes():
            self._travels(child, around, frozen=frozen)

    def _alone(self, macro: nodes.Macro, home: Around) -> None:
        self._body(macro.body, self._templates.in_macro(macro, home, None))

    def _later(self, what: nodes.Node, write: Callable[[], None], *, frozen: bool = False) -> None:
        self._loose.setdefault((id(what), frozen), (write, frozen))

    def _value(self, node: nodes.Node, around: Around) -> None:
        """Write that something is printed, which is text unless it says that it is markup."""
        named = {part.name for part in outer(node) if isinstance(part, nodes.Filter)}
        if "urlize" in named and "safe" not in named and around.escaped:
            self._text.links(node)
            return
        if "safe" in named or not around.escaped:
            self._markup(node, around)
        else:
            self._text.boundary()

    def _markup(self, node: nodes.Node, around: Around) -> None:
        self._flat.markup.append((around.template, node.lineno))
        self._text.boundary()

    def _in_tag(self, node: nodes.Node, around: Around) -> None:
        """Write a hole: a value, or a condition that stands in a tag as a whole."""
        parts = branches(node) if isinstance(node, nodes.If) else ["".join(data_of(node))]
        turns = any(advance(self._text.mode, data) != self._text.mode for data in parts)
        if turns and not isinstance(node, nodes.If):
            raise Unreadable(around.template, node.lineno, "a tag begins here and ends elsewhere")
        if turns and isinstance(node, nodes.If):
            key = self._key(node, around)
            if key in self._choices:
                self._if(node, around)
                return
            raise _ChoiceError(key, around.template, node.lineno)
        self._text.hole(node, self._values.of(node, around), self._values.choices(node, around))
