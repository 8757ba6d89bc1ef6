"""``python -m tests.migrate.at_random [COUNT [SEED]]``: random programs, before and after, on several ways each."""

import ast
import contextlib
import io
import random
import sys
import warnings
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import libcst
from hypothesis import HealthCheck, Phase, given, seed, settings

import blendtpl
from blendtpl.compat import IncludeShim
from blendtpl.compat.paths import PHP
from blendtpl.migrate.project import project_of
from blendtpl.migrate.rewrite import Place, Rewritten, rewrite
from blendtpl.migrate.templates import Templates
from tests.migrate.programs import programs

INCLUDES = "from other import shim\ninclude, fetch = shim.include, shim.fetch\ncapture = shim.capture\n"
VALUES = "{{ a|default('-') }}{{ b|default('-') }}{{ c|default('-') }}"
PLACE = Place("/nowhere/program.py", "program", frozenset(), circular=False)


@cache
def bundle() -> blendtpl.Bundle:
    return blendtpl.compile({"values.txt": VALUES})


def bridge() -> ModuleType:
    """Return the module that the programs import, with the names of `INCLUDES`."""
    module = ModuleType("bridge")
    registry = blendtpl.load(bundle())
    shim = IncludeShim(registry)
    vars(module).update(registry=registry, shim=shim, include=shim.include, fetch=shim.fetch, capture=shim.capture)
    return module


def migrated(text: str) -> Rewritten:
    templates = Templates(bundle(), blendtpl.default_environment(), (), PHP, Path("/nowhere"), own=True)
    known = project_of(
        [(PLACE.file, "program", ast.parse(text)), ("/nowhere/bridge.py", "bridge", ast.parse(INCLUDES))], "shim", ()
    )
    return rewrite(libcst.parse_module(text), PLACE, templates, known, registry="bridge:registry", shim="shim")


def outcome(text: str, bits: list[bool], module: ModuleType) -> tuple[str, str]:
    """Return what a program prints on one way through it, and how it fails. Its bridge can be imported."""
    left = iter(bits)
    vars(module)["flag"] = lambda: next(left, False)
    out = io.StringIO()
    error = ""
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(text, "program.py", "exec"), {"__name__": "program"})
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    return out.getvalue(), error


def main(count: int, start: int) -> int:
    counts: Counter[str] = Counter()
    module = sys.modules["bridge"] = bridge()

    @seed(start)
    @settings(max_examples=count, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
    @given(programs)
    def compare(text: str) -> None:
        after = migrated(text)
        chance = random.Random(text)
        ways = [[chance.random() < share for _ in range(30)] for share in (0, 0.3, 0.5, 0.5, 0.7, 1)]
        counts.update(programs=1, rewritten=len(after.rewritten), left=len(after.left), ways=len(ways))
        differ = [way for way in ways if outcome(text, way, module) != outcome(after.text, way, module)]
        if differ:
            counts["differ"] += 1
            print(f"{text}\n--- becomes\n{after.text}\n--- and differs with {differ[0]}\n")

    compare()
    print(", ".join(f"{number:,} {what}" for what, number in counts.items()))
    return min(counts["differ"], 1)


if __name__ == "__main__":
    given_numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(given_numbers + [1000, 0][len(given_numbers) :])[:2]))
