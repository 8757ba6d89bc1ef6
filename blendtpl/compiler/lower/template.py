"""Template: all functions of a template's code.

Enters: a tree, and what is known of the other templates. Leaves: functions in the intermediate form. There are

- ``root(context, out, limit)``, which appends the output to the list `out` and yields when that is longer than `limit`
  (`None`: never);
- ``block_<name>(context, out, limit)`` for each block;
- ``macro_<name>(context, ...)`` for each macro of the top level;
- ``preamble(context, None, limit)``, when there is any: what of the top level blocks see, for a block that is rendered
  alone; where that is all that ``root`` does, it is ``root`` itself, which sees by `out` what it is called for;
- ``part(<names>, frame, out, limit)`` in place of ``root`` for a template that is called with what it reads.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.idtracking import VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE
from jinja2.nodes import EvalContext

from blendtpl.bundle import abi
from blendtpl.bundle.abi import TemplateInfo
from blendtpl.bundle.flush import is_flush
from blendtpl.compiler.analysis import static_references
from blendtpl.compiler.analysis.facts import is_call_of, is_call_of_self, may_hold_scope
from blendtpl.compiler.analysis.program_facts import ProgramFacts
from blendtpl.compiler.analysis.walk import ByKind, by_kind, has, of_kind, undeclared
from blendtpl.compiler.ir.base import Statement, Value
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.statements import KeepContext, ScopeVariables, Set, Template, ToVariable
from blendtpl.compiler.ir.values import Constant, Global, Invoke, Missing, TemplateSelf
from blendtpl.compiler.lower.composition import REFERENCES, run_parent
from blendtpl.compiler.lower.expressions import VALUES
from blendtpl.compiler.lower.loops import LOOPS
from blendtpl.compiler.lower.macros import MACROS, returns_text
from blendtpl.compiler.lower.scope import Scope, Symbols
from blendtpl.compiler.lower.statements import STATEMENTS, bind
from blendtpl.compiler.lower.unit import Flow, Unfinished, Unit

_ALL_STATEMENTS = {**STATEMENTS, **LOOPS, **MACROS, **REFERENCES}
_TOP_LEVEL = (
    nodes.Extends,
    nodes.Import,
    nodes.FromImport,
    nodes.Macro,
    nodes.Assign,
    nodes.AssignBlock,
    nodes.ExprStmt,
)
Top = Mapping[str, tuple[str, str]]


def lowered(
    environment: jinja2.Environment, template: str | None, tree: nodes.Template, program: ProgramFacts
) -> Template:
    """Return the intermediate form of a template's code.

    Raises `jinja2.TemplateAssertionError` for what only a generator finds wrong, such as a block defined twice, and
    `Unfinished` for everything else.
    """
    unit = Unit(environment, template, program, VALUES, _ALL_STATEMENTS, EvalContext(environment, template))
    unit.macros = program.macros(template)
    if template is not None:
        unit.direct = program.imported(template)
    try:
        return _template(unit, tree)
    # one that has its words and its line already
    except TemplateSyntaxError:
        raise
    except Exception as error:
        raise Unfinished(error, unit.line) from error


def _template(unit: Unit, tree: nodes.Template) -> Template:
    every, template = by_kind(tree), unit.template
    if template is not None:
        unit.imports = static_references.sole(every, unit.environment, template, unit.program.context_free)
    blocks: dict[str, nodes.Block] = {}
    for block in every.get(nodes.Block, ()):
        if block.name in blocks:
            unit.fail(f"block {block.name!r} defined twice", block.lineno)
        blocks[block.name] = block
    has_extends = nodes.Extends in every
    # what rendering a block alone needs; where nothing is known around, of what has blocks or those of what it extends
    fragments = bool(unit.program.facts or blocks or has_extends)
    merged = fragments and _is_all_preamble(unit, tree, every)
    top: Top = {}
    if unit.parameters is not None:
        functions = [_part(unit, tree, unit.parameters)]
    else:
        parts = (abi.ROOT, abi.PREAMBLE) if merged else (abi.ROOT,)
        root, top = _root(unit, tree, abi.ROOT, every, parts)
        functions = [root]
    final_names, block_final_names = unit.flow.final_names, unit.flow.block_final_names
    # ``self.name()`` at the top level runs a block before what is set further down is there
    if static_references.ahead(tree.body):
        early = static_references.early(tree.body)
        final_names &= early
        for names in block_final_names.values():
            names &= early
    for block in blocks.values():
        before = final_names if has_extends else block_final_names.get(block.name, set())
        functions.append(_block(unit, block, before))
    constant = unit.framed and has_extends and template not in unit.program.referred
    preamble = _preamble(unit, tree) if fragments and not merged else None
    entry = abi.ROOT if merged else None
    if preamble is not None:
        functions.append(preamble)
        entry = preamble.name
    info = _info(unit, every, tuple(blocks), entry)
    return Template((*unit.hoisted.values(), *functions), top, info, constant)


def _info(unit: Unit, every: ByKind, blocks: tuple[str, ...], preamble: str | None) -> TemplateInfo:
    program, template, layout = unit.program, unit.template, unit.program.layout(unit.template)
    facts = None if layout is None else program.facts[str(template)]
    shadows = () if facts is None else facts.shadows
    return TemplateInfo(
        name=template,
        blocks=blocks,
        reads=unit.parameters,
        needs_context=unit.parameters is None or program.needs_context(str(template)),
        string_functions=tuple(sorted(program.string_functions.get(str(template), ()))),
        slots=None if layout is None else layout.slots,
        order=() if layout is None else layout.blocks,
        required=() if facts is None else facts.required,
        stores=() if facts is None else tuple((name, name not in facts.bound) for name in sorted(facts.stored)),
        may_form_cycle=facts is not None
        and (facts.may_form_cycle if program.macros_hold_scope(template) else facts.else_may),
        optional=tuple(sorted({*_optional(every), *shadows})),
        stable_autoescape=template in program.stable_autoescape,
        singleton=unit.singleton,
        preamble=preamble,
        parent=program.parent(template) or ("" if nodes.Extends in every else None),
        parent_line=None,
        constant_slots=(),
    )


def _optional(every: ByKind) -> Iterator[str]:
    """Yield the names of which a template asks whether they are there, or says what is to be there instead."""
    tested = [node.node for node in every.get(nodes.Test, ()) if node.name in {"defined", "undefined"}]
    tested += [node.node for node in every.get(nodes.Filter, ()) if node.name in {"default", "d"}]
    return (node.name for node in tested if isinstance(node, nodes.Name))


def _root(
    unit: Unit, tree: nodes.Template, identifier: str, every: ByKind, parts: tuple[str, ...]
) -> tuple[Function, Top]:
    extends = nodes.Extends in every
    scope = Scope(Symbols(), toplevel=True, rootlevel=True, output_check=extends)
    unit.flow = Flow()
    unit.line = 1
    first = list(_declare_self(unit, tree, scope))
    scope.symbols.analyze_node(tree)
    if identifier == abi.PREAMBLE:
        # what the filter of a `set` block reads is known in Jinja2 by what else reads it, which is left out here
        for node in every.get(nodes.AssignBlock, ()):
            for reference in of_kind(node.filter, nodes.Name) if node.filter is not None else ():
                scope.symbols.load(reference.name)
    if not unit.framed and may_hold_scope(tree.body):
        # the context may come to hold what holds the context; it is emptied when the render is over
        first.append(KeepContext(1))
    if extends and not unit.framed:
        first.append(Set(1, ToVariable(1, "parent_template"), Constant(1, None)))
    bound = bind(unit, scope)
    body = [*first, *unit.body(tree.body, scope)]
    if extends:
        body.append(run_parent(unit, parts))
    text = identifier == abi.ROOT and returns_text(unit, abi.ROOT)
    function = Function(1, "root", identifier, ("context",), bound, tuple(body), text, writes=True, hot=False)
    return function, dict(_top(scope.symbols))


def _top(symbols: Symbols) -> Iterator[tuple[str, tuple[str, str]]]:
    for called, variable in symbols.refs.items():
        action, parameter = symbols.loads.get(variable, (None, None))
        if action == VAR_LOAD_PARAMETER:
            yield variable, ("self", called)
        elif action == VAR_LOAD_RESOLVE:
            yield variable, ("given", str(parameter))
        else:
            yield variable, ("set", called)


def _part(unit: Unit, tree: nodes.Template, parameters: tuple[str, ...]) -> Function:
    """Return the code of a template that is called with what it reads."""
    scope = Scope(Symbols(), rootlevel=True)
    unit.line = 1
    scope.symbols.analyze_node(tree)
    bound = bind(unit, scope)
    names = (*(f"p_{called}" for called in parameters), "context")
    text = returns_text(unit, abi.INCLUDED)
    # what is included is often included in a loop
    return Function(1, "part", abi.INCLUDED, names, bound, unit.body(tree.body, scope), text, writes=True, hot=True)


def _block(unit: Unit, block: nodes.Block, before: set[str]) -> Function:
    # `Context.derived` is for what a block sets; where it sets nothing, calls are handed nothing
    sets = has(block, (nodes.Assign, nodes.AssignBlock))
    holders = frozenset({"_block_vars"} if sets else ())
    scope = Scope(Symbols(), in_block=True, block=block.name, holders=holders)
    over = unit.program.final_names(unit.template, block.name)
    final_names = before - over if over is not None else set()
    unit.flow = Flow(final_names, unit.flow.block_final_names)  # which blocks in this one see
    own = unit.direct
    if unit.framed:
        inherited = unit.program.inherited(str(unit.template), block.name)
        unit.flow.final_names |= inherited.keys()
        unit.direct = {**own, **inherited}
    unit.line = block.lineno
    first: list[Statement] = [*_declare_self(unit, block, scope)]
    if undeclared(block.body, ("super",)):
        declared, variable = _declare_super(unit, block, scope)
        first.append(declared)
        scope = replace(scope, super_variable=variable)
    scope.symbols.analyze_node(block)
    if sets:
        first.append(ScopeVariables(unit.line, "_block_vars"))
    bound = bind(unit, scope)
    identifier = abi.block_function(block.name)
    body = (*first, *unit.body(block.body, scope))
    text = returns_text(unit, identifier)
    unit.direct = own
    return Function(block.lineno, "block", identifier, ("context",), bound, body, text, writes=True, hot=False)


def _declare_self(unit: Unit, node: nodes.Template | nodes.Block, scope: Scope) -> Iterator[Statement]:
    if not undeclared(node.body, ("self",)):
        return
    variable = scope.symbols.declare_parameter("self")
    value: Value = TemplateSelf(unit.line)
    every, layout = by_kind(node), unit.program.layout(unit.template)
    # functions that are made in a top level have one of their own
    if layout is not None and not (isinstance(node, nodes.Block) and _in_functions(every)):
        uses = sum(use.name == "self" for use in every.get(nodes.Name, ()))
        # each use calls a block that is known, for which nobody needs the object
        if uses == sum(is_call_of_self(use, layout.blocks) for use in every.get(nodes.Call, ())):
            value = Missing(unit.line)
    yield Set(unit.line, ToVariable(unit.line, variable), value)


def _in_functions(every: ByKind) -> bool:
    """Return whether functions that are made in a block refer to ``self``."""
    loops = [loop for loop in every.get(nodes.For, ()) if loop.recursive or loop.test is not None]
    functions = [*loops, *every.get(nodes.Macro, ()), *every.get(nodes.CallBlock, ())]
    return any(undeclared([function], ("self",)) for function in functions)


def _declare_super(unit: Unit, block: nodes.Block, scope: Scope) -> tuple[Statement, str | None]:
    """Return what sets the variable of ``super``, and that variable, where nothing else is set to it."""
    variable = scope.symbols.declare_parameter("super")
    names = [use for use in of_kind(block, nodes.Name) if use.name == "super"]
    steady = not any(use.ctx == "store" for use in names)
    printed = sum(is_call_of(part, "super") for output in of_kind(block, nodes.Output) for part in output.nodes)
    value: Value = Missing(unit.line)
    # what has a frame only prints `super()` (`facts._keeps_super`), and that needs no object
    if not unit.framed and (
        not steady or len(names) > printed or unit.own_call or unit.environment.finalize is not None
    ):
        function = Global(unit.line, abi.block_function(block.name))
        operands = (unit.frame(scope), Constant(unit.line, block.name), function)
        value = Invoke(unit.line, Global(unit.line, "super_of"), operands)
    return Set(unit.line, ToVariable(unit.line, variable), value), variable if steady else None


def _preamble(unit: Unit, tree: nodes.Template) -> Function | None:
    top = nodes.Template(list(_top_level(tree.body)), lineno=1)
    if not top.body or (unit.framed and all(isinstance(node, nodes.Extends) for node in top.body)):
        return None  # or that of what it extends
    return _root(unit, top, abi.PREAMBLE, by_kind(top), (abi.PREAMBLE,))[0]


def _is_all_preamble(unit: Unit, tree: nodes.Template, every: ByKind) -> bool:
    """Return whether all that the top level of a template does is what blocks see of it."""
    above = unit.program.parent(unit.template)
    if not unit.framed or nodes.AssignBlock in every or unit.program.returns_text(above, abi.ROOT):
        return False
    behind = False  # what it extends, where nothing is printed
    for node in tree.body:
        behind = behind or isinstance(node, nodes.Extends)
        if not isinstance(node, _TOP_LEVEL) and not (behind and isinstance(node, (nodes.Block, nodes.Output))):
            return False
    return behind


def _top_level(body: Iterable[nodes.Node]) -> Iterable[nodes.Node]:
    """Yield the statements that decide what blocks see: those that set names, or name the parent."""
    for node in body:
        if isinstance(node, _TOP_LEVEL) and not is_flush(node):
            yield node
        elif isinstance(node, nodes.If):
            inner, other = list(_top_level(node.body)), list(_top_level(node.else_))
            elifs = [
                nodes.If(branch.test, list(_top_level(branch.body)), [], [], lineno=branch.lineno)
                for branch in node.elif_
            ]
            if inner or other or any(branch.body for branch in elifs):
                yield nodes.If(node.test, inner, elifs, other, lineno=node.lineno)
