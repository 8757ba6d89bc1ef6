"""Loops: `for` in all its forms.

The `loop` object of Jinja2 exists only where a template can do more with it than ask for its counters: then the
counters are plain integers. A loop that asks how many items there are or whether one is the last asks a tuple itself;
what goes through a list for it asks that as Jinja2 does, which is seen where the list changes in its own loop; anything
else that is iterated gets Jinja2's object, or what looks ahead as that does (P2, P3, P7).
"""

import ast
from collections.abc import Sequence
from types import MappingProxyType

from jinja2 import nodes

from blendtpl.bundle import abi
from blendtpl.compiler.analysis.walk import by_kind, has, undeclared
from blendtpl.compiler.codegen.generator import Emitter, Statements
from blendtpl.compiler.codegen.logic import condition
from blendtpl.compiler.codegen.loop_uses import uses as uses_of_loop
from blendtpl.compiler.codegen.loop_variable import DESCENT
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, is_not, item, name
from blendtpl.compiler.codegen.row_loops import Row, row
from blendtpl.compiler.codegen.row_operands import SourceLocation
from blendtpl.compiler.codegen.scope import Descent, Loop, Scope
from blendtpl.compiler.codegen.statements import place_of

# what counting the rounds is enough for, and what needs to know of the items to come
_COUNTERS = frozenset({"index", "index0", "first", "depth", "depth0", "cycle"})
_SIZED = frozenset({"last", "length", "revindex", "revindex0"})


def _for(emitter: Emitter, node: nodes.For, scope: Scope) -> None:
    emitter.code.flush()
    inner, otherwise, test = scope.inner(), scope.inner(), scope.inner()
    inner.loop = True
    every = by_kind(node)
    uses = "loop" in undeclared(node.body, ("loop",))
    counters = _counters(emitter, node) if uses else None
    extended = counters is None and (
        node.recursive or uses or any(block.scoped for block in every.get(nodes.Block, ()))
    )
    if uses or extended:
        emitter.loops.pop(inner.symbols.declare_parameter("loop"), None)
    inner.symbols.analyze_node(node, for_branch="body")
    if node.else_:
        otherwise.symbols.analyze_node(node, for_branch="else")
    for reference in every.get(nodes.Name, ()):
        if reference.ctx == "store" and reference.name == "loop":
            emitter.fail("Can't assign to special loop variable in for-loop target", reference.lineno)
    chosen = None
    if node.test is not None:
        test.symbols.analyze_node(node, for_branch="test")
        if not _tests_inside(node, scope, counters, extended=extended):
            chosen = _filter_function(emitter, node, test)
    if node.recursive and counters is not None:
        _descending(emitter, node, scope, inner, otherwise, chosen, counters)
    elif node.recursive:
        _recursive(emitter, node, scope, inner, otherwise, chosen)
    else:
        iterable = emitter.expression(node.iter, scope)
        if chosen is not None:
            iterable = call(chosen, iterable)
        printed = row(emitter, node, inner) if not extended and not scope.output_check else None
        if printed is not None:
            _rows(emitter, node, inner, counters, iterable, printed)
        else:
            if extended:
                iterable = call("LoopContext", iterable, name("undefined"))
            elif counters is not None:
                iterable = _counted(emitter, inner, counters, iterable)
            statement_scope = test if node.test is not None and chosen is None else None
            _loop(emitter, node, inner, otherwise, iterable, test=statement_scope, extended=extended)
    if emitter.assigned:
        emitter.assigned[-1].difference_update(inner.symbols.stores)


def _tests_inside(node: nodes.For, scope: Scope, counters: set[str] | None, *, extended: bool) -> bool:
    """Return whether the condition of a loop may stand in its body, rather than in a generator around its items.

    Not where the loop looks ahead or counts its items; nor where the function at hand is no generator, in which a
    `StopIteration` that the condition raises would be another exception.
    """
    ahead = extended or node.recursive or (counters is not None and not counters.isdisjoint(_SIZED))
    return not ahead and scope.streams and not undeclared([node.test], ("loop",))  # type: ignore[list-item]  # it has one


def _counters(emitter: Emitter, node: nodes.For) -> set[str] | None:
    """Return which counters a body asks for, or `None` when it may do anything else with the loop."""
    if emitter.own_getattr or emitter.watches_calls:
        return None
    if node.recursive and (emitter.eval_ctx.volatile or emitter.environment.finalize is not None):
        return None
    uses: set[str] = set()
    for use in uses_of_loop(emitter, node.body):
        if use not in _COUNTERS | _SIZED and not (node.recursive and use == DESCENT):
            return None
        uses.add(use)
    return uses


def _counted(
    emitter: Emitter, inner: Scope, counters: set[str], iterable: ast.expr, descent: Descent | None = None
) -> ast.expr:
    """Set up the counters of a loop; return what it iterates over."""
    number = emitter.code.temporary()
    items = ahead = ""
    if counters & _SIZED:
        items, ahead = emitter.code.temporary(), emitter.code.temporary()
        emitter.code.add(assign(items, iterable))
        rest: ast.expr = name(ahead)
        if counters & _SIZED == {"last"}:
            looks = call("ahead", name(items))
        else:
            looks = call("counting", name(items), name("undefined"), looks=const("last" in counters))
            rest = call("items_of", name(ahead))
        emitter.code.add(assign(ahead, looks))
        iterable = either(is_(name(ahead), None), name(items), rest)
    loop = emitter.loops[inner.symbols.ref("loop")] = Loop(number, items, ahead, descent)
    if counters or descent is not None:  # else only a loop in this one asks for its own
        emitter.code.add(assign(number, const(0)))
        inner.counted = loop
    return iterable


def _rows(
    emitter: Emitter, node: nodes.For, inner: Scope, counters: set[str] | None, iterable: ast.expr, printed: Row
) -> None:
    """Write a loop that prints rows: a call that writes those of a plain type, and the loop for all else."""
    items = iterable if isinstance(iterable, ast.Name) else emitter.code.materialised(iterable)
    emitter.enter(inner)  # of what it finds there nothing changes from one item to the next
    inputs = [_input(emitter, value, inner) for value in printed.inputs]
    escaped = const(bool(emitter.eval_ctx.autoescape))
    written: ast.expr = call(
        "rows", name(inner.out), const(printed.program), name("undefined"), name(items.id), escaped, *inputs
    )
    # rows come all at once; whoever wants pieces of them gets these from the loop
    if inner.streams:
        written = ast.BoolOp(ast.And(), [is_(name("limit"), None), written])
    again = emitter.lenient and bool(printed.places)
    if again:
        length = emitter.code.temporary()
        emitter.code.add(assign(length, call("len", name(inner.out))))
    done = emitter.code.materialised(written)
    unwritten: ast.expr = ast.UnaryOp(ast.Not(), done)
    if again:
        # C has no way on behind a macro that raises `StopIteration`, which prints something undefined (U4)
        unwritten = ast.BoolOp(ast.Or(), [unwritten, call("begins_again", done, name(inner.out), name(length))])
    branch = ast.If(unwritten, [], [])
    emitter.code.add(branch)
    with emitter.code.statement_scope(branch.body):
        iterable = name(items.id)
        if counters is not None:
            iterable = _counted(emitter, inner, counters, iterable)
        _loop(emitter, node, inner, inner, iterable, extended=False, entered=True)
    if printed.places:
        failed = ast.If(ast.Compare(name(done.id), [ast.IsNot()], [const(True)]), [], [])
        branch.orelse.append(failed)
        with emitter.code.statement_scope(failed.body):
            _failed(emitter, done.id, printed.places)


def _input(emitter: Emitter, node: nodes.Expr, inner: Scope) -> ast.expr:
    """Return what the rows of a loop are given, which may be a name that only what it includes reads."""
    if not isinstance(node, nodes.Name) or inner.symbols.find_ref(node.name) is not None:
        return emitter.expression(node, inner)
    value = emitter.code.materialise(emitter.resolved(node.name, inner))
    return either(is_(value, "missing"), call("undefined", name=const(node.name)), value)


def _failed(emitter: Emitter, done: str, places: Sequence[SourceLocation]) -> None:
    """Write what raises the error of a row in the line that it came from (R2)."""
    outer = emitter.code.line
    for number, place in enumerate(places, 1):
        error: ast.expr = call(attribute(name(done), "pop"))  # lest the variable holds what holds the frame
        entries = [
            part
            for template, shown, line in reversed(place.entries)
            for part in (name(emitter.link(template, abi.SELF)), const(shown), const(line))
        ]
        if entries:
            error = call("insert_frames", error, *entries)
        step: ast.stmt = ast.Raise(error)
        if number < len(places):
            step = ast.If(ast.Compare(item(name(done), const(0)), [ast.Eq()], [const(number)]), [step], [])
        emitter.code.line = place.line
        emitter.code.add(step)
    emitter.code.line = outer


def _filter_function(emitter: Emitter, node: nodes.For, test: Scope) -> str:
    """Emit the generator that passes on what the condition of a loop lets through; return its name (P4)."""
    identifier = emitter.code.temporary(abi.LOOP_TEST_FUNCTION)
    with emitter.code.defining(identifier, ["items"]) as function:
        emitter.enter(test)
        step = ast.For(place_of(emitter, node.target, test), name("items"), [], [])
        emitter.code.add(step)
        emitter.code.function.hot += 1
        with emitter.code.statement_scope(step.body):
            chosen = ast.If(condition(emitter, node.test, test), [], [])  # type: ignore[arg-type]  # it has one
            emitter.code.add(chosen)
            # what was taken apart is put together anew, so that an item is taken apart only once (L7)
            chosen.body.append(ast.Expr(ast.Yield(_value_of(step.target))))
        emitter.code.function.hot -= 1
    emitter.code.add(function.definition([], emitter.reader()))
    return identifier


def _value_of(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Tuple):
        return ast.Tuple([_value_of(part) for part in target.elts], ast.Load())
    return name(target.id) if isinstance(target, ast.Name) else target


def _loop(
    emitter: Emitter,
    node: nodes.For,
    inner: Scope,
    otherwise: Scope,
    iterable: ast.expr,
    *,
    test: Scope | None = None,
    extended: bool,
    entered: bool = False,
) -> None:
    empty = emitter.code.temporary() if node.else_ else ""
    if empty:
        emitter.code.add(assign(empty, const(True)))
    target = place_of(emitter, node.target, inner)
    if extended:
        target = ast.Tuple([target, ast.Name(inner.symbols.ref("loop"), ast.Store())], ast.Store())
    step = ast.For(target, iterable, [], [])
    _hand_over(emitter, inner)
    emitter.code.add(step)
    emitter.code.function.hot += 1
    emitter.code.function.loops += 1
    emitter.code.function.breakable += 1
    body = step.body
    if test is not None and node.test is not None:
        with emitter.code.statement_scope(step.body):
            emitter.enter(test)
            chosen = ast.If(condition(emitter, node.test, test), [], [])
            emitter.code.add(chosen)
            body = chosen.body
    with emitter.code.statement_scope(body):
        if inner.counted is not None:
            number = ast.Name(inner.counted.number, ast.Store())
            emitter.code.add(ast.AugAssign(number, ast.Add(), const(1)))
        # what a round sets is for what is called in that round, and is gone in the next
        tracked = {"_loop_vars"} if any(_sets(child) for child in node.body) else set()
        if tracked:
            emitter.code.add(assign("_loop_vars", ast.Dict([], [])))
        if not entered:
            emitter.enter(inner)
        with emitter.tracking(tracked):
            emitter.body(node.body, inner)
        if empty:
            # behind the body: in Jinja2, too, `break` and `continue` leave the `else` to run (P5)
            emitter.code.add(assign(empty, const(False)))
        _hand_over(emitter, inner)
    emitter.code.function.hot -= 1
    emitter.code.function.loops -= 1
    emitter.code.function.breakable -= 1
    emitter.leave(inner)
    if empty:
        branch = ast.If(name(empty), [], [])
        emitter.code.add(branch)
        with emitter.code.statement_scope(branch.body):
            emitter.enter(otherwise)
            emitter.body(node.else_, otherwise)
            emitter.code.flush()
            emitter.leave(otherwise)


def _hand_over(emitter: Emitter, scope: Scope) -> None:
    """Let whoever takes the output in pieces have what there is."""
    if scope.streams:
        emitter.code.function.yields = True
        streaming = is_not(name("limit"), None)
        # not by its length: this is half of the code, and nothing but a stream asks for it
        enough = item(name(scope.out), ast.Slice(name("limit"), None, None))
        emitter.code.add(ast.If(ast.BoolOp(ast.And(), [streaming, enough]), [ast.Expr(ast.Yield(None))], []))


def _sets(node: nodes.Node) -> bool:
    return isinstance(node, (nodes.Assign, nodes.AssignBlock)) or has(node, (nodes.Assign, nodes.AssignBlock))


def _descending(
    emitter: Emitter,
    node: nodes.For,
    scope: Scope,
    inner: Scope,
    otherwise: Scope,
    chosen: str | None,
    counters: set[str],
) -> None:
    """Write a recursive loop whose body only prints what ``loop(...)`` gives: a function that writes output (P6)."""
    identifier = emitter.code.temporary(abi.LOOP_FUNCTION)
    out, render, depth = (emitter.code.temporary() for _ in range(3))
    with emitter.code.defining(identifier, ["items", out, render, depth]) as function:
        for body_scope in (inner, otherwise):
            body_scope.out, body_scope.streams = out, False
        iterable: ast.expr = name("items")
        if chosen is not None:
            iterable = call(chosen, iterable)
        with emitter.lent(inner, otherwise):
            iterable = _counted(emitter, inner, counters - {DESCENT}, iterable, Descent(render, depth))
            _loop(emitter, node, inner, otherwise, iterable, extended=False)
            emitter.code.flush()
    emitter.code.add(function.definition([], emitter.reader()))
    emitter.code.line = node.lineno
    value = emitter.expression(node.iter, scope)
    emitter.code.do(call(identifier, value, name(scope.out), name(identifier), const(0)))


def _recursive(
    emitter: Emitter, node: nodes.For, scope: Scope, inner: Scope, otherwise: Scope, chosen: str | None
) -> None:
    identifier = emitter.code.temporary(abi.LOOP_FUNCTION)
    with emitter.code.defining(identifier, ["items", "render", "depth"]) as function:
        inner.out, inner.streams, inner.unsure = emitter.code.temporary(), False, ""
        otherwise.out, otherwise.streams, otherwise.unsure = inner.out, False, ""
        emitter.code.add(assign(inner.out, ast.List([], ast.Load())))
        iterable: ast.expr = name("items")
        if chosen is not None:
            iterable = call(chosen, iterable)
        iterable = call("LoopContext", iterable, name("undefined"), name("render"), name("depth"))
        _loop(emitter, node, inner, otherwise, iterable, extended=True)
        emitter.code.add(ast.Return(emitter.joined(inner)))
    defined = function.definition([], emitter.reader())
    # `LoopContext` calls it with the depth, which the first call below leaves out
    defined.args.defaults = [const(0)]
    emitter.code.add(defined)
    emitter.code.line = node.lineno
    value = emitter.expression(node.iter, scope)
    emitter.code.do(
        call(ast.Attribute(name(scope.out), "append", ast.Load()), call(identifier, value, name(identifier)))
    )


LOOPS: Statements = MappingProxyType({nodes.For: _for})
