"""The pipeline: which passes there are, and in which order they go over a template's code.

Enters: a template as it was lowered. Leaves: the same with less to do. Any of them may be left out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.statements import Template
from blendtpl.compiler.passes.assigned import read_as_set
from blendtpl.compiler.passes.copies import without_copies
from blendtpl.compiler.passes.counters import counters
from blendtpl.compiler.passes.fold import folded
from blendtpl.compiler.passes.inline import FunctionOf, inlined
from blendtpl.compiler.passes.unread import without_unread


@dataclass(frozen=True, slots=True)
class Around:
    """What passes may ask for: the template's name, whether what is undefined may be printed, and the functions of
    other templates, as they were lowered.
    """

    template: str | None
    lenient: bool
    function_of: FunctionOf


PASSES: Mapping[str, Callable[[Function, Around], Function]] = MappingProxyType(
    {
        "inline": lambda function, around: inlined(
            function, around.template, around.function_of, lenient=around.lenient
        ),
        "copies": lambda function, around: without_copies(function),
        "fold": lambda function, around: folded(function),
        "assigned": lambda function, around: read_as_set(function),
        "unread": lambda function, around: without_unread(function),
        "counters": lambda function, around: counters(function, lenient=around.lenient),
    }
)


def optimised(template: Template, around: Around, without: Collection[str] = ()) -> Template:
    """Return what the passes make of a template, but for those that are left out."""
    functions = []
    for function in template.functions:
        for name, run in PASSES.items():
            if name not in without:
                function = run(function, around)
        functions.append(function)
    return replace(template, functions=tuple(functions))
