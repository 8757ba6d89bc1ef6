"""Macros: `macro` and `call` blocks.

A macro of the top level becomes a function of the module that is given its context, so that neither closes over the
other. Any other macro closes over the variables around it.
"""

import ast
from types import MappingProxyType

from jinja2 import nodes

from blendtpl.bundle import abi
from blendtpl.compiler.analysis.facts import SPECIAL
from blendtpl.compiler.analysis.string_functions import prints
from blendtpl.compiler.analysis.walk import undeclared
from blendtpl.compiler.codegen.calls import absent_argument, called, direct_arguments, known_caller, writes
from blendtpl.compiler.codegen.generator import Emitter, Statements
from blendtpl.compiler.codegen.inline import inlined_call
from blendtpl.compiler.codegen.pyast import assign, call, const, is_, name
from blendtpl.compiler.codegen.scope import Scope
from blendtpl.compiler.codegen.statements import append


def _macro(emitter: Emitter, node: nodes.Macro, scope: Scope) -> None:
    emitter.code.flush()
    macro = _define(emitter, node, scope)
    variable = scope.symbols.ref(node.name)
    emitter.code.changed(variable)
    emitter.code.add(assign(variable, macro))
    if scope.toplevel:
        emitter.stores.publish(node.name, variable, export=True)


def _call_block(emitter: Emitter, node: nodes.CallBlock, scope: Scope) -> None:
    macro = known_caller(emitter, node, scope)
    if macro is not None:
        if inlined_call(emitter, scope, macro, node):
            return
        body = _body(emitter, node, scope)
        emitter.code.line = node.lineno
        arguments = direct_arguments(emitter, node.call, scope, macro, body)
        # what calls for the block writes, as all macros with a caller do
        writes(emitter, call(macro.function, macro.context, *arguments, name(scope.out)), scope.out)
        return
    caller = emitter.code.materialise(_define(emitter, node, scope))
    emitter.code.line = node.lineno
    append(emitter, scope, called(emitter, node.call, scope, caller=caller))  # (E11)


def _body(emitter: Emitter, node: nodes.CallBlock, scope: Scope) -> ast.expr:
    """Write the function of a `call` block that is only ever called for what it prints; return what is handed on."""
    inner = scope.inner()
    inner.output_check = False
    inner.symbols.analyze_node(node)
    emitter.code.add(_function(emitter, node, inner, "call_block", [], writes=True))
    return emitter.code.materialise(call("Body", name("call_block")))


def _define(emitter: Emitter, node: nodes.Macro | nodes.CallBlock, scope: Scope) -> ast.expr:
    """Write the function of a macro; return the expression that makes the macro of it."""
    inner = scope.inner()
    inner.symbols.analyze_node(node)
    names = [argument.name for argument in node.args]
    special = undeclared(node.body, SPECIAL)  # (M3)
    if "caller" in special and "caller" in names and names.index("caller") < len(names) - len(node.defaults):
        emitter.fail(
            'When defining macros or call blocks the special "caller" argument must be omitted or be given a default.',
            node.lineno,
        )
    arguments = [inner.symbols.ref(parameter) for parameter in names]
    arguments += [
        inner.symbols.declare_parameter(parameter)
        for parameter in SPECIAL
        if parameter in special and parameter not in names
    ]
    inner.output_check = False
    inner.symbols.analyze_node(node)
    if isinstance(node, nodes.Macro) and scope.toplevel:
        hoisted = _hoisted(emitter, node, inner, scope, arguments)
        writes = _is_known(emitter, node) and not emitter.prints(abi.macro_function(node.name))
        function: ast.expr = call("partial", *([name("written")] if writes else []), hoisted, name("context"))
    else:
        called = getattr(node, "name", None)
        identifier = abi.CALLER_FUNCTION if called is None else abi.inner_macro_function(called)
        emitter.code.add(_function(emitter, node, inner, identifier, arguments))
        function = name(identifier)
    return call(
        "Macro",
        name("environment"),
        function,
        const(getattr(node, "name", None)),
        ast.Tuple([const(parameter) for parameter in names], ast.Load()),
        const("kwargs" in special and "kwargs" not in names),
        const("varargs" in special and "varargs" not in names),
        const("caller" in special),
        emitter.autoescape(scope),
    )


def _hoisted(emitter: Emitter, node: nodes.Macro, inner: Scope, scope: Scope, arguments: list[str]) -> ast.Name:
    """Make a macro of the top level a function of the module, once; return its name."""
    if id(node) not in emitter.hoisted:
        identifier = abi.macro_function(node.name)
        if any(hoisted.name == identifier for hoisted in emitter.hoisted.values()):
            identifier = f"{identifier}_{len(emitter.hoisted)}"
        is_known = _is_known(emitter, node)
        if scope.rootlevel and is_known:
            emitter.final_names.add(node.name)
        writes = is_known and not emitter.prints(identifier)
        definition = _function(emitter, node, inner, identifier, ["context", *arguments], writes=writes)
        definition.lineno = node.lineno
        emitter.hoisted[id(node)] = definition
    return name(emitter.hoisted[id(node)].name)


def _function(
    emitter: Emitter,
    node: nodes.Macro | nodes.CallBlock,
    inner: Scope,
    identifier: str,
    arguments: list[str],
    *,
    writes: bool = False,
) -> ast.FunctionDef:
    """Write the function of a macro, which returns a text, or `writes` to the list that it is given last."""
    inner.out, inner.streams, inner.unsure = emitter.code.temporary(), False, ""
    text = not writes and _is_text(emitter, node)
    hot = emitter.code.function.hot if isinstance(node, nodes.CallBlock) else 1
    inner.symbols.stays = True
    with emitter.code.defining(identifier, [*arguments, inner.out] if writes else arguments, text=text) as function:
        emitter.macro_depth += 1
        emitter.code.function.hot = hot
        if not writes and not text:
            emitter.code.add(assign(inner.out, ast.List([], ast.Load())))
        with emitter.lent(*([inner] if writes else [])):
            emitter.enter(inner)
            _defaults(emitter, node, inner)
            emitter.body(node.body, inner)
        if not writes and not text:
            emitter.code.add(ast.Return(emitter.joined(inner, plain=True)))
        emitter.macro_depth -= 1
    return function.definition([], emitter.reader())


def _is_known(emitter: Emitter, node: nodes.Macro) -> bool:
    """Return whether other code may call the function of a macro of the top level: there is no other of its name."""
    return node.name in emitter.macros


def _is_text(emitter: Emitter, node: nodes.Macro | nodes.CallBlock) -> bool:
    """Return whether a macro that returns a text has no need of a list for that."""
    printing = prints("", node.body, emitter.environment, emitter.template)
    return printing is not None and not printing.included and not printing.blocks


def _defaults(emitter: Emitter, node: nodes.Macro | nodes.CallBlock, inner: Scope) -> None:
    """Emit what gives each argument that was not given its default, which sees the arguments before it (M2)."""
    unset, emitter.unset_parameters = (
        emitter.unset_parameters,
        {inner.symbols.ref(parameter.name) for parameter in node.args},
    )
    for index, argument in enumerate(node.args):
        emitter.code.line = argument.lineno or emitter.code.line
        variable = inner.symbols.ref(argument.name)
        absent = ast.If(is_(name(variable), "missing"), [], [])
        emitter.code.add(absent)
        with emitter.code.statement_scope(absent.body):
            emitter.code.add(assign(variable, absent_argument(emitter, node, index, inner)))
        emitter.unset_parameters.discard(variable)
    emitter.unset_parameters = unset


MACROS: Statements = MappingProxyType({nodes.Macro: _macro, nodes.CallBlock: _call_block})
