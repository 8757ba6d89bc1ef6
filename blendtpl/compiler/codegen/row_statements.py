"""Statements in row programs: what each kind of statement does, as operations."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from blendtpl.bundle import abi
from blendtpl.bundle.row_ops import GIVEN, KEEPS_PREVIOUS, Opcode, Program
from blendtpl.compiler.codegen.row_builder import Builder, NoProgram, Statements, leaves
from blendtpl.compiler.codegen.row_values import COUNTERS
from blendtpl.compiler.ir import statements as st
from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import Body, Node, Value, below


def _bind(builder: Builder, bound: tuple[tuple[str, Value], ...], into: list[Any], body: tuple[Node, ...]) -> None:
    """Have the variables of a scope be what they hold at its start."""
    for variable, value in bound:
        register = builder.steady(value)
        if register is not None and not _sets(body, variable):
            builder.registers[variable] = register  # it is nothing else in this scope
            continue
        builder.registers.pop(variable, None)
        expression = builder.value(value)
        into.append((Opcode.SET, builder.own(variable), expression))


def loop_program(builder: Builder, loop: st.Loop, items: Any) -> Program:
    """Return a loop over items; those of the whole program are given when it runs."""
    asks_object = loop.variable is not None and loop.counted is None
    if loop.recursive or (asks_object and loop.test is not None):  # in a traceback that condition is a step of its own
        raise NoProgram
    place = builder.place(loop.line)
    place = (builder.at if place is None else place) or 0
    target = _target(builder, loop.target)
    if items == GIVEN:
        builder.first = len(builder.inputs)
        if leaves(loop.otherwise):
            raise NoProgram
    around, builder.loops = builder.loops, (*builder.loops, loop.variable)
    test = None if loop.test is None else _test(builder, loop, loop.test)
    first: list[Any] = []
    if loop.sets:
        first.append((Opcode.SET, builder.own("_loop_vars"), (Opcode.CALL, None, builder.name("dict"))))
    _bind(builder, loop.bind, first, loop.body)
    body = builder.body(loop.body)
    if first:
        body = (*first, *(body if isinstance(body, tuple) else (body,)))
    builder.loops, builder.at = around, None
    otherwise = builder.body(loop.otherwise)
    builder.at = None
    flags = KEEPS_PREVIOUS if "previtem" in _asked(loop, loop.variable) else 0
    return (Opcode.LOOP, place, items, target, test, body, otherwise, flags)


def _asked(loop: st.Loop, variable: str | None) -> set[str]:
    """Return what is asked of a ``loop`` in a loop, whether that has become counters or not."""
    asked: set[str] = set()
    for node in below(loop):
        match node:
            case ir.Counter(loop=name, attr=attr) | ir.Attribute(value=ir.Variable(name=name), attr=attr):
                if name == variable:
                    asked.add(attr)
    return asked


def _test(builder: Builder, loop: st.Loop, test: st.LoopTest) -> Any:
    """Return the condition of a loop, which finds the item where the body does."""
    if test.asks_loop:
        raise NoProgram
    _alias(builder, test.target, loop.target)
    bound: list[Any] = []
    builder.loops = builder.loops[:-1]
    _bind(builder, test.bind, bound, ())
    if bound:
        raise NoProgram
    value = builder.value(test.value)
    builder.loops = (*builder.loops, loop.variable)
    return value


def _alias(builder: Builder, target: st.Target, same: st.Target) -> None:
    match target, same:
        case st.ToVariable(name=name), st.ToVariable(name=other):
            builder.registers[name] = builder.registers[other]
        case st.ToParts(items=items), st.ToParts(items=others):
            for one, other_target in zip(items, others, strict=True):
                _alias(builder, one, other_target)
        case _:
            raise NoProgram


def _target(builder: Builder, target: st.Target) -> Any:
    """Return what an item is assigned to."""
    if isinstance(target, st.ToVariable):
        builder.registers.pop(target.name, None)
        return builder.own(target.name)
    if isinstance(target, st.ToParts):
        return tuple(_target(builder, item) for item in target.items)
    raise NoProgram


def _sets(body: tuple[Node, ...], variable: str) -> bool:
    return any(isinstance(node, st.ToVariable) and node.name == variable for node in below(body))


def _print_text(builder: Builder, statement: st.PrintText, into: list[Any]) -> None:
    builder.text(statement.text, into)


def _print(builder: Builder, statement: st.Print, into: list[Any]) -> None:
    value, mode = statement.value, statement.mode
    if isinstance(value, ir.Printed):
        _print_part(builder, value, into)
    elif mode == st.TEXT:
        into.append((Opcode.PRINTTEXT, builder.value(value)))
    elif mode == st.RAW:
        raise NoProgram
    elif (mode == st.ESCAPE) is builder.escaped:
        expression = builder.value(value)
        into.append((Opcode.PRINT, builder.place(statement.line), expression))
    elif mode == st.ESCAPE:
        expression = builder.value(value)
        escape = (Opcode.CALL, builder.place(statement.line), builder.name("escape_any"), expression)
        into.append((Opcode.PRINTTEXT, escape))
    else:
        expression = builder.value(value)
        into.append((Opcode.PRINTSTR, builder.place(statement.line), expression))


def _print_part(builder: Builder, printed: ir.Printed, into: list[Any]) -> None:
    if printed.escaped is not None:
        raise NoProgram
    written = (Opcode.PRINTTEXT, builder.value(printed.value))
    into.append(_guard(builder, printed.line, (written,), escapes=printed.escapes) if printed.guarded else written)


def _guard(builder: Builder, line: int, body: Any, *, escapes: bool) -> Any:
    undefined = builder.name("undefined")
    escaped = builder.value(ir.Constant(line, escapes))
    instead = (Opcode.CALL, builder.place(line), builder.name("nothing_of"), undefined, escaped)
    builder.at = None
    return (Opcode.GUARD, None, body, instead)


def _if(builder: Builder, statement: st.If, into: list[Any]) -> None:
    into.append(_choice(builder, statement.branches, statement.otherwise))


def _choice(builder: Builder, branches: tuple[tuple[Value, Body], ...], otherwise: Body) -> Any:
    (test, body), *rest = branches
    negated = isinstance(test, ir.Not)
    expression = builder.value(test.value if isinstance(test, ir.Not) else test)
    place = builder.place(test.line)
    before = builder.at
    chosen = builder.body(body)
    builder.at = before
    other = (_choice(builder, tuple(rest), otherwise),) if rest else builder.body(otherwise)
    builder.at = None
    first, second = (other, chosen) if negated else (chosen, other)
    return (Opcode.IF, place, expression, first, second)


def _set(builder: Builder, statement: st.Set, into: list[Any]) -> None:
    value = builder.value(statement.value)
    target = statement.target
    if isinstance(target, st.ToVariable):
        given = builder.registers.get(target.name)
        if given is not None and builder.inputs[given] is not None:
            del builder.registers[target.name]
        into.append((Opcode.SET, builder.own(target.name), value))
    elif isinstance(target, st.ToNamespace):
        key = builder.value(ir.Constant(target.line, target.attr))
        arguments = builder.value(target.namespace), key, value
        into.append((Opcode.DO, (Opcode.CALL, builder.place(statement.line), builder.name("set_item"), *arguments)))
    else:
        raise NoProgram


def _check_namespace(builder: Builder, statement: st.CheckNamespace, into: list[Any]) -> None:
    namespace = builder.value(statement.namespace)
    into.append((Opcode.DO, (Opcode.CALL, builder.place(statement.line), builder.name("check_namespace"), namespace)))


def _set_scope_variable(builder: Builder, statement: st.SetScopeVariable, into: list[Any]) -> None:
    holder = builder.value(ir.Variable(statement.line, statement.name))
    key, value = builder.value(ir.Constant(statement.line, statement.called)), builder.value(statement.value)
    call = (Opcode.CALL, builder.place(statement.line), builder.name("set_item"), holder, key, value)
    into.append((Opcode.DO, call))


def _do(builder: Builder, statement: st.Do, into: list[Any]) -> None:
    into.append((Opcode.DO, builder.value(statement.value)))


def _flush(builder: Builder, statement: st.Flush, into: list[Any]) -> None:
    """Do nothing: what runs in rows is no stream."""


def _loop(builder: Builder, statement: st.Loop, into: list[Any]) -> None:
    around = builder.loops[-1] if builder.loops else None  # what stands for no items is in no loop
    for attr in sorted(_asked(statement, around) & COUNTERS.keys()):
        register = builder.own(f"{around}.{attr}")
        into.append((Opcode.SET, register, (Opcode.COUNTER, COUNTERS[attr])))
    items = builder.value(statement.items)
    into.append(loop_program(builder, statement, items))


def _scoped(builder: Builder, statement: st.Scoped, into: list[Any]) -> None:
    _bind(builder, statement.bind, into, statement.body)
    for inner in statement.body:
        builder.statement(inner, into)


def _framed(builder: Builder, statement: st.Framed, into: list[Any]) -> None:
    outer = builder.around
    builder.around = (*outer, (statement.template, statement.shown, statement.line))
    if statement.guarded:
        body = builder.captured(statement.body)
        builder.around, builder.at = outer, None
        into.append(_guard(builder, statement.line, body, escapes=statement.escapes))
        return
    for inner in statement.body:
        builder.statement(inner, into)
    builder.around = outer


def _leave(opcode: int) -> Callable[[Builder, Any, list[Any]], None]:
    return lambda builder, statement, into: into.append((opcode,))


def _run_included(builder: Builder, statement: st.RunIncluded, into: list[Any]) -> None:
    """Put a call of an included template, whose text is printed."""
    line, is_root = statement.line, statement.entry == abi.ROOT
    arguments = [builder.value(argument) for argument in statement.arguments]
    slots = [builder.value(ir.Linked(line, statement.template, abi.BODIES)), *arguments] if is_root else []
    frame: Any = builder.value(statement.frame)
    if statement.variables is not None:
        maker = builder.value(ir.Linked(line, statement.template, abi.SELF))
        names, values = _around(builder, statement.variables)
        lists = (Opcode.LIST, *values), (Opcode.LIST, *slots)
        frame = (Opcode.CALL, None, builder.name("new_frame"), maker, frame, names, *lists)
    elif is_root or statement.needs_context:
        frame = (Opcode.LIST, *[builder.constant(None)] * abi.BLOCKS, *slots)
    function: Any = builder.value(ir.Linked(line, statement.template, statement.entry))
    if not statement.text:
        function = (Opcode.CALL, None, builder.name("returning"), function)
    given = [frame] if is_root else [*arguments, frame]
    into.append((Opcode.PRINTTEXT, (Opcode.CALL, builder.place(line), function, *given)))


def _make_frame(builder: Builder, statement: st.MakeFrame, into: list[Any]) -> None:
    """Have a register hold what an included template is given for its context."""
    if statement.variables is None:
        made: Any = (Opcode.LIST, *[builder.constant(None)] * abi.BLOCKS)
    else:
        maker = builder.value(ir.Linked(statement.line, statement.template, abi.SELF))
        frame = builder.value(statement.frame)
        names, values = _around(builder, statement.variables)
        lists = (Opcode.LIST, *values), (Opcode.LIST,)
        made = (Opcode.CALL, None, builder.name("new_frame"), maker, frame, names, *lists)
    into.append((Opcode.SET, builder.own(statement.name), made))


def _around(builder: Builder, variables: Value) -> tuple[int, list[Any]]:
    """Return the names of what is set around a place, as a constant, and the values."""
    if not isinstance(variables, ir.Pairs):
        raise NoProgram
    names = tuple(key.value for key, _ in variables.pairs if isinstance(key, ir.Constant))
    return builder.constant(names), [builder.value(value) for _, value in variables.pairs]


def _include(builder: Builder, statement: st.Include, into: list[Any]) -> None:
    """Put a call that looks for a template and gives its text."""
    if statement.variables is None:
        raise NoProgram
    line = statement.line
    reference = builder.value(statement.reference)
    get = builder.value(ir.ObjectAttribute(line, ir.Global(line, "environment"), statement.way))
    names, values = _around(builder, statement.variables)
    how = get, builder.constant(statement.by), builder.constant(statement.ignore_missing)
    around = builder.value(statement.frame), names
    call = (
        Opcode.CALL,
        builder.place(line),
        builder.name("included_text"),
        *how,
        *around,
        reference,
        (Opcode.LIST, *values),
    )
    into.append((Opcode.PRINTTEXT, call))


def _print_caller(builder: Builder, statement: st.PrintCaller, into: list[Any]) -> None:
    if statement.escaped is not None:
        raise NoProgram
    caller, frame = builder.value(statement.caller), builder.value(statement.frame)
    escapes = builder.constant(statement.escapes)
    call = (Opcode.CALL, builder.place(statement.line), builder.name("caller_text"), frame, caller, escapes)
    into.append((Opcode.PRINTTEXT, call))


ROW_STATEMENTS: Statements = MappingProxyType(
    {
        st.PrintText: _print_text,
        st.Print: _print,
        st.If: _if,
        st.Set: _set,
        st.CheckNamespace: _check_namespace,
        st.SetScopeVariable: _set_scope_variable,
        st.Do: _do,
        st.Flush: _flush,
        st.Loop: _loop,
        st.Scoped: _scoped,
        st.Framed: _framed,
        st.Break: _leave(Opcode.BREAK),
        st.Continue: _leave(Opcode.CONTINUE),
        st.RunIncluded: _run_included,
        st.Include: _include,
        st.MakeFrame: _make_frame,
        st.PrintCaller: _print_caller,
    }
)
