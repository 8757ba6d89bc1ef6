"""Cache keys: by what a result is found in the build cache, and whether it may be there.

Enters: everything that a result depends on. Leaves: a text that is another when any of it is. Nothing here opens the
cache, or needs the libraries that it is made of.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import jinja2

from blendtpl.bundle.environment import autoescape_of, is_own, passed_argument
from blendtpl.compiler.analysis.linker import Program
from blendtpl.compiler.assemble.template_code import own_lookups
from blendtpl.compiler.frontend.reader import Source


def make_key(kind: str, content: Mapping[str, Any]) -> str:
    """Return the key of a result of that kind made from that content, which is turned into text by `repr`."""
    return f"{kind}:{hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()}"


def foreign(environment: jinja2.Environment) -> bool:
    """Return whether code that is neither Jinja2's nor ours has a say in what is parsed or emitted.

    What it does may change while its name stays, so nothing may be kept that it had a hand in.
    """
    kind = type(environment)
    decisive = (kind.preprocess, kind._tokenize, kind._parse, kind.join_path, kind.iter_extensions)
    parts = (*decisive, *(type(extension) for extension in environment.iter_extensions()))
    return any(part.__module__.partition(".")[0] not in {"jinja2", "blendtpl"} for part in parts)


def _reach(name: str, program: Program) -> dict[str, None]:
    """Return what a template refers to, directly or through others, by constant names and by those that are compared
    with what is made when it runs.
    """
    reach: dict[str, None] = {}
    waiting = [name]
    while waiting:
        other = waiting.pop()
        if other in reach:
            continue
        reach[other] = None
        linked = program.templates[other]
        chosen = (program.facts.computed.get(link.patterns, ()) for link in linked.summary.links)
        waiting += linked.reach
        waiting += [template for names in chosen for _, template in names if template in program.templates]
    return reach


def closure(
    name: str,
    program: Program,
    sources: Mapping[str, Source],
    environment: jinja2.Environment,
    *,
    speedups: bool,
) -> dict[str, Any]:
    """Return all that the code of a template depends on beyond versions and options."""
    reach = _reach(name, program)
    reached = {other: sources[other].digest for other in reach}
    summaries = [program.templates[other].summary for other in reach]
    uses = {
        (kind, use.name, passed_argument(callables[use.name]), is_own(environment, kind, use.name))
        for summary in summaries
        for kind, used, callables in (
            ("filter", summary.filters, environment.filters),
            ("test", summary.tests, environment.tests),
        )
        for use in used
        if use.name in callables
    }
    return {
        "name": name,
        "autoescape": autoescape_of(environment, name),
        "reached": sorted(reached.items()),
        "spellings": sorted({pair for summary in summaries for pair in summary.spellings}),
        "uses": sorted(uses),
        "optimized": environment.optimized,
        "uniform": sorted(program.facts.stable_autoescape.intersection(reach)),
        "statics": sorted(program.facts.singletons.intersection(reach)),
        "context free": sorted(program.facts.context_free.intersection(reach)),
        "referred": name in program.facts.referred,
        "texts": sorted((other, sorted(program.facts.string_functions.get(other, ()))) for other in reach),
        "jinja's": own_lookups(environment),
        "speedups": speedups,
    }
