"""Emit: from a tree to the marshalled Python code of one template.

Enters: a tree. Leaves: bytes, the same for the same tree under any hash seed, folder, clock or locale. The
code comes from Jinja2's generator for now; nothing but this module and `blendtpl.units` knows what it looks like.

Three things are done to it. Its lines and names are the template's own, so that a traceback shows the template
without any work at run time. Constant folding runs Jinja2's own pure filters and tests only, never a user's. And
a second, small module per template runs just the top level that blocks can see, for fragments.
"""

import ast
import marshal
from bisect import bisect_right
from collections.abc import Iterable
from io import StringIO
from types import CodeType
from typing import NoReturn

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

# Version 2 of the format has neither references nor a mark on interned strings, so that its bytes depend on the
# values alone; later versions write both by reference counts, which differ from run to run.
_MARSHAL_VERSION = 2

_TOP_LEVEL = (
    nodes.Extends,
    nodes.Import,
    nodes.FromImport,
    nodes.Macro,
    nodes.Assign,
    nodes.AssignBlock,
    nodes.ExprStmt,
)


def emit(name: str, tree: nodes.Template, environment: jinja2.Environment) -> bytes:
    """Return the marshalled code of a template: a tuple of its module and of the module for fragments, or `None`.

    Raises `jinja2.TemplateSyntaxError` for what only the generator finds wrong, such as a block defined twice.
    """
    _keep_from_folding(tree, environment)
    whole = _generate(name, tree, environment)
    top = nodes.Template(list(_top_level(tree.body)), lineno=1)
    top.set_environment(environment)
    part = _generate(name, top, environment) if top.body else None
    return marshal.dumps((whole, part), _MARSHAL_VERSION)


class _Generator(CodeGenerator):
    """Jinja2's generator, told not to call a user's `finalize` at build time."""

    def _make_finalize(self) -> CodeGenerator._FinalizeInfo:
        made = super()._make_finalize()
        return made if self.environment.finalize is None else made._replace(const=None)


def _generate(name: str, tree: nodes.Template, environment: jinja2.Environment) -> CodeType:
    text = StringIO()
    generator = _Generator(environment, name, name, text, optimized=environment.optimized)
    generator.visit(tree)
    module = ast.parse(text.getvalue())
    # the run half gives the names of the run time, so that no module has to import them
    module.body = [node for node in module.body if not _imports_runtime(node)]
    _relocate(module, generator.debug_info)
    return _rename(compile(module, name, "exec", dont_inherit=True, optimize=0))


def _imports_runtime(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "jinja2.runtime"


def _relocate(module: ast.Module, lines: Iterable[tuple[int, int]]) -> None:
    """Give every node the line of the template that it was generated for."""
    pairs = sorted((generated, line) for line, generated in lines)
    generated = [pair[0] for pair in pairs]
    for node in ast.walk(module):
        if isinstance(node, (ast.stmt, ast.expr, ast.arg, ast.keyword, ast.excepthandler, ast.alias)):
            index = bisect_right(generated, node.lineno) - 1
            node.lineno = node.end_lineno = pairs[index][1] if index >= 0 else 1
            node.col_offset = node.end_col_offset = -1  # unknown: the columns of generated code mean nothing


def _rename(code: CodeType, name: str = "") -> CodeType:
    """Give code objects the names that a reader of a traceback knows: blocks and macros rather than functions."""
    shown = {"root": "template", "macro": "macro"}.get(name, name)
    if name.startswith("block_"):
        shown = f"block {name.removeprefix('block_')!r}"
    constants = tuple(
        _rename(constant, constant.co_name) if isinstance(constant, CodeType) else constant
        for constant in code.co_consts
    )
    shown = shown or code.co_name
    return code.replace(co_consts=constants, co_name=shown, co_qualname=shown)


def _top_level(body: Iterable[nodes.Node]) -> Iterable[nodes.Node]:
    """Yield copies of the statements that decide what blocks see: those that set names, or name the parent."""
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


def _keep_from_folding(tree: nodes.Template, environment: jinja2.Environment) -> None:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        present, own = (environment.filters, FILTERS) if isinstance(node, nodes.Filter) else (environment.tests, TESTS)
        if present.get(node.name) is not own.get(node.name):
            node.__dict__["as_const"] = _impossible


def _impossible(eval_ctx: nodes.EvalContext | None = None) -> NoReturn:
    raise nodes.Impossible
