"""Template code: from a tree to the Python code of one template.

Enters: a tree, and the links to the other templates. Leaves: code, or its bytes, the same for the same input under any
hash seed, folder, clock or locale. What the code looks like is said in `blendtpl.compiler.codegen.module`;
`blendtpl.runtime.compiled_template` and `blendtpl.runtime.helpers` are its counterparts in the run half.

Lines and names are the template's own, so that a traceback shows the template without any work at run time. Constant
folding runs Jinja2's own pure filters and tests only, never a user's.
"""

import re
from collections.abc import Callable, Collection
from types import CodeType
from typing import NoReturn

import jinja2
from jinja2 import nodes
from jinja2.filters import FILTERS

from blendtpl.bundle import abi
from blendtpl.bundle.environment import is_own, passed_argument, prints_in_order
from blendtpl.compiler.analysis.program_facts import ProgramFacts, open_set
from blendtpl.compiler.analysis.summary import summarize
from blendtpl.compiler.analysis.walk import below
from blendtpl.compiler.assemble.packing import unit
from blendtpl.compiler.assemble.target import target_of
from blendtpl.compiler.codegen.module import Module, module
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.statements import Template
from blendtpl.compiler.lower.template import lowered
from blendtpl.compiler.lower.unit import Unfinished
from blendtpl.compiler.passes.pipeline import Around, optimised

TreeOf = Callable[[str], nodes.Template | None]  # gives the trees of the closed set

_ONE_LINE, _NO_COLUMNS, _LONG = 10, 13, 14  # kinds of entries in a table of locations
_SAME_LINE = re.compile(rb"[\xe8-\xef]([\x00-\x7f]+)(?:[\xe8-\xef]\x00)+")  # an entry of a line, and others of it
_UNITS = bytes((first & 7) + 1 if first & 0x80 else 0 for first in range(256))  # of code, that a byte begins with
_WITH_COLUMNS = re.compile(rb"[\x80-\xe7\xf0-\xf7][\x00-\x7f]*")  # entries of all kinds but 13 and 15, no location

# methods of an environment, or of a sandbox, that have a say in what an attribute or an item is
_LOOKUPS = ("getattr", "getitem", "is_safe_attribute", "unsafe_undefined")

_UNDEFINED = (jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined)


def emit(name: str, tree_of: TreeOf, environment: jinja2.Environment, program: ProgramFacts) -> bytes:
    """Return the code of a template of a closed set, whose trees `tree_of` gives, for
    `blendtpl.compiler.assemble.packing`.

    Raises `jinja2.TemplateSyntaxError` for what only a generator finds wrong, such as a block defined twice.
    """
    tree = tree_of(name)
    if tree is None:
        raise LookupError(name)
    emitted = module_of(name, tree, environment, program, tree_of)
    compiled = {code.co_name: code for code in _compile(emitted, name).co_consts if isinstance(code, CodeType)}
    functions = {function.name: _rename(compiled[function.name], function.name) for function in emitted.functions}
    return unit(emitted.info.values(), emitted.bound, emitted.relocations, emitted.constant_slots, functions)


def code_of(
    name: str | None, file: str, tree: nodes.Template, environment: jinja2.Environment, *, speedups: bool
) -> CodeType:
    """Return the code of a template that nothing is known around, as a module; `file` is where tracebacks say that it
    stands.
    """
    try:
        summary = summarize(tree, environment, str(name))
        in_order = prints_in_order(environment)
        program = open_set(summary.facts, name, summary.free, in_order=in_order, speedups=speedups)
        emitted = module_of(name, tree, environment, program, lambda name: None)
    except Unfinished as error:
        cause = error.cause
    else:
        return _rename(_compile(emitted, file))
    raise cause  # as it came out of Jinja2's generator


def module_of(
    name: str | None,
    tree: nodes.Template,
    environment: jinja2.Environment,
    program: ProgramFacts,
    tree_of: TreeOf,
    without: Collection[str] = (),
) -> Module:
    """Return the Python module of a template, as `emit` compiles it; some passes may be left out."""
    template = intermediate(name, tree, environment, program, tree_of, without)
    return module(template, target_of(environment, name, program))


def intermediate(
    name: str | None,
    tree: nodes.Template,
    environment: jinja2.Environment,
    program: ProgramFacts,
    tree_of: TreeOf,
    without: Collection[str] = (),
) -> Template:
    """Return the intermediate form of a template, as the passes leave it."""

    def lowered_once(other: str | None, its_tree: nodes.Template) -> Template:
        kept: tuple[ProgramFacts, Template] | None = vars(its_tree).get("lowered")
        if kept is None or kept[0] is not program:
            _keep_from_folding(its_tree, environment)
            kept = vars(its_tree)["lowered"] = program, lowered(environment, other, its_tree, program)
        return kept[1]

    def function_of(other: str, function: str) -> Function | None:
        if function == abi.INCLUDED and (program.recursive(other) or program.recursive(name)):
            return None
        its_tree = tree if other == str(name) else tree_of(other)
        if its_tree is None:
            return None
        functions = lowered_once(other, its_tree).functions
        return next((each for each in functions if each.name == function), None)

    lenient = not issubclass(environment.undefined, jinja2.StrictUndefined)
    return optimised(lowered_once(name, tree), Around(name, lenient, function_of), without)


def _compile(emitted: Module, file: str) -> CodeType:
    return compile(emitted.tree(), file, "exec", dont_inherit=True, optimize=0)


def _rename(code: CodeType, name: str = "") -> CodeType:
    """Give code objects the names that a reader of a traceback knows: blocks and macros rather than functions."""
    shown = abi.shown_name(name)
    constants = tuple(
        _rename(constant, constant.co_name) if isinstance(constant, CodeType) else constant
        for constant in code.co_consts
    )
    shown = shown or code.co_name
    lines = _only_lines(code.co_linetable)
    return code.replace(co_consts=constants, co_name=shown, co_qualname=shown, co_linetable=lines)


def _only_lines(table: bytes) -> bytes:
    """Return a table of locations with lines only, and with as few entries as there can be.

    The format is that of CPython's `Objects/locations.md`: an entry begins with the one byte whose top bit is set,
    and what follows it are numbers of six bits a byte, bit 6 of which says that more follow. An entry without columns
    is what Python writes under ``-X no_debug_ranges``; it speaks of eight units of code at most.
    """
    return _SAME_LINE.sub(_joined, _WITH_COLUMNS.sub(_line_only, table))


def _joined(run: re.Match[bytes]) -> bytes:
    """Return the entries of a line as one, or as few as it takes."""
    count = sum(run[0].translate(_UNITS))
    full, rest = divmod(count, 8)
    lengths = [7] * full + ([rest - 1] if rest else [])
    entry = 0x80 | _NO_COLUMNS << 3
    return bytes((entry | lengths[0],)) + run[1] + b"".join(bytes((entry | length, 0)) for length in lengths[1:])


def _line_only(entry: re.Match[bytes]) -> bytes:
    first, numbers = entry[0][0], entry[0][1:]
    kind = first >> 3 & 15
    if kind == _LONG:
        end = next(index for index, byte in enumerate(numbers) if not byte & 0x40)
        line = numbers[: end + 1]
    else:
        line = bytes((max(kind - _ONE_LINE, 0) << 1,))  # so many lines further, as a signed number
    return bytes((first & 0x87 | _NO_COLUMNS << 3,)) + line


def own_lookups(environment: jinja2.Environment) -> bool:
    """Return whether attributes and items are looked up by Jinja2's code alone, so that this may be folded."""
    methods = [getattr(type(environment), name, None) for name in _LOOKUPS]
    modules = {"jinja2.environment", "jinja2.sandbox"}
    return environment.undefined in _UNDEFINED and all(method.__module__ in modules for method in methods if method)


def _keep_from_folding(tree: nodes.Template, environment: jinja2.Environment) -> None:
    if "kept_from_folding" in vars(tree):
        return
    vars(tree)["kept_from_folding"] = True
    lookups = own_lookups(environment)
    for node in below(tree):
        if isinstance(node, (nodes.Filter, nodes.Test)):
            kind = "filter" if isinstance(node, nodes.Filter) else "test"
            pure = is_own(environment, kind, node.name)
            if kind == "filter" and not lookups and pure:
                # such as `attr`, `map` and `first`, which look things up, or say that something is undefined
                pure = passed_argument(FILTERS[node.name]) != "environment"
        elif isinstance(node, (nodes.Getattr, nodes.Getitem)):
            pure = lookups
        else:
            continue
        if not pure:
            node.__dict__["as_const"] = _impossible


def _impossible(eval_ctx: nodes.EvalContext | None = None) -> NoReturn:
    raise nodes.Impossible
