"""The functions in C do nothing that the address and undefined-behaviour sanitizers of a compiler find."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "blendtpl" / "runtime" / "csrc").glob("*.c"))
TRANSFER = ROOT / "blendtpl" / "mail" / "_transfer.c"
COUNTING = ROOT / "blendtpl" / "metrics" / "_counting.c"
TESTS = (
    *(f"tests/run/test_{name}.py" for name in ("foreign_code", "speedups", "rows", "utf8", "bytes")),
    *(f"tests/run/test_row_{name}.py" for name in ("machine", "operations", "loops", "refusals")),
    *("tests/run/test_starting.py", "tests/run/test_filters_kept.py", "tests/run/test_safe_lookups.py"),
    *("tests/mail/test_relaxed.py", "tests/mail/test_transfer.py"),
    "tests/metrics/test_counting.py",
)
FLAGS = ("-g", "-O1", "-shared", "-fPIC", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def library(name: str) -> Path | None:
    """Return where the compiler has a library."""
    if shutil.which("cc") is None:
        return None
    found = subprocess.run(
        ["cc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return Path(found) if Path(found).is_absolute() else None


LIBRARIES = tuple(found for name in ("libasan.so", "libubsan.so") if (found := library(name)) is not None)


@pytest.mark.skipif(not (ROOT / "blendtpl").is_dir(), reason="the sources are not there")
@pytest.mark.slow
@pytest.mark.skipif(len(LIBRARIES) < 2, reason="there is no compiler with sanitizers")
@pytest.mark.parametrize(
    ("defined", "tests"),
    [((), TESTS), (("-DBLENDTPL_BY_WORDS",), ("tests/run/test_utf8.py",))],  # as on processors without such vectors
    ids=["as it is", "by words"],
)
def test_no_sanitizer_finds_anything(tmp_path: Path, defined: tuple[str, ...], tests: tuple[str, ...]) -> None:
    shutil.copytree(ROOT / "blendtpl", tmp_path / "blendtpl", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for name in ("tests", "templates", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    suffix, include = sysconfig.get_config_var("EXT_SUFFIX"), f"-I{sysconfig.get_path('include')}"
    modules = (("runtime/_speedups", SOURCES), ("mail/_transfer", [TRANSFER]), ("metrics/_counting", [COUNTING]))
    for module, sources in modules:
        built = tmp_path / "blendtpl" / f"{module}{suffix}"
        subprocess.run(["cc", *FLAGS, *defined, include, *map(str, sources), "-o", str(built)], check=True)
    environment = {
        **os.environ,
        "LD_PRELOAD": " ".join(map(str, LIBRARIES)),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python keeps much for good; `test_speedups` counts blocks
        "PYTHONMALLOC": "malloc",  # whose every block the sanitizer knows
        "PYTHONPATH": str(tmp_path),
    }
    check = (
        "import sys, blendtpl.mail._transfer as a, blendtpl.runtime._speedups as b, blendtpl.metrics._counting as c;"
        " sys.exit(not all(found.__file__.startswith(sys.argv[1]) for found in (a, b, c)))"
    )
    subprocess.run([sys.executable, "-c", check, str(tmp_path)], env=environment, cwd=tmp_path, check=True)
    # but for what starts an interpreter of its own, which takes long, and what is there twice
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "",
        "-k",
        "not does_the_same and not lenient and not reference",
        *tests,
    ]

    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
