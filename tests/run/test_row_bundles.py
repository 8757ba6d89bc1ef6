"""Programs that write rows are checked when a bundle is loaded, and are ready then for all renders."""

import marshal
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.bundle.archive import CODE
from blendtpl.bundle.code_member import start_of_tuple
from blendtpl.bundle.row_check import is_program
from blendtpl.bundle.row_ops import Opcode
from blendtpl.runtime import speedups
from tests.run.sealing import with_member

pytestmark = pytest.mark.skipif(not hasattr(speedups._module, "prepared"), reason="no program is prepared here")

TEMPLATES = {
    "a.html": "{% macro m(y) %}{% for x in y %}<{{ x }}>{% endfor %}{% endmacro %}"
    "{% for x in xs %}{{ x.a }}{{ (34, 0, none, 0, none, 'text', '', 0) }}{% endfor %}{{ m(xs) }}"
    "{% for x in xs %}{{ x.a }}{% endfor %}"
}


def constants(code: CodeType) -> Iterator[Any]:
    """Yield the constants of a function, and of those in it."""
    for value in code.co_consts:
        yield from constants(value) if isinstance(value, CodeType) else [value]


def ready(space: dict[str, Any]) -> list[Any]:
    """Return the constants of a template's functions."""
    return [value for name in ("root", "part", "macro_m") if name in space for value in constants(space[name].__code__)]


def changed(change: Callable[[tuple[Any, ...]], Any]) -> bytes:
    """Return a bundle whose programs are others."""
    bundle = blendtpl.compile(TEMPLATES)
    start = start_of_tuple(bundle.code, 1)

    def replaced(code: CodeType) -> CodeType:
        values = (
            replaced(value) if isinstance(value, CodeType) else change(value) if is_program(value) else value
            for value in code.co_consts
        )
        return code.replace(co_consts=tuple(values))

    (functions,) = marshal.loads(bundle.code[start:])
    code = bytes(bundle.code[: start + 5]) + marshal.dumps(tuple(map(replaced, functions)), 2)  # a tuple of one
    return with_member(bundle, CODE, code)


def test_code_that_is_loaded_has_programs_that_are_ready_and_nothing_else_is_taken_for_one() -> None:
    registry = blendtpl.load(blendtpl.compile(TEMPLATES))
    found = ready(registry["a.html"]._compiled.space)
    assert not any(map(is_program, found))
    assert sum(type(value).__name__ == "Program" for value in found) >= 2
    assert "(34, 0, None, 0, None, &#39;text&#39;, &#39;&#39;, 0)" in registry.render("a.html", xs=[{"a": 1}])


def test_a_live_template_has_them_too() -> None:
    template: Any = blendtpl.Environment(loader=jinja2.DictLoader(TEMPLATES)).get_template("a.html")
    found = ready(template.space)
    assert not any(map(is_program, found))
    assert "Program" in {type(value).__name__ for value in found}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda program: program[:-1], "LOOP has only 7 items"),
        (lambda program: (Opcode.LOOP, 0, b"", 0, None, ((Opcode.PRINT, 0, -5),), "", 0), "there is no such register"),
        (lambda program: (Opcode.LOOP, 0, b""), "LOOP has only 3 items"),
        (lambda program: (*program[:5], program, *program[6:]), "a part is neither a text nor an operation"),
    ],
)
def test_a_bundle_with_a_program_that_is_none_is_refused(change: Callable[[Any], Any], reason: str) -> None:
    with pytest.raises(blendtpl.BundleError, match=f"`a.html` is malformed: TypeError: these are no rows: {reason}"):
        blendtpl.load(changed(change))


def test_a_bundle_whose_programs_ask_for_more_than_they_are_given_fails_when_it_renders() -> None:
    registry = blendtpl.load(changed(lambda program: (Opcode.LOOP, 0, b"", 0, None, ((Opcode.PRINT, 0, 63),), "", 0)))
    with pytest.raises(TypeError, match="of 64 registers 1 are given"):
        registry.render("a.html", xs=[1])
