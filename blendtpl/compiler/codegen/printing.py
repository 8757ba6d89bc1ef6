"""Printing: what a template prints.

Enters: the parts of an output statement. Leaves: nothing; the writer has them, constant text joined.
"""

import ast
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.utils import missing
from markupsafe import escape

from blendtpl.bundle import abi
from blendtpl.bundle.environment import passed_argument
from blendtpl.compiler.analysis.facts import is_call_of
from blendtpl.compiler.codegen.calls import (
    KnownMacro,
    OwnBlock,
    block_text,
    direct_arguments,
    is_call_back,
    known_call,
    own_block,
    printed_text,
    writes,
)
from blendtpl.compiler.codegen.expressions import looked_into
from blendtpl.compiler.codegen.generator import Emitter
from blendtpl.compiler.codegen.gettext import translation
from blendtpl.compiler.codegen.inline import inlined_macro, inlined_super
from blendtpl.compiler.codegen.logic import chosen
from blendtpl.compiler.codegen.loop_variable import counted, counter, cycle, cycled, descended_into
from blendtpl.compiler.codegen.pyast import attribute, call, const, either, has_literal, is_, literal, name
from blendtpl.compiler.codegen.scope import Scope

# what is missing in a constant, as in ``1[:1]``, is printed as what it was when the template was compiled
_TELLING = frozenset((jinja2.Undefined, jinja2.ChainableUndefined, jinja2.DebugUndefined))


def output(emitter: Emitter, node: nodes.Output, scope: Scope) -> None:
    """Write the parts of an output statement (C1)."""
    if scope.output_check and emitter.known_extends:
        return
    if not scope.output_check or emitter.layout is not None:
        _write_all(emitter, node.nodes, scope)
    else:
        guard = ast.If(is_(name("parent_template"), None), [], [])
        emitter.code.add(guard)
        with emitter.code.statement_scope(guard.body):
            _write_all(emitter, node.nodes, scope)


def _write_all(emitter: Emitter, children: Iterable[nodes.Expr], scope: Scope) -> None:
    for child in children:
        emitter.code.line = child.lineno or emitter.code.line
        value = _constant(emitter, child)
        constant = _constant_text(emitter, child, value)
        if emitter.in_order and constant is None:
            emitter.code.flush()
        if constant is not None:
            _write_constant(emitter, child, scope, constant)
        elif value is not missing and _finalizer(emitter, scope)[0]:
            _write_folded(emitter, child, scope)
        elif emitter.environment.finalize is not None:
            _write(emitter, scope, partial(_finalized_expression, emitter, child, scope))
        elif not _written_directly(emitter, child, scope):
            _write(emitter, scope, partial(emitter.expression, child, scope))


def _write_constant(emitter: Emitter, node: nodes.Expr, scope: Scope, constant: object) -> None:
    # where Jinja2 does not know whether text is to be escaped, it finalizes that too (E10)
    if isinstance(node, nodes.TemplateData) or emitter.environment.finalize is None:
        emitter.code.write_text(scope, str(constant))
    elif _finalizer(emitter, scope)[0]:
        # Jinja2 escapes a constant before it is finalized, and everything else after that (E10)
        emitter.code.write(scope, "str", _finalized(emitter, scope, literal(constant)))
    else:
        _write(emitter, scope, partial(_finalized_expression, emitter, node, scope))


def _write_folded(emitter: Emitter, node: nodes.Expr, scope: Scope) -> None:
    """Write what Jinja2 takes for a constant and there is no literal of. It makes the text of that when it compiles, so
    it asks no tag around that is decided at run time, and what it looks up in constants is undefined or there
    (E7, L8).
    """
    emitter.in_constant = True
    value = emitter.expression(node, scope)
    emitter.in_constant = False
    if emitter.environment.finalize is not None:
        if emitter.eval_ctx.autoescape:
            value = call("Markup", call("escape_any", value))
        emitter.code.write(scope, "str", _finalized(emitter, scope, value))
    else:
        _write_plainly(emitter, scope, value)


def _write(emitter: Emitter, scope: Scope, build: Callable[[], ast.expr]) -> None:
    """Write a value; whether it is escaped is asked before it is made, where that is not known (E6)."""
    if emitter.eval_ctx.volatile:
        kind = emitter.code.materialised(either(emitter.autoescape(scope), name("escape_any"), name("str")))
        emitter.code.write(scope, "is", emitter.code.materialise(ast.Call(kind, [build()], [])))
        return
    _write_plainly(emitter, scope, build())


def _write_plainly(emitter: Emitter, scope: Scope, value: ast.expr) -> None:
    """Write a value that is escaped or not as is known when this is compiled (E5)."""
    if isinstance(value, ast.Constant):
        emitter.code.write_text(scope, str(escape(value.value) if emitter.eval_ctx.autoescape else value.value))
    else:
        emitter.code.write(scope, "escape" if emitter.eval_ctx.autoescape else "str", value)


def constant_text(emitter: Emitter, node: nodes.Expr) -> object:
    """Return a constant, escaped, or `None`; what raises is left for the render, where the error has its place (E7)."""
    return _constant_text(emitter, node, _constant(emitter, node))


def _constant(emitter: Emitter, node: nodes.Expr) -> Any:
    """Return the value of what Jinja2 takes for a constant, else `missing`: what cannot be printed is none."""
    # a quick answer for most of what is printed, for which `as_const` raises `Impossible`
    if isinstance(node, (nodes.Name, nodes.Call)):
        return missing
    try:
        value = node.as_const(emitter.eval_ctx)
        str(value)
    except Exception:
        return missing
    return value


def _constant_text(emitter: Emitter, node: nodes.Expr, value: Any) -> object:
    if value is missing:
        return None
    escapes, finalizes = emitter.eval_ctx.autoescape, emitter.environment.finalize is not None
    # the text of anything else may be another at each run, such as one with an address in it (E7)
    if not has_literal(value) and (finalizes or type(value) not in _TELLING):
        return None
    try:
        if escapes:
            return escape(value)
        return value if finalizes and not isinstance(node, nodes.TemplateData) else str(value)
    except Exception:
        return None


def _written_directly(emitter: Emitter, node: nodes.Expr, scope: Scope) -> bool:
    """Write what needs no value in between: a counter, the text of a macro, what ``super()`` renders."""
    if emitter.eval_ctx.volatile and not isinstance(node, nodes.Call):
        return False
    if isinstance(node, nodes.Getattr):
        loop = counted(emitter, node.node, scope)
        if loop is None or node.attr not in _NUMBERS:
            return loop is None and _write_field(emitter, node, scope)
        emitter.code.write(scope, "int", counter(emitter, loop, node.attr))
        return True
    if isinstance(node, nodes.CondExpr) and emitter.environment.finalize is None:
        return _write_chosen(emitter, node, scope)
    if not isinstance(node, nodes.Call):
        return False
    if _write_cycle(emitter, node, scope):
        return True
    if (
        _super(emitter, node, scope)
        or _descend(emitter, node, scope)
        or (emitter.environment.finalize is None and translation(emitter, node, scope))
    ):
        return True
    if emitter.eval_ctx.volatile:
        return False
    block = own_block(emitter, node, scope)
    if block is not None:
        _write_block(emitter, scope, block)
        return True
    if is_call_back(emitter, node, scope):
        _write_caller(emitter, node, scope)
        return True
    macro = known_call(emitter, node, scope)
    if macro is None:
        return False
    if _is_markup(emitter, scope) is not None or not inlined_macro(emitter, scope, macro, node):
        _write_macro(emitter, scope, macro, direct_arguments(emitter, node, scope, macro))
    return True


def _write_field(emitter: Emitter, node: nodes.Getattr, scope: Scope) -> bool:
    """Write the text of an attribute by one call, where that is not worth being written out; return whether it is."""
    escapes = emitter.eval_ctx.autoescape
    if emitter.code.function.hot and not (escapes and emitter.program.speedups):
        return False
    if emitter.own_getattr or emitter.eval_ctx.volatile or emitter.environment.finalize is not None:
        return False
    if hasattr(dict, node.attr):
        return False
    text = call("escaped_field" if escapes else "text_field", name("undefined"), *looked_into(emitter, node, scope))
    emitter.code.write(scope, "call", text)
    return True


_NUMBERS = frozenset({"index", "index0", "depth", "depth0", "length", "revindex", "revindex0"})


def _write_chosen(emitter: Emitter, node: nodes.CondExpr, scope: Scope) -> bool:
    """Write one of two values as a condition around their output would; return whether that has been done."""
    choices = [part for part in (node.expr1, node.expr2) if part is not None]
    if not any(isinstance(part, nodes.Call) for part in choices):
        outputs: list[list[nodes.Node]] = [[nodes.Output([part], lineno=node.lineno)] for part in choices]
        if_ = nodes.If(node.test, outputs[0], [], outputs[1] if node.expr2 is not None else [], lineno=node.lineno)
        emitter.statements[nodes.If](emitter, if_, scope)
    elif node.expr2 is None:
        _write(
            emitter, scope, lambda: chosen(emitter, node, scope, const(""))
        )  # nothing is printed of what is undefined
    else:
        return False
    return True


def _write_cycle(emitter: Emitter, node: nodes.Call, scope: Scope) -> bool:
    """Write what a loop with counters gives in turn, when that is constant; return whether it is."""
    loop = cycled(emitter, node, scope)
    if loop is None or emitter.environment.finalize is not None or emitter.eval_ctx.volatile:
        return False
    texts = [constant_text(emitter, part) for part in node.args]
    if None in texts:
        return False
    emitter.code.write(
        scope, "is", emitter.code.materialise(cycle(emitter, loop, [const(str(text)) for text in texts]))
    )
    return True


def _write_macro(emitter: Emitter, scope: Scope, macro: KnownMacro, arguments: list[ast.expr]) -> None:
    code = emitter.code
    sure = _is_markup(emitter, scope)
    if code.texts or emitter.program.returns_text(macro.template, abi.macro_function(macro.shape.name)):
        text = printed_text(emitter, macro, arguments)
        if sure is not None:
            text = code.materialise(text)
            text = either(sure, text, call("escape_str", text))
        code.write(scope, "call", text)
        return
    code.flush()
    written = call(macro.function, macro.context, *arguments, name(scope.out))
    if sure is None:
        writes(emitter, written, scope.out)
        return
    branch = ast.If(sure, [], [])
    code.add(branch)
    with code.statement_scope(branch.body):
        writes(emitter, written, scope.out)
    with code.statement_scope(branch.orelse):
        code.write(scope, "is", call("escape_str", printed_text(emitter, macro, arguments)))


def _write_block(emitter: Emitter, scope: Scope, block: OwnBlock) -> None:
    code, sure, frame = emitter.code, _is_markup(emitter, scope), name(scope.context)
    if sure is None:
        run(emitter, scope, block.function, frame, text=block.text)
    elif code.texts:
        text = code.materialise(block_text(block, scope))
        code.write(scope, "call", either(sure, text, call("escape_str", text)))
    else:
        code.flush()
        branch = ast.If(sure, [], [])
        code.add(branch)
        with code.statement_scope(branch.body):
            run(emitter, scope, block.function, frame, text=block.text)
        with code.statement_scope(branch.orelse):
            code.write(scope, "is", call("escape_str", block_text(block, scope)))


def _write_caller(emitter: Emitter, node: nodes.Call, scope: Scope) -> None:
    if emitter.write_caller is not None:
        emitter.write_caller()
        return
    code = emitter.code
    code.flush()
    caller = name(scope.symbols.ref("caller"))
    test: ast.expr = is_(call("type", caller), "Body")
    sure = _is_markup(emitter, scope)
    branch = ast.If(test if sure is None else ast.BoolOp(ast.And(), [test, sure]), [], [])
    code.add(branch)
    with code.statement_scope(branch.body):
        writes(emitter, call(attribute(caller, "write"), name(scope.out)), scope.out)
    with code.statement_scope(branch.orelse):
        _write(emitter, scope, partial(emitter.expression, node, scope))


def _is_markup(emitter: Emitter, scope: Scope) -> ast.expr | None:
    """Return the expression for whether the text of a macro is printed as it is; `None` when it surely is."""
    escaped = emitter.autoescape(scope)
    return None if not emitter.eval_ctx.autoescape or isinstance(escaped, ast.Constant) else escaped


def _finalizer(emitter: Emitter, scope: Scope) -> tuple[bool, list[ast.expr]]:
    """Return whether Jinja2 finalizes constants when it compiles, and what `finalize` is passed first (E10)."""
    argument = passed_argument(emitter.environment.finalize)
    if argument in {"", "environment"}:
        return True, [name(argument)] if argument else []
    return False, [name(scope.context) if argument == "context" else emitter.evaluation(scope)]


def _finalized_expression(emitter: Emitter, node: nodes.Expr, scope: Scope) -> ast.expr:
    return _finalized(emitter, scope, emitter.expression(node, scope))


def _finalized(emitter: Emitter, scope: Scope, value: ast.expr) -> ast.expr:
    finalize = attribute(name("environment"), "finalize")
    return emitter.code.materialise(call(finalize, *_finalizer(emitter, scope)[1], value))


def _descend(emitter: Emitter, node: nodes.Call, scope: Scope) -> bool:
    """Write what ``loop(...)`` renders straight to the output."""
    items = descended_into(node)
    loop = counted(emitter, node.node, scope)
    if items is None or loop is None or loop.descent is None:
        return False
    emitter.code.flush()
    value = emitter.expression(items, scope)
    render, deeper = name(loop.descent.render), ast.BinOp(name(loop.descent.depth), ast.Add(), const(1))
    writes(emitter, call(render, value, name(scope.out), render, deeper), scope.out)
    return True


def _super(emitter: Emitter, node: nodes.Call, scope: Scope) -> bool:
    """Write what ``super()`` renders straight to the output, when that is all that is asked of it."""
    if (
        not is_call_of(node, "super")
        or scope.block is None
        or emitter.super_variable is None
        or emitter.own_call
        or scope.symbols.find_ref("super") != emitter.super_variable
    ):
        return False
    if emitter.layout is not None:
        above = emitter.program.above(str(emitter.template), scope.block)
        if above is not None and inlined_super(emitter, scope, above):
            return True
        if above is not None:
            function = name(emitter.link(above, abi.super_of(scope.block)))
            run(emitter, scope, function, name(scope.context), text=emitter.prints(abi.block_function(scope.block)))
            return True
        # there is none, which is an error when it is called
        undefined = call("no_parent", name("undefined"), const(scope.block))
        callee = call("callee", name(scope.context), emitter.code.materialise(undefined))
        _write(emitter, scope, lambda: emitter.code.materialise(ast.Call(callee, [], [])))
        return True
    escaped = const(emitter.eval_ctx.autoescape)
    block = call("super_block", name(scope.context), const(scope.block), name(abi.block_function(scope.block)), escaped)
    run(emitter, scope, block, name(scope.context))
    return True


def run(emitter: Emitter, scope: Scope, function: ast.expr, *arguments: ast.expr, text: bool = False) -> None:
    """Call what writes to an output list, or returns a `text`: a template's root or a block."""
    enclosed = not emitter.code.function.root  # in a function that is no generator in Jinja2, of those that are
    if text or emitter.code.texts:
        function = function if text else call("returning", function)
        invocation = call("enclosed", function, *arguments) if enclosed else call(function, *arguments)
        emitter.code.write(scope, "call", invocation)
    elif scope.streams:
        emitter.code.flush()
        emitter.code.function.yields = True
        steps = emitter.code.materialise(call(function, *arguments, name(scope.out), name("limit")))
        # most have yielded nothing and have nothing to go on with
        emitter.code.add(ast.If(steps, [ast.Expr(ast.YieldFrom(steps))], []))
    else:
        arguments = (*arguments, name(scope.out), name("never"))
        invocation = call("enclosed", function, *arguments) if enclosed else call(function, *arguments)
        emitter.code.do(call("drain", invocation))
