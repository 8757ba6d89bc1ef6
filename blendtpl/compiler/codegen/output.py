"""Output: what is printed, joined into runs by the writer."""

import ast
from types import MappingProxyType

from markupsafe import escape

from blendtpl.compiler.codegen.calls import block_text, macro_arguments, macro_function, macro_text
from blendtpl.compiler.codegen.generator import Generator, Statements
from blendtpl.compiler.codegen.loop_variable import turn
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, name
from blendtpl.compiler.codegen.values import autoescape, looked_into
from blendtpl.compiler.codegen.writer import Out
from blendtpl.compiler.ir.statements import ESCAPE, INT, RAW, TEXT, Descend, Print, PrintAsked, PrintCaller, PrintText
from blendtpl.compiler.ir.values import Attribute, BlockText, CallMacro, Constant, Counter, Printed, Turn

_NUMBERS = frozenset({"index", "index0", "depth", "depth0", "length", "revindex", "revindex0"})


def _print_text(generator: Generator, statement: PrintText, out: Out) -> None:
    generator.code.write_text(out, statement.text)


def _print(generator: Generator, statement: Print, out: Out) -> None:
    code, value, mode = generator.code, statement.value, statement.mode
    if mode == RAW:
        code.flush()
        generator.append(out, generator.value(value))
    elif isinstance(value, Printed):
        _PRINTED[type(value.value)](generator, value, out)
    elif mode == TEXT:
        code.write(out, "is", generator.value(value))
    elif isinstance(value, Constant):
        code.write_text(out, str(escape(value.value) if mode == ESCAPE else value.value))
    elif mode == INT or (isinstance(value, Counter) and value.attr in _NUMBERS):
        code.write(out, "int", generator.value(value))
    elif isinstance(value, Attribute) and _is_one_call(generator, value, escapes=mode == ESCAPE):
        getter = "escaped_field" if mode == ESCAPE else "text_field"
        code.write(out, "call", call(getter, name("undefined"), *looked_into(generator, value)))
    elif isinstance(value, Turn) and all(isinstance(part, Constant) for part in value.values):
        texts = [part.value for part in value.values if isinstance(part, Constant)]
        shown: list[ast.expr] = [const(str(escape(text) if mode == ESCAPE else text)) for text in texts]
        code.write(out, "is", code.materialise(turn(generator, value, shown)))
    else:
        code.write(out, "escape" if mode == ESCAPE else "str", generator.value(value))


def _is_one_call(generator: Generator, value: Attribute, *, escapes: bool) -> bool:
    """Return whether the text of an attribute takes one call, as it is not worth being written out."""
    hot = generator.code.function.hot
    return not value.safe and not hasattr(dict, value.attr) and (not hot or (escapes and generator.target.speedups))


def _print_asked(generator: Generator, statement: PrintAsked, out: Out) -> None:
    code = generator.code
    escaped = autoescape(generator, statement.escaped)
    kind = code.materialised(either(escaped, name("escape_any"), name("str")))
    code.write(out, "is", code.materialise(ast.Call(kind, [generator.value(statement.value)], [])))


# -- what parts of templates print -------------------------------------------------------------------------------------


def _print_macro(generator: Generator, printed: Printed, out: Out) -> None:
    code, macro = generator.code, printed.value
    if not isinstance(macro, CallMacro):
        raise TypeError(macro)
    sure = None if printed.escaped is None else autoescape(generator, printed.escaped)
    if code.texts or macro.text:
        text = _macro_text(generator, printed, macro)
        if sure is not None:
            text = code.materialise(text)
            text = either(sure, text, call("escape_str", text))
        code.write(out, "call", text)
        return
    function, context = macro_function(generator, macro), generator.value(macro.context)
    if sure is None:
        arguments = macro_arguments(generator, macro)
        code.flush()
        writes(generator, call(function, context, *arguments, name(out.variable)), out, printed)
        return
    # looked at once, whichever way they go
    arguments = [code.materialise(argument) for argument in macro_arguments(generator, macro)]
    branch = ast.If(sure, [], [])
    code.add(branch)
    with code.statement_scope(branch.body):
        writes(generator, call(function, context, *arguments, name(out.variable)), out, printed)
    with code.statement_scope(branch.orelse):
        code.write(out, "is", call("escape_str", _macro_text(generator, printed, macro, arguments)))


def _macro_text(
    generator: Generator, printed: Printed, macro: CallMacro, arguments: list[ast.expr] | None = None
) -> ast.expr:
    """Return the expression for the text that a known macro prints. Where it is no error that what is undefined is
    printed, it prints that when the macro raises `StopIteration`; elsewhere `runtime.traceback.locate_error` sees to
    it.
    """
    if not printed.guarded:
        return macro_text(generator, macro, arguments)
    code = generator.code
    code.materialise_output()
    if arguments is None:
        arguments = macro_arguments(generator, macro)  # what raises here is no macro
    result, body = code.temporary(), list[ast.stmt]()
    with code.branch_scope(body):
        code.branch(assign(result, macro_text(generator, macro, arguments)))
    instead = assign(result, call("nothing_of", name("undefined"), const(printed.escapes)))
    code.branch(ast.Try(body, [ast.ExceptHandler(name("StopIteration"), None, [instead])], [], []))
    return name(result)


def writes(generator: Generator, written: ast.expr, out: Out, printed: Printed | PrintCaller | Descend) -> None:
    """Write what calls a function of a template that writes to a list; see `_macro_text`."""
    code = generator.code
    if not printed.guarded:
        code.do(written)
        return
    code.flush()
    count = code.temporary()
    code.add(assign(count, call("len", name(out.variable))))
    operands = name(out.variable), name(count), name("undefined"), const(printed.escapes)
    instead = ast.Expr(call("taken_back", *operands))
    code.add(ast.Try([ast.Expr(written)], [ast.ExceptHandler(name("StopIteration"), None, [instead])], [], []))


def _print_block(generator: Generator, printed: Printed, out: Out) -> None:
    code, block = generator.code, printed.value
    if not isinstance(block, BlockText):
        raise TypeError(block)
    function, frame = generator.value(block.function), generator.value(block.frame)
    if printed.escaped is None:
        run(generator, out, function, frame, text=block.text)
        return
    sure = autoescape(generator, printed.escaped)
    if code.texts:
        text = code.materialise(block_text(generator, block))
        code.write(out, "call", either(sure, text, call("escape_str", text)))
        return
    code.flush()
    branch = ast.If(sure, [], [])
    code.add(branch)
    with code.statement_scope(branch.body):
        run(generator, out, function, frame, text=block.text)
    with code.statement_scope(branch.orelse):
        code.write(out, "is", call("escape_str", block_text(generator, block)))


_PRINTED = {CallMacro: _print_macro, BlockText: _print_block}


def _print_caller(generator: Generator, statement: PrintCaller, out: Out) -> None:
    code = generator.code
    code.flush()
    caller = generator.value(statement.caller)
    test: ast.expr = is_(call("type", caller), "Body")
    if statement.escaped is not None:
        test = ast.BoolOp(ast.And(), [test, autoescape(generator, statement.escaped)])
    branch = ast.If(test, [], [])
    code.add(branch)
    with code.statement_scope(branch.body):
        writes(generator, call(attribute(caller, "write"), name(out.variable)), out, statement)
    with code.statement_scope(branch.orelse):
        generator.body(statement.otherwise, out)


def run(generator: Generator, out: Out, function: ast.expr, *arguments: ast.expr, text: bool = False) -> None:
    """Call what writes to an output list, or returns a `text`: a template's root or a block."""
    code = generator.code
    enclosed = not code.function.root  # in a function that is no generator in Jinja2, of those that are
    if text or code.texts:
        function = function if text else call("returning", function)
        invocation = call("enclosed", function, *arguments) if enclosed else call(function, *arguments)
        code.write(out, "call", invocation)
    elif out.streams:
        code.flush()
        code.function.yields = True
        steps = code.materialise(call(function, *arguments, name(out.variable), name("limit")))
        # most have yielded nothing and have nothing to go on with
        code.add(ast.If(steps, [ast.Expr(ast.YieldFrom(steps))], []))
    else:
        arguments = (*arguments, name(out.variable), name("never"))
        invocation = call("enclosed", function, *arguments) if enclosed else call(function, *arguments)
        code.do(call("drain", invocation))


OUTPUT: Statements = MappingProxyType(
    {PrintText: _print_text, Print: _print, PrintAsked: _print_asked, PrintCaller: _print_caller}
)
