"""The module of a template: its tree as one Python module.

Enters: a tree, and what is known of the other templates. Leaves: a syntax tree with the template's own lines, of

- ``root(context, out, limit)``, which appends the output to the list `out` and yields when that is longer than `limit`
  (`None`: never);
- ``block_<name>(context, out, limit)`` for each block;
- ``macro_<name>(context, ...)`` for each macro of the top level;
- ``preamble(context, None, limit)``, when there is any: what of the top level blocks see, for a block that is rendered
  alone; where that is all that ``root`` does, it is ``root`` itself, which sees by `out` what it is called for;
- ``part(scope, <names>, out, limit)`` in place of ``root`` for a template that is called with what it reads;
- no ``root`` for a template that nothing refers to by name, when it does no more than set names to what is known and
  extend another (`blendtpl.compiler.codegen.constant_slots`);
- `info`, a dict of what `blendtpl.runtime.compiled_template.Shape` says, in that order; `bound`: what of the
environment it uses, each as words which, joined, are the global variable for it; `program`: the parts of other
templates that are in ``link_0`` and so on, by these numbers; and `constant_slots`: what is in the slots that `info`
names, a constant or a part of another.

Any other function that never yields returns an empty tuple, so that ``yield from`` takes both kinds.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from blendtpl.bundle import abi
from blendtpl.bundle.abi import TemplateInfo
from blendtpl.compiler.analysis import static_references
from blendtpl.compiler.analysis.facts import is_call_of, is_call_of_self, may_hold_scope
from blendtpl.compiler.analysis.program_facts import ProgramFacts
from blendtpl.compiler.analysis.walk import ByKind, by_kind, has, undeclared
from blendtpl.compiler.codegen.builder import Function
from blendtpl.compiler.codegen.composition import REFERENCES, run_parent
from blendtpl.compiler.codegen.constant_slots import ConstantSlots, constant_slots
from blendtpl.compiler.codegen.expressions import EXPRESSIONS
from blendtpl.compiler.codegen.generator import Emitter, TreeOf, Unfinished
from blendtpl.compiler.codegen.loops import LOOPS
from blendtpl.compiler.codegen.macros import MACROS
from blendtpl.compiler.codegen.pyast import assign, call, const, literal, name, place
from blendtpl.compiler.codegen.scope import Scope, Symbols
from blendtpl.compiler.codegen.statements import STATEMENTS

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


@dataclass(frozen=True, slots=True)
class Module:
    """The functions of a template's code, what it says of itself, and what it is to be bound to."""

    functions: list[ast.FunctionDef]
    info: TemplateInfo
    bound: tuple[tuple[str, ...], ...]
    relocations: dict[int, tuple[str, str]]
    constant_slots: tuple[tuple[Any, ...], ...]

    def tree(self) -> ast.Module:
        """Return it as a Python module, which leaves all of that as its globals."""
        data = {
            "info": asdict(self.info),
            "bound": self.bound,
            "relocations": self.relocations,
            "constant_slots": self.constant_slots,
        }
        tree = ast.Module([*self.functions, *(assign(name, literal(value)) for name, value in data.items())], [])
        place(tree)
        return tree


def module(
    environment: jinja2.Environment,
    template: str | None,
    tree: nodes.Template,
    program: ProgramFacts,
    tree_of: TreeOf = lambda name: None,
) -> Module:
    """Return the Python module of a template; `tree_of` gives the trees of those that it may have inlined.

    Raises `jinja2.TemplateAssertionError` for what only a generator finds wrong, such as a block defined twice, and
    `Unfinished` for everything else.
    """
    emitter = Emitter(environment, template, program, tree_of, EXPRESSIONS, _ALL_STATEMENTS)
    try:
        return _build(emitter, template, tree, program)
    # one that has its words and its line already
    except TemplateSyntaxError:
        raise
    except Exception as error:
        raise Unfinished(error, emitter.code.line) from error


def _build(emitter: Emitter, template: str | None, tree: nodes.Template, program: ProgramFacts) -> Module:
    every = by_kind(tree)
    if template is not None:
        emitter.imports = static_references.sole(every, emitter.environment, template)
    blocks: dict[str, nodes.Block] = {}
    for block in every.get(nodes.Block, ()):
        if block.name in blocks:
            emitter.fail(f"block {block.name!r} defined twice", block.lineno)
        blocks[block.name] = block
    parameters = program.parameters(template)
    has_extends = nodes.Extends in every
    # what rendering a block alone needs; where nothing is known around, of what has blocks or those of what it extends
    fragments = bool(program.facts or blocks or has_extends)
    merged = fragments and _is_all_preamble(emitter, tree, every)
    if merged:
        emitter.parent = (abi.ROOT, abi.PREAMBLE)
    functions = [_root(emitter, tree, abi.ROOT, every) if parameters is None else _part(emitter, tree, parameters)]
    final_names = emitter.final_names
    # ``self.name()`` at the top level runs a block before what is set further down is there
    if static_references.ahead(tree.body):
        early = static_references.early(tree.body)
        final_names &= early
        for names in emitter.block_final_names.values():
            names &= early
    functions += [_block(emitter, block, final_names, has_extends=has_extends) for block in blocks.values()]
    preset = None
    if emitter.layout is not None and has_extends and template not in program.referred:
        preset = constant_slots(functions[0])
    if preset is not None:
        del functions[0]
    preamble = _preamble(emitter, tree) if fragments and not merged and preset is None else None
    functions = [*emitter.hoisted.values(), *functions, *([] if preamble is None else [preamble])]
    entry = None if preamble is None else preamble.name
    if merged and preset is None:
        entry = abi.ROOT
    links = {variable: symbol for symbol, variable in emitter.linked.items()}
    used = set().union(*(vars(function)["names"] for function in functions))
    return Module(
        functions,
        _info(emitter, template, every, tuple(blocks), entry, preset),
        bound=tuple(emitter.bound),
        # a top level that became data may have been all that used a link
        relocations={at: symbol for at, (variable, symbol) in enumerate(links.items()) if variable in used},
        constant_slots=tuple(
            links[value.id] if isinstance(value, ast.Name) else (value.value,)
            for value in (() if preset is None else preset.values)
        ),
    )


def _info(
    emitter: Emitter,
    template: str | None,
    every: ByKind,
    blocks: tuple[str, ...],
    preamble: str | None,
    constant: ConstantSlots | None,
) -> TemplateInfo:
    program, parameters, layout = emitter.program, emitter.program.parameters(template), emitter.layout
    facts = None if layout is None else program.facts[str(template)]
    shadows = () if facts is None else facts.shadows
    return TemplateInfo(
        name=template,
        blocks=blocks,
        reads=parameters,
        needs_context=parameters is None or program.needs_context(str(template)),
        string_functions=tuple(sorted(program.string_functions.get(str(template), ()))),
        slots=None if layout is None else layout.slots,
        order=() if layout is None else layout.blocks,
        required=() if facts is None else facts.required,
        stores=() if facts is None else tuple((name, name not in facts.bound) for name in sorted(facts.stored)),
        may_form_cycle=facts is not None and facts.may_form_cycle,
        optional=tuple(sorted({*_optional(every), *shadows})),
        stable_autoescape=template in program.stable_autoescape,
        singleton=emitter.singleton,
        preamble=preamble,
        parent=program.parent(template) or ("" if nodes.Extends in every else None),
        parent_line=None if constant is None else constant.line,
        constant_slots=() if constant is None else constant.slots,
    )


def _optional(every: ByKind) -> Iterator[str]:
    """Yield the names of which a template asks whether they are there, or says what is to be there instead."""
    tested = [node.node for node in every.get(nodes.Test, ()) if node.name in {"defined", "undefined"}]
    tested += [node.node for node in every.get(nodes.Filter, ()) if node.name in {"default", "d"}]
    return (node.name for node in tested if isinstance(node, nodes.Name))


def _root(emitter: Emitter, tree: nodes.Template, identifier: str, every: ByKind) -> ast.FunctionDef:
    scope = Scope(Symbols(), toplevel=True, rootlevel=True)
    extends = nodes.Extends in every
    emitter.known_extends, emitter.extends_seen = False, 0
    text = identifier == abi.ROOT and emitter.prints(abi.ROOT)
    with emitter.code.defining(identifier, _arguments(["context"], text=text), root=True, text=text) as function:
        emitter.code.line = 1
        _declare_self(emitter, tree, scope)
        scope.symbols.analyze_node(tree)
        if identifier == "preamble":
            # what the filter of a `set` block reads is known in Jinja2 by what else reads it, which is left out here
            for node in every.get(nodes.AssignBlock, ()):
                for reference in node.filter.find_all(nodes.Name) if node.filter is not None else ():
                    scope.symbols.load(reference.name)
        emitter.root_symbols = scope.symbols
        scope.output_check = extends
        if emitter.layout is None and may_hold_scope(tree.body):
            # the context may come to hold what holds the context; it is emptied when the render is over
            emitter.code.do(call("keep", name("context")))
        if extends and emitter.layout is None:
            emitter.code.add(assign("parent_template", const(None)))
        emitter.enter(scope)
        emitter.body(tree.body, scope)
        if extends:
            run_parent(emitter, scope)
    emitter.root_symbols = None
    return _finished(emitter, function, text=text)


def _part(emitter: Emitter, tree: nodes.Template, parameters: tuple[str, ...]) -> ast.FunctionDef:
    """Write the code of a template that is called with what it reads."""
    scope = Scope(Symbols(), rootlevel=True)
    emitter.parameters = {called: f"p_{called}" for called in parameters}
    text = emitter.prints(abi.INCLUDED)
    arguments = _arguments([*emitter.parameters.values(), "context"], text=text)
    with emitter.code.defining(abi.INCLUDED, arguments, root=True, text=text) as function:
        emitter.code.function.hot, emitter.code.line = 1, 1  # what is included is often included in a loop
        scope.symbols.analyze_node(tree)
        emitter.enter(scope)
        emitter.body(tree.body, scope)
    emitter.parameters = None
    return _finished(emitter, function, text=text)


def _block(emitter: Emitter, block: nodes.Block, final_names: set[str], *, has_extends: bool) -> ast.FunctionDef:
    scope = Scope(Symbols(), in_block=True, block=block.name)
    emitter.known_extends, emitter.extends_seen = False, 0
    over = emitter.program.final_names(emitter.template, block.name)
    before = final_names if has_extends else emitter.block_final_names.get(block.name, set())
    emitter.final_names = before - over if over is not None else set()
    own = emitter.direct
    if emitter.layout is not None:
        inherited = emitter.program.inherited(str(emitter.template), block.name)
        emitter.final_names |= inherited.keys()
        emitter.direct = {**own, **inherited}
    identifier = abi.block_function(block.name)
    text = emitter.prints(identifier)
    with emitter.code.defining(identifier, _arguments(["context"], text=text), root=True, text=text) as function:
        emitter.code.line = block.lineno
        _declare_self(emitter, block, scope)
        emitter.super_variable = None
        if undeclared(block.body, ("super",)):
            _declare_super(emitter, block, scope)
        scope.symbols.analyze_node(block)
        # `Context.derived` is for what a block sets; where it sets nothing, calls are handed nothing
        sets = has(block, (nodes.Assign, nodes.AssignBlock))
        if sets:
            emitter.code.add(assign("_block_vars", ast.Dict([], [])))
        emitter.enter(scope)
        with emitter.tracking({"_block_vars"} if sets else set()):
            emitter.body(block.body, scope)
    emitter.direct = own
    return _finished(emitter, function, text=text)


def _declare_self(emitter: Emitter, node: nodes.Template | nodes.Block, scope: Scope) -> None:
    if not undeclared(node.body, ("self",)):
        return
    variable = scope.symbols.declare_parameter("self")
    value = emitter.reference()
    every = by_kind(node)
    # functions that are made in a top level have one of their own
    if emitter.layout is not None and not (isinstance(node, nodes.Block) and _in_functions(every)):
        uses = sum(use.name == "self" for use in every.get(nodes.Name, ()))
        # each use calls a block that is known, for which nobody needs the object
        if uses == sum(is_call_of_self(use, emitter.layout.blocks) for use in every.get(nodes.Call, ())):
            value = name("missing")
    emitter.code.add(assign(variable, value))


def _in_functions(every: ByKind) -> bool:
    """Return whether functions that are made in a block refer to ``self``."""
    loops = [loop for loop in every.get(nodes.For, ()) if loop.recursive or loop.test is not None]
    functions = [*loops, *every.get(nodes.Macro, ()), *every.get(nodes.CallBlock, ())]
    return any(undeclared([function], ("self",)) for function in functions)


def _declare_super(emitter: Emitter, block: nodes.Block, scope: Scope) -> None:
    variable = scope.symbols.declare_parameter("super")
    if not any(use.name == "super" and use.ctx == "store" for use in block.find_all(nodes.Name)):
        emitter.super_variable = variable
    uses = sum(use.name == "super" for use in block.find_all(nodes.Name))
    printed = sum(is_call_of(part, "super") for output in block.find_all(nodes.Output) for part in output.nodes)
    # what has slots only prints `super()` (`facts._keeps_super`), and that needs no object
    if emitter.layout is not None:
        emitter.code.add(assign(variable, name("missing")))
    elif (
        emitter.super_variable is None or uses > printed or emitter.own_call or emitter.environment.finalize is not None
    ):
        value = call("super_of", name("context"), const(block.name), name(abi.block_function(block.name)))
        emitter.code.add(assign(variable, value))
    else:
        emitter.code.add(assign(variable, name("missing")))


def _preamble(emitter: Emitter, tree: nodes.Template) -> ast.FunctionDef | None:
    top = nodes.Template(list(_top_level(tree.body)), lineno=1)
    if not top.body or (emitter.layout is not None and all(isinstance(node, nodes.Extends) for node in top.body)):
        return None  # or that of what it extends
    emitter.parent, emitter.final_names = (abi.PREAMBLE,), set()
    return _root(emitter, top, abi.PREAMBLE, by_kind(top))


def _is_all_preamble(emitter: Emitter, tree: nodes.Template, every: ByKind) -> bool:
    """Return whether all that the top level of a template does is what blocks see of it."""
    above = emitter.program.parent(emitter.template)
    if emitter.layout is None or nodes.AssignBlock in every or emitter.program.returns_text(above, abi.ROOT):
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
        if isinstance(node, _TOP_LEVEL):
            yield node
        elif isinstance(node, nodes.If):
            inner, other = list(_top_level(node.body)), list(_top_level(node.else_))
            elifs = [
                nodes.If(branch.test, list(_top_level(branch.body)), [], [], lineno=branch.lineno)
                for branch in node.elif_
            ]
            if inner or other or any(branch.body for branch in elifs):
                yield nodes.If(node.test, inner, elifs, other, lineno=node.lineno)


def _arguments(names: list[str], *, text: bool) -> list[str]:
    return names if text else [*names, "out", "limit"]


def _finished(emitter: Emitter, function: Function, *, text: bool) -> ast.FunctionDef:
    epilogue: list[ast.stmt] = [] if function.yields or text else [ast.Return(ast.Tuple([], ast.Load()))]
    return function.definition(epilogue, emitter.reader())
