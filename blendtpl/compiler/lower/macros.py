"""Macros: `macro` and `call` blocks.

A macro of the top level becomes a function of the module that is given its context, so that neither closes over the
other. Any other macro closes over the variables around it.
"""

from dataclasses import replace
from types import MappingProxyType

from jinja2 import nodes

from blendtpl.bundle import abi
from blendtpl.compiler.analysis.facts import SPECIAL
from blendtpl.compiler.analysis.string_functions import prints
from blendtpl.compiler.analysis.walk import undeclared
from blendtpl.compiler.ir.base import Statement, Value
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.statements import RAW, TEXT, Default, Define, Print, Publish, Set, ToVariable
from blendtpl.compiler.ir.values import MakeBody, MakeCaller, MakeMacro, Printed, Undefined
from blendtpl.compiler.lower.calls import call_macro, call_of, known_caller
from blendtpl.compiler.lower.output import Lowered
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.statements import bind
from blendtpl.compiler.lower.unit import Lower, Unit


def _macro(unit: Unit, node: nodes.Macro, scope: Scope) -> Lowered:
    line = unit.line
    defined, macro = _define(unit, node, scope)
    variable = scope.symbols.ref(node.name)
    made: list[Statement] = [*defined, Set(line, ToVariable(line, variable), macro)]
    if scope.toplevel:
        made.append(Publish(line, node.name, variable, exported=True))
    return made


def _call_block(unit: Unit, node: nodes.CallBlock, scope: Scope) -> Lowered:
    line, macro = unit.line, known_caller(unit, node, scope)
    if macro is not None:
        caller = _body(unit, node, scope) if not node.args else _caller(unit, node, scope)
        unit.line = line
        call = call_macro(unit, node.call, scope, macro, caller)
        # what calls for the block writes, as all macros with a caller do
        printed = Printed(line, call, None, unit.lenient, bool(unit.eval_ctx.autoescape))
        return (Print(line, printed, TEXT),)
    defined, made = _define(unit, node, scope)
    unit.line = line
    return (*defined, Print(line, call_of(unit, node.call, scope, made), RAW))  # (E11)


def _body(unit: Unit, node: nodes.CallBlock, scope: Scope) -> MakeBody:
    """Return what a `call` block without arguments hands on to a macro that does no more than call for it."""
    line, inner = unit.line, scope.inner(output_check=False)
    inner.symbols.analyze_node(node)
    function = _function(unit, node, inner, abi.CALLER_FUNCTION, (), writes=True)
    return MakeBody(line, function, unit.autoescape(scope))


def _caller(unit: Unit, node: nodes.CallBlock, scope: Scope) -> MakeCaller:
    """Return the like of one with arguments."""
    line, (defined, made) = unit.line, _define(unit, node, scope)
    (definition,) = defined
    if not isinstance(definition, Define):
        raise TypeError(definition)
    return MakeCaller(line, definition.function, unit.autoescape(scope), made)


def _define(unit: Unit, node: nodes.Macro | nodes.CallBlock, scope: Scope) -> tuple[Lowered, MakeMacro]:
    """Return what defines the function of a macro, and what makes the macro of it."""
    line, inner = unit.line, scope.inner()
    inner.symbols.analyze_node(node)
    names = [argument.name for argument in node.args]
    special = undeclared(node.body, SPECIAL)  # (M3)
    if "caller" in special and "caller" in names and names.index("caller") < len(names) - len(node.defaults):
        unit.fail(
            'When defining macros or call blocks the special "caller" argument must be omitted or be given a default.',
            node.lineno,
        )
    arguments = [inner.symbols.ref(parameter) for parameter in names]
    arguments += [
        inner.symbols.declare_parameter(parameter)
        for parameter in SPECIAL
        if parameter in special and parameter not in names
    ]
    inner = replace(inner, output_check=False)
    inner.symbols.analyze_node(node)
    called = node.name if isinstance(node, nodes.Macro) else None
    defined: list[Statement] = []
    hoisted, written = isinstance(node, nodes.Macro) and scope.toplevel, False
    if isinstance(node, nodes.Macro) and hoisted:
        identifier = _hoisted(unit, node, inner, scope, arguments)
        written = node.name in unit.macros and not returns_text(unit, abi.macro_function(node.name))
    else:
        identifier = abi.CALLER_FUNCTION if called is None else abi.inner_macro_function(called)
        defined.append(Define(line, _function(unit, node, inner, identifier, tuple(arguments))))
    unit.line = line
    return defined, MakeMacro(
        line,
        identifier,
        hoisted,
        hoisted and unit.framed and not unit.program.macros_hold_scope(unit.template),
        written,
        called,
        tuple(names),
        "kwargs" in special and "kwargs" not in names,
        "varargs" in special and "varargs" not in names,
        "caller" in special,
        unit.autoescape(scope),
    )


def returns_text(unit: Unit, function: str) -> bool:
    """Return whether a function of this template's code returns a text."""
    return unit.program.returns_text(unit.template, function)


def _hoisted(unit: Unit, node: nodes.Macro, inner: Scope, scope: Scope, arguments: list[str]) -> str:
    """Make a macro of the top level a function of the module, once; return its name."""
    if id(node) not in unit.hoisted:
        identifier = abi.macro_function(node.name)
        if any(hoisted.name == identifier for hoisted in unit.hoisted.values()):
            identifier = f"{identifier}_{len(unit.hoisted)}"
        known = node.name in unit.macros
        if scope.rootlevel and known:
            unit.flow.final_names.add(node.name)
        writes = known and not returns_text(unit, identifier)
        function = _function(unit, node, inner, identifier, ("context", *arguments), writes=writes)
        unit.hoisted[id(node)] = function
    return unit.hoisted[id(node)].name


def _function(
    unit: Unit,
    node: nodes.Macro | nodes.CallBlock,
    inner: Scope,
    identifier: str,
    parameters: tuple[str, ...],
    *,
    writes: bool = False,
) -> Function:
    """Return the function of a macro, which returns a text, or `writes` to the list that it is given last."""
    line = unit.line
    inner.symbols.stays = True
    inner = replace(inner, function=unit.number(), in_macro=True, breakable=False, holders=frozenset())
    bound = bind(unit, inner)
    body = (*_defaults(unit, node, inner), *unit.body(node.body, inner))
    kind = "macro" if isinstance(node, nodes.Macro) else "caller"
    text = not writes and _is_text(unit, node)
    return Function(line, kind, identifier, parameters, bound, body, text, writes, hot=kind == "macro")


def _is_text(unit: Unit, node: nodes.Macro | nodes.CallBlock) -> bool:
    """Return whether a macro that returns a text has no need of a list for that."""
    printing = prints("", node.body, unit.environment, unit.template)
    return printing is not None and not printing.included and not printing.blocks


def _defaults(unit: Unit, node: nodes.Macro | nodes.CallBlock, inner: Scope) -> Lowered:
    """Return what gives each argument that was not given its default, which sees the arguments before it (M2)."""
    unset = frozenset(inner.symbols.ref(parameter.name) for parameter in node.args)
    defaults = []
    for index, argument in enumerate(node.args):
        unit.line = argument.lineno or unit.line
        variable = inner.symbols.ref(argument.name)
        value = absent_argument(unit, node, index, replace(inner, unset=unset))
        defaults.append(Default(unit.line, variable, value))
        unset -= {variable}
    return defaults


def absent_argument(unit: Unit, node: nodes.Macro | nodes.CallBlock, index: int, scope: Scope) -> Value:
    """Return what an argument of a macro is that it is not called with: its default, which sees those before it
    (M2, U5).
    """
    default = index - len(node.args) + len(node.defaults)
    if default >= 0:
        return unit.value(node.defaults[default], scope)
    called = node.args[index].name
    return Undefined(unit.line, f"parameter {called!r} was not provided", called)


MACROS: MappingProxyType[type[nodes.Node], Lower] = MappingProxyType(
    {nodes.Macro: _macro, nodes.CallBlock: _call_block}
)
