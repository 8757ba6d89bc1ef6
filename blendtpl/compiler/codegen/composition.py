"""References: `block`, `extends`, `include`, `import` and `from`.

Where the links know the other side, its code is called directly: the root of what is surely extended, the code of an
included template with the names that it reads, the module that an import always finds. Everywhere else the environment
is asked for a template when the code runs, as Jinja2 does.
"""

import ast
from types import MappingProxyType

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE

from blendtpl.compiler.codegen.generator import Emitter, EndOfBody, Statements
from blendtpl.compiler.codegen.inline import inlined
from blendtpl.compiler.codegen.printing import run
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, is_, is_not, item, name
from blendtpl.compiler.codegen.scope import Frame
from blendtpl.compiler.codegen.variables import BLOCKS


def _block(emitter: Emitter, node: nodes.Block, frame: Frame) -> None:
    emitter.block_settled[node.name] = set(emitter.settled)
    if frame.toplevel and emitter.known_extends:
        return
    if frame.toplevel and emitter.extends_seen:
        guard = ast.If(is_(name("parent_template"), None), [], [])
        emitter.code.add(guard)
        with emitter.code.inside(guard.body):
            _run_block(emitter, node, frame)
        return
    _run_block(emitter, node, frame)


def _run_block(emitter: Emitter, node: nodes.Block, frame: Frame) -> None:
    if emitter.layout is not None:
        # required and not there is for whatever put the blocks into the scope to say
        at = const(emitter.layout.blocks.index(node.name))
        block = item(item(name(frame.context), const(BLOCKS)), at)
        scope = _derived_scope(emitter, frame) if node.scoped else name(frame.context)
        run(emitter, frame, block, scope, text=emitter.prints(f"block_{node.name}"))
        return
    context = emitter.code.hold(emitter.derived(frame)) if node.scoped else name(frame.context)
    stack = item(attribute(name(frame.context), "blocks"), const(node.name))
    if node.required:
        emitter.code.do(call("check_required", name(frame.context), const(node.name)))
    run(emitter, frame, item(stack, const(0)), context)


def _derived_scope(emitter: Emitter, frame: Frame) -> ast.expr:
    """Write a scope in which what is set around this place is found too; return its variable."""
    around = emitter.locals(frame)
    names = [key.value for key in around.keys if isinstance(key, ast.Constant)]
    slots = [(found, emitter.slots[found]) for found in names if found in emitter.slots]
    return emitter.code.hold(call("derived", name(frame.context), around, const(tuple(slots))))


def _extends(emitter: Emitter, node: nodes.Extends, frame: Frame) -> None:
    emitter.code.flush()
    if not frame.toplevel:
        emitter.fail("cannot use extend from a non top-level scope", node.lineno)
    if emitter.extends_seen:
        twice = ast.Raise(call("TemplateRuntimeError", const("extended multiple times")))
        if emitter.known_extends:
            emitter.code.add(twice)
            raise EndOfBody
        guard = ast.If(is_not(name("parent_template"), None), [], [])
        emitter.code.add(guard)
        with emitter.code.inside(guard.body):
            emitter.code.add(twice)
    emitter.extends_line = node.lineno
    if emitter.layout is not None:
        emitter.known_extends = True
        emitter.extends_seen += 1
        return
    known = emitter.links.parent(emitter.template)
    if known is not None:
        emitter.code.add(assign("parent_template", name(emitter.link(known, "unit"))))
    else:
        wanted = emitter.expression(node.template, frame)
        getter = attribute(name("environment"), "get_template")
        emitter.code.add(assign("parent_template", call(getter, wanted, const(emitter.template))))
    if not _stands_ready(emitter):
        emitter.code.do(call("extend", name("context"), name("parent_template")))
    if frame.rootlevel:
        emitter.known_extends = True
    emitter.extends_seen += 1


def _stands_ready(emitter: Emitter) -> bool:
    """Return whether a context of a template has the blocks of all that it extends from the start."""
    return emitter.links.parent(emitter.template) is not None and emitter.links.whole(emitter.template)


def run_parent(emitter: Emitter, frame: Frame) -> None:
    """Write the end of a template that extends another: the other goes on with the same context."""
    emitter.code.line = emitter.extends_line
    if emitter.layout is not None:
        above = str(emitter.links.parent(emitter.template))
        text = emitter.parent == ("root",) and emitter.links.returns_text(above, "root")
        known = [name(emitter.link(above, part)) for part in emitter.parent]
        goes_on: ast.expr = known[0] if len(known) == 1 else either(is_(name("out"), None), known[1], known[0])
        run(emitter, frame, goes_on, name("context"), text=text)
        return
    goes_on = call(f"{'parent' if _stands_ready(emitter) else 'extended'}_{emitter.parent[0]}", name("parent_template"))
    if emitter.known_extends:
        run(emitter, frame, goes_on, name("context"))
        return
    branch = ast.If(is_not(name("parent_template"), None), [], [])
    emitter.code.add(branch)
    with emitter.code.inside(branch.body):
        run(emitter, frame, goes_on, name("context"))


def _getter(node: nodes.Expr) -> ast.expr:
    method = "get_or_select_template"
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        method = "get_template"
    elif isinstance(node, (nodes.Tuple, nodes.List)) or (
        isinstance(node, nodes.Const) and isinstance(node.value, (tuple, list))
    ):
        method = "select_template"
    return attribute(name("environment"), method)


def _include(emitter: Emitter, node: nodes.Include, frame: Frame) -> None:
    known = emitter.included(node)
    entry = emitter.links.entry(known)
    if known is not None and entry is not None and (frame.context == "context" or emitter.parameters is not None):
        _call_entry(emitter, frame, known, entry)
        return
    found = emitter.code.temporary()
    get: list[ast.stmt] = []
    attempt = ast.Try(get, [ast.ExceptHandler(name("TemplateNotFound"), None, [ast.Pass()])], [], [])
    if node.ignore_missing:
        emitter.code.add(attempt)
    with emitter.code.inside(get if node.ignore_missing else emitter.code.block):
        wanted = emitter.expression(node.template, frame)
        emitter.code.add(assign(found, call(_getter(node.template), wanted, const(emitter.template))))
    with emitter.code.inside(attempt.orelse if node.ignore_missing else emitter.code.block):
        _run_include(emitter, node, frame, found)


def _call_entry(emitter: Emitter, frame: Frame, template: str, entry: str) -> None:
    """Call the code of an included template with the names that it reads."""
    reads = emitter.links.reads[template]
    # a block may run before what it reads is set by the template around it
    early = any(found.refers for found in emitter.links.chain(template))
    layout = emitter.links.layout(template)
    parameters = layout.slots if layout is not None else emitter.links.parameters(template) or ()
    values: list[ast.expr] = []
    sure = set()  # those that are never missing
    for found in parameters:
        if found.endswith("=") or (found not in reads and not early):  # what it sets
            values.append(name("missing"))
            continue
        variable = frame.symbols.find_ref(found)
        if variable is None or variable in emitter.loops:
            values.append(emitter.resolved(found, frame))
            continue
        known = emitter.alias(variable)
        if known is not None:
            values.append(known)
            sure.add(found)
            continue
        value: ast.expr = name(emitter.reach(variable))
        load = frame.symbols.find_load(variable)
        if load is not None and load[0] == VAR_LOAD_PARAMETER and variable not in emitter.unset_parameters:
            sure.add(found)
        if load is None or load[0] not in {VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE}:
            # what is not set yet is what the context has
            value = either(is_(value, "missing"), emitter.resolved(found, frame), value)
        values.append(value)
    scope: ast.expr = name(frame.context)
    head: list[ast.expr] = [const(None)] * 3
    observes = emitter.links.observes(template)
    if observes:
        around = ast.Tuple([scope, emitter.locals(frame)], ast.Load())
        head[1:] = [name(emitter.link(template, "unit")), around]
    text = emitter.links.returns_text(template, entry)
    if entry == "root":
        blocks = name(emitter.link(template, "bodies"))
        scope = emitter.code.hold(ast.List([*head, blocks, *values], ast.Load()))
        run(emitter, frame, name(emitter.link(template, entry)), scope, text=text)
        return
    if observes:
        scope = emitter.code.hold(ast.List(head, ast.Load()))
    values = [emitter.code.hold(value) for value in values]
    variables = {
        called: value.id for called, value in zip(parameters, values, strict=True) if isinstance(value, ast.Name)
    }
    if not inlined(emitter, frame, template, variables, sure, scope.id if isinstance(scope, ast.Name) else ""):
        run(emitter, frame, name(emitter.link(template, entry)), *values, scope, text=text)


def _run_include(emitter: Emitter, node: nodes.Include, frame: Frame, found: str) -> None:
    if node.with_context:
        run(emitter, frame, call("include", name(found), emitter.locals(frame)), name(frame.context))
        return
    # Jinja2 writes this past the buffer of a `set` or `filter` block, straight to the output
    out = frame.out if emitter.macro_depth else "out"
    stream = attribute(call("default_module", name(found), name(frame.context)), "_body_stream")
    emitter.code.do(call(attribute(name(out), "extend"), stream))


def _module(emitter: Emitter, node: nodes.Import | nodes.FromImport, frame: Frame) -> ast.expr:
    """Return the expression for the module that is imported."""
    origin = emitter.static_origin(node)
    if origin is not None:
        return name(emitter.link(origin, "module"))
    wanted = emitter.expression(node.template, frame)
    getter = attribute(name("environment"), "get_template")
    found = emitter.code.hold(call(getter, wanted, const(emitter.template)))
    if node.with_context:
        return call("context_module", found, name(frame.context), emitter.locals(frame))
    return call("default_module", found, name(frame.context))


def _called(found: str | tuple[str, str]) -> str:
    return found[0] if isinstance(found, tuple) else found


def _import(emitter: Emitter, node: nodes.Import, frame: Frame) -> None:
    emitter.code.flush()
    _bind(emitter, frame, node.target, _module(emitter, node, frame), sure=emitter.static_origin(node) is not None)


def _from(emitter: Emitter, node: nodes.FromImport, frame: Frame) -> None:
    emitter.code.flush()
    origin = emitter.static_origin(node)
    if origin is not None and all(emitter.links.macro(origin, _called(found)) for found in node.names):
        for found in node.names:
            macro = name(emitter.link(origin, f"export_{_called(found)}"))
            _bind(emitter, frame, found[1] if isinstance(found, tuple) else found, macro, sure=True)
        return
    module = emitter.code.hold(_module(emitter, node, frame))
    place = const(emitter.position(node))
    for found in node.names:
        called, alias = found if isinstance(found, tuple) else (found, found)
        _bind(emitter, frame, alias, call("exported", name("undefined"), module, const(called), place))


def _bind(emitter: Emitter, frame: Frame, called: str, value: ast.expr, *, sure: bool = False) -> None:
    """Write the assignment of what was imported, which is seen but not exported; `sure`: it never changes."""
    variable = frame.symbols.ref(called)
    emitter.code.changed(variable)
    emitter.code.add(assign(variable, value))
    if frame.rootlevel:
        emitter.settled.add(called)
    elif sure and not frame.soft and frame.context == "context" and called in emitter.imports:
        frame.symbols.imported[called] = emitter.imports[called], emitter.code.function
    if frame.toplevel:
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
