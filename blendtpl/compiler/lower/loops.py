"""Loops: `for` in all its forms. Each has the ``loop`` object of Jinja2 where its body asks for that; what of it is
no more than counters is for `blendtpl.compiler.passes.counters` to find.
"""

from types import MappingProxyType

from jinja2 import nodes

from blendtpl.compiler.analysis.walk import by_kind, has, undeclared
from blendtpl.compiler.ir.statements import Loop, LoopTest
from blendtpl.compiler.ir.values import Global, Invoke
from blendtpl.compiler.lower.output import Lowered
from blendtpl.compiler.lower.scope import Scope
from blendtpl.compiler.lower.statements import bind, scoped, target_of
from blendtpl.compiler.lower.unit import Lower, Unit

_SETS = (nodes.Assign, nodes.AssignBlock)


def _for(unit: Unit, node: nodes.For, scope: Scope) -> Lowered:
    line, every = unit.line, by_kind(node)
    around = scope
    if node.recursive:  # it is a function
        around = scope.inner(symbols=scope.symbols, function=unit.number(), breakable=False, block=scope.block)
    sets = any(isinstance(child, _SETS) or has(child, _SETS) for child in node.body)
    inner = around.inner(loop=True, breakable=True, holders=frozenset({"_loop_vars"} if sets else ()))
    variable = None
    if (
        node.recursive
        or "loop" in undeclared(node.body, ("loop",))
        or any(block.scoped for block in every.get(nodes.Block, ()))
    ):
        variable = inner.symbols.declare_parameter("loop")
        unit.loops.add(variable)
    inner.symbols.analyze_node(node, for_branch="body")
    otherwise = around.inner()
    if node.else_:
        otherwise.symbols.analyze_node(node, for_branch="else")
    for reference in every.get(nodes.Name, ()):
        if reference.ctx == "store" and reference.name == "loop":
            unit.fail("Can't assign to special loop variable in for-loop target", reference.lineno)
    test = _test(unit, node, around) if node.test is not None else None
    items = unit.value(node.iter, scope)
    if unit.environment.is_async:
        items = Invoke(line, Global(line, "iterated"), (items,))
    unit.line = line
    bound = bind(unit, inner)
    body = unit.body(node.body, inner)
    unit.line = line
    return (
        Loop(
            line,
            target_of(unit, node.target, inner),
            items,
            bound,
            body,
            test,
            (scoped(unit, otherwise, node.else_),) if node.else_ else (),
            variable,
            None,
            node.recursive,
            sets,
            tuple(inner.symbols.loads),
            unit.autoescape(inner) if unit.eval_ctx.volatile else bool(unit.eval_ctx.autoescape),
        ),
    )


def _test(unit: Unit, node: nodes.For, around: Scope) -> LoopTest:
    """Return the condition of a loop, which may become a function of its own."""
    scope = around.inner(function=unit.number())
    scope.symbols.analyze_node(node, for_branch="test")
    condition: nodes.Expr = node.test  # type: ignore[assignment]  # there is one
    asks_loop = bool(undeclared([condition], ("loop",)))
    outer, bound = unit.line, bind(unit, scope)
    value = unit.value(condition, scope)
    unit.line = outer
    return LoopTest(outer, bound, target_of(unit, node.target, scope), value, asks_loop)


LOOPS: MappingProxyType[type[nodes.Node], Lower] = MappingProxyType({nodes.For: _for})
