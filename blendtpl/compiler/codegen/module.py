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
- `about`, a dict of what `blendtpl.runtime.compiled_template.Shape` says, in that order; `bound`: what of the
environment it uses, each as words which, joined, are the global variable for it; `links`: the parts of other templates
that are in ``link_0`` and so on, by these numbers; and `presets`: what is in the slots that `about` names, a constant
or a part of another.

Any other function that never yields returns an empty tuple, so that ``yield from`` takes both kinds.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from blendtpl.compiler.analysis import static_references
from blendtpl.compiler.analysis.facts import is_call_of, is_call_of_self, may_hold_scope
from blendtpl.compiler.analysis.program_facts import Links
from blendtpl.compiler.analysis.walk import ByKind, by_kind, has, undeclared
from blendtpl.compiler.codegen.builder import Function
from blendtpl.compiler.codegen.composition import REFERENCES, run_parent
from blendtpl.compiler.codegen.constant_slots import Presets, presets
from blendtpl.compiler.codegen.expressions import EXPRESSIONS
from blendtpl.compiler.codegen.generator import Emitter, TreeOf, Unfinished
from blendtpl.compiler.codegen.loops import LOOPS
from blendtpl.compiler.codegen.macros import MACROS
from blendtpl.compiler.codegen.pyast import assign, call, const, literal, name, place
from blendtpl.compiler.codegen.scope import Frame, Symbols
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
    about: dict[str, Any]
    bound: tuple[tuple[str, ...], ...]
    links: dict[int, tuple[str, str]]
    presets: tuple[tuple[Any, ...], ...]

    def tree(self) -> ast.Module:
        """Return it as a Python module, which leaves all of that as its globals."""
        said = [assign(field, literal(getattr(self, field))) for field in ("about", "bound", "links", "presets")]
        made = ast.Module([*self.functions, *said], [])
        place(made)
        return made


def module(
    environment: jinja2.Environment,
    template: str | None,
    tree: nodes.Template,
    links: Links,
    tree_of: TreeOf = lambda name: None,
) -> Module:
    """Return the Python module of a template; `tree_of` gives the trees of those that it may have inlined.

    Raises `jinja2.TemplateAssertionError` for what only a generator finds wrong, such as a block defined twice, and
    `Unfinished` for everything else.
    """
    emitter = Emitter(environment, template, links, tree_of, EXPRESSIONS, _ALL_STATEMENTS)
    try:
        return _made(emitter, template, tree, links)
    except TemplateSyntaxError:
        raise
    except Exception as error:
        raise Unfinished(error, emitter.code.line) from error


def _made(emitter: Emitter, template: str | None, tree: nodes.Template, links: Links) -> Module:
    every = by_kind(tree)
    if template is not None:
        emitter.imports = static_references.sole(every, emitter.environment, template)
    blocks: dict[str, nodes.Block] = {}
    for block in every.get(nodes.Block, ()):
        if block.name in blocks:
            emitter.fail(f"block {block.name!r} defined twice", block.lineno)
        blocks[block.name] = block
    parameters = links.parameters(template)
    has_extends = nodes.Extends in every
    # what rendering a block alone needs; where nothing is known around, of what has blocks or those of what it extends
    fragments = bool(links.facts or blocks or has_extends)
    merged = fragments and _is_all_preamble(emitter, tree, every)
    if merged:
        emitter.parent = ("root", "preamble")
    functions = [_root(emitter, tree, "root", every) if parameters is None else _part(emitter, tree, parameters)]
    settled = emitter.settled
    if static_references.ahead(tree.body):
        early = static_references.early(tree.body)
        settled &= early
        for names in emitter.block_settled.values():
            names &= early
    functions += [_block(emitter, block, settled, has_extends=has_extends) for block in blocks.values()]
    preset = None
    if emitter.layout is not None and has_extends and template not in links.referred:
        preset = presets(functions[0])
    if preset is not None:
        del functions[0]
    preamble = _preamble(emitter, tree) if fragments and not merged and preset is None else None
    functions = [*emitter.hoisted.values(), *functions, *([] if preamble is None else [preamble])]
    entry = None if preamble is None else preamble.name
    if merged and preset is None:
        entry = "root"
    known = {variable: found for found, variable in emitter.linked.items()}
    used = set().union(*(vars(function)["names"] for function in functions))
    return Module(
        functions,
        _about(emitter, template, every, tuple(blocks), entry, preset),
        bound=tuple(emitter.bound),
        links={at: found for at, (variable, found) in enumerate(known.items()) if variable in used},
        presets=tuple(
            known[value.id] if isinstance(value, ast.Name) else (value.value,)
            for value in (() if preset is None else preset.values)
        ),
    )


def _about(
    emitter: Emitter,
    template: str | None,
    every: ByKind,
    blocks: tuple[str, ...],
    preamble: str | None,
    preset: Presets | None,
) -> dict[str, Any]:
    links, parameters = emitter.links, emitter.links.parameters(template)
    shadows = links.facts[str(template)].shadows if emitter.layout is not None else ()
    return {
        "name": template,
        "blocks": blocks,
        "reads": parameters,
        "observes": parameters is None or links.observes(template),
        "texts": tuple(sorted(links.texts.get(str(template), ()))),
        **_layout(emitter, template),
        "optional": tuple(sorted({*_optional(every), *shadows})),
        "uniform": template in links.uniform,
        "static": emitter.static,
        "preamble": preamble,
        "parent": links.parent(template) or ("" if nodes.Extends in every else None),
        "enters": preset and preset.line,
        "presets": () if preset is None else preset.slots,
    }


def _optional(every: ByKind) -> Iterator[str]:
    """Yield the names of which a template asks whether they are there, or says what is to be there instead."""
    asked = [node.node for node in every.get(nodes.Test, ()) if node.name in {"defined", "undefined"}]
    asked += [node.node for node in every.get(nodes.Filter, ()) if node.name in {"default", "d"}]
    return (node.name for node in asked if isinstance(node, nodes.Name))


def _layout(emitter: Emitter, template: str | None) -> dict[str, Any]:
    layout = emitter.layout
    if layout is None or template is None:
        return {"slots": None, "order": (), "required": (), "stores": (), "keeps": False}
    facts = emitter.links.facts[template]
    return {
        "slots": layout.slots,
        "order": layout.blocks,
        "required": facts.required,
        "stores": tuple((found, found not in facts.bound) for found in sorted(facts.stored)),
        "keeps": facts.keeps,
    }


def _root(emitter: Emitter, tree: nodes.Template, identifier: str, every: ByKind) -> ast.FunctionDef:
    frame = Frame(Symbols(), toplevel=True, rootlevel=True)
    extends = nodes.Extends in every
    emitter.known_extends, emitter.extends_seen = False, 0
    text = identifier == "root" and emitter.prints("root")
    with emitter.code.defining(identifier, _arguments(["context"], text=text), root=True, text=text) as made:
        emitter.code.line = 1
        _declare_self(emitter, tree, frame)
        frame.symbols.analyze_node(tree)
        if identifier == "preamble":
            # what the filter of a `set` block reads is known in Jinja2 by what else reads it, which is left out here
            for node in every.get(nodes.AssignBlock, ()):
                for found in node.filter.find_all(nodes.Name) if node.filter is not None else ():
                    frame.symbols.load(found.name)
        emitter.root_symbols = frame.symbols
        frame.output_check = extends
        if emitter.layout is None and may_hold_scope(tree.body):
            # the context may come to hold what holds the context; it is emptied when the render is over
            emitter.code.do(call("keep", name("context")))
        if extends and emitter.layout is None:
            emitter.code.add(assign("parent_template", const(None)))
        emitter.enter(frame)
        emitter.body(tree.body, frame)
        if extends:
            run_parent(emitter, frame)
    emitter.root_symbols = None
    return _finished(emitter, made, text=text)


def _part(emitter: Emitter, tree: nodes.Template, parameters: tuple[str, ...]) -> ast.FunctionDef:
    """Write the code of a template that is called with what it reads."""
    frame = Frame(Symbols(), rootlevel=True)
    emitter.parameters = {called: f"p_{called}" for called in parameters}
    text = emitter.prints("part")
    arguments = _arguments([*emitter.parameters.values(), "context"], text=text)
    with emitter.code.defining("part", arguments, root=True, text=text) as made:
        emitter.code.function.hot, emitter.code.line = 1, 1  # what is included is often included in a loop
        frame.symbols.analyze_node(tree)
        emitter.enter(frame)
        emitter.body(tree.body, frame)
    emitter.parameters = None
    return _finished(emitter, made, text=text)


def _block(emitter: Emitter, block: nodes.Block, settled: set[str], *, has_extends: bool) -> ast.FunctionDef:
    frame = Frame(Symbols(), in_block=True, block=block.name)
    emitter.known_extends, emitter.extends_seen = False, 0
    over = emitter.links.settled(emitter.template, block.name)
    before = settled if has_extends else emitter.block_settled.get(block.name, set())
    emitter.settled = before - over if over is not None else set()
    own = emitter.direct
    if emitter.layout is not None:
        inherited = emitter.links.inherited(str(emitter.template), block.name)
        emitter.settled |= inherited.keys()
        emitter.direct = {**own, **inherited}
    identifier = f"block_{block.name}"
    text = emitter.prints(identifier)
    with emitter.code.defining(identifier, _arguments(["context"], text=text), root=True, text=text) as made:
        emitter.code.line = block.lineno
        _declare_self(emitter, block, frame)
        emitter.super_variable = None
        if undeclared(block.body, ("super",)):
            _declare_super(emitter, block, frame)
        frame.symbols.analyze_node(block)
        sets = has(block, (nodes.Assign, nodes.AssignBlock))
        if sets:
            emitter.code.add(assign("_block_vars", ast.Dict([], [])))
        emitter.enter(frame)
        with emitter.tracking({"_block_vars"} if sets else set()):
            emitter.body(block.body, frame)
    emitter.direct = own
    return _finished(emitter, made, text=text)


def _declare_self(emitter: Emitter, node: nodes.Template | nodes.Block, frame: Frame) -> None:
    if not undeclared(node.body, ("self",)):
        return
    variable = frame.symbols.declare_parameter("self")
    value = emitter.reference()
    every = by_kind(node)
    # functions that are made in a top level have one of their own
    if emitter.layout is not None and not (isinstance(node, nodes.Block) and _in_functions(every)):
        uses = sum(found.name == "self" for found in every.get(nodes.Name, ()))
        if uses == sum(is_call_of_self(found, emitter.layout.blocks) for found in every.get(nodes.Call, ())):
            value = name("missing")
    emitter.code.add(assign(variable, value))


def _in_functions(every: ByKind) -> bool:
    """Return whether functions that are made in a block refer to ``self``."""
    loops = [found for found in every.get(nodes.For, ()) if found.recursive or found.test is not None]
    made = [*loops, *every.get(nodes.Macro, ()), *every.get(nodes.CallBlock, ())]
    return any(undeclared([found], ("self",)) for found in made)


def _declare_super(emitter: Emitter, block: nodes.Block, frame: Frame) -> None:
    variable = frame.symbols.declare_parameter("super")
    if not any(found.name == "super" and found.ctx == "store" for found in block.find_all(nodes.Name)):
        emitter.super_variable = variable
    uses = sum(found.name == "super" for found in block.find_all(nodes.Name))
    printed = sum(is_call_of(part, "super") for output in block.find_all(nodes.Output) for part in output.nodes)
    if emitter.layout is not None:
        emitter.code.add(assign(variable, name("missing")))
    elif (
        emitter.super_variable is None or uses > printed or emitter.own_call or emitter.environment.finalize is not None
    ):
        value = call("super_of", name("context"), const(block.name), name(f"block_{block.name}"))
        emitter.code.add(assign(variable, value))
    else:
        emitter.code.add(assign(variable, name("missing")))


def _preamble(emitter: Emitter, tree: nodes.Template) -> ast.FunctionDef | None:
    top = nodes.Template(list(_top_level(tree.body)), lineno=1)
    if not top.body or (emitter.layout is not None and all(isinstance(node, nodes.Extends) for node in top.body)):
        return None  # or that of what it extends
    emitter.parent, emitter.settled = ("preamble",), set()
    return _root(emitter, top, "preamble", by_kind(top))


def _is_all_preamble(emitter: Emitter, tree: nodes.Template, every: ByKind) -> bool:
    """Return whether all that the top level of a template does is what blocks see of it."""
    above = emitter.links.parent(emitter.template)
    if emitter.layout is None or nodes.AssignBlock in every or emitter.links.returns_text(above, "root"):
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
                nodes.If(found.test, list(_top_level(found.body)), [], [], lineno=found.lineno) for found in node.elif_
            ]
            if inner or other or any(found.body for found in elifs):
                yield nodes.If(node.test, inner, elifs, other, lineno=node.lineno)


def _arguments(given: list[str], *, text: bool) -> list[str]:
    return given if text else [*given, "out", "limit"]


def _finished(emitter: Emitter, made: Function, *, text: bool) -> ast.FunctionDef:
    epilogue: list[ast.stmt] = [] if made.yields or text else [ast.Return(ast.Tuple([], ast.Load()))]
    return made.definition(epilogue, emitter.reader())
