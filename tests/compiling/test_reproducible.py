"""Same inputs, same bytes, whatever the process, the folder, the clock, the locale or the order of things."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit import PATIENCE, ROOT, TEMPLATES
from tests.compiling.nasty import SOURCE
from tests.compiling.support import build

DIGEST = blendtpl.compile(SOURCE).digest
# the package of this process, which need not be that beside the tests: one may have functions in C, and the other none
PATHS = os.pathsep.join((str(Path(blendtpl.__file__).parents[1]), str(ROOT)))


def digest_of(
    *arguments: str | Path, options: Sequence[str] = (), cwd: Path = ROOT, umask: int = 0o22, **environ: str
) -> str:
    done = subprocess.run(
        [sys.executable, "-P", *options, "-m", "tests.compiling.nasty", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": PATHS, **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
        umask=umask,
    )
    digest, _, loaded = done.stdout.split()
    assert digest == loaded
    return digest


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_hash_seed_changes_nothing(seed: int) -> None:
    assert digest_of(PYTHONHASHSEED=str(seed)) == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize(
    "environ",
    [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "11"},
        {"TZ": "America/Los_Angeles", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"},
        {"PYTHONINTMAXSTRDIGITS": "0", "PYTHONNOUSERSITE": "1", "PYTHONDEVMODE": "1"},
    ],
    ids=str,
)
def test_a_time_zone_and_a_locale_change_nothing(environ: dict[str, Any]) -> None:
    assert digest_of(**environ) == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("options", [["-O"], ["-OO"], ["-X", "utf8"], ["-B", "-X", "no_debug_ranges"]], ids=str)
def test_options_of_python_change_nothing(options: list[str]) -> None:
    assert digest_of(options=options) == DIGEST


def test_the_order_the_number_of_processes_and_the_cache_change_nothing(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert digest_of("--reverse", "--jobs", "2") == DIGEST
    assert digest_of("--cache", cache, "--jobs", "2", PYTHONHASHSEED="1") == DIGEST
    assert digest_of("--cache", cache, PYTHONHASHSEED="2") == DIGEST


def test_compiling_again_in_one_process_changes_nothing() -> None:
    assert {blendtpl.compile(SOURCE).digest for _ in range(3)} == {DIGEST}
    assert build(SOURCE, jobs=3).bundle.digest == DIGEST


@pytest.mark.slow
def test_another_clock_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    for moment in (0.0, 315532800.0, 4e9, 1e11):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        monkeypatch.setattr(time, "localtime", lambda *given, moment=moment: time.gmtime(moment))
        assert blendtpl.compile(SOURCE).digest == DIGEST


@pytest.mark.slow
def test_feedwhips_templates_give_one_digest_from_any_copy(tmp_path: Path, bundle: blendtpl.Bundle) -> None:
    paths = [path for path in TEMPLATES.rglob("*") if path.is_file()]
    for number, order in enumerate((sorted(paths), sorted(paths, reverse=True))):
        copy = tmp_path / f"copy {number}" / "templates"
        for path in order:
            target = copy / path.relative_to(TEMPLATES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            os.utime(target, (number, number))
            target.chmod(0o600 if number else 0o777)
        assert blendtpl.compile(copy).digest == bundle.digest
        assert digest_of("templates", "--jobs", "2", cwd=copy.parent, umask=0o77 * number) == bundle.digest


def test_strings_that_live_elsewhere_in_the_process_change_nothing() -> None:
    kept = [sys.intern(name) for name in ("q0", "w1", "macros.html", "sets.html", "content")]
    copies = {"".join(list(name)): "".join(list(text)) for name, text in SOURCE.items()}
    assert blendtpl.compile(copies).digest == DIGEST
    assert kept


KEY = b"a key of some length"


def test_a_key_changes_the_signature_and_nothing_else_and_is_as_reproducible() -> None:
    signed = blendtpl.compile(SOURCE, key=KEY)
    assert signed.digest != DIGEST
    assert (signed.code, signed.manifest) == (blendtpl.compile(SOURCE).code, blendtpl.compile(SOURCE).manifest)
    assert signed.data == blendtpl.compile(SOURCE, key=KEY).data


def test_environments_made_twice_are_one() -> None:
    def make() -> jinja2.Environment:
        environment = jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.i18n"], finalize=lambda value: value)
        environment.policies["own"] = {"b", "a", "c"}
        return environment

    assert blendtpl.compile({"a": "{{ x }}"}, environment=make()).digest == (
        blendtpl.compile({"a": "{{ x }}"}, environment=make()).digest
    )
