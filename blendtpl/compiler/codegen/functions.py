"""Functions: those of templates, blocks and macros, and what makes macros of them."""

import ast
from dataclasses import replace
from types import MappingProxyType

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Generator, Statements, Values
from blendtpl.compiler.codegen.pyast import assign, call, const, is_, name
from blendtpl.compiler.codegen.statements import bind
from blendtpl.compiler.codegen.values import autoescape
from blendtpl.compiler.codegen.writer import Out
from blendtpl.compiler.ir.effects import only_prints
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import replaced
from blendtpl.compiler.ir.statements import Default, Define, Framed
from blendtpl.compiler.ir.values import Behind, MakeBody, MakeCaller, MakeMacro, Text

_ROOTS = frozenset({"root", "part", "block"})


def function_of(generator: Generator, function: Function) -> ast.FunctionDef:
    """Return the definition of a function of a template."""
    return (_root if function.kind in _ROOTS else _macro)(generator, function)


def _root(generator: Generator, function: Function) -> ast.FunctionDef:
    code, text = generator.code, function.text
    arguments = [*function.parameters] if text else [*function.parameters, "out", "limit"]
    with code.defining(function.name, arguments, root=True, text=text) as written:
        code.line = function.line
        code.function.hot = int(function.hot)
        bind(generator, function.bind)
        generator.body(function.body, Out())
    epilogue: list[ast.stmt] = [] if written.yields or text else [ast.Return(ast.Tuple([], ast.Load()))]
    return written.definition(epilogue, generator.reader())


def _macro(generator: Generator, function: Function) -> ast.FunctionDef:
    """Return the function of a macro, which returns a text, or writes to the list that it is given last."""
    code = generator.code
    variable, hot = code.temporary(), 1 if function.hot else code.function.hot
    arguments = [*function.parameters, variable] if function.writes else [*function.parameters]
    with code.defining(function.name, arguments, text=function.text) as written:
        code.function.hot = hot
        if function.writes:
            with generator.lent(variable) as out:
                _body(generator, function, out)
        else:
            if not function.text:
                code.add(assign(variable, ast.List([], ast.Load())))
            _body(generator, function, Out(variable, streams=False))
            if not function.text:
                code.flush()
                code.add(ast.Return(call("concat", name(variable))))
    definition = written.definition([], generator.reader())
    definition.lineno = function.line
    return definition


def _body(generator: Generator, function: Function, out: Out) -> None:
    bind(generator, function.bind)
    generator.body(function.body, out)


def _default(generator: Generator, statement: Default, out: Out) -> None:
    code = generator.code
    absent = ast.If(is_(name(statement.variable), "missing"), [], [])
    code.add(absent)
    with code.statement_scope(absent.body):
        code.add(assign(statement.variable, generator.value(statement.value)))


def _define(generator: Generator, statement: Define, out: Out) -> None:
    generator.code.flush()
    generator.code.add(_macro(generator, statement.function))


def _framed(generator: Generator, statement: Framed, out: Out) -> None:
    """Write code of another template; what it raises gets the entry of a call in its traceback."""
    code, line = generator.code, statement.line
    if not statement.streams:
        out = replace(out, streams=False)
    if statement.guarded:
        _stopped(generator, statement, out)
        return
    code.materialise_output()
    body: list[ast.stmt] = []
    with code.appending_to(body):
        generator.body(statement.body, out)
        code.materialise_output()
    code.line = line
    if not body:
        return
    located = call(
        "insert_frame", name("error"), name(generator.link(statement.template, abi.SELF)), const(statement.shown)
    )
    raised = ast.Raise(located, lineno=line)
    handler = ast.ExceptHandler(name("BaseException"), "error", [raised], lineno=line)
    code.branch(ast.Try(body, [handler], [], []))


def _stopped(generator: Generator, statement: Framed, out: Out) -> None:
    """Write code of a function of a template in place of a call: its text is something undefined should it raise
    `StopIteration`. Where printing that is an error, `runtime.traceback.locate_error` makes it (U4).
    """
    code, result, body = generator.code, generator.code.temporary(), list[ast.stmt]()
    framed = replaced(statement, {"guarded": False})
    if only_prints(statement.body):
        code.materialise_output()
        with code.captured(body, result):
            _framed(generator, framed, out)
    else:
        code.flush()
        own = Out(code.temporary(), streams=False)
        code.add(assign(own.variable, ast.List([], ast.Load())))
        with code.statement_scope(body):
            _framed(generator, framed, own)
            code.flush()
            code.add(assign(result, call("concat", name(own.variable))))
    instead = assign(result, call("nothing_of", name("undefined"), const(statement.escapes)))
    code.branch(ast.Try(body, [ast.ExceptHandler(name("StopIteration"), None, [instead])], [], []))
    code.write(out, "is", name(result))


# -- values ------------------------------------------------------------------------------------------------------------


def _text(generator: Generator, value: Text) -> ast.expr:
    code = generator.code
    if generator.target.joins and not generator.target.in_order and only_prints(value.body):
        result, block = code.temporary(), list[ast.stmt]()
        code.materialise_output()
        with code.captured(block, result):
            generator.body(value.body, Out())
        for statement in block:
            code.function.block.append(statement)
        return name(result)
    out = Out(code.temporary(), streams=False)
    with code.apart():
        code.add(assign(out.variable, ast.List([], ast.Load())))
        generator.body(value.body, out)
    return call("concat", name(out.variable))


def _behind(generator: Generator, value: Behind) -> ast.expr:
    generator.body(value.before, Out())
    return generator.value(value.value)


def _make_macro(generator: Generator, value: MakeMacro) -> ast.expr:
    function: ast.expr = name(value.function)
    if value.hoisted:
        written = [name("written")] if value.written else []
        function = call("partial", *written, function, const(None) if value.bare else name("context"))
    return call(
        "Macro",
        name("environment"),
        function,
        const(value.called),
        ast.Tuple([const(parameter) for parameter in value.arguments], ast.Load()),
        const(value.takes_keywords),
        const(value.takes_rest),
        const(value.takes_caller),
        autoescape(generator, value.escaped),
    )


def _make_body(generator: Generator, value: MakeBody) -> ast.expr:
    generator.code.flush()
    generator.code.add(_macro(generator, value.function))
    return generator.code.materialise(call("Body", name(value.function.name)))


FUNCTIONS: Statements = MappingProxyType({Default: _default, Define: _define, Framed: _framed})


def _make_caller(generator: Generator, value: MakeCaller) -> ast.expr:
    generator.code.flush()
    generator.code.add(_macro(generator, value.function))
    return generator.code.materialise(generator.value(value.macro))


FUNCTION_VALUES: Values = MappingProxyType(
    {Text: _text, Behind: _behind, MakeMacro: _make_macro, MakeBody: _make_body, MakeCaller: _make_caller}
)
