"""Statements: what each tag of a template becomes in Python, but for loops, macros and references.

Enters: a statement node and its frame. Leaves: nothing; the emitter has the Python statements.
"""

import ast
from types import MappingProxyType

from jinja2 import nodes

from blendtpl.bundle import abi
from blendtpl.compiler.analysis.string_functions import LONGEST
from blendtpl.compiler.codegen.calls import filtered, known_call, own_block
from blendtpl.compiler.codegen.generator import Emitter, Statements
from blendtpl.compiler.codegen.logic import condition
from blendtpl.compiler.codegen.printing import output
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, name
from blendtpl.compiler.codegen.scope import Scope

_NESTED = 50  # the longest chain of `elif` that is nested


def _only_prints(emitter: Emitter, body: list[nodes.Node], scope: Scope) -> bool:
    """Return whether statements do no more than print values and texts, under conditions: nothing of that writes to the
    output itself.
    """
    if scope.output_check or emitter.eval_ctx.volatile or emitter.environment.finalize is not None:
        return False
    for node in body:
        if isinstance(node, nodes.If):
            inner = [*node.body, *node.elif_, *node.else_]
            if len(node.elif_) > LONGEST or not _only_prints(emitter, inner, scope):
                return False
        elif isinstance(node, nodes.Include):
            template = emitter.included(node)
            entry = emitter.program.entry(template)
            if entry is None or not emitter.program.returns_text(template, entry):
                return False
        elif not isinstance(node, nodes.Output) or any(_writes(emitter, part, scope) for part in node.nodes):
            return False
    return True


def _writes(emitter: Emitter, node: nodes.Expr, scope: Scope) -> bool:
    """Return whether what is printed may be written to the output, rather than be a text."""
    if not isinstance(node, nodes.Call):
        return False
    if isinstance(node.node, nodes.Name) and node.node.name in {"super", "caller", "loop"}:
        return True
    block = own_block(emitter, node, scope)
    if block is not None:
        return not block.text
    macro = known_call(emitter, node, scope)
    return macro is not None and not emitter.program.returns_text(macro.template, abi.macro_function(macro.shape.name))


def _decided(emitter: Emitter, node: nodes.If, scope: Scope) -> nodes.If | list[nodes.Node]:
    """Return what is left of a condition whose first tests may be of variables of which it is known what they hold."""
    while isinstance(node.test, nodes.Name):
        alias = emitter.alias(scope.symbols.find_ref(node.test.name) or "")
        if not isinstance(alias, ast.Constant):
            break
        if alias.value:
            return node.body
        if not node.elif_:
            return node.else_
        first, *rest = node.elif_
        node = nodes.If(first.test, first.body, rest, node.else_, lineno=first.lineno)
    return node


def _chosen_text(emitter: Emitter, node: nodes.If, scope: Scope) -> None:
    """Write a condition whose branches do no more than print, as a text that is part of the output around it."""
    code, soft, result = emitter.code, scope.softened(), emitter.code.temporary()
    code.materialise_output()
    outer = code.block
    for branch in (node, *node.elif_):
        code.line = branch.lineno
        step = ast.If(condition(emitter, branch.test, soft), [], [])
        if branch is node:
            code.aside_begin()  # the first is always looked at
        code.branch(step)
        with code.captured(step.body, result):
            emitter.body(branch.body, soft)
        code.block = step.orelse
    with code.captured(code.block, result):
        emitter.body(node.else_, soft)
    code.block = outer
    code.aside_end()
    code.write(scope, "is", name(result))


def _if(emitter: Emitter, node: nodes.If, scope: Scope) -> None:
    remaining = _decided(emitter, node, scope)
    if isinstance(remaining, list):
        emitter.body(remaining, scope.softened())
        return
    node = remaining
    if emitter.code.texts or (not emitter.in_order and _only_prints(emitter, [node], scope)):
        _chosen_text(emitter, node, scope)
        return
    emitter.code.flush()
    soft = scope.softened()
    # Python nests every `elif` in the `else` before it, and can only nest so deeply
    undecided = emitter.code.temporary() if len(node.elif_) > _NESTED else ""
    if undecided:
        emitter.code.add(assign(undecided, const(True)))
    outer = emitter.code.block
    for branch in (node, *node.elif_):
        emitter.code.line = branch.lineno
        step = ast.If(condition(emitter, branch.test, soft), [], [])
        if branch is node:
            emitter.code.aside_begin()  # the first is always looked at
        emitter.code.add(step)
        with emitter.code.statement_scope(step.body):
            if undecided:
                emitter.code.add(assign(undecided, const(False)))
            emitter.body(branch.body, soft)
        if undecided:
            step = ast.If(name(undecided), [], [])
            emitter.code.block = outer
            emitter.code.add(step)
        emitter.code.block = step.body if undecided else step.orelse
    emitter.body(node.else_, soft)
    emitter.code.flush()
    emitter.code.block = outer
    emitter.code.aside_end()


def _assign(emitter: Emitter, node: nodes.Assign, scope: Scope) -> None:
    emitter.code.flush()
    with emitter.assigning(scope):
        # before the value, as in Jinja2: what is no namespace fails even where the value would
        for namespace in dict.fromkeys(ref.name for ref in node.find_all(nodes.NSRef)):
            variable = name(emitter.variable(namespace, scope))
            emitter.code.do(call("check_namespace", variable))
        value = emitter.expression(node.node, scope)
        store(emitter, node.target, scope, value)


def store(emitter: Emitter, target: nodes.Node, scope: Scope, value: ast.expr) -> None:
    """Emit the assignment of a value to a target, which may be a tuple."""
    emitter.code.add(ast.Assign([place_of(emitter, target, scope)], value))


def place_of(emitter: Emitter, target: nodes.Node, scope: Scope) -> ast.expr:
    """Return the Python target for the target of a template's assignment."""
    if isinstance(target, nodes.Tuple):
        return ast.Tuple([place_of(emitter, part, scope) for part in target.items], ast.Store())
    if isinstance(target, nodes.NSRef):
        return ast.Subscript(name(emitter.variable(target.name, scope)), const(target.attr), ast.Store())
    called = target.name  # type: ignore[attr-defined]  # there is no other target
    if emitter.assigned and (scope.toplevel or scope.loop or scope.in_block):
        emitter.assigned[-1].add(called)
    emitter.code.changed(scope.symbols.ref(called))
    return ast.Name(scope.symbols.ref(called), ast.Store())


def _assign_block(emitter: Emitter, node: nodes.AssignBlock, scope: Scope) -> None:
    emitter.code.flush()
    with emitter.assigning(scope):
        inner = buffered(emitter, scope)
        inner.output_check = False
        inner.symbols.analyze_node(node)
        emitter.enter(inner)
        emitter.body(node.body, inner)
        emitter.code.flush()
        emitter.code.line = node.lineno
        value = filtered(emitter, node.filter, inner) if node.filter is not None else call("concat", name(inner.out))
        text = emitter.code.materialise(call(emitter.markup_or_not(scope), value))  # (E8)
        store(emitter, node.target, scope, text)
        emitter.leave(inner)


def buffered(emitter: Emitter, scope: Scope) -> Scope:
    """Return an inner frame whose output goes to a list of its own."""
    inner = scope.inner()
    inner.out, inner.streams, inner.unsure = emitter.code.temporary(), False, ""
    emitter.code.add(assign(inner.out, ast.List([], ast.Load())))
    return inner


def _filter_block(emitter: Emitter, node: nodes.FilterBlock, scope: Scope) -> None:
    emitter.code.flush()
    inner = buffered(emitter, scope)
    inner.symbols.analyze_node(node)
    emitter.enter(inner)
    emitter.body(node.body, inner)
    emitter.code.flush()
    emitter.code.line = node.lineno
    append(emitter, scope, filtered(emitter, node.filter, inner))
    emitter.leave(inner)


def append(emitter: Emitter, scope: Scope, value: ast.expr) -> None:
    """Write a value as it is: one that is no text fails where the output that it belongs to becomes one (E11)."""
    if scope.unsure:
        emitter.unsure.add(scope.unsure)
        value = emitter.code.materialise(value)
        emitter.code.do(call(attribute(name(scope.unsure), "append"), value))
    emitter.code.do(call(attribute(name(scope.out), "append"), value))


def _with(emitter: Emitter, node: nodes.With, scope: Scope) -> None:
    emitter.code.flush()
    inner = scope.inner()
    inner.symbols.analyze_node(node)
    emitter.enter(inner)
    for target, value in zip(node.targets, node.values, strict=True):
        store(emitter, target, inner, emitter.expression(value, scope))  # (S8)
    _rest_of(emitter, node, inner)


def _expression_statement(emitter: Emitter, node: nodes.ExprStmt, scope: Scope) -> None:
    emitter.code.flush()
    emitter.code.do(emitter.expression(node.node, scope))


def _scope(emitter: Emitter, node: nodes.Scope, scope: Scope) -> None:
    emitter.code.flush()
    inner = scope.inner()
    inner.symbols.analyze_node(node)
    emitter.enter(inner)
    _rest_of(emitter, node, inner)


def _rest_of(emitter: Emitter, node: nodes.With | nodes.Scope | nodes.OverlayScope, inner: Scope) -> None:
    """Write the body of a scope that has been entered, and its end."""
    emitter.body(node.body, inner)
    emitter.code.flush()
    emitter.leave(inner)


def _overlay_scope(emitter: Emitter, node: nodes.OverlayScope, scope: Scope) -> None:
    emitter.code.flush()
    context = emitter.code.temporary()
    emitter.code.add(assign(context, emitter.derived(scope)))
    value = emitter.expression(node.context, scope)
    emitter.code.add(ast.Assign([ast.Attribute(name(context), "vars", ast.Store())], value))
    inner = scope.inner(isolated=True)
    inner.context = context
    inner.symbols.analyze_node(node)
    emitter.enter(inner)
    _rest_of(emitter, node, inner)


def _modifier(emitter: Emitter, node: nodes.EvalContextModifier, scope: Scope) -> None:
    emitter.code.flush()
    for option in node.options:
        value = emitter.expression(option.value, scope)
        holder = attribute(name("context"), "eval_ctx")
        emitter.code.add(ast.Assign([ast.Attribute(holder, option.key, ast.Store())], value))
        try:
            constant = option.value.as_const(emitter.eval_ctx)
        except nodes.Impossible:
            # from here on it is asked while the template renders
            emitter.eval_ctx.volatile = True
        else:
            setattr(emitter.eval_ctx, option.key, constant)


def _scoped_modifier(emitter: Emitter, node: nodes.ScopedEvalContextModifier, scope: Scope) -> None:
    emitter.code.flush()
    holder = attribute(name("context"), "eval_ctx")
    saved, before = emitter.code.temporary(), emitter.eval_ctx.save()
    emitter.code.add(assign(saved, call(attribute(holder, "save"))))
    _modifier(emitter, node, scope)
    emitter.body(node.body, scope)
    emitter.code.flush()
    emitter.eval_ctx.revert(before)
    emitter.code.do(call(attribute(holder, "revert"), name(saved)))


def _leave(emitter: Emitter, node: nodes.Break | nodes.Continue, scope: Scope) -> None:
    """Write what ends a turn of a loop, or the loop: Python's own statement, which has to be in a loop too."""
    leaves = isinstance(node, nodes.Break)
    if not emitter.code.function.breakable:
        emitter.fail(f"not in a loop: {'break' if leaves else 'continue'!r}", node.lineno)
    emitter.code.add(ast.Break() if leaves else ast.Continue())


STATEMENTS: Statements = MappingProxyType(
    {
        nodes.Output: output,
        nodes.If: _if,
        nodes.Assign: _assign,
        nodes.AssignBlock: _assign_block,
        nodes.FilterBlock: _filter_block,
        nodes.With: _with,
        nodes.ExprStmt: _expression_statement,
        nodes.Scope: _scope,
        nodes.OverlayScope: _overlay_scope,
        nodes.EvalContextModifier: _modifier,
        nodes.ScopedEvalContextModifier: _scoped_modifier,
        nodes.Continue: _leave,
        nodes.Break: _leave,
    }
)
