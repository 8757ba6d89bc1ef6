"""Generated programs print the same, and fail the same, before and after, on every way through them."""

import ast
import contextlib
import io
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import libcst
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import blendtpl
from blendtpl.compat import IncludeShim
from blendtpl.compat.paths import PHP
from blendtpl.migrate.project import project_of
from blendtpl.migrate.rewrite import Place, Rewritten, rewrite
from blendtpl.migrate.templates import Templates
from tests.migrate.programs import programs, ways

VALUES = "{{ a|default('-') }}{{ b|default('-') }}{{ c|default('-') }}"
PLACE = Place("/nowhere/program.py", "program", frozenset(), circular=False)


@pytest.fixture(scope="module")
def bridge() -> Iterator[ModuleType]:
    """Make a module that the programs import."""
    module = ModuleType("bridge")
    module.registry = blendtpl.load(bundle())  # type: ignore[attr-defined]
    module.shim = IncludeShim(module.registry)  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "bridge", module)
        yield module


@cache
def bundle() -> blendtpl.Bundle:
    return blendtpl.compile({"values.txt": VALUES})


def migrated(text: str) -> Rewritten:
    templates = Templates(bundle(), blendtpl.default_environment(), (), PHP, Path("/nowhere"), own=True)
    known = project_of([("program.py", "program", ast.parse(text))], "shim", ())
    return rewrite(libcst.parse_module(text), PLACE, templates, known, registry="bridge:registry", shim="shim")


def outcome(text: str, bits: list[bool], bridge: ModuleType) -> tuple[str, str]:
    left = iter(bits)
    bridge.flag = lambda: next(left, False)  # type: ignore[attr-defined]
    out = io.StringIO()
    error = ""
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(text, "program.py", "exec"), {"__name__": "program"})
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    return out.getvalue(), error


@settings(
    max_examples=100,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs, ways)
def test_a_program_does_the_same_before_and_after(bridge: ModuleType, text: str, bits: list[bool]) -> None:
    after = migrated(text)
    assert outcome(after.text, bits, bridge) == outcome(text, bits, bridge)
    again = migrated(after.text)
    assert (again.text, again.rewritten) == (after.text, ())
