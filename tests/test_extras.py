"""An installation without the libraries of the extras: it compiles and renders, and says what the rest needs."""

import pickle
import platform
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import jinja2
import pytest

import blendtpl
from blendtpl.extras import NotInstalledError, not_installed
from blendtpl.runtime import speedups
from blendtpl.tools.versions import version_line
from testkit import ROOT
from tests.compiling.support import invoke

REMEDY = "install blendtpl with the extra `{0}`, from where you have it (in a checkout `pip install '.[{0}]'`)"


def package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what blendtpl needs to render, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    for name in ("blendtpl", "jinja2", "markupsafe"):
        (folder / name).symlink_to(package(name))
    return folder


AS_COMMAND = "import runpy; runpy.run_module('blendtpl', run_name='__main__', alter_sys=True)"


def run(bare: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where only those are to be found; neither site-packages nor the current folder are."""
    begin = f"import sys; sys.path.insert(0, {str(bare)!r}); sys.dont_write_bytecode = True\n"
    command = [sys.executable, "-I", "-S", "-c", begin + script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=bare)


def test_compiling_loading_and_live_environments_need_none_of_them(bare: Path) -> None:
    done = run(
        bare,
        "import blendtpl\n"
        "bundle = blendtpl.compile({'a.html': '{{ x }}'}, key=b'a key of some length')\n"
        "print(blendtpl.load(bundle).render('a.html', x='<'), bundle.digest)\n"
        "print(blendtpl.Environment().from_string('{{ x }}').render(x=1))\n"
        "print([name for name in ('diskcache', 'click', 'rich', 'sqlite3') if name in sys.modules])",
    )
    digest = blendtpl.compile({"a.html": "{{ x }}"}, key=b"a key of some length").digest
    assert (done.stderr, done.stdout) == ("", f"&lt; {digest}\n1\n[]\n")


def test_the_command_line_says_what_to_install(bare: Path) -> None:
    for arguments in (("compile",), ("list", "a.blend", "--version")):
        done = run(bare, AS_COMMAND, *arguments)
        told = f"error: the command line needs `click`: {REMEDY.format('build')}\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


def test_the_build_cache_says_what_to_install(bare: Path, tmp_path: Path) -> None:
    done = run(
        bare,
        "from pathlib import Path\n"
        "from blendtpl.compiler.build import build\n"
        f"build({{'a.html': ''}}, cache=Path({str(tmp_path / 'cache')!r}))",
    )
    assert done.stderr.splitlines()[-1] == (
        f"blendtpl.extras.NotInstalledError: the build cache needs `diskcache`: {REMEDY.format('build')}"
    )
    assert not (tmp_path / "cache").exists()


def test_a_part_that_was_left_out_is_told(bare: Path) -> None:
    hide = (
        "class Left:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'blendtpl.compiler': raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Left())\n"
        "import blendtpl\n"
    )
    for call, what in (("compile({'a': ''})", "compile"), ("Environment()", "blendtpl.Environment")):
        assert run(bare, f"{hide}blendtpl.{call}").stderr.splitlines()[-1] == (
            f"blendtpl.extras.NotInstalledError: `{what}` needs `blendtpl.compiler`, which was left out where this was"
            " installed: install all of blendtpl"
        )


def test_an_import_that_fails_for_another_reason_is_not_taken_for_a_missing_library() -> None:
    for error in (ImportError("broken", name="click"), ModuleNotFoundError("no", name="shop"), ImportError("x")):
        with pytest.raises(ImportError) as caught:
            not_installed("it", error)
        assert caught.value is error


def test_the_error_is_an_import_error_and_one_of_ours_and_travels() -> None:
    error = not_installed("it", ModuleNotFoundError("no", name="libcst.metadata"))
    assert isinstance(error, ImportError)
    assert isinstance(error, blendtpl.BlendError)
    assert str(error) == f"it needs `libcst.metadata`: {REMEDY.format('migrate')}"
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back), back.name) == (NotInstalledError, str(error), "libcst.metadata")
    assert str(NotInstalledError("it", "sqlite3")) == "it needs `sqlite3`, which this Python comes without"


def test_no_message_and_no_document_names_an_index() -> None:
    files = [
        *package("blendtpl").rglob("*.py"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "README.md",
        *ROOT.glob("bench/**/*.py"),
    ]
    assert len(files) > 100
    for path in files:
        for name in ("pip install blendtpl", "pip install 'blendtpl", 'pip install "blendtpl'):
            assert name not in path.read_text(encoding="utf-8"), path


PYTHON = f"{platform.python_implementation()} {platform.python_version()}"
LINE = f"blendtpl {version('blendtpl')} {{}}, {PYTHON}, Jinja2 {jinja2.__version__}\n"


def test_the_version_tells_what_it_runs_on_and_whether_there_is_anything_in_c(bare: Path) -> None:
    told = (
        "with functions in C" if speedups.ACTIVE else "without functions in C (none were built where it was installed)"
    )
    assert invoke("--version").stdout == LINE.format(told)
    assert run(bare, AS_COMMAND, "--version").stdout == LINE.format(told)  # without `click`, too
    hide = "sys.modules['blendtpl.runtime._speedups'] = None\n"
    done = run(bare, hide + AS_COMMAND, "--version")
    assert done.stdout == LINE.format("without functions in C (none were built where it was installed)")
    assert version_line() + "\n" == LINE.format(told)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("raise ImportError('undefined symbol: PyFoo')", "undefined symbol: PyFoo"),
        (
            "from blendtpl.runtime.speedups import CONTRACT, FUNCTIONS\n"
            "globals().update(dict.fromkeys(FUNCTIONS, str))\n"
            "globals().update({name: here for name, (_, here) in CONTRACT.items()})",
            "this MarkupSafe escapes in another way than they do",
        ),
        (
            "from blendtpl.runtime.speedups import FUNCTIONS\nglobals().update(dict.fromkeys(FUNCTIONS, str))",
            "they were built for another version of blendtpl, as the opcode `ATTR` is unknown for them and 1 here:"
            " install blendtpl again",
        ),
        (
            "escape_any = str",
            "they were built for another version of blendtpl, as they have no `attribute`: install blendtpl again",
        ),
    ],
)
def test_functions_in_c_that_cannot_be_used_are_told_and_not_used(bare: Path, module: str, why: str) -> None:
    done = run(
        bare,
        "import importlib.util\n"
        "class Broken:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'blendtpl.runtime._speedups': return importlib.util.spec_from_loader(name, self)\n"
        "    def create_module(self, spec): return None\n"
        f"    def exec_module(self, module): exec({module!r}, vars(module))\n"
        "sys.meta_path.insert(0, Broken())\n"
        "import blendtpl\n"
        "from blendtpl.tools.versions import version_line\n"
        "print(version_line())\n"
        "print(blendtpl.load(blendtpl.compile({'a.html': '{{ x.y }}'})).render('a.html', x={'y': '<'}))",
    )
    assert done.stdout == LINE.format(f"without functions in C ({why})") + "&lt;\n"
