"""Composition: `block`, `extends`, `include`, `import` and `from`.

Where the links know the other side, its code is called directly: the root of what is surely extended, the code of an
included template with the names that it reads, the module that an import always finds. Everywhere else the environment
is asked for a template when the code runs, as Jinja2 does.
"""

import ast
from types import MappingProxyType

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Emitter, EndOfBody, Statements
from blendtpl.compiler.codegen.inline import inlined
from blendtpl.compiler.codegen.printing import run
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, is_not, item, name
from blendtpl.compiler.codegen.scope import Scope


def _block(emitter: Emitter, node: nodes.Block, scope: Scope) -> None:
    emitter.block_final_names[node.name] = set(emitter.final_names)
    if scope.toplevel and emitter.known_extends:
        return
    if scope.toplevel and emitter.extends_seen:
        guard = ast.If(is_(name("parent_template"), None), [], [])
        emitter.code.add(guard)
        with emitter.code.statement_scope(guard.body):
            _run_block(emitter, node, scope)
        return
    _run_block(emitter, node, scope)


def _run_block(emitter: Emitter, node: nodes.Block, scope: Scope) -> None:
    if emitter.layout is not None:
        # required and not there is for whatever put the blocks into the scope to say
        at = const(emitter.layout.blocks.index(node.name))
        block = item(item(name(scope.context), const(abi.BLOCKS)), at)
        frame = _derived_scope(emitter, scope) if node.scoped else name(scope.context)
        run(emitter, scope, block, frame, text=emitter.prints(abi.block_function(node.name)))
        return
    context = emitter.code.materialise(emitter.derived(scope)) if node.scoped else name(scope.context)
    stack = item(attribute(name(scope.context), "blocks"), const(node.name))
    if node.required:
        emitter.code.do(call("check_required", name(scope.context), const(node.name)))
    run(emitter, scope, item(stack, const(0)), context)  # (C3)


def _derived_scope(emitter: Emitter, scope: Scope) -> ast.expr:
    """Write a scope in which what is set around this place is found too; return its variable (S4)."""
    around = emitter.locals(scope)
    names = [key.value for key in around.keys if isinstance(key, ast.Constant)]
    slots = [(called, emitter.slots[called]) for called in names if called in emitter.slots]
    return emitter.code.materialise(call("derived", name(scope.context), around, const(tuple(slots))))


def _extends(emitter: Emitter, node: nodes.Extends, scope: Scope) -> None:
    emitter.code.flush()
    if not scope.toplevel:
        emitter.fail("cannot use extend from a non top-level scope", node.lineno)
    if emitter.extends_seen:
        twice = ast.Raise(call("TemplateRuntimeError", const("extended multiple times")))  # (C2)
        if emitter.known_extends:
            emitter.code.add(twice)
            raise EndOfBody
        guard = ast.If(is_not(name("parent_template"), None), [], [])
        emitter.code.add(guard)
        with emitter.code.statement_scope(guard.body):
            emitter.code.add(twice)
    emitter.extends_line = node.lineno
    if emitter.layout is not None:
        emitter.known_extends = True
        emitter.extends_seen += 1
        return
    parent = emitter.program.parent(emitter.template)
    if parent is not None:
        emitter.code.add(assign("parent_template", name(emitter.link(parent, abi.SELF))))
    else:
        reference = emitter.expression(node.template, scope)
        getter = attribute(name("environment"), "get_template")
        emitter.code.add(assign("parent_template", call(getter, reference, const(emitter.template))))
    if not _stands_ready(emitter):
        emitter.code.do(call("extend", name("context"), name("parent_template")))
    if scope.rootlevel:
        emitter.known_extends = True
    emitter.extends_seen += 1


def _stands_ready(emitter: Emitter) -> bool:
    """Return whether a context of a template has the blocks of all that it extends from the start."""
    return emitter.program.parent(emitter.template) is not None and emitter.program.whole(emitter.template)


def run_parent(emitter: Emitter, scope: Scope) -> None:
    """Write the end of a template that extends another: the other goes on with the same context (C1)."""
    emitter.code.line = emitter.extends_line
    if emitter.layout is not None:
        above = str(emitter.program.parent(emitter.template))
        text = emitter.parent == (abi.ROOT,) and emitter.program.returns_text(above, abi.ROOT)
        functions = [name(emitter.link(above, part)) for part in emitter.parent]
        goes_on: ast.expr = (
            functions[0] if len(functions) == 1 else either(is_(name("out"), None), functions[1], functions[0])
        )
        run(emitter, scope, goes_on, name("context"), text=text)
        return
    goes_on = call(f"{'parent' if _stands_ready(emitter) else 'extended'}_{emitter.parent[0]}", name("parent_template"))
    if emitter.known_extends:
        run(emitter, scope, goes_on, name("context"))
        return
    branch = ast.If(is_not(name("parent_template"), None), [], [])
    emitter.code.add(branch)
    with emitter.code.statement_scope(branch.body):
        run(emitter, scope, goes_on, name("context"))


def _getter(node: nodes.Expr) -> ast.expr:
    method = "get_or_select_template"
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        method = "get_template"
    elif isinstance(node, (nodes.Tuple, nodes.List)) or (
        isinstance(node, nodes.Const) and isinstance(node.value, (tuple, list))
    ):
        method = "select_template"
    return attribute(name("environment"), method)


def _include(emitter: Emitter, node: nodes.Include, scope: Scope) -> None:
    template = emitter.included(node)
    entry = emitter.program.entry(template)
    if template is not None and entry is not None and (scope.context == "context" or emitter.parameters is not None):
        _call_entry(emitter, scope, template, entry)
        return
    variable = emitter.code.temporary()
    get: list[ast.stmt] = []
    # around the look-up alone: what the included template itself misses is an error all the same
    attempt = ast.Try(get, [ast.ExceptHandler(name("TemplateNotFound"), None, [ast.Pass()])], [], [])
    if node.ignore_missing:  # (C7)
        emitter.code.add(attempt)
    with emitter.code.statement_scope(get if node.ignore_missing else emitter.code.block):
        reference = emitter.expression(node.template, scope)
        emitter.code.add(assign(variable, call(_getter(node.template), reference, const(emitter.template))))
    with emitter.code.statement_scope(attempt.orelse if node.ignore_missing else emitter.code.block):
        _run_include(emitter, node, scope, variable)


def _call_entry(emitter: Emitter, scope: Scope, template: str, entry: str) -> None:
    """Call the code of an included template with the names that it reads (S6)."""
    reads = emitter.program.reads[template]
    # a block may run before what it reads is set by the template around it
    early = any(facts.refers for facts in emitter.program.chain(template))
    layout = emitter.program.layout(template)
    parameters = layout.slots if layout is not None else emitter.program.parameters(template) or ()
    values: list[ast.expr] = []
    sure = set()  # those that are never missing
    for parameter in parameters:
        if parameter.endswith("=") or (parameter not in reads and not early):  # what it sets
            values.append(name("missing"))
            continue
        variable = scope.symbols.find_ref(parameter)
        if variable is None or variable in emitter.loops:
            values.append(emitter.resolved(parameter, scope))
            continue
        alias = emitter.alias(variable)
        if alias is not None:
            values.append(alias)
            sure.add(parameter)
            continue
        value: ast.expr = name(emitter.reach(variable))
        load = scope.symbols.find_load(variable)
        if load is not None and load[0] == VAR_LOAD_PARAMETER and variable not in emitter.unset_parameters:
            sure.add(parameter)
        if load is None or load[0] not in {VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE}:
            # what is not set yet is what the context has
            value = either(is_(value, "missing"), emitter.resolved(parameter, scope), value)
        values.append(value)
    frame: ast.expr = name(scope.context)
    head: list[ast.expr] = [const(None)] * abi.BLOCKS
    needs_context = emitter.program.needs_context(template)
    if needs_context:
        around = ast.Tuple([frame, emitter.locals(scope)], ast.Load())
        head[abi.MAKER], head[abi.ORIGIN] = name(emitter.link(template, abi.SELF)), around
    text = emitter.program.returns_text(template, entry)
    if entry == abi.ROOT:
        blocks = name(emitter.link(template, abi.BODIES))
        frame = emitter.code.materialise(ast.List([*head, blocks, *values], ast.Load()))
        run(emitter, scope, name(emitter.link(template, entry)), frame, text=text)
        return
    if needs_context:
        frame = emitter.code.materialise(ast.List(head, ast.Load()))
    values = [emitter.code.materialise(value) for value in values]
    variables = {
        called: value.id for called, value in zip(parameters, values, strict=True) if isinstance(value, ast.Name)
    }
    if not inlined(emitter, scope, template, variables, sure, frame.id if isinstance(frame, ast.Name) else ""):
        run(emitter, scope, name(emitter.link(template, entry)), *values, frame, text=text)


def _run_include(emitter: Emitter, node: nodes.Include, scope: Scope, variable: str) -> None:
    if node.with_context:
        run(emitter, scope, call("include", name(variable), emitter.locals(scope)), name(scope.context))
        return
    # Jinja2 writes this past the buffer of a `set` or `filter` block, straight to the output (C8)
    out = scope.out if emitter.macro_depth else "out"
    stream = attribute(call("default_module", name(variable), name(scope.context)), "_body_stream")
    emitter.code.do(call(attribute(name(out), "extend"), stream))


def _module(emitter: Emitter, node: nodes.Import | nodes.FromImport, scope: Scope) -> ast.expr:
    """Return the expression for the module that is imported."""
    origin = emitter.static_origin(node)
    if origin is not None:
        return name(emitter.link(origin, abi.MODULE))
    reference = emitter.expression(node.template, scope)
    getter = attribute(name("environment"), "get_template")
    template = emitter.code.materialise(call(getter, reference, const(emitter.template)))
    if node.with_context:
        return call("context_module", template, name(scope.context), emitter.locals(scope))
    return call("default_module", template, name(scope.context))


def _called(imported: str | tuple[str, str]) -> str:
    return imported[0] if isinstance(imported, tuple) else imported


def _import(emitter: Emitter, node: nodes.Import, scope: Scope) -> None:
    emitter.code.flush()
    _bind(emitter, scope, node.target, _module(emitter, node, scope), sure=emitter.static_origin(node) is not None)


def _from(emitter: Emitter, node: nodes.FromImport, scope: Scope) -> None:
    emitter.code.flush()
    origin = emitter.static_origin(node)
    if origin is not None and all(emitter.program.macro(origin, _called(imported)) for imported in node.names):
        for imported in node.names:
            macro = name(emitter.link(origin, abi.export(_called(imported))))
            _bind(emitter, scope, imported[1] if isinstance(imported, tuple) else imported, macro, sure=True)
        return
    module = emitter.code.materialise(_module(emitter, node, scope))
    place = const(emitter.position(node))
    for imported in node.names:
        called, alias = imported if isinstance(imported, tuple) else (imported, imported)
        _bind(emitter, scope, alias, call("exported", name("undefined"), module, const(called), place))


def _bind(emitter: Emitter, scope: Scope, called: str, value: ast.expr, *, sure: bool = False) -> None:
    """Write the assignment of what was imported, which is seen but not exported; `sure`: it never changes (S5)."""
    variable = scope.symbols.ref(called)
    emitter.code.changed(variable)
    emitter.code.add(assign(variable, value))
    if scope.rootlevel:
        emitter.final_names.add(called)
    elif sure and not scope.soft and scope.context == "context" and called in emitter.imports:
        scope.symbols.imported[called] = emitter.imports[called], emitter.code.function
    if scope.toplevel:
        emitter.stores.publish(called, variable, export=False)


REFERENCES: Statements = MappingProxyType(
    {
        nodes.Block: _block,
        nodes.Extends: _extends,
        nodes.Include: _include,
        nodes.Import: _import,
        nodes.FromImport: _from,
    }
)
