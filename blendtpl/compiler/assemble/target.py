"""Target: what code generation is told of a template's environment, and of the set around it."""

import jinja2

from blendtpl.bundle import abi
from blendtpl.bundle.environment import has_own_lookups, prints_in_order
from blendtpl.compiler.analysis.program_facts import ProgramFacts
from blendtpl.compiler.codegen.generator import Target


def target_of(environment: jinja2.Environment, template: str | None, program: ProgramFacts) -> Target:
    """Return what the code of a template is written for."""
    parameters, layout = program.parameters(template), program.layout(template)
    return Target(
        template,
        program.speedups,
        lenient=not issubclass(environment.undefined, jinja2.StrictUndefined),
        in_order=prints_in_order(environment),
        own_context=has_own_lookups(environment),
        joins=environment.concat is jinja2.Environment.concat,
        awaits=environment.is_async,
        parameters=None if parameters is None else frozenset(parameters),
        slots=None if layout is None else {slot: at for at, slot in enumerate(layout.slots, abi.SLOTS)},
        needs_context=layout is None or program.needs_context(template),
    )
