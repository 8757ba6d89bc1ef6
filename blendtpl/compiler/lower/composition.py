"""Composition: `block`, `extends`, `include`, `import` and `from`.

Where the links know the other side, its code is called directly: the root of what is surely extended, the code of an
included template with the names that it reads, the module that an import always finds. Everywhere else the environment
is asked for a template when the code runs, as Jinja2 does.
"""

from dataclasses import replace
from types import MappingProxyType

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE

from blendtpl.bundle import abi
from blendtpl.compiler.ir.base import Statement, Value
from blendtpl.compiler.ir.statements import (
    Extend,
    Extended,
    If,
    Include,
    Publish,
    Raise,
    RunBlock,
    RunIncluded,
    RunParent,
    Set,
    ToVariable,
    Unextended,
)
from blendtpl.compiler.ir.values import (
    Choose,
    Compare,
    Concat,
    Constant,
    Global,
    Invoke,
    Is,
    Linked,
    Missing,
    ObjectAttribute,
    Variable,
)
from blendtpl.compiler.lower.macros import returns_text
from blendtpl.compiler.lower.output import Lowered
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.unit import EndOfBody, Lower, Unit


def _block(unit: Unit, node: nodes.Block, scope: Scope) -> Lowered:
    unit.flow.block_final_names[node.name] = set(unit.flow.final_names)
    if scope.toplevel and unit.flow.known_extends:
        return ()
    run = _run_block(unit, node, scope)
    if scope.toplevel and unit.flow.extends_seen:
        return (Unextended(unit.line, (run,)),)
    return (run,)


def _run_block(unit: Unit, node: nodes.Block, scope: Scope) -> RunBlock:
    layout, line = unit.program.layout(unit.template), unit.line
    variables = unit.locals(scope) if node.scoped else None
    if layout is None:
        return RunBlock(
            line, node.name, None, unit.overlaid(scope), node.scoped, variables, bool(node.required), text=False
        )
    # required and not there is for whatever put the blocks into the frame to say
    text = returns_text(unit, abi.block_function(node.name))
    number = layout.blocks.index(node.name)
    return RunBlock(line, node.name, number, unit.overlaid(scope), node.scoped, variables, required=False, text=text)


def _extends(unit: Unit, node: nodes.Extends, scope: Scope) -> Lowered:
    flow, extended = unit.flow, list[Statement]()
    if not scope.toplevel:
        unit.fail("cannot use extend from a non top-level scope", node.lineno)
    if flow.extends_seen:
        twice = Raise(unit.line, "extended multiple times")  # (C2)
        if flow.known_extends:
            raise EndOfBody((twice,))
        extended.append(Extended(unit.line, (twice,)))
    flow.extends_line = node.lineno
    parent = unit.program.parent(unit.template)
    if not unit.framed:
        reference = None if parent is not None else unit.value(node.template, scope)
        extended.append(Extend(unit.line, parent, reference, unit.template, _stands_ready(unit)))
    if scope.rootlevel or unit.framed:
        flow.known_extends = True
    flow.extends_seen += 1
    return extended


def _stands_ready(unit: Unit) -> bool:
    """Return whether a context of a template has the blocks of all that it extends from the start."""
    return unit.program.parent(unit.template) is not None and unit.program.whole(unit.template)


def run_parent(unit: Unit, parts: tuple[str, ...]) -> Statement:
    """Return the end of a template that extends another: the other goes on with the same context (C1)."""
    unit.line = unit.flow.extends_line
    if unit.framed:
        above = str(unit.program.parent(unit.template))
        text = parts == (abi.ROOT,) and unit.program.returns_text(above, abi.ROOT)
        return RunParent(unit.line, above, parts, ready=True, text=text)
    goes_on = RunParent(unit.line, None, parts, _stands_ready(unit), text=False)
    return goes_on if unit.flow.known_extends else Extended(unit.line, (goes_on,))


# -- include -----------------------------------------------------------------------------------------------------------


def _include(unit: Unit, node: nodes.Include, scope: Scope) -> Lowered:
    template = unit.included(node)
    entry = unit.program.entry(template)
    callable_here = scope.context == "context" or unit.parameters is not None
    if template is not None and entry is not None and callable_here:
        return (_run_included(unit, scope, template, entry),)
    reference = unit.value(node.template, scope)
    candidates = unit.candidates(node) if callable_here else []
    if candidates:
        return _chosen_by_name(unit, node, scope, reference, candidates)
    return (_looked_for(unit, node, scope, reference),)


def _looked_for(unit: Unit, node: nodes.Include, scope: Scope, reference: Value) -> Include:
    """Return an include of whatever there is by a name when it runs."""
    return Include(
        unit.line,
        _way(node.template),
        reference,
        unit.template,
        bool(node.ignore_missing),
        unit.locals(scope) if node.with_context else None,
        unit.frame(scope),
        not scope.in_macro,
    )


def _chosen_by_name(
    unit: Unit, node: nodes.Include, scope: Scope, reference: Value, candidates: list[tuple[str, str, str]]
) -> Lowered:
    """Return calls of the templates that a name may mean, each behind a comparison; what is no name, or another one, is
    looked for.
    """
    line, number = unit.line, unit.number()
    given = Variable(line, f"reference_{number}")
    made: list[Statement] = [Set(line, ToVariable(line, given.name), reference, made=True)]
    called = given
    if not isinstance(reference, Concat):  # which is a text
        called = Variable(line, f"called_{number}")
        text = Invoke(line, Global(line, "plain_text"), (given,))
        made.append(Set(line, ToVariable(line, called.name), text, made=True))
    branches = []
    for written, template, entry in candidates:
        run = replace(_run_included(unit, scope, template, entry), among=len(candidates))
        branches.append((Compare(line, called, (("eq", Constant(line, written)),)), (run,)))
    return (*made, If(line, tuple(branches), (_looked_for(unit, node, scope, given),)))


def _way(reference: nodes.Expr) -> str:
    """Return the method of an environment that finds a template by a reference."""
    if isinstance(reference, nodes.Const) and isinstance(reference.value, str):
        return "get_template"
    if isinstance(reference, (nodes.Tuple, nodes.List)) or (
        isinstance(reference, nodes.Const) and isinstance(reference.value, (tuple, list))
    ):
        return "select_template"
    return "get_or_select_template"


def _run_included(unit: Unit, scope: Scope, template: str, entry: str) -> RunIncluded:
    """Return a call of the code of an included template with the names that it reads (S6)."""
    program, line = unit.program, unit.line
    reads = program.reads[template]
    # a block may run before what it reads is set by the template around it
    early = any(facts.refers for facts in program.chain(template))
    layout = program.layout(template)
    names = layout.slots if layout is not None else program.parameters(template) or ()
    arguments: list[Value] = []
    sure: set[str] = set()
    for called in names:
        if called.endswith("=") or (called not in reads and not early):  # what it sets
            arguments.append(Missing(line))
            continue
        variable = scope.symbols.find_ref(called)
        if variable is None:
            arguments.append(unit.resolved(called, scope))
            continue
        value: Value = Variable(line, variable)
        load = scope.symbols.find_load(variable)
        if load is not None and load[0] == VAR_LOAD_PARAMETER and variable not in scope.unset:
            sure.add(called)
        if load is None or load[0] not in {VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE}:
            # what is not set yet is what the context has
            value = Choose(line, Is(line, value, "missing"), unit.resolved(called, scope), value)
        arguments.append(value)
    needs_context = program.needs_context(template)
    return RunIncluded(
        line,
        template,
        entry,
        names,
        tuple(arguments),
        frozenset(sure),
        unit.frame(scope),
        needs_context,
        unit.locals(scope) if needs_context else None,
        program.returns_text(template, entry),
    )


# -- import ------------------------------------------------------------------------------------------------------------


def _module(unit: Unit, node: nodes.Import | nodes.FromImport, scope: Scope) -> Value:
    """Return the module that is imported."""
    origin = unit.static_origin(node)
    if origin is not None:
        return Linked(unit.line, origin, abi.MODULE)
    getter = ObjectAttribute(unit.line, Global(unit.line, "environment"), "get_template")
    reference = unit.value(node.template, scope)
    template = Invoke(unit.line, getter, (reference, Constant(unit.line, unit.template)))
    if node.with_context:
        operands = (template, unit.frame(scope), unit.locals(scope))
        return Invoke(unit.line, Global(unit.line, "context_module"), operands)
    return Invoke(unit.line, Global(unit.line, "default_module"), (template, unit.frame(scope)))


def _called(imported: str | tuple[str, str]) -> str:
    return imported[0] if isinstance(imported, tuple) else imported


def _import(unit: Unit, node: nodes.Import, scope: Scope) -> Lowered:
    sure = unit.static_origin(node) is not None
    return _bound(unit, scope, node.target, _module(unit, node, scope), sure=sure)


def _from(unit: Unit, node: nodes.FromImport, scope: Scope) -> Lowered:
    origin, bound = unit.static_origin(node), list[Statement]()
    if origin is not None and all(unit.program.macro(origin, _called(imported)) for imported in node.names):
        for imported in node.names:
            macro = Linked(unit.line, origin, abi.export(_called(imported)))
            bound += _bound(unit, scope, imported[1] if isinstance(imported, tuple) else imported, macro, sure=True)
        return bound
    module = f"module_{unit.number()}"
    bound.append(Set(unit.line, ToVariable(unit.line, module), _module(unit, node, scope)))
    place = Constant(unit.line, unit.position(node))
    for imported in node.names:
        called, alias = imported if isinstance(imported, tuple) else (imported, imported)
        undefined, of = Global(unit.line, "undefined"), Variable(unit.line, module)
        operands = (undefined, of, Constant(unit.line, called), place)
        bound += _bound(unit, scope, alias, Invoke(unit.line, Global(unit.line, "exported"), operands))
    return bound


def _bound(unit: Unit, scope: Scope, called: str, value: Value, *, sure: bool = False) -> Lowered:
    """Return the assignment of what was imported, which is seen but not exported; `sure`: it never changes (S5)."""
    variable = scope.symbols.ref(called)
    bound: list[Statement] = [Set(unit.line, ToVariable(unit.line, variable), value)]
    if scope.rootlevel:
        unit.flow.final_names.add(called)
    elif sure and not scope.soft and scope.context == "context" and called in unit.imports:
        scope.symbols.imported[called] = unit.imports[called], scope.function
    if scope.toplevel:
        bound.append(Publish(unit.line, called, variable, exported=False))
    return bound


REFERENCES: MappingProxyType[type[nodes.Node], Lower] = MappingProxyType(
    {
        nodes.Block: _block,
        nodes.Extends: _extends,
        nodes.Include: _include,
        nodes.Import: _import,
        nodes.FromImport: _from,
    }
)
