"""Row loops: loops that print one row of text for each item, and do no more.

Enters: a loop. Leaves: the parts of its rows, for a function in C that writes them. The loop itself stays, for types
that this leaves alone, and for whoever wants the output in pieces.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from jinja2 import nodes

from blendtpl.bundle import abi
from blendtpl.bundle.row_check import fits
from blendtpl.bundle.row_ops import GIVEN, Body, Comparison, Counter, Expression, Opcode, Program, Target
from blendtpl.compiler.analysis.facts import is_call_of
from blendtpl.compiler.codegen.calls import known_call, known_caller
from blendtpl.compiler.codegen.generator import Emitter
from blendtpl.compiler.codegen.inline import called_tree, included_tree, macro_tree, within_macro
from blendtpl.compiler.codegen.loop_variable import is_cycle
from blendtpl.compiler.codegen.printing import constant_text
from blendtpl.compiler.codegen.row_operands import Bound, NoRow, Operands, RowScope, SourceLocation
from blendtpl.compiler.codegen.scope import Scope

_LONG = 128  # parts, whichever are chosen: what is longer than that gains less by being data


@dataclass(frozen=True, slots=True)
class Row:
    """The program that writes the rows, as `blendtpl.runtime.rows` has it; what it is given; and the places that it
    names, from 1.
    """

    program: Program
    inputs: tuple[nodes.Expr, ...]
    places: tuple[SourceLocation, ...]


def row(emitter: Emitter, node: nodes.For, scope: Scope) -> Row | None:
    """Return what a loop prints for each item, when it does no more than that; `scope` is that of its body."""
    if not emitter.program.speedups or emitter.own_getattr or emitter.own_context or emitter.in_order:
        return None
    if emitter.eval_ctx.volatile or emitter.environment.finalize is not None:
        return None
    names = _targets(node)
    numbers: dict[str, Bound] = {called: number for number, called in enumerate(names)}
    row_scope = RowScope(emitter, scope, numbers, frozenset(names), looping=True)
    seen = _Seen(row_scope, at=SourceLocation(node.lineno), begin=SourceLocation(node.lineno), targets=len(names))
    try:
        parts = seen.parts(node.body) if names else ""
    except NoRow:
        return None
    if not seen.fails or seen.count > _LONG:
        return None
    program = (Opcode.LOOP, 0, GIVEN, _target(range(len(names))), None, parts, "", 0)
    if not fits(program, len(seen.inputs)):
        return None
    return Row(program, tuple(seen.inputs), tuple(seen.places))


def _target(registers: Sequence[int]) -> Target:
    return registers[0] if len(registers) == 1 else tuple(registers)


def _targets(node: nodes.For) -> tuple[str, ...]:
    """Return the one or two names that an item of a plain loop is assigned to, or nothing for any other loop."""
    if node.recursive or node.test is not None or node.else_:
        return ()
    targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
    names = tuple(target.name for target in targets if isinstance(target, nodes.Name))
    return names if len(names) == len(targets) == len(set(names)) <= 2 else ()


@dataclass(slots=True)
class _Seen(Operands):
    """What has been seen of a row: its values, and its parts so far."""

    into: list[Any] = field(default_factory=list)
    count: int = 0  # of all parts, whichever are chosen

    def parts(self, body: Iterable[nodes.Node]) -> Body:
        """Return the parts of what a body prints."""
        outer, self.into = self.into, []
        self._body(body)
        parts, self.into = self.into, outer
        if not parts:
            return ""
        return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else tuple(parts)

    def _body(self, body: Iterable[nodes.Node]) -> None:
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    self._print(part)
            elif isinstance(node, nodes.If):
                self._choose(node.test, node.body, _otherwise(node))  # type: ignore[arg-type]  # it is one
            elif isinstance(node, nodes.For):
                self._loop(node)
            elif isinstance(node, nodes.Include):
                self._include(node)
            elif isinstance(node, nodes.CallBlock):
                self._call(node.call, node)
            else:
                raise NoRow

    def _print(self, node: nodes.Expr) -> None:
        node = self.argument_of(node)
        text = constant_text(self.row_scope.emitter, node)
        if text is not None:
            self._put(str(text))
        elif isinstance(node, nodes.CondExpr):
            # nothing is printed where there is no `else`
            other = [] if node.expr2 is None else [nodes.Output([node.expr2])]
            self._choose(node.test, [nodes.Output([node.expr1])], other)
        elif isinstance(node, nodes.Call) and is_cycle(node) and self.row_scope.looping:
            texts = ((Opcode.TEXT, self._constant(argument)) for argument in node.args)
            self._put((Opcode.PRINTTEXT, (Opcode.CYCLE, *texts)))
        elif isinstance(node, nodes.Call):
            if self.row_scope.caller is not None and is_call_of(node, "caller"):
                self.row_scope.caller(node.lineno)
            else:
                self._call(node, None)
        elif self.of_loop(node) == "index":
            self._put((Opcode.PRINT, None, (Opcode.COUNTER, Counter.INDEX)))
        elif isinstance(node, nodes.Concat):
            self._put((Opcode.PRINT, None, self._concat(node)))
        else:
            self._put((Opcode.PRINT, *self._asked(node)))

    def _asked(self, node: nodes.Expr) -> tuple[int | None, Expression]:
        """Return an operand and the place of what is done with it, which is at hand where that of the operand was."""
        place, expression = self.operand(node)
        return (place if isinstance(expression, int) else None), expression

    def _put(self, part: Any) -> None:
        self.count += 1
        if isinstance(part, str) and self.into and isinstance(self.into[-1], str):
            self.into[-1] += part
        else:
            self.into.append(part)

    def _constant(self, node: nodes.Expr) -> str:
        """Return the text of an argument, which is looked at in every turn, whether it is its own or not."""
        text = constant_text(self.row_scope.emitter, node)
        if text is None:
            raise NoRow
        return str(text)

    def _choose(self, test: nodes.Expr, first: Sequence[nodes.Node], second: Sequence[nodes.Node]) -> None:
        """Put a part that is one of two."""
        test = self.argument_of(test)
        if isinstance(test, nodes.Not):
            self._choose(test.node, second, first)
            return
        if isinstance(test, nodes.Const):
            self._body(first if test.value else second)
            return
        condition = self._condition(test)
        before = self.at
        one, after = self.parts(first), self.at
        self.at = before
        other = self.parts(second)
        # behind it, what ran last may be in either branch
        if self.at != after:
            self.at = None
        self._put((Opcode.IF, *condition, one, other))

    def _condition(self, test: nodes.Expr) -> tuple[int | None, Expression]:
        """Return what a part that is one of two asks for its truth, and at which place."""
        if isinstance(test, nodes.Compare) and len(test.ops) == 1 and test.ops[0].op == "eq":
            if not test.lineno == test.expr.lineno == test.ops[0].expr.lineno:
                raise NoRow
            place, values = self.values(test.expr, test.ops[0].expr)
            return None, (Opcode.COMPARE, place, Comparison.EQ, *values)
        condition = self.of_loop(test)
        if not condition:
            return self._asked(test)
        if condition == "last":
            return None, (Opcode.LAST, self.moved(test.lineno))
        if condition != "first":
            raise NoRow
        return None, (Opcode.COUNTER, Counter.FIRST)

    def _loop(self, node: nodes.For) -> None:
        """Put a part that is a loop in a row."""
        names = _targets(node)
        if not names:
            raise NoRow
        _, items = self.operand(self.argument_of(node.iter))  # type: ignore[arg-type]  # it is one
        bound = {called: self.new() for called in names}
        self.at = place = self.place(node.lineno)
        number = self.number_of(place)
        outer = self.row_scope
        self.loops += 1
        numbers = {**outer.numbers, **bound}
        self.row_scope = replace(outer, numbers=numbers, targets=outer.targets | bound.keys(), looping=True)
        parts = self.parts(node.body)
        self.row_scope = outer
        self.loops -= 1
        self.at = place
        self._put((Opcode.LOOP, number, items, _target([*bound.values()]), None, parts, "", 0))

    def _include(self, node: nodes.Include) -> None:
        row_scope = self.row_scope
        template = row_scope.emitter.included(node)
        if (
            template is None
            or not row_scope.opens
            or not all(map(self._is_seen, row_scope.emitter.program.reads[template]))
        ):
            raise NoRow
        program = row_scope.emitter.program
        direct = row_scope.scope.context == "context" or row_scope.emitter.parameters is not None
        inlinable = direct and program.entry(template) == abi.INCLUDED and not program.needs_context(template)
        included = included_tree(row_scope.emitter, template, {}) if inlinable else None
        if included is None:
            raise NoRow
        own, tree = included
        with self._inside(
            replace(row_scope, emitter=own, caller=None, looping=False), template, abi.TOP_LEVEL, node.lineno
        ):
            self._body(tree.body)

    def _is_seen(self, called: str) -> bool:
        """Return whether an included template finds under a name what the loop has there, or the context."""
        row_scope = self.row_scope
        if called in row_scope.targets:
            return True
        variable = row_scope.scope.symbols.find_ref(called)
        return variable is None or (
            variable not in row_scope.emitter.loops and row_scope.emitter.is_given(variable, row_scope.scope)
        )

    def _call(self, node: nodes.Call, block: nodes.CallBlock | None) -> None:
        """Put the parts of a macro that is called, and of the block that calls it."""
        row_scope = self.row_scope
        body = None
        if block is not None:
            macro = known_caller(row_scope.emitter, block, row_scope.scope)
            if macro is not None:
                body = called_tree(row_scope.emitter, row_scope.scope, macro, block)
        else:
            macro = known_call(row_scope.emitter, node, row_scope.scope)
            if macro is not None and not macro.shape.special:
                body = macro_tree(row_scope.emitter, macro)
        if macro is None or body is None:
            raise NoRow
        own, inner = within_macro(row_scope.emitter, row_scope.scope, macro, body)
        numbers = self._arguments(node, body)

        def write(line: int) -> None:
            here = replace(row_scope, around=self.row_scope.around)
            with self._inside(here, str(row_scope.emitter.template), "call block", line):
                self._body([] if block is None else block.body)

        own_scope = RowScope(own, inner, numbers, frozenset(), opens=False, caller=write, around=row_scope.around)
        with self._inside(own_scope, macro.template, f"macro {macro.shape.name!r}", node.lineno):
            self._body(body.body)

    def _arguments(self, node: nodes.Call, body: nodes.Macro) -> dict[str, Bound]:
        """Return what the arguments of a macro are, in the order in which they are looked at."""
        names = [argument.name for argument in body.args]
        passed = [*zip(names, node.args, strict=False), *((keyword.key, keyword.value) for keyword in node.kwargs)]
        bound = {called: self._argument(value) for called, value in passed}
        defaults = dict(zip(reversed(names), reversed(body.defaults), strict=False))
        for called in names:
            if called not in bound:
                if called not in defaults:
                    raise NoRow
                bound[called] = defaults[called]
        if "loop" in bound or "caller" in bound:
            raise NoRow
        return bound

    def _argument(self, node: nodes.Expr) -> Bound:
        node = self.argument_of(node)
        if isinstance(node, nodes.Const) or (self.of_loop(node) == "first" and not self.loops):
            return node
        if self.of_loop(node) == "last":
            return self._last(node)
        if isinstance(node, nodes.Name):
            return self.named(node)
        expression = self._concat(node) if isinstance(node, nodes.Concat) else self.operand(node)[1]
        return self._set(expression)

    def _last(self, node: nodes.Expr) -> int:
        """Put a part that asks whether an item is the last, here and now; return the number of the answer."""
        return self._set((Opcode.LAST, self.moved(node.lineno)))

    def _set(self, expression: Expression) -> int:
        """Put a part that keeps a value; return the number of that."""
        number = self.new()
        self.into.append((Opcode.SET, number, expression))
        return number

    def _concat(self, node: nodes.Concat) -> Expression:
        """Return what joins values."""
        if any(part.lineno != node.lineno for part in node.nodes):
            raise NoRow
        place, values = self.values(*node.nodes)
        return Opcode.CONCAT, place, *values

    @contextmanager
    def _inside(self, row_scope: RowScope, template: str, shown: str, line: int) -> Iterator[None]:
        """Look at code of another template, which stands in place of a call in a line, and escapes as this does."""
        outer = self.row_scope
        escaped = row_scope.emitter.eval_ctx
        if escaped.autoescape is not outer.emitter.eval_ctx.autoescape or escaped.volatile:
            raise NoRow
        self.row_scope = replace(row_scope, around=(*row_scope.around, (template, shown, line)))
        try:
            yield
        finally:
            self.row_scope = outer  # lest it is in a circle with what writes the caller


def _otherwise(node: nodes.If) -> Sequence[nodes.Node]:
    """Return what is written where the first condition does not hold."""
    if not node.elif_:
        return node.else_
    second, *rest = node.elif_
    return [nodes.If(second.test, second.body, rest, node.else_)]
