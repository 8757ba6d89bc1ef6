"""The module of a template: its functions as one Python module.

Enters: the intermediate form of a template. Leaves: a syntax tree with the template's own lines, of the functions that
`blendtpl.compiler.lower.template` names, and of

- `info`, a dict of what `blendtpl.bundle.abi.TemplateInfo` says, in that order; `bound`: what of the environment it
  uses, each as words which, joined, are the global variable for it; `relocations`: the parts of other templates that
  are in ``link_0`` and so on, by these numbers; and `constant_slots`: what is in the slots that `info` names, a
  constant or a part of another.

There is no ``root`` for a template that nothing refers to by name, when it does no more than set names to what is known
and extend another (`blendtpl.compiler.codegen.constant_slots`). Any function that never yields returns an empty tuple,
so that ``yield from`` takes both kinds.
"""

import ast
from dataclasses import asdict, dataclass, replace
from typing import Any

from blendtpl.bundle import abi
from blendtpl.bundle.abi import TemplateInfo
from blendtpl.compiler.codegen.calls import CALLS
from blendtpl.compiler.codegen.constant_slots import ConstantSlots, constant_slots
from blendtpl.compiler.codegen.exports import Stores
from blendtpl.compiler.codegen.functions import FUNCTION_VALUES, FUNCTIONS, function_of
from blendtpl.compiler.codegen.generator import Generator, Target
from blendtpl.compiler.codegen.logic import LOGIC
from blendtpl.compiler.codegen.loops import LOOPS
from blendtpl.compiler.codegen.output import OUTPUT
from blendtpl.compiler.codegen.pyast import assign, literal, place
from blendtpl.compiler.codegen.statements import STATEMENTS
from blendtpl.compiler.codegen.values import VALUES
from blendtpl.compiler.codegen.writer import Writer
from blendtpl.compiler.ir.statements import Template

_ALL_VALUES = {**VALUES, **CALLS, **LOGIC, **FUNCTION_VALUES}
_ALL_STATEMENTS = {**STATEMENTS, **OUTPUT, **LOOPS, **FUNCTIONS}


@dataclass(frozen=True, slots=True)
class Module:
    """The functions of a template's code, what it says of itself, and what it is to be bound to."""

    functions: list[ast.FunctionDef]
    info: TemplateInfo
    bound: tuple[tuple[str, ...], ...]
    relocations: dict[int, tuple[str, str]]
    constant_slots: tuple[tuple[Any, ...], ...]

    def tree(self) -> ast.Module:
        """Return it as a Python module, which leaves all of that as its globals."""
        data = {
            "info": asdict(self.info),
            "bound": self.bound,
            "relocations": self.relocations,
            "constant_slots": self.constant_slots,
        }
        tree = ast.Module([*self.functions, *(assign(name, literal(value)) for name, value in data.items())], [])
        place(tree)
        return tree


def module(template: Template, target: Target) -> Module:
    """Return the Python module of a template."""
    code = Writer(speedups=target.speedups)
    generator = Generator(target, _ALL_VALUES, _ALL_STATEMENTS, code, Stores(code, target.slots))
    functions, preset = [], None
    for function in template.functions:
        if preset is not None and function.name == abi.PREAMBLE:
            continue
        # what a block makes has nothing to do with the top level
        generator.top = {} if function.kind == "block" else template.top
        written = function_of(generator, function)
        if function.name == abi.ROOT and template.is_constant:
            preset = constant_slots(written)
        if preset is None or function.name != abi.ROOT:
            functions.append(written)
    return Module(
        functions,
        _info(template.info, preset),
        bound=tuple(generator.bound),
        relocations=_relocations(generator, functions),
        constant_slots=_values(generator, preset),
    )


def _info(info: TemplateInfo, preset: ConstantSlots | None) -> TemplateInfo:
    if preset is None:
        return info
    return replace(info, preamble=None, parent_line=preset.line, constant_slots=preset.slots)


def _relocations(generator: Generator, functions: list[ast.FunctionDef]) -> dict[int, tuple[str, str]]:
    """Return what is linked: a top level that became data may have been all that used a link."""
    used = set().union(*(vars(function)["names"] for function in functions))
    return {at: symbol for at, (symbol, variable) in enumerate(generator.linked.items()) if variable in used}


def _values(generator: Generator, preset: ConstantSlots | None) -> tuple[tuple[Any, ...], ...]:
    """Return what constant slots are filled with: a constant, or a part of another template."""
    links = {variable: symbol for symbol, variable in generator.linked.items()}
    return tuple(
        links[value.id] if isinstance(value, ast.Name) else (value.value,)
        for value in (() if preset is None else preset.values)
    )
