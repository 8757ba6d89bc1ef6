"""The layers: what each room of the package may import, that a process that only renders never loads the build half,
and that the suite and the benchmarks stand apart.
"""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import blendtpl
from testkit import ROOT

PACKAGE = Path(blendtpl.__file__).parent

# Each room, and the rooms that it may import. The two halves stand on the waist and never meet; what stands on both is
# the face, and what looks at it from outside.
MAY_IMPORT = {
    "errors": set(),
    "bundle": {"errors", "mail"},
    "mail": {"errors"},
    "runtime": {"errors", "bundle", "mail"},
    "compiler": {"errors", "bundle", "mail"},
    "compat": {"errors", "runtime"},
    "heap": {"errors", "bundle", "mail", "runtime"},  # it calls the code of a template by its name
    "walker": {"errors", "bundle", "mail", "runtime", "heap"},
    "metrics": {"errors", "bundle", "mail", "runtime", "walker"},
    "bulk": {"errors", "bundle", "mail", "runtime"},
    "caching": {"errors", "runtime"},
    "queues": {"errors", "bundle", "mail", "runtime", "walker", "metrics"},
    "face": {"errors", "bundle", "mail", "runtime", "compiler"},
    "testing": {"errors", "mail"},
    "web": {"errors", "bundle", "mail", "runtime", "compiler", "face"},
    "tools": {"errors", "bundle", "runtime", "compiler", "face", "heap"},
    "migrate": {"errors", "bundle", "runtime", "compiler", "compat", "face"},
    "preview": {"errors", "bundle", "mail", "runtime", "compiler", "face"},
    "cli": {
        *("errors", "bundle", "runtime", "compiler", "compat", "face", "tools", "migrate", "preview"),
        *("walker", "metrics", "bulk"),
    },
}
# and the stages of the compiler, each with those of the others that it may import; what runs them all is ""
_TREES = {"frontend", "analysis"}
STAGES = {
    "frontend": set(),
    "analysis": {"frontend"},
    "ir": set(),
    "lower": {*_TREES, "ir"},
    "passes": {"ir"},
    "codegen": {"ir"},
    "assemble": {*_TREES, "ir", "lower", "passes", "codegen"},
    "lint": _TREES,
    "locales": {*_TREES, "lint"},
    "mail": {*_TREES, "lint"},
}
STAGES[""] = set(STAGES)

ERRORS = {"disk", "errors", "extras", "lifeline", "printable", "reprs", "_version"}
FACE = {"", "live", "live_bytecode", "live_messages", "live_metered", "recompile", "watched"}


def room(module: str) -> str:
    """Return the room that a module is in."""
    first = module.partition(".")[0]
    return "errors" if first in ERRORS else "face" if module in FACE else "cli" if first == "__main__" else first


def stage(module: str) -> str:
    """Return the stage of the compiler that one of its modules belongs to; what runs them all is the last."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in STAGES else ""


def modules() -> list[str]:
    names = (path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(name.removesuffix("__init__").rstrip("/").replace("/", ".") for name in names)


def imports(module: str) -> set[str]:
    """Return what a module imports of the package, wherever in it."""
    base = PACKAGE / module.replace(".", "/")
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    known, found = {*modules(), "runtime._speedups", "mail._transfer", "metrics._counting"}, set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "blendtpl":
            inner = (node.module or "").removeprefix("blendtpl").removeprefix(".")
            for alias in node.names:
                full = f"{inner}.{alias.name}".removeprefix(".")
                found.add(full if full in known else inner)
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("blendtpl")}
    return found


def test_every_module_is_in_a_room() -> None:
    assert {room(module) for module in modules()} == MAY_IMPORT.keys()


@pytest.mark.parametrize("module", modules())
def test_a_room_imports_what_it_may(module: str) -> None:
    here = room(module)
    assert [found for found in imports(module) if room(found) not in MAY_IMPORT[here] | {here}] == []


@pytest.mark.parametrize("module", [module for module in modules() if room(module) == "compiler"])
def test_a_stage_of_the_compiler_imports_what_it_may(module: str) -> None:
    here = stage(module)
    inner = (found for found in imports(module) if room(found) == "compiler")
    assert [found for found in inner if stage(found) not in STAGES[here] | {here}] == []


def test_every_folder_of_the_compiler_is_a_stage() -> None:
    assert {path.name for path in (PACKAGE / "compiler").iterdir() if (path / "__init__.py").exists()} | {""} == set(
        STAGES
    )


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        TopologicalSorter({module: imports(module) - {module} for module in modules()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


# What serves the suite and the benchmarks stands on neither of them, and they don't stand on each other. It is imported
# by one name, or there would be two of each of its modules.
APART = {
    "tests/shared/testkit": ("tests", "bench"),
    "tests": ("bench", "tests.shared"),
    "bench": ("tests",),
}


def outside(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it, and those that it has Python run."""
    text = path.read_text(encoding="utf-8")
    found = set(re.findall(r'"-m", "([\w.]+)', text))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize(("folder", "others"), APART.items())
def test_the_suite_and_the_benchmarks_stand_apart(folder: str, others: tuple[str, ...]) -> None:
    files = [path for path in (ROOT / folder).rglob("*.py") if not path.is_relative_to(ROOT / "tests/migrate/project")]
    assert len(files) > 5
    crossed = {
        path.relative_to(ROOT).as_posix(): module
        for path in files
        for module in outside(path)
        if f"{module}.".startswith(tuple(f"{other}." for other in others))
    }
    assert crossed == {}


def test_loading_and_rendering_leave_the_build_half_unloaded(bundle: blendtpl.Bundle, tmp_path: Path) -> None:
    file = tmp_path / "feedwhip.blend"
    bundle.write(file)
    script = f"""
import sys
import blendtpl
blendtpl.load({str(file)!r}).render("partials/style.css")
print([name for name in sys.modules if name.startswith(("blendtpl.compiler", "diskcache", "click", "rich"))])
"""
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_a_live_environment_leaves_linking_and_the_build_cache_unloaded() -> None:
    script = """
import sys
import blendtpl
blendtpl.Environment().from_string("{{ x|upper }}").render(x="x")
others = ["blendtpl.compiler.build", "blendtpl.compiler.analysis.linker", "blendtpl.compiler.cache"]
others += ["blendtpl.compiler.workers", "diskcache", "sqlite3", "multiprocessing", "click", "rich"]
print([name for name in others if name in sys.modules])
"""
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
