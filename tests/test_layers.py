"""The layers: imports run downhill, and a process that only renders never loads the build half."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import blendtpl

PACKAGE = Path(blendtpl.__file__).parent

# A module may import modules of a lower rank only. The waist, which both halves stand on, ends below 8; the run
# half has ranks below 20, the build half below 40, and neither imports the other.
RANKS = {
    "_version": 0,
    "reprs": 0,
    "_speedups": 0,  # in C
    "printable": 0,
    "errors": 1,
    "names": 1,
    "extras": 2,
    "permissions": 2,
    "signing": 2,
    "codes": 1,
    "parts": 1,
    "atomic": 1,
    "lifeline": 1,
    "environments": 2,
    "manifest": 3,
    "bundle": 4,
    "tracebacks": 1,
    "causes": 2,
    "places": 10,
    "arguments": 10,
    "binding": 10,
    "mail_addresses": 2,
    "mail_headers": 3,
    "mail_parser": 1,
    "mail_policy": 4,
    "message": 10,
    "contexts": 5,
    "scopes": 6,
    "translation": 4,
    "output": 7,
    "lookahead": 7,
    "foreign": 8,
    "fields": 8,
    "starting": 8,
    "speedups": 9,
    "versions": 10,
    "filters": 10,
    "runtime": 11,
    "units": 12,
    "spaces": 13,
    "linked": 14,
    "rendering": 13,
    "template": 14,
    "registry": 15,
    "compat.paths": 10,
    "compat.scopes": 13,
    "compat.buffers": 10,
    "compat.sites": 10,
    "compat.extension": 11,
    "compat.shim": 16,
    "compat": 17,
    "examples": 20,
    "growth": 20,
    "children": 20,
    "compiler.positions": 20,
    "compiler.config": 23,
    "compiler.exclusion": 20,
    "compiler.listing": 20,
    "compiler.lint.loops": 21,
    "compiler.lint.notes": 22,
    "compiler.lint.prose": 21,
    "compiler.lint.ignores": 22,
    "compiler.lint.rules": 36,
    "compiler.lint.stage": 37,
    "compiler.lint": 38,
    "compiler.workers": 20,
    "compiler.cache": 20,
    "compiler.keys": 20,
    "compiler.packing": 20,
    "compiler.faults": 21,
    "compiler.reader": 22,
    "compiler.asking": 23,
    "compiler.emit.code": 20,
    "compiler.emit.trees": 20,
    "compiler.emit.frames": 21,
    "compiler.emit.texts": 21,
    "compiler.emit.constants": 21,
    "compiler.emit.refers": 21,
    "compiler.emit.presets": 21,
    "compiler.emit.facts": 22,
    "compiler.emit.links": 23,
    "compiler.emit.writer": 22,
    "compiler.emit.holes": 26,
    "compiler.emit.rows": 31,
    "compiler.emit.stores": 23,
    "compiler.emit.variables": 24,
    "compiler.emit.emitter": 25,
    "compiler.emit.counters": 26,
    "compiler.emit.inlined": 26,
    "compiler.emit.calls": 27,
    "compiler.emit.logic": 28,
    "compiler.emit.expressions": 29,
    "compiler.emit.translations": 28,
    "compiler.emit.output": 30,
    "compiler.emit.inlining": 28,
    "compiler.emit.statements": 31,
    "compiler.emit.loops": 32,
    "compiler.emit.macros": 32,
    "compiler.emit.references": 32,
    "compiler.emit.module": 33,
    "compiler.emit": 34,
    "compiler.outline": 35,
    "compiler.emitter": 36,
    "compiler.parser": 36,
    "compiler.linker": 36,
    "compiler.build": 39,
    "compiler": 39,
    "live": 40,  # stands on both halves
    "recompiling": 40,  # so does this, which imports the build half when it has to
    "shapes": 20,
    "samples": 40,  # asks a registry what its templates read
    "naming": 40,
    "lines": 40,
    "holders": 41,
    "trail": 42,
    "soak": 43,
    "certificate": 44,
    "migrate.scopes": 40,
    "migrate.bindings": 40,
    "migrate.aliases": 41,
    "migrate.templates": 43,
    "migrate.files": 40,
    "migrate.scan": 41,
    "migrate.flow": 41,
    "migrate.project": 42,
    "migrate.constants": 42,
    "migrate.held": 43,
    "migrate.methods": 43,
    "migrate.sites": 44,
    "migrate.visible": 43,
    "migrate.captures": 45,
    "migrate.afterwards": 45,
    "migrate.meaning": 45,
    "migrate.decide": 46,
    "migrate.edits": 47,
    "migrate.imports": 48,
    "migrate.plan": 48,
    "migrate.rewrite": 49,
    "migrate.run": 50,
    "migrate": 51,
    "printed": 41,
    "verify": 42,  # so does the oracle
    "": 41,  # the face, which imports the build half when it is called to compile, and not before
    "cli.common": 45,
    "cli.progress": 45,
    "cli.migrate": 52,
    "cli.compile": 46,
    "cli.explain": 46,
    "cli.show": 46,
    "cli.soak": 46,
    "cli.verify": 46,
    "cli": 53,
    "__main__": 54,
}


def modules() -> list[str]:
    paths = (*PACKAGE.rglob("*.py"), PACKAGE / "_speedups.py")
    names = (path.relative_to(PACKAGE).with_suffix("").as_posix() for path in paths)
    return sorted(name.removesuffix("__init__").rstrip("/").replace("/", ".") for name in names)


def imports(module: str) -> set[str]:
    base = PACKAGE / module.replace(".", "/")
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    found: set[str] = set()
    if module == "_speedups":
        return found
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "blendtpl":
            inner = (node.module or "").removeprefix("blendtpl").removeprefix(".")
            for alias in node.names:
                full = f"{inner}.{alias.name}".removeprefix(".")
                found.add(full if full in RANKS else inner)
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("blendtpl")}
    return found


def test_every_module_has_a_rank() -> None:
    assert modules() == sorted(RANKS)


@pytest.mark.parametrize("module", modules())
def test_imports_run_downhill(module: str) -> None:
    assert [found for found in imports(module) if RANKS[found] >= RANKS[module]] == []


@pytest.mark.parametrize("module", [name for name, rank in RANKS.items() if 10 <= rank < 40])
def test_neither_half_imports_the_other(module: str) -> None:
    half = range(10, 20) if RANKS[module] < 20 else range(20, 40)
    assert [found for found in imports(module) if RANKS[found] >= 10 and RANKS[found] not in half] == []


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
others = ("blendtpl.compiler.build", "blendtpl.compiler.linker", "blendtpl.compiler.cache", "blendtpl.compiler.workers")
print([name for name in (*others, "diskcache", "sqlite3", "multiprocessing", "click", "rich") if name in sys.modules])
"""
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
