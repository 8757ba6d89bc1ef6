"""Statements: what each statement of the intermediate form becomes in Python, but for output, loops and functions."""

import ast
from types import MappingProxyType

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Generator, Statements
from blendtpl.compiler.codegen.logic import condition
from blendtpl.compiler.codegen.output import run
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, is_not, item, name
from blendtpl.compiler.codegen.values import is_written_out, pairs_of, write_attribute
from blendtpl.compiler.codegen.writer import Out
from blendtpl.compiler.ir import statements as ir
from blendtpl.compiler.ir.base import Body, Value
from blendtpl.compiler.ir.effects import only_prints
from blendtpl.compiler.ir.values import Attribute, Constant, Frame, Given, Missing, Pairs

_NESTED = 50  # the longest chain of conditions that is nested
Bind = tuple[tuple[str, Value], ...]


# -- what runs, and how often ------------------------------------------------------------------------------------------


def _if(generator: Generator, statement: ir.If, out: Out) -> None:
    code = generator.code
    if code.texts or (not generator.target.in_order and only_prints((statement,))):
        _chosen_text(generator, statement, out)
        return
    code.flush()
    # Python nests every branch in the `else` before it, and can only nest so deeply
    undecided = code.temporary() if len(statement.branches) > _NESTED else ""
    if undecided:
        code.add(assign(undecided, const(True)))
    outer = code.block
    for number, (test, body) in enumerate(statement.branches):
        code.line = test.line if number else statement.line
        step = ast.If(condition(generator, test), [], [])
        if not number:
            code.aside_begin()  # the first is always looked at
        code.add(step)
        with code.statement_scope(step.body):
            if undecided:
                code.add(assign(undecided, const(False)))
            generator.body(body, out)
        if undecided:
            step = ast.If(name(undecided), [], [])
            code.block = outer
            code.add(step)
        code.block = step.body if undecided else step.orelse
    generator.body(statement.otherwise, out)
    code.flush()
    code.block = outer
    code.aside_end()


def _chosen_text(generator: Generator, statement: ir.If, out: Out) -> None:
    """Write a condition whose branches do no more than print, as a text that is part of the output around it."""
    code = generator.code
    result = code.temporary()
    code.materialise_output()
    outer = code.block
    for number, (test, body) in enumerate(statement.branches):
        code.line = test.line if number else statement.line
        step = ast.If(condition(generator, test), [], [])
        if not number:
            code.aside_begin()  # the first is always looked at
        code.branch(step)
        with code.captured(step.body, result):
            generator.body(body, out)
        code.block = step.orelse
    with code.captured(code.block, result):
        generator.body(statement.otherwise, out)
    code.block = outer
    code.aside_end()
    code.write(out, "is", name(result))


def _scoped(generator: Generator, statement: ir.Scoped, out: Out) -> None:
    bind(generator, statement.bind)
    generator.body(statement.body, out)
    forget(generator, statement.forgets)


def bind(generator: Generator, bound: Bind) -> None:
    """Give every variable of a scope what it holds at the start (L1)."""
    code, unset = generator.code, []
    for variable, value in bound:
        code.changed(variable)
        if isinstance(value, Missing):
            unset.append(variable)
            continue
        held = generator.value(value)
        code.add(assign(variable, held))
        if isinstance(value, Given) and isinstance(held, ast.Name):
            code.copied(variable, held.id)
    if unset:
        code.add(ast.Assign([ast.Name(variable, ast.Store()) for variable in unset], name("missing")))


def forget(generator: Generator, variables: tuple[str, ...]) -> None:
    """Let go of what a scope held, when a function made in it may still look (S3)."""
    # nothing but a function that was made here could see them any more
    if variables and generator.code.function.nested:
        generator.code.add(ast.Assign([ast.Name(variable, ast.Store()) for variable in variables], name("missing")))


def _break(generator: Generator, statement: ir.Break, out: Out) -> None:
    generator.code.add(ast.Break())


def _continue(generator: Generator, statement: ir.Continue, out: Out) -> None:
    generator.code.add(ast.Continue())


def _unextended(generator: Generator, statement: ir.Unextended, out: Out) -> None:
    _guarded(generator, is_(name("parent_template"), None), statement.body, out)


def _extended(generator: Generator, statement: ir.Extended, out: Out) -> None:
    _guarded(generator, is_not(name("parent_template"), None), statement.body, out)


def _guarded(generator: Generator, test: ast.expr, body: Body, out: Out) -> None:
    guard = ast.If(test, [], [])
    generator.code.add(guard)
    with generator.code.statement_scope(guard.body):
        generator.body(body, out)


def _raise(generator: Generator, statement: ir.Raise, out: Out) -> None:
    generator.code.add(ast.Raise(call("TemplateRuntimeError", const(statement.message))))


# -- variables ---------------------------------------------------------------------------------------------------------


def target_of(generator: Generator, target: ir.Target) -> ast.expr:
    """Return the Python target for that of an assignment."""
    if isinstance(target, ir.ToParts):
        return ast.Tuple([target_of(generator, part) for part in target.items], ast.Store())
    if isinstance(target, ir.ToNamespace):
        return ast.Subscript(generator.value(target.namespace), const(target.attr), ast.Store())
    generator.code.changed(target.name)
    return ast.Name(target.name, ast.Store())


def _set(generator: Generator, statement: ir.Set, out: Out) -> None:
    code, value, target = generator.code, statement.value, statement.target
    if not statement.made:
        code.flush()
    if isinstance(value, Attribute) and isinstance(target, ir.ToVariable) and is_written_out(generator, value):
        write_attribute(generator, value, target.name)
        code.changed(target.name)
        return
    expression = generator.value(value)
    assigned = ast.Assign([target_of(generator, target)], expression)
    if statement.made:
        code.branch(assigned)
    else:
        code.add(assigned)


def _check_namespace(generator: Generator, statement: ir.CheckNamespace, out: Out) -> None:
    generator.code.do(call("check_namespace", generator.value(statement.namespace)))


def _publish(generator: Generator, statement: ir.Publish, out: Out) -> None:
    generator.stores.publish(statement.called, statement.variable, export=statement.exported)


def _tell(generator: Generator, statement: ir.Tell, out: Out) -> None:
    generator.stores.tell()


def _scope_variables(generator: Generator, statement: ir.ScopeVariables, out: Out) -> None:
    generator.code.add(assign(statement.name, ast.Dict([], [])))


def _set_scope_variable(generator: Generator, statement: ir.SetScopeVariable, out: Out) -> None:
    value = generator.value(statement.value)
    holder = ast.Subscript(name(statement.name), const(statement.called), ast.Store())
    generator.code.add(ast.Assign([holder], value))


def _do(generator: Generator, statement: ir.Do, out: Out) -> None:
    generator.code.flush()
    generator.code.do(generator.value(statement.value))


def _keep_context(generator: Generator, statement: ir.KeepContext, out: Out) -> None:
    generator.code.do(call("keep", name("context")))


# -- the evaluation context --------------------------------------------------------------------------------------------


def _modify(generator: Generator, statement: ir.Modify, out: Out) -> None:
    generator.code.flush()
    value = generator.value(statement.value)
    holder = attribute(_context(generator), "eval_ctx")
    generator.code.add(ast.Assign([ast.Attribute(holder, statement.option, ast.Store())], value))


def _modified(generator: Generator, statement: ir.Modified, out: Out) -> None:
    code, saved = generator.code, generator.code.temporary()
    holder = attribute(_context(generator), "eval_ctx")
    code.add(assign(saved, call(attribute(holder, "save"))))
    generator.body(statement.body, out)
    code.flush()
    holder = attribute(_context(generator), "eval_ctx")
    code.do(call(attribute(holder, "revert"), name(saved)))


def _context(generator: Generator) -> ast.expr:
    """Return the expression for the context of the function at hand."""
    return name("context") if generator.target.has_context else call("true_context", name("context"))


def _overlay(generator: Generator, statement: ir.Overlay, out: Out) -> None:
    generator.code.flush()
    generator.code.add(assign(statement.name, generator.value(statement.context)))
    value = generator.value(statement.variables)
    generator.code.add(ast.Assign([ast.Attribute(name(statement.name), "vars", ast.Store())], value))


# -- other templates ---------------------------------------------------------------------------------------------------


def _run(generator: Generator, statement: ir.Run, out: Out) -> None:
    arguments = [generator.value(argument) for argument in statement.arguments]
    run(generator, out, generator.value(statement.function), *arguments, text=statement.text)


def _run_block(generator: Generator, statement: ir.RunBlock, out: Out) -> None:
    code, frame = generator.code, generator.value(statement.frame)
    if statement.number is None:
        context: ast.expr = frame
        if statement.scoped and statement.variables is not None:
            context = code.materialise(call(attribute(frame, "derived"), generator.value(statement.variables)))
        stack = item(attribute(generator.value(statement.frame), "blocks"), const(statement.called))
        if statement.required:
            code.do(call("check_required", generator.value(statement.frame), const(statement.called)))
        run(generator, out, item(stack, const(0)), context)  # (C3)
        return
    block = item(item(frame, const(abi.BLOCKS)), const(statement.number))
    given: ast.expr = generator.value(statement.frame)
    if statement.scoped and isinstance(statement.variables, Pairs):
        given = _derived_frame(generator, statement.frame, statement.variables)
    run(generator, out, block, given, text=statement.text)


def _derived_frame(generator: Generator, frame: Frame, variables: Pairs) -> ast.expr:
    """Write a frame in which what is set around this place is found too; return its variable (S4)."""
    names = [key.value for key, _ in variables.pairs if isinstance(key, Constant)]
    own = generator.target.slots or {}
    slots = [(called, own[called]) for called in names if called in own]
    around = pairs_of(generator, variables)
    return generator.code.materialise(call("derived", generator.value(frame), around, const(tuple(slots))))


def _run_included(generator: Generator, statement: ir.RunIncluded, out: Out) -> None:
    code = generator.code
    values = [generator.value(argument) for argument in statement.arguments]
    frame: ast.expr = generator.value(statement.frame)
    head: list[ast.expr] = [const(None)] * abi.BLOCKS
    if statement.variables is not None:
        around = ast.Tuple([frame, pairs_of(generator, statement.variables)], ast.Load())
        head[abi.MAKER], head[abi.ORIGIN] = name(generator.link(statement.template, abi.SELF)), around
    function = name(generator.link(statement.template, statement.entry))
    if statement.entry == abi.ROOT:
        blocks = name(generator.link(statement.template, abi.BODIES))
        frame = code.materialise(ast.List([*head, blocks, *values], ast.Load()))
        run(generator, out, function, frame, text=statement.text)
        return
    if statement.needs_context:
        frame = code.materialise(ast.List(head, ast.Load()))
    values = [code.materialise(value) for value in values]
    run(generator, out, function, *values, frame, text=statement.text)


def _make_frame(generator: Generator, statement: ir.MakeFrame, out: Out) -> None:
    head: list[ast.expr] = [const(None)] * abi.BLOCKS
    if statement.variables is not None:
        around = ast.Tuple([generator.value(statement.frame), pairs_of(generator, statement.variables)], ast.Load())
        head[abi.MAKER], head[abi.ORIGIN] = name(generator.link(statement.template, abi.SELF)), around
    generator.code.branch(assign(statement.name, ast.List(head, ast.Load())))


def _run_super(generator: Generator, statement: ir.RunSuper, out: Out) -> None:
    function = name(generator.link(statement.template, abi.super_of(statement.block)))
    run(generator, out, function, generator.value(statement.frame), text=statement.text)


def _run_parent(generator: Generator, statement: ir.RunParent, out: Out) -> None:
    if statement.template is None:
        prefix = "parent" if statement.ready else "extended"
        run(generator, out, call(f"{prefix}_{statement.parts[0]}", name("parent_template")), name("context"))
        return
    functions = [name(generator.link(statement.template, part)) for part in statement.parts]
    goes_on: ast.expr = (
        functions[0] if len(functions) == 1 else either(is_(name("out"), None), functions[1], functions[0])
    )
    run(generator, out, goes_on, name("context"), text=statement.text)


def _extend(generator: Generator, statement: ir.Extend, out: Out) -> None:
    code = generator.code
    code.flush()
    if statement.template is not None:
        code.add(assign("parent_template", name(generator.link(statement.template, abi.SELF))))
    elif statement.reference is not None:
        reference = generator.value(statement.reference)
        getter = attribute(name("environment"), "get_template")
        code.add(assign("parent_template", call(getter, reference, const(statement.by))))
    if not statement.ready:
        code.do(call("extend", name("context"), name("parent_template")))


def _include(generator: Generator, statement: ir.Include, out: Out) -> None:
    code = generator.code
    variable = code.temporary()
    get: list[ast.stmt] = []
    # around the look-up alone: what the included template itself misses is an error all the same
    attempt = ast.Try(get, [ast.ExceptHandler(name("TemplateNotFound"), None, [ast.Pass()])], [], [])
    if statement.ignore_missing:  # (C7)
        code.add(attempt)
    with code.statement_scope(get if statement.ignore_missing else code.block):
        reference = generator.value(statement.reference)
        getter = attribute(name("environment"), statement.way)
        code.add(assign(variable, call(getter, reference, const(statement.by))))
    with code.statement_scope(attempt.orelse if statement.ignore_missing else code.block):
        if statement.variables is not None:
            included = call("include", name(variable), pairs_of(generator, statement.variables))
            run(generator, out, included, generator.value(statement.frame))
            return
        # Jinja2 writes this past the buffer of a `set` or `filter` block, straight to the output (C8)
        to = "out" if statement.to_output else out.variable
        stream = attribute(call("default_module", name(variable), generator.value(statement.frame)), "_body_stream")
        code.do(call(attribute(name(to), "extend"), stream))


STATEMENTS: Statements = MappingProxyType(
    {
        ir.If: _if,
        ir.Scoped: _scoped,
        ir.Break: _break,
        ir.Continue: _continue,
        ir.Unextended: _unextended,
        ir.Extended: _extended,
        ir.Raise: _raise,
        ir.Set: _set,
        ir.CheckNamespace: _check_namespace,
        ir.Publish: _publish,
        ir.Tell: _tell,
        ir.ScopeVariables: _scope_variables,
        ir.SetScopeVariable: _set_scope_variable,
        ir.Do: _do,
        ir.KeepContext: _keep_context,
        ir.Modify: _modify,
        ir.Modified: _modified,
        ir.Overlay: _overlay,
        ir.Run: _run,
        ir.MakeFrame: _make_frame,
        ir.RunBlock: _run_block,
        ir.RunIncluded: _run_included,
        ir.RunSuper: _run_super,
        ir.RunParent: _run_parent,
        ir.Extend: _extend,
        ir.Include: _include,
    }
)
