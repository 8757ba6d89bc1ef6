"""Inlining: the code of a small included template, or of a macro, in place of a call of it.

Enters: an include or a call that runs often, and the tree of what it runs. Leaves: that template's statements, with its
own lines, in the function at hand. The function has one file name, which is not that template's: should anything be
raised, `blendtpl.runtime.exceptions.insert_frame` puts the entry that a call would have made into the traceback.
"""

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from jinja2 import nodes
from jinja2.nodes import EvalContext

from blendtpl.bundle import abi
from blendtpl.compiler.analysis.facts import is_call_of
from blendtpl.compiler.analysis.walk import below, by_kind
from blendtpl.compiler.codegen.calls import KnownMacro, absent_argument, direct_arguments
from blendtpl.compiler.codegen.generator import Emitter
from blendtpl.compiler.codegen.pyast import assign, call, const, name
from blendtpl.compiler.codegen.scope import Scope, Symbols

_SMALL = 120  # nodes of a tree
_DEEP = 3  # how many may stand in each other
_LOOPS = 6  # and with them, how many loops
_FEW = 16  # nodes of a block that stands in every block that is put over it
_PLAIN = (nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.If)


def inlined(
    emitter: Emitter, scope: Scope, template: str, values: Mapping[str, str], sure: Set[str], frame: str
) -> bool:
    """Write the code of an included template that reads the variables in `values`; return whether it may be. `sure` are
    the names of those that are never missing.
    """
    included = included_tree(emitter, template, values) if _runs_often(emitter) else None
    if included is None:
        return False
    own, tree = included
    inner = Scope(
        Symbols(level=scope.symbols.level + 1),
        out=scope.out,
        streams=scope.streams,
        unsure=scope.unsure,
        context=frame,
        rootlevel=True,
    )
    inner.symbols.analyze_node(tree)
    for called in sure:
        variable = inner.symbols.find_ref(called)
        if variable is not None and called in values and called not in inner.symbols.stores:
            own.aliases[variable] = name(values[called])
    with _framed(emitter, template, abi.TOP_LEVEL), own.tracking(set()):
        own.enter(inner)
        own.body(tree.body, inner)
    return True


def included_tree(emitter: Emitter, template: str, values: Mapping[str, str]) -> tuple[Emitter, nodes.Template] | None:
    """Return the tree of a template whose code may stand where it is included, and an emitter for that."""
    if len(emitter.around) > _DEEP or any(map(emitter.program.recursive, (template, emitter.template))):
        return None
    tree = emitter.tree_of(template)
    every = below(tree) if tree is not None else []
    if (
        tree is None
        or not _fits(emitter, every)
        or any(isinstance(node, nodes.For) and (node.recursive or node.test is not None) for node in every)
    ):
        return None
    return _emitter_of(emitter, template, values), tree


def inlined_macro(emitter: Emitter, scope: Scope, macro: KnownMacro, node: nodes.Call) -> bool:
    """Write the code of a known macro that only prints its arguments, under conditions; return whether it may be."""
    body = macro_tree(emitter, macro) if _runs_often(emitter) else None
    if body is None or macro.shape.special or not _is_plain(emitter, macro, body):
        return False
    arguments = direct_arguments(emitter, node, scope, macro, name("missing"))
    _guarded(emitter, scope, lambda: _write_macro(emitter, scope, macro, body, arguments, None))
    return True


def inlined_call(emitter: Emitter, scope: Scope, macro: KnownMacro, node: nodes.CallBlock) -> bool:
    """Write the code of a known macro with that of a `call` block in its place; return whether it may be.

    The macro prints its caller once; both escape what they print, or neither does.
    """
    body = called_tree(emitter, scope, macro, node) if _runs_often(emitter) else None
    if body is None or not _is_plain(emitter, macro, body):
        return False
    if emitter.lenient and not all(map(_only_prints, below(node))):
        return False  # what has to be taken back is made as one text, which a loop in it is not

    def write() -> None:
        # the names of the macro are one level further in, and still there
        inner = replace(scope.inner(), symbols=Symbols(scope.symbols, scope.symbols.level + 2))
        inner.output_check, inner.streams = False, False
        inner.symbols.analyze_node(node)
        with _framed(emitter, str(emitter.template), "call block"):
            emitter.macro_depth += 1
            with emitter.lent(inner):
                emitter.enter(inner)
                emitter.body(node.body, inner)
                emitter.code.materialise_output()
                emitter.leave(inner)
            emitter.macro_depth -= 1

    arguments = direct_arguments(emitter, node.call, scope, macro, name("missing"))
    guarded = partial(_guarded, emitter, scope, write)
    _guarded(emitter, scope, lambda: _write_macro(emitter, scope, macro, body, arguments, guarded))
    return True


def called_tree(emitter: Emitter, scope: Scope, macro: KnownMacro, node: nodes.CallBlock) -> nodes.Macro | None:
    """Return the definition of a macro whose code may stand where a `call` block calls it, and the block in that."""
    body = macro_tree(emitter, macro)
    if body is None or macro.shape.special != ("caller",) or len(emitter.around) > 1:
        return None
    escaped = EvalContext(emitter.environment, macro.template).autoescape
    alike = emitter.autoescape(scope)
    if not isinstance(alike, ast.Constant) or alike.value is not escaped:
        return None
    printed = sum(is_call_of(part, "caller") for output in body.find_all(nodes.Output) for part in output.nodes)
    every = below(node)
    if printed != 1 or sum(isinstance(part, nodes.Name) and part.name == "caller" for part in below(body)) != 1:
        return None
    if any(isinstance(part, (nodes.Break, nodes.Continue)) for part in every) or not _fits(emitter, every):
        return None
    return body


def inlined_super(emitter: Emitter, scope: Scope, above: str) -> bool:
    """Write the body of a block of a template further out, which does no more than print a few values; return whether
    it may be. It finds its variables where the code at hand does.
    """
    if (
        not emitter.code.texts
        or not {emitter.template, above} <= emitter.program.stable_autoescape
        or len(emitter.around) > _DEEP
    ):
        return False
    tree = emitter.tree_of(above)
    blocks = by_kind(tree).get(nodes.Block, ()) if tree is not None else ()
    body = next((block for block in blocks if block.name == scope.block), None)
    every = below(body) if body is not None else []
    if body is None or len(every) > _FEW or not all(isinstance(node, _PLAIN) or _is_super(node) for node in every):
        return False
    own = _emitter_of(emitter, above, {})
    own.parameters, own.layout, own.slots = None, emitter.layout, emitter.slots
    if own.eval_ctx.autoescape is not emitter.eval_ctx.autoescape:
        return False
    inner = Scope(
        Symbols(level=scope.symbols.level + 1), out=scope.out, streams=False, in_block=True, block=scope.block
    )
    own.super_variable = inner.symbols.declare_parameter("super")
    inner.symbols.analyze_node(body)
    with _framed(emitter, above, f"block {scope.block!r}"), own.tracking(set()):
        own.enter(inner)
        own.body(body.body, inner)
    return True


def _is_super(node: nodes.Node) -> bool:
    return is_call_of(node, "super") or (isinstance(node, nodes.Name) and node.name == "super")


def _guarded(emitter: Emitter, scope: Scope, write: Callable[[], None]) -> None:
    """Write the code of a function of a template in place of a call: its text is something undefined should it raise
    `StopIteration`. Where printing that is an error, `runtime.traceback.locate_error` makes it (U4).
    """
    if not emitter.lenient:
        write()
        return
    code, result, body = emitter.code, emitter.code.temporary(), list[ast.stmt]()
    code.materialise_output()
    with code.captured(body, result):
        write()
    instead = call("nothing_of", name("undefined"), const(bool(emitter.eval_ctx.autoescape)))
    code.branch(ast.Try(body, [ast.ExceptHandler(name("StopIteration"), None, [assign(result, instead)])], [], []))
    code.write(scope, "is", name(result))


def _write_macro(
    emitter: Emitter,
    scope: Scope,
    macro: KnownMacro,
    body: nodes.Macro,
    arguments: list[ast.expr],
    write_caller: Callable[[], None] | None,
) -> None:
    own, inner = within_macro(emitter, scope, macro, body)
    own.write_caller = write_caller
    with _framed(emitter, macro.template, f"macro {macro.shape.name!r}"), own.tracking(set()):
        for index, (argument, value) in enumerate(zip(body.args, arguments, strict=False)):
            variable = inner.symbols.ref(argument.name)
            own.code.changed(variable)
            if isinstance(value, ast.Name) and value.id == "missing":
                value = absent_argument(own, body, index, inner)
            if isinstance(value, (ast.Constant, ast.Name)):
                own.aliases[variable] = value
            else:
                own.code.branch(assign(variable, value))
        own.body(body.body, inner)


def within_macro(emitter: Emitter, scope: Scope, macro: KnownMacro, body: nodes.Macro) -> tuple[Emitter, Scope]:
    """Return an emitter and a frame for the code of a macro that stands where it is called."""
    own = _emitter_of(emitter, macro.template, {})
    own.around = (*emitter.around, _place_of(macro))
    own.singleton = emitter.program.is_singleton(macro.template)
    own.macros = emitter.program.macros(macro.template) if own.singleton else {}
    context = macro.context.id if isinstance(macro.context, ast.Name) else ""
    inner = Scope(Symbols(level=scope.symbols.level + 1), out=scope.out, streams=False, context=context)
    if "caller" in macro.shape.special:
        inner.symbols.declare_parameter("caller")
    inner.symbols.analyze_node(body)
    return own, inner


def _place_of(macro: KnownMacro) -> str:
    return f"{macro.template}: {macro.shape.name}"


def _runs_often(emitter: Emitter) -> bool:
    """Return whether code is worth having here more than once; its tree, which may have to be parsed, is not yet asked
    for.
    """
    return emitter.code.function.loops > 0 and len(emitter.around) <= _DEEP


def macro_tree(emitter: Emitter, macro: KnownMacro) -> nodes.Macro | None:
    """Return the definition of a macro whose code may stand where it is called, as far as its size goes, and what it
    takes.
    """
    if len(emitter.around) > _DEEP or _place_of(macro) in emitter.around:
        return None
    tree = emitter.tree_of(macro.template)
    definition = (
        None
        if tree is None
        else next((node for node in tree.body if isinstance(node, nodes.Macro) and node.name == macro.shape.name), None)
    )
    if (
        definition is None
        or set(macro.shape.special) - {"caller"}
        or not all(isinstance(default, nodes.Const) for default in definition.defaults)
    ):
        return None
    return definition if _fits(emitter, below(definition)) else None


def _is_plain(emitter: Emitter, macro: KnownMacro, body: nodes.Macro) -> bool:
    """Return whether a macro reads and sets nothing but its arguments and its caller, beside other macros of a module
    that never changes.
    """
    own_names = {*macro.shape.arguments, *macro.shape.special}
    if emitter.program.is_singleton(macro.template):
        own_names |= emitter.program.macros(macro.template).keys()
    return all(
        node.name in own_names and node.ctx != "store" if isinstance(node, nodes.Name) else _only_prints(node)
        for node in below(body)
    )


def _only_prints(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.Stmt) or isinstance(node, (nodes.Output, nodes.If))


def _fits(emitter: Emitter, every: list[nodes.Node]) -> bool:
    """Return whether a tree is small: Python nests no more than twenty loops and `try` in a function."""
    loops = sum(isinstance(node, nodes.For) for node in every)
    return len(every) <= _SMALL and emitter.code.function.loops + loops <= _LOOPS


@contextmanager
def _framed(emitter: Emitter, template: str, shown: str) -> Iterator[None]:
    """Write, in the meantime, code of another template; what it raises gets the entry of a call in its traceback."""
    code, line = emitter.code, emitter.code.line
    code.materialise_output()
    body: list[ast.stmt] = []
    with code.appending_to(body):
        yield
        code.materialise_output()
    code.line = line
    if not body:
        return
    located = call("insert_frame", name("error"), name(emitter.link(template, abi.SELF)), const(shown))
    raised = ast.Raise(located, lineno=line)
    handler = ast.ExceptHandler(name("BaseException"), "error", [raised], lineno=line)
    code.branch(ast.Try(body, [handler], [], []))


def _emitter_of(emitter: Emitter, template: str, values: Mapping[str, str]) -> Emitter:
    """Return an emitter for another template that writes to the same function."""
    # not a deep one: the writer, the links and what is bound belong to the module that both write
    inner = copy.copy(emitter)
    inner.template, inner.around = template, (*emitter.around, template)
    inner.eval_ctx = EvalContext(emitter.environment, template)
    inner.parameters, inner.layout, inner.slots = dict(values), None, {}
    inner.singleton, inner.macros, inner.direct, inner.root_symbols = False, {}, {}, None
    inner.aliases, inner.imports, inner.write_caller = {}, {}, None
    inner.final_names, inner.block_final_names, inner.assigned, inner.unset_parameters = set(), {}, [], set()
    return inner
