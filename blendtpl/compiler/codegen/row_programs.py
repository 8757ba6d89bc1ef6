"""Row programs: loops as data for a small machine in C, which writes what they print.

Enters: a loop in the intermediate form. Leaves: a program (`blendtpl.bundle.row_ops`), what it is given to begin with,
and the places of the templates that it may fail in; or nothing, for a loop that does what the machine has no operation
for. That takes each kind of node by itself, wherever it stands.
"""

from dataclasses import dataclass

from blendtpl.bundle.row_ops import GIVEN, MOST_VALUES, Program
from blendtpl.compiler.codegen.row_builder import Builder, NoProgram, SourceLocation
from blendtpl.compiler.codegen.row_statements import ROW_STATEMENTS, loop_program
from blendtpl.compiler.codegen.row_values import ROW_VALUES
from blendtpl.compiler.ir import statements as st
from blendtpl.compiler.ir.base import Value, below

_LONG = 400  # operations: what is longer than that gains less by being data


@dataclass(frozen=True, slots=True)
class RowLoop:
    """A loop as a program, the values that it is given in registers behind those that it sets by itself, and the places
    that it names, from 1.
    """

    program: Program
    inputs: tuple[Value | None, ...]
    places: tuple[SourceLocation, ...]


def row_loop(loop: st.Loop, *, escaped: bool) -> RowLoop | None:
    """Return the program of a loop, where output is `escaped` or not; `None` when it has to be Python."""
    builder = Builder(ROW_VALUES, ROW_STATEMENTS, escaped, frozenset(_assigned(loop)), SourceLocation(loop.line))
    try:
        program = loop_program(builder, loop, GIVEN)
    except NoProgram:
        return None
    if not builder.operations or builder.operations > _LONG or len(builder.inputs) > MOST_VALUES:
        return None
    return RowLoop(program, tuple(builder.inputs[builder.first :]), tuple(builder.places))


def _assigned(loop: st.Loop) -> list[str]:
    """Return the variables that are set anywhere in a loop."""
    names: list[str] = []
    for node in (loop, *below(loop)):
        if isinstance(node, st.ToVariable):
            names.append(node.name)
        elif isinstance(node, (st.Loop, st.Scoped, st.LoopTest)):
            names += [name for name, _ in node.bind]
            if isinstance(node, st.Loop):
                names += ["_loop_vars"] if node.sets else []
                names += [] if node.variable is None else [node.variable]
        elif isinstance(node, (st.MakeFrame, st.SetScopeVariable)):
            names.append(node.name)
    return names
