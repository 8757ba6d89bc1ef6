"""Inlining: the code of a small included template in place of a call of it.

Enters: an include that runs often, and the tree of what it includes. Leaves: that template's statements, with its own
lines, in the function at hand. The function has one file name, which is not that template's: should anything be raised,
`blendtpl.places.stitched` puts the entry that a call would have made into the traceback.
"""

import ast
import copy
from collections.abc import Mapping

from jinja2 import nodes
from jinja2.idtracking import Symbols
from jinja2.nodes import EvalContext

from blendtpl.compiler.emit.code import attribute, call, name
from blendtpl.compiler.emit.emitter import Emitter
from blendtpl.compiler.emit.frames import Frame

_SMALL = 120  # nodes of a tree
_DEEP = 3  # includes within each other


def inlined(emitter: Emitter, frame: Frame, template: str, values: Mapping[str, str], scope: str) -> bool:
    """Write the code of an included template that reads the variables in `values`; return whether it may be."""
    tree = emitter.tree_of(template)
    if (
        tree is None
        or emitter.code.hot == 0
        or template in emitter.around
        or len(emitter.around) >= _DEEP
        or sum(1 for _ in tree.find_all(nodes.Node)) > _SMALL
    ):
        return False
    code, line = emitter.code, emitter.code.line
    own = _emitter_of(emitter, template, values)
    inner = Frame(
        Symbols(level=frame.symbols.level + 1), out=frame.out, streams=frame.streams, context=scope, rootlevel=True
    )
    inner.symbols.analyze_node(tree)
    code.settle()
    attempt = ast.Try([], [], [], [])
    code.branch(attempt)
    with code.aside(attempt.body), own.tracking(set()):
        own.enter(inner)
        own.body(tree.body, inner)
        code.settle()
    code.line = line
    error = name("error")
    trace = call("stitched", attribute(error, "__traceback__"), name(emitter.link(template, "unit")))
    raised = ast.Raise(call(attribute(error, "with_traceback"), trace), lineno=line)
    attempt.handlers.append(ast.ExceptHandler(name("Exception"), "error", [raised], lineno=line))
    return True


def _emitter_of(emitter: Emitter, template: str, values: Mapping[str, str]) -> Emitter:
    """Return an emitter for another template that writes to the same function."""
    made = copy.copy(emitter)
    made.template, made.around = template, (*emitter.around, template)
    made.eval_ctx = EvalContext(emitter.environment, template)
    made.parameters, made.layout, made.slots = dict(values), None, {}
    made.static, made.macros, made.direct, made.root_symbols = False, {}, {}, None
    made.settled, made.block_settled, made.assigned, made.unset_parameters = set(), {}, [], set()
    return made
