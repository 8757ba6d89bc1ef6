"""Loops: `for` in all its forms.

The `loop` object of Jinja2 exists only where a template can do more with it than ask for its counters: then the
counters are plain integers. A loop that asks how many items there are or whether one is the last asks a tuple itself;
what goes through a list for it asks that as Jinja2 does, which is seen where the list changes in its own loop; anything
else that is iterated gets Jinja2's object, or what looks ahead as that does (P2, P3, P7).
"""

import ast
from types import MappingProxyType

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Counters, Generator, Statements
from blendtpl.compiler.codegen.logic import condition
from blendtpl.compiler.codegen.output import writes
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, is_not, item, name
from blendtpl.compiler.codegen.row_loops import written_in_rows
from blendtpl.compiler.codegen.statements import bind, forget, target_of
from blendtpl.compiler.codegen.values import autoescape
from blendtpl.compiler.codegen.writer import Out
from blendtpl.compiler.ir.statements import Descend, Flush, Loop, LoopTest

SIZED = frozenset({"last", "length", "revindex", "revindex0"})  # what needs to know of the items to come


def _loop(generator: Generator, loop: Loop, out: Out) -> None:
    code = generator.code
    code.flush()
    if loop.recursive:
        (_recursive if loop.counted is None else _descending)(generator, loop, out)
        return
    if written_in_rows(generator, loop, out, lambda items: _in_python(generator, loop, items, out)):
        return
    _in_python(generator, loop, None, out)


def _in_python(generator: Generator, loop: Loop, items: ast.expr | None, out: Out) -> None:
    """Write a loop as one of Python's own, over items that are there or are made here."""
    inside = loop.test is not None and _tests_inside(loop, loop.test, out)
    chosen = _filter_function(generator, loop.test) if loop.test is not None and not inside else None
    iterable = generator.value(loop.items) if items is None else items
    # in a loop its rounds hand over what there is
    announced = out.streams and not generator.code.function.loops
    if announced:
        iterable = generator.code.materialise(iterable)
        hand_over(generator, out, iterable)
    if chosen is not None:
        iterable = call(chosen, iterable)
    if loop.variable is not None and loop.counted is None:
        iterable = call("LoopContext", iterable, name("undefined"))
    elif loop.variable is not None:
        iterable = _counted(generator, loop, iterable)
    _rounds(generator, loop, iterable, out, inside=inside, announced=announced)


def _tests_inside(loop: Loop, test: LoopTest, out: Out) -> bool:
    """Return whether the condition of a loop may stand in its body, rather than in a generator around its items.

    Not where the loop looks ahead or counts its items; nor where the function at hand is no generator, in which a
    `StopIteration` that the condition raises would be another exception.
    """
    if loop.variable is not None and (loop.counted is None or not loop.counted.isdisjoint(SIZED)):
        return False
    return out.streams and not test.asks_loop


def _counted(generator: Generator, loop: Loop, iterable: ast.expr, render: str = "", depth: str = "") -> ast.expr:
    """Set up the counters of a loop; return what it iterates over."""
    code, counted = generator.code, loop.counted or frozenset()
    number = code.temporary()
    items = ahead = ""
    if counted & SIZED:
        items, ahead = code.temporary(), code.temporary()
        code.add(assign(items, iterable))
        rest: ast.expr = name(ahead)
        if counted & SIZED == {"last"}:
            looks = call("ahead", name(items))
        else:
            looks = call("counting", name(items), name("undefined"), looks=const("last" in counted))
            rest = call("items_of", name(ahead))
        code.add(assign(ahead, looks))
        iterable = either(is_(name(ahead), None), name(items), rest)
    generator.loops[str(loop.variable)] = Counters(number, items, ahead, render, depth)
    code.add(assign(number, const(0)))
    return iterable


def _filter_function(generator: Generator, test: LoopTest) -> str:
    """Write the generator that passes on what the condition of a loop lets through; return its name (P4)."""
    code = generator.code
    identifier = code.temporary(abi.LOOP_TEST_FUNCTION)
    with code.defining(identifier, ["items"]) as function:
        bind(generator, test.bind)
        step = ast.For(target_of(generator, test.target), name("items"), [], [])
        code.add(step)
        code.function.hot += 1
        with code.statement_scope(step.body):
            chosen = ast.If(condition(generator, test.value), [], [])
            code.add(chosen)
            # what was taken apart is put together anew, so that an item is taken apart only once (L7)
            chosen.body.append(ast.Expr(ast.Yield(_value_of(step.target))))
        code.function.hot -= 1
    code.add(function.definition([], generator.reader()))
    return identifier


def _value_of(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Tuple):
        return ast.Tuple([_value_of(part) for part in target.elts], ast.Load())
    return name(target.id) if isinstance(target, ast.Name) else target


def _rounds(
    generator: Generator, loop: Loop, iterable: ast.expr, out: Out, *, inside: bool, announced: bool = False
) -> None:
    code, function = generator.code, generator.code.function
    empty = code.temporary() if loop.otherwise else ""
    if empty:
        code.add(assign(empty, const(True)))
    target = target_of(generator, loop.target)
    is_object = loop.variable is not None and loop.counted is None
    if is_object:
        target = ast.Tuple([target, ast.Name(str(loop.variable), ast.Store())], ast.Store())
    step = ast.For(target, iterable, [], [])
    if not announced:
        hand_over(generator, out)
    code.add(step)
    function.hot += 1
    function.loops += 1
    body = step.body
    if inside and loop.test is not None:
        with code.statement_scope(step.body):
            bind(generator, loop.test.bind)
            if loop.test.target is not loop.target:
                _same(generator, loop.test, loop)
            chosen = ast.If(condition(generator, loop.test.value), [], [])
            code.add(chosen)
            body = chosen.body
    with code.statement_scope(body):
        if loop.variable is not None and not is_object:
            number = ast.Name(generator.loops[loop.variable].number, ast.Store())
            code.add(ast.AugAssign(number, ast.Add(), const(1)))
        # what a round sets is for what is called in that round, and is gone in the next
        if loop.sets:
            code.add(assign("_loop_vars", ast.Dict([], [])))
        bind(generator, loop.bind)
        generator.body(loop.body, out)
        if empty:
            # behind the body: in Jinja2, too, `break` and `continue` leave the `else` to run (P5)
            code.add(assign(empty, const(False)))
        hand_over(generator, out)
    function.hot -= 1
    function.loops -= 1
    forget(generator, loop.forgets)
    if empty:
        branch = ast.If(name(empty), [], [])
        code.add(branch)
        with code.statement_scope(branch.body):
            generator.body(loop.otherwise, out)


def _same(generator: Generator, test: LoopTest, loop: Loop) -> None:
    """Have the condition find an item where the body does, when both have names of their own for it."""
    mine, other = target_of(generator, test.target), target_of(generator, loop.target)
    if ast.dump(mine) != ast.dump(other):
        generator.code.add(ast.Assign([mine], _value_of(other)))


def hand_over(generator: Generator, out: Out, following: ast.expr | None = None) -> None:
    """Let whoever takes the output in pieces have what there is, and know what is `following`, if that may wait."""
    if out.streams:
        generator.code.function.yields = True
        hands_over: ast.expr = is_not(name("limit"), None)
        if following is None:
            # not by its length: this is half of the code, and nothing but a stream asks for it
            enough = item(name(out.variable), ast.Slice(name("limit"), None, None))
            hands_over = ast.BoolOp(ast.And(), [hands_over, enough])
        generator.code.add(ast.If(hands_over, [ast.Expr(ast.Yield(following))], []))


def _flush(generator: Generator, statement: Flush, out: Out) -> None:
    hand_over(generator, out, name("flush"))


# -- recursive loops ---------------------------------------------------------------------------------------------------


def _items(generator: Generator) -> ast.expr:
    """Return what the function of a recursive loop goes through."""
    return call("iterated", name("items")) if generator.target.awaits else name("items")


def _descending(generator: Generator, loop: Loop, out: Out) -> None:
    """Write a recursive loop whose body only prints what ``loop(...)`` gives: a function that writes output (P6)."""
    code = generator.code
    chosen = _filter_function(generator, loop.test) if loop.test is not None else None
    identifier = code.temporary(abi.LOOP_FUNCTION)
    lent_out, render, depth = (code.temporary() for _ in range(3))
    with code.defining(identifier, ["items", lent_out, render, depth]) as function:
        iterable = _items(generator)
        if chosen is not None:
            iterable = call(chosen, iterable)
        with generator.lent(lent_out) as own:
            iterable = _counted(generator, loop, iterable, render, depth)
            _rounds(generator, loop, iterable, own, inside=False)
            code.flush()
    code.add(function.definition([], generator.reader()))
    code.line = loop.line
    value = generator.value(loop.items)
    code.do(call(identifier, value, name(out.variable), name(identifier), const(0)))


def _descend(generator: Generator, statement: Descend, out: Out) -> None:
    """Write what ``loop(...)`` renders straight to the output."""
    loop = generator.loops[statement.loop]
    generator.code.flush()
    value = generator.value(statement.items)
    deeper = ast.BinOp(name(loop.depth), ast.Add(), const(1))
    writes(generator, call(name(loop.render), value, name(out.variable), name(loop.render), deeper), out, statement)


def _recursive(generator: Generator, loop: Loop, out: Out) -> None:
    code = generator.code
    chosen = _filter_function(generator, loop.test) if loop.test is not None else None
    identifier = code.temporary(abi.LOOP_FUNCTION)
    with code.defining(identifier, ["items", "render", "depth"]) as function:
        own = Out(code.temporary(), streams=False)
        code.add(assign(own.variable, ast.List([], ast.Load())))
        iterable = _items(generator)
        if chosen is not None:
            iterable = call(chosen, iterable)
        iterable = call("LoopContext", iterable, name("undefined"), name("render"), name("depth"))
        _rounds(generator, loop, iterable, own, inside=False)
        code.add(ast.Return(_joined(generator, loop, own)))
    defined = function.definition([], generator.reader())
    # `LoopContext` calls it with the depth, which the first call below leaves out
    defined.args.defaults = [const(0)]
    code.add(defined)
    code.line = loop.line
    value = generator.value(loop.items)
    code.do(call(attribute(name(out.variable), "append"), call(identifier, value, name(identifier))))


def _joined(generator: Generator, loop: Loop, own: Out) -> ast.expr:
    """Return the text of a list, as markup when it has been escaped."""
    generator.code.flush()
    text = call("concat", name(own.variable))
    if loop.escaped is False:
        return text
    if loop.escaped is True:
        return call("Markup", text)
    return either(autoescape(generator, loop.escaped), call("Markup", text), text)


LOOPS: Statements = MappingProxyType({Loop: _loop, Descend: _descend, Flush: _flush})
