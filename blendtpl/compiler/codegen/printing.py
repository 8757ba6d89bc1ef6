"""Output: what a template prints.

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

from blendtpl.bundle.environment import passed_argument
from blendtpl.compiler.analysis.facts import is_call_of
from blendtpl.compiler.codegen.calls import (
    Known,
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
from blendtpl.compiler.codegen.scope import Frame

# what is missing in a constant, as in ``1[:1]``, is printed as what it was when the template was compiled
_TELLING = frozenset((jinja2.Undefined, jinja2.ChainableUndefined, jinja2.DebugUndefined))


def output(emitter: Emitter, node: nodes.Output, frame: Frame) -> None:
    """Write the parts of an output statement."""
    if frame.output_check and emitter.known_extends:
        return
    if not frame.output_check or emitter.layout is not None:
        _write_all(emitter, node.nodes, frame)
    else:
        guard = ast.If(is_(name("parent_template"), None), [], [])
        emitter.code.add(guard)
        with emitter.code.inside(guard.body):
            _write_all(emitter, node.nodes, frame)


def _write_all(emitter: Emitter, children: Iterable[nodes.Expr], frame: Frame) -> None:
    for child in children:
        emitter.code.line = child.lineno or emitter.code.line
        value = _constant(emitter, child)
        constant = _constant_text(emitter, child, value)
        if emitter.in_order and constant is None:
            emitter.code.flush()
        if constant is not None:
            _write_constant(emitter, child, frame, constant)
        elif value is not missing and _finalizer(emitter, frame)[0]:
            _write_folded(emitter, child, frame)
        elif emitter.environment.finalize is not None:
            _write(emitter, frame, partial(_finalized_expression, emitter, child, frame))
        elif not _written_directly(emitter, child, frame):
            _write(emitter, frame, partial(emitter.expression, child, frame))


def _write_constant(emitter: Emitter, node: nodes.Expr, frame: Frame, constant: object) -> None:
    # where Jinja2 does not know whether text is to be escaped, it finalizes that too
    if isinstance(node, nodes.TemplateData) or emitter.environment.finalize is None:
        emitter.code.write_text(frame, str(constant))
    elif _finalizer(emitter, frame)[0]:
        # Jinja2 escapes a constant before it is finalized, and everything else after that
        value = literal(constant) if has_literal(constant) else emitter.expression(node, frame)
        emitter.code.write(frame, "str", _finalized(emitter, frame, value))
    else:
        _write(emitter, frame, partial(_finalized_expression, emitter, node, frame))


def _write_folded(emitter: Emitter, node: nodes.Expr, frame: Frame) -> None:
    """Write what Jinja2 takes for a constant and there is no literal of. It makes the text of that when it compiles, so
    it asks no tag around that is decided at run time, and what it looks up in constants is undefined or there.
    """
    emitter.in_constant = True
    value = emitter.expression(node, frame)
    emitter.in_constant = False
    if emitter.environment.finalize is not None:
        if emitter.eval_ctx.autoescape:
            value = call("Markup", call("escape_any", value))
        emitter.code.write(frame, "str", _finalized(emitter, frame, value))
    else:
        _write_plainly(emitter, frame, value)


def _write(emitter: Emitter, frame: Frame, made: Callable[[], ast.expr]) -> None:
    """Write a value; whether it is escaped is asked before it is made, where that is not known."""
    if emitter.eval_ctx.volatile:
        kind = emitter.code.held(either(emitter.autoescape(frame), name("escape_any"), name("str")))
        emitter.code.write(frame, "is", emitter.code.hold(ast.Call(kind, [made()], [])))
        return
    _write_plainly(emitter, frame, made())


def _write_plainly(emitter: Emitter, frame: Frame, value: ast.expr) -> None:
    """Write a value that is escaped or not as is known when this is compiled."""
    if isinstance(value, ast.Constant):
        emitter.code.write_text(frame, str(escape(value.value) if emitter.eval_ctx.autoescape else value.value))
    else:
        emitter.code.write(frame, "escape" if emitter.eval_ctx.autoescape else "str", value)


def constant_text(emitter: Emitter, node: nodes.Expr) -> object:
    """Return a constant, escaped, or `None`; what raises is left for the render, where the error has its place."""
    return _constant_text(emitter, node, _constant(emitter, node))


def _constant(emitter: Emitter, node: nodes.Expr) -> Any:
    """Return the value of what Jinja2 takes for a constant, else `missing`: what cannot be printed is none."""
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
    # the text of anything else may be another at each run, such as one with an address in it
    if not has_literal(value) and (finalizes or type(value) not in _TELLING):
        return None
    try:
        if escapes:
            return escape(value)
        return value if finalizes and not isinstance(node, nodes.TemplateData) else str(value)
    except Exception:
        return None


def _written_directly(emitter: Emitter, node: nodes.Expr, frame: Frame) -> bool:
    """Write what needs no value in between: a counter, the text of a macro, what ``super()`` renders."""
    if emitter.eval_ctx.volatile and not isinstance(node, nodes.Call):
        return False
    if isinstance(node, nodes.Getattr):
        loop = counted(emitter, node.node, frame)
        if loop is None or node.attr not in _NUMBERS:
            return loop is None and _write_field(emitter, node, frame)
        emitter.code.write(frame, "int", counter(emitter, loop, node.attr))
        return True
    if isinstance(node, nodes.CondExpr) and emitter.environment.finalize is None:
        return _write_chosen(emitter, node, frame)
    if not isinstance(node, nodes.Call):
        return False
    if _write_cycle(emitter, node, frame):
        return True
    if (
        _super(emitter, node, frame)
        or _descend(emitter, node, frame)
        or (emitter.environment.finalize is None and translation(emitter, node, frame))
    ):
        return True
    if emitter.eval_ctx.volatile:
        return False
    block = own_block(emitter, node, frame)
    if block is not None:
        _write_block(emitter, frame, block)
        return True
    if is_call_back(emitter, node, frame):
        _write_caller(emitter, node, frame)
        return True
    macro = known_call(emitter, node, frame)
    if macro is None:
        return False
    if _is_markup(emitter, frame) is not None or not inlined_macro(emitter, frame, macro, node):
        _write_macro(emitter, frame, macro, direct_arguments(emitter, node, frame, macro))
    return True


def _write_field(emitter: Emitter, node: nodes.Getattr, frame: Frame) -> bool:
    """Write the text of an attribute by one call, where that is not worth being written out; return whether it is."""
    escapes = emitter.eval_ctx.autoescape
    if emitter.code.function.hot and not (escapes and emitter.links.speedups):
        return False
    if emitter.own_getattr or emitter.eval_ctx.volatile or emitter.environment.finalize is not None:
        return False
    if hasattr(dict, node.attr):
        return False
    made = call("escaped_field" if escapes else "text_field", name("undefined"), *looked_into(emitter, node, frame))
    emitter.code.write(frame, "call", made)
    return True


_NUMBERS = frozenset({"index", "index0", "depth", "depth0", "length", "revindex", "revindex0"})


def _write_chosen(emitter: Emitter, node: nodes.CondExpr, frame: Frame) -> bool:
    """Write one of two values as a condition around their output would; return whether that has been done."""
    choices = [part for part in (node.expr1, node.expr2) if part is not None]
    if not any(isinstance(part, nodes.Call) for part in choices):
        outputs: list[list[nodes.Node]] = [[nodes.Output([part], lineno=node.lineno)] for part in choices]
        if_ = nodes.If(node.test, outputs[0], [], outputs[1] if node.expr2 is not None else [], lineno=node.lineno)
        emitter.statements[nodes.If](emitter, if_, frame)
    elif node.expr2 is None:
        _write(
            emitter, frame, lambda: chosen(emitter, node, frame, const(""))
        )  # nothing is printed of what is undefined
    else:
        return False
    return True


def _write_cycle(emitter: Emitter, node: nodes.Call, frame: Frame) -> bool:
    """Write what a loop with counters gives in turn, when that is constant; return whether it is."""
    loop = cycled(emitter, node, frame)
    if loop is None or emitter.environment.finalize is not None or emitter.eval_ctx.volatile:
        return False
    texts = [constant_text(emitter, part) for part in node.args]
    if None in texts:
        return False
    emitter.code.write(frame, "is", emitter.code.hold(cycle(emitter, loop, [const(str(text)) for text in texts])))
    return True


def _write_macro(emitter: Emitter, frame: Frame, macro: Known, arguments: list[ast.expr]) -> None:
    code = emitter.code
    sure = _is_markup(emitter, frame)
    if code.texts or emitter.links.returns_text(macro.template, f"macro_{macro.shape.name}"):
        text = printed_text(emitter, macro, arguments)
        if sure is not None:
            text = code.hold(text)
            text = either(sure, text, call("escape_str", text))
        code.write(frame, "call", text)
        return
    code.flush()
    written = call(macro.function, macro.context, *arguments, name(frame.out))
    if sure is None:
        writes(emitter, written, frame.out)
        return
    branch = ast.If(sure, [], [])
    code.add(branch)
    with code.inside(branch.body):
        writes(emitter, written, frame.out)
    with code.inside(branch.orelse):
        code.write(frame, "is", call("escape_str", printed_text(emitter, macro, arguments)))


def _write_block(emitter: Emitter, frame: Frame, block: OwnBlock) -> None:
    code, sure, scope = emitter.code, _is_markup(emitter, frame), name(frame.context)
    if sure is None:
        run(emitter, frame, block.function, scope, text=block.text)
    elif code.texts:
        text = code.hold(block_text(block, frame))
        code.write(frame, "call", either(sure, text, call("escape_str", text)))
    else:
        code.flush()
        branch = ast.If(sure, [], [])
        code.add(branch)
        with code.inside(branch.body):
            run(emitter, frame, block.function, scope, text=block.text)
        with code.inside(branch.orelse):
            code.write(frame, "is", call("escape_str", block_text(block, frame)))


def _write_caller(emitter: Emitter, node: nodes.Call, frame: Frame) -> None:
    if emitter.write_caller is not None:
        emitter.write_caller()
        return
    code = emitter.code
    code.flush()
    caller = name(frame.symbols.ref("caller"))
    test: ast.expr = is_(call("type", caller), "Body")
    sure = _is_markup(emitter, frame)
    branch = ast.If(test if sure is None else ast.BoolOp(ast.And(), [test, sure]), [], [])
    code.add(branch)
    with code.inside(branch.body):
        writes(emitter, call(attribute(caller, "write"), name(frame.out)), frame.out)
    with code.inside(branch.orelse):
        _write(emitter, frame, partial(emitter.expression, node, frame))


def _is_markup(emitter: Emitter, frame: Frame) -> ast.expr | None:
    """Return the expression for whether the text of a macro is printed as it is; `None` when it surely is."""
    escaped = emitter.autoescape(frame)
    return None if not emitter.eval_ctx.autoescape or isinstance(escaped, ast.Constant) else escaped


def _finalizer(emitter: Emitter, frame: Frame) -> tuple[bool, list[ast.expr]]:
    """Return whether Jinja2 finalizes constants when it compiles, and what `finalize` is passed first."""
    wanted = passed_argument(emitter.environment.finalize)
    if wanted in {"", "environment"}:
        return True, [name(wanted)] if wanted else []
    return False, [name(frame.context) if wanted == "context" else emitter.evaluation(frame)]


def _finalized_expression(emitter: Emitter, node: nodes.Expr, frame: Frame) -> ast.expr:
    return _finalized(emitter, frame, emitter.expression(node, frame))


def _finalized(emitter: Emitter, frame: Frame, value: ast.expr) -> ast.expr:
    finalize = attribute(name("environment"), "finalize")
    return emitter.code.hold(call(finalize, *_finalizer(emitter, frame)[1], value))


def _descend(emitter: Emitter, node: nodes.Call, frame: Frame) -> bool:
    """Write what ``loop(...)`` renders straight to the output."""
    items = descended_into(node)
    loop = counted(emitter, node.node, frame)
    if items is None or loop is None or loop.descent is None:
        return False
    emitter.code.flush()
    value = emitter.expression(items, frame)
    render, deeper = name(loop.descent.render), ast.BinOp(name(loop.descent.depth), ast.Add(), const(1))
    writes(emitter, call(render, value, name(frame.out), render, deeper), frame.out)
    return True


def _super(emitter: Emitter, node: nodes.Call, frame: Frame) -> bool:
    """Write what ``super()`` renders straight to the output, when that is all that is asked of it."""
    if (
        not is_call_of(node, "super")
        or frame.block is None
        or emitter.super_variable is None
        or emitter.own_call
        or frame.symbols.find_ref("super") != emitter.super_variable
    ):
        return False
    if emitter.layout is not None:
        above = emitter.links.above(str(emitter.template), frame.block)
        if above is not None and inlined_super(emitter, frame, above):
            return True
        if above is not None:
            function = name(emitter.link(above, f"super_{frame.block}"))
            run(emitter, frame, function, name(frame.context), text=emitter.prints(f"block_{frame.block}"))
            return True
        # there is none, which is an error when it is called
        undefined = call("no_parent", name("undefined"), const(frame.block))
        asked = call("callee", name(frame.context), emitter.code.hold(undefined))
        _write(emitter, frame, lambda: emitter.code.hold(ast.Call(asked, [], [])))
        return True
    escaped = const(emitter.eval_ctx.autoescape)
    block = call("super_block", name(frame.context), const(frame.block), name(f"block_{frame.block}"), escaped)
    run(emitter, frame, block, name(frame.context))
    return True


def run(emitter: Emitter, frame: Frame, function: ast.expr, *arguments: ast.expr, text: bool = False) -> None:
    """Call what writes to an output list, or returns a `text`: a template's root or a block."""
    enclosed = not emitter.code.function.root  # in a function that is no generator in Jinja2, of those that are
    if text or emitter.code.texts:
        function = function if text else call("returning", function)
        made = call("enclosed", function, *arguments) if enclosed else call(function, *arguments)
        emitter.code.write(frame, "call", made)
    elif frame.streams:
        emitter.code.flush()
        emitter.code.function.yields = True
        steps = emitter.code.hold(call(function, *arguments, name(frame.out), name("limit")))
        # most have yielded nothing and have nothing to go on with
        emitter.code.add(ast.If(steps, [ast.Expr(ast.YieldFrom(steps))], []))
    else:
        arguments = (*arguments, name(frame.out), name("never"))
        made = call("enclosed", function, *arguments) if enclosed else call(function, *arguments)
        emitter.code.do(call("drain", made))
