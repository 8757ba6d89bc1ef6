"""Calls of `blendtpl walk` that cannot be: one clear line, and an exit status that the page tells."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import blendtpl
from blendtpl.cli import command

WALKS = "tests.walker.launcher.walks"


def call(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["walk", f"--run={tmp_path / 'run'}", *arguments])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (WALKS, f"`{WALKS}` names no function: write `module:function`, such as `shop.walker:walk`"),
        (f"{WALKS}:missing", f"`{WALKS}:missing`: the module has no `missing`"),
        (f"{WALKS}:none", f"`{WALKS}:none` is no function, but an object of type `str`"),
        (f"{WALKS}:two", f"`{WALKS}:two` cannot be called with a walker alone (missing a required argument: 'other')"),
        ("no_such\x1b.module:walk", "`no_such\\x1b.module:walk`: there is no module `no_such\\x1b` to import"),
    ],
)
def test_a_function_that_is_none(name: str, said: str, tmp_path: Path) -> None:
    found = call(tmp_path, name)
    assert found.exit_code == 1
    assert found.stderr.startswith(f"error: {said}")
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--max-age=2x", "`2x` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ("--max-growth=much", "`much` is no size: write `40MB`, `1.5GiB`, or a number of bytes"),
        ("--grace=0", "`0` is not above zero"),
        ("--workers=0", "0 is not in the range"),
        ("--jitter=2", "2.0 is not in the range"),
        ("--health=high", "`high` is no port, such as 9100, nor `0.0.0.0:9100`"),
        ("--metrics=70000", "`70000` is no port"),
    ],
)
def test_a_limit_that_is_none(option: str, said: str, tmp_path: Path) -> None:
    found = call(tmp_path, f"{WALKS}:steady", option)
    assert found.exit_code == 2
    assert said in found.stderr


def test_a_bundle_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "no.blend").write_bytes(b"no bundle")
    for name, said in (("no.blend", "no blendtpl bundle"), ("missing.blend", "No such file")):
        found = call(tmp_path, f"{WALKS}:steady", f"--bundle={tmp_path / name}")
        assert found.exit_code == 1
        assert said in found.stderr
    assert list((tmp_path / "run").iterdir()) == []


def test_a_recording_over_something_else_is_refused_before_anything_walks(tmp_path: Path) -> None:
    bundle = tmp_path / "hello.blend"
    blendtpl.compile({"hello.html": "x"}).write(bundle)
    before = bundle.read_bytes()
    found = call(tmp_path, f"{WALKS}:steady", f"--bundle={bundle}", f"--record={bundle}")
    assert found.exit_code == 1
    assert "is there already and no recording" in found.stderr
    assert bundle.read_bytes() == before


def test_no_function_at_all(tmp_path: Path) -> None:
    found = call(tmp_path)
    assert found.exit_code == 2
    assert "name the function of the walkers, as MODULE:FUNCTION" in found.stderr
