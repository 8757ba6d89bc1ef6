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
from itertools import accumulate
from types import CodeType
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

# Version 2 of the format has neither references nor a mark on interned strings, so that its bytes depend on the
# values alone; later versions write both by reference counts, which differ from run to run.
_MARSHAL_VERSION = 2

_ONE_LINE, _NO_COLUMNS, _LONG, _NO_LOCATION = 10, 13, 14, 15  # kinds of entries in a table of locations

_UNDEFINED = (jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined)

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
    """Jinja2's generator, told not to call a user's `finalize` at build time, and to note for which line of the
    template it writes: `marks` are pairs of an offset in what it wrote and the line that holds from there on.
    """

    def __init__(self, environment: jinja2.Environment, name: str) -> None:
        self.text = StringIO()
        self.marks: list[tuple[int, int]] = [(0, 1)]
        super().__init__(environment, name, name, self.text, optimized=environment.optimized)

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        outer = self.marks[-1][1]
        self._mark(node)
        result = super().visit(node, *args, **kwargs)
        self.marks.append((self.text.tell(), outer))
        return result

    def newline(self, node: nodes.Node | None = None, extra: int = 0) -> None:
        super().newline(node, extra)
        if node is not None:
            self._mark(node)

    def _mark(self, node: nodes.Node) -> None:
        if node.lineno:
            self.marks.append((self.text.tell(), node.lineno))

    def _make_finalize(self) -> CodeGenerator._FinalizeInfo:
        made = super()._make_finalize()
        return made if self.environment.finalize is None else made._replace(const=None)


def _generate(name: str, tree: nodes.Template, environment: jinja2.Environment) -> CodeType:
    generator = _Generator(environment, name)
    generator.visit(tree)
    text = generator.text.getvalue()
    module = ast.parse(text)
    # the run half gives the names of the run time, so that no module has to import them
    module.body = [node for node in module.body if not _imports_runtime(node)]
    _relocate(module, text.split("\n"), generator.marks)
    return _rename(compile(module, name, "exec", dont_inherit=True, optimize=0))


def _imports_runtime(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "jinja2.runtime"


def _relocate(module: ast.Module, written: list[str], marks: list[tuple[int, int]]) -> None:
    """Give every node the line of the template that it was generated for."""
    offsets = [offset for offset, _ in marks]
    starts = list(accumulate((len(line) + 1 for line in written), initial=0))
    for node in ast.walk(module):
        if isinstance(node, (ast.stmt, ast.expr, ast.arg, ast.keyword, ast.excepthandler, ast.alias)):
            line = written[node.lineno - 1]
            # Python counts in bytes of UTF-8
            column = node.col_offset if line.isascii() else len(line.encode()[: node.col_offset].decode())
            found = marks[bisect_right(offsets, starts[node.lineno - 1] + column) - 1][1]
            node.lineno = node.end_lineno = found
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
    lines = _without_columns(code.co_linetable)
    return code.replace(co_consts=constants, co_name=shown, co_qualname=shown, co_linetable=lines)


def _without_columns(table: bytes) -> bytes:
    """Return a table of locations with lines only, which is what Python writes under ``-X no_debug_ranges`` anyway.

    The format is that of CPython's `Objects/locations.md`: an entry begins with the one byte whose top bit is set,
    and what follows it are numbers of six bits a byte, bit 6 of which says that more follow.
    """
    found, at = bytearray(), 0
    while at < len(table):
        first, start = table[at], at + 1
        at = start
        while at < len(table) and not table[at] & 0x80:
            at += 1
        kind, numbers = first >> 3 & 15, table[start:at]
        if kind == _NO_LOCATION:
            found.append(first)
            continue
        found.append(first & 0x87 | _NO_COLUMNS << 3)
        if kind in {_NO_COLUMNS, _LONG}:
            end = next(index for index, byte in enumerate(numbers) if not byte & 0x40)
            found += numbers[: end + 1]
        else:
            found.append(max(kind - _ONE_LINE, 0) << 1)  # so many lines further, as a signed number
    return bytes(found)


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


def is_own(kind: str, name: str, environment: jinja2.Environment) -> bool:
    """Return whether the filter or test (`kind`) of that name is Jinja2's own, so that it may be folded."""
    present, own = (environment.filters, FILTERS) if kind == "filter" else (environment.tests, TESTS)
    return name in own and present.get(name) is own[name]


def own_lookups(environment: jinja2.Environment) -> bool:
    """Return whether attributes and items are looked up by Jinja2's code alone, so that this may be folded."""
    kind = type(environment)
    return environment.undefined in _UNDEFINED and all(
        found.__module__ in {"jinja2.environment", "jinja2.sandbox"} for found in (kind.getattr, kind.getitem)
    )


def _keep_from_folding(tree: nodes.Template, environment: jinja2.Environment) -> None:
    lookups = own_lookups(environment)
    for node in tree.find_all((nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem)):
        if isinstance(node, (nodes.Filter, nodes.Test)):
            pure = is_own("filter" if isinstance(node, nodes.Filter) else "test", node.name, environment)
        else:
            pure = lookups
        if not pure:
            node.__dict__["as_const"] = _impossible


def _impossible(eval_ctx: nodes.EvalContext | None = None) -> NoReturn:
    raise nodes.Impossible
