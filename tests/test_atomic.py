"""Files are replaced whole, where their links lead, and nothing beside them is touched but what such a write left."""

import errno
import os
import stat
import time
from pathlib import Path

import pytest

import blendtpl
from blendtpl.bundle.atomic_file import remove_abandoned
from tests.compiling.support import invoke, write

BUNDLE = blendtpl.compile({"a": "a"})
OLD = 7200.0


def left(path: Path, age: float = OLD) -> Path:
    path.write_bytes(b"PK")
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def temporary_names(patch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the name of each file that takes the place of another."""
    made: list[str] = []
    replace = Path.replace

    def noting(temporary: Path, target: Path) -> Path:
        made.append(temporary.name)
        return replace(temporary, target)

    patch.setattr(Path, "replace", noting)
    return made


@pytest.mark.parametrize(
    "name",
    [
        ".app.notes.tmp",
        ".app..tmp",
        ".app.tmp",
        ".app.0123456789abcde.tmp",
        ".app.0123456789abcdef0.tmp",
        ".app.0123456789ABCDEF.tmp",
        ".app.0123456789abcdeg.tmp",
        ".app.0123456789abcdef.tmp\n",
        ".app.x.0123456789abcdef.tmp",
        ".app.0123456789abcdef.tmp.bak",
        ".app2.0123456789abcdef.tmp",
        ".apq.0123456789abcdef.tmp",
        "app.0123456789abcdef.tmp",
    ],
)
def test_an_old_file_beside_a_bundle_stays_when_no_such_write_made_its_name(tmp_path: Path, name: str) -> None:
    foreign, own = left(tmp_path / name), left(tmp_path / ".app.0123456789abcdef.tmp")
    BUNDLE.write(tmp_path / "app")
    assert foreign.exists()
    assert not own.exists()


def test_what_has_such_a_name_and_is_a_folder_a_link_or_a_fifo_stays(tmp_path: Path) -> None:
    target = left(tmp_path / "precious")
    (tmp_path / f".app.{'0' * 16}.tmp").mkdir()
    (tmp_path / f".app.{'1' * 16}.tmp").symlink_to(target)
    os.mkfifo(tmp_path / f".app.{'2' * 16}.tmp")
    before = sorted(path.name for path in tmp_path.iterdir())
    for path in tmp_path.iterdir():
        os.utime(path, (1.0, 1.0), follow_symlinks=False)
    remove_abandoned(tmp_path / "app", 60.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_another_user_left_stays(tmp_path: Path) -> None:
    foreign = left(tmp_path / ".app.0123456789abcdef.tmp")
    os.chown(foreign, 1234, -1)
    BUNDLE.write(tmp_path / "app")
    assert foreign.exists()


def test_what_a_writer_that_may_still_write_has_begun_stays(tmp_path: Path) -> None:
    fresh = left(tmp_path / ".app.0123456789abcdef.tmp", age=60.0)
    BUNDLE.write(tmp_path / "app")
    assert fresh.exists()


@pytest.mark.parametrize("length", [230, 233, 234, 250, 255])
@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_a_bundle_whose_name_is_as_long_as_names_may_be_is_written_and_cleared_up_after(
    tmp_path: Path, length: int, letter: str
) -> None:
    count, rest = divmod(length, len(letter.encode()))
    path = tmp_path / (letter * count + "y" * rest)
    BUNDLE.write(path)
    with pytest.MonkeyPatch.context() as patch:
        made = temporary_names(patch)
        BUNDLE.write(path)
    assert len(made[0].encode()) <= 255
    old, other = left(tmp_path / made[0]), left(tmp_path / f"{made[0][:5]}{made[0][6:]}")
    BUNDLE.write(path)
    assert {found.name for found in tmp_path.iterdir()} == {path.name, other.name}
    assert not old.exists()
    assert blendtpl.load(path).digest == BUNDLE.digest


def test_two_long_names_that_begin_alike_have_leftovers_of_their_own(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        made = temporary_names(patch)
        for end in "ab":
            BUNDLE.write(tmp_path / ("x" * 250 + end))
    old = [left(tmp_path / name) for name in made]
    BUNDLE.write(tmp_path / ("x" * 250 + "a"))
    assert [path.exists() for path in old] == [False, True]


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder with links to a bundle: one, a chain of them, and one that leads nowhere yet."""
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases/7.blend").write_bytes(b"old")
    (tmp_path / "app.blend").symlink_to("releases/7.blend")
    (tmp_path / "first").symlink_to("app.blend")
    (tmp_path / "dangling").symlink_to("releases/8.blend")
    (tmp_path / "deeper").symlink_to("new/folder/9.blend")
    return tmp_path


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("app.blend", "releases/7.blend"),
        ("first", "releases/7.blend"),
        ("dangling", "releases/8.blend"),
        ("deeper", "new/folder/9.blend"),
    ],
)
def test_a_link_stays_and_what_it_leads_to_is_written(linked: Path, link: str, target: str) -> None:
    BUNDLE.write(linked / link)
    assert (linked / link).is_symlink()
    assert (linked / target).read_bytes() == BUNDLE.data
    assert not (linked / target).is_symlink()
    assert not list(linked.rglob("*.tmp"))


def test_the_command_writes_through_a_link_and_checks_through_it(linked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(linked, {"templates/a": "a"}))
    wanted = blendtpl.compile("templates").data
    assert invoke("compile", "--no-cache", "-o", "app.blend").exit_code == 0
    assert Path("app.blend").is_symlink()
    assert Path("releases/7.blend").read_bytes() == wanted
    assert invoke("compile", "--no-cache", "--check", "-o", "app.blend").exit_code == 0


def test_links_that_run_in_a_circle_are_told_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(blendtpl.BundleError, match=os.strerror(errno.ELOOP)):
        BUNDLE.write(tmp_path / "a")
    monkeypatch.chdir(write(tmp_path, {"templates/x": "x"}))
    result = invoke("compile", "--no-cache", "-o", "b")
    assert (result.exit_code, result.stderr) == (1, f"error: cannot write `b`: {os.strerror(errno.ELOOP)}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "templates"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444, 0o755])
@pytest.mark.parametrize("link", ["app.blend", "releases/7.blend"])
def test_the_permissions_of_the_old_file_are_those_of_the_new_one(linked: Path, mode: int, link: str) -> None:
    (linked / "releases/7.blend").chmod(mode)
    BUNDLE.write(linked / link)
    assert stat.S_IMODE((linked / "releases/7.blend").stat().st_mode) == mode


def test_what_all_may_write_becomes_a_file_that_they_may_not(linked: Path) -> None:
    (linked / "releases/7.blend").chmod(0o646)
    BUNDLE.write(linked / "app.blend")
    assert blendtpl.load(linked / "app.blend").digest == BUNDLE.digest


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner_and_group_of_the_old_file_are_those_of_the_new_one(linked: Path) -> None:
    os.chown(linked / "releases/7.blend", 1234, 1235)
    BUNDLE.write(linked / "app.blend")
    state = (linked / "releases/7.blend").stat()
    assert (state.st_uid, state.st_gid) == (1234, 1235)
