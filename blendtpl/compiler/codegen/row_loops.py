"""Row loops: the call that has a loop written by the functions in C, and what stands around it.

The loop itself stays, for items that these leave alone, and for whoever wants the output in pieces.
"""

import ast
from collections.abc import Callable, Sequence

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.generator import Generator
from blendtpl.compiler.codegen.pyast import call, const, is_, item, name
from blendtpl.compiler.codegen.row_builder import SourceLocation
from blendtpl.compiler.codegen.row_programs import RowLoop, row_loop
from blendtpl.compiler.codegen.writer import Out
from blendtpl.compiler.ir.base import below
from blendtpl.compiler.ir.statements import ESCAPE, Loop, Print


def written_in_rows(generator: Generator, loop: Loop, out: Out, otherwise: Callable[[ast.expr], None]) -> bool:
    """Write a loop as a call, and as what `otherwise` writes for items that are in a variable; return whether it may be
    one.
    """
    target = generator.target
    if not target.speedups or target.in_order or target.own_context:
        return False
    escaped = any(isinstance(node, Print) and node.mode == ESCAPE for node in below(loop))
    rows = row_loop(loop, escaped=escaped)
    if rows is None:
        return False
    code = generator.code
    value = generator.value(loop.items)
    items = value if isinstance(value, ast.Name) else code.materialised(value)
    code.flush()
    inputs = [const(None) if given is None else generator.held(given) for given in rows.inputs]
    operands = name(out.variable), const(rows.program), name("undefined"), name(items.id), const(escaped)
    written: ast.expr = call("rows", *operands, *inputs)
    # rows come all at once; whoever wants pieces of them gets these from the loop
    if out.streams:
        written = ast.BoolOp(ast.And(), [is_(name("limit"), None), written])
    done = code.materialised(written)
    branch = ast.If(ast.UnaryOp(ast.Not(), done), [], [])
    code.add(branch)
    with code.statement_scope(branch.body):
        otherwise(name(items.id))
    _fail(generator, rows, done, branch)
    return True


def _fail(generator: Generator, rows: RowLoop, done: ast.Name, branch: ast.If) -> None:
    if rows.places:
        failed = ast.If(ast.Compare(name(done.id), [ast.IsNot()], [const(True)]), [], [])
        branch.orelse.append(failed)
        with generator.code.statement_scope(failed.body):
            _raise(generator, done.id, rows.places)


def _raise(generator: Generator, done: str, places: Sequence[SourceLocation]) -> None:
    """Write what raises the error of a row in the line that it came from (R2)."""
    code = generator.code
    outer = code.line
    for number, place in enumerate(places, 1):
        error: ast.expr = call(
            ast.Attribute(name(done), "pop", ast.Load())
        )  # lest the variable holds what holds the frame
        entries = [
            part
            for template, shown, line in reversed(place.entries)
            for part in (name(generator.link(template, abi.SELF)), const(shown), const(line))
        ]
        if entries:
            error = call("insert_frames", error, *entries)
        step: ast.stmt = ast.Raise(error)
        if number < len(places):
            step = ast.If(ast.Compare(item(name(done), const(0)), [ast.Eq()], [const(number)]), [step], [])
        code.line = place.line
        code.add(step)
    code.line = outer
