"""Applications in one file: what they need of blendtpl is found by the statements that import it."""

import ast
import subprocess
import sys
import zipapp
from collections.abc import Iterator
from importlib.util import find_spec
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

import blendtpl
from blendtpl.runtime import speedups
from blendtpl.tools import versions
from tests.frozen.made import expected, package

PACKAGE = Path(blendtpl.__file__).parent
NEEDED = ("blendtpl", "jinja2", "markupsafe")


def root_of(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what blendtpl needs to render, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    for name in NEEDED:
        (folder / name).symlink_to(root_of(name))
    return folder


def dynamic_imports() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"import_module", "__import__", "find_spec", "run_module", "import_string"}:
                yield path.relative_to(PACKAGE).as_posix()


def test_only_what_an_application_names_is_imported_by_a_name() -> None:
    # ``environment="module:name"``, what an extension of the application imports in emitted code, and what it walks
    assert set(dynamic_imports()) == {"bundle/environment.py", "cli/walk_function.py", "runtime/namespace.py"}


SCRIPT = """
import sys
import blendtpl
registry = blendtpl.load(sys.argv[1], recompile=True)
for name, template in registry.items():
    try:
        template.render()
        template.render_block("content")
    except Exception:
        pass
blendtpl.Environment().from_string("{{ lipsum(1)|title|pprint|urlize|striptags|wordwrap }}").render()
blendtpl.compile({"a.html": "{% trans %}x{% endtrans %}"})
from blendtpl.compat import IncludeShim
loaded = [name for name in sys.modules if name.partition(".")[0] in ("blendtpl", "jinja2", "markupsafe")]
"""


def test_what_compiling_and_rendering_import_is_in_statements_that_freezers_follow(
    bare: Path, bundle: blendtpl.Bundle, tmp_path: Path
) -> None:
    bundle.write(tmp_path / "a.blend")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    begin = f"import sys; sys.path.insert(0, {str(bare)!r}); sys.argv[1:] = [{str(tmp_path / 'a.blend')!r}]\n"
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{begin}{SCRIPT}print(*loaded)"], capture_output=True, text=True, check=True
    )
    finder = ModuleFinder(path=[str(bare)])  # nothing of the standard library, which is all there
    finder.run_script(str(script))
    loaded = set(shown.stdout.split())
    assert "blendtpl.compiler.build" in loaded
    assert ("blendtpl.runtime._speedups" in loaded) is speedups.ACTIVE
    assert loaded - finder.modules.keys() == set()


def test_an_application_in_a_zip_archive_renders_and_compiles_without_functions_in_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "application"
    folder.mkdir()
    package(folder)
    for name in NEEDED:
        for path in root_of(name).rglob("*"):
            if path.suffix in {".py", ".so", ".pyd"}:  # what is in C is there, and cannot be loaded from an archive
                target = folder / name / path.relative_to(root_of(name))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    archive = tmp_path / "shop.pyz"
    zipapp.create_archive(folder, archive, main="shop.application:main")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(archive)], cwd="/", capture_output=True, text=True, check=False
    )
    monkeypatch.setattr(versions, "WHY_NOT", "none were built where it was installed")
    assert (done.stdout, done.stderr) == (expected(in_c=False, version=versions.version_line()), "")
