"""Who may have written a bundle that is loaded from a file: its reader, root, and the own group of its owner."""

import os
import pwd
import re
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import blendtpl
from blendtpl.bundle import archive as bundle_module
from blendtpl.bundle import permissions
from tests.run.sealing import refused

KEY = b"a key of some length"
SMALL = blendtpl.compile({"a.html": "{{ user }}"})
SIGNED = blendtpl.compile({"a.html": "{{ user }}"}, key=KEY)

ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="only root can give a file away, or become another user")

NOBODY = pwd.getpwnam("nobody").pw_uid
NOGROUP = pwd.getpwnam("nobody").pw_gid
DAEMON = pwd.getpwnam("daemon").pw_uid
UNLISTED, SHARED = 61234, 61235  # which no list of users and groups has


@pytest.fixture
def file() -> Iterator[Path]:
    """A bundle in a folder that everybody can enter, which `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        SMALL.write(Path(folder, "a.blend"))
        yield Path(folder, "a.blend")


def give(path: Path, owner: int, group: int, mode: int) -> None:
    os.chown(path, owner, group)
    path.chmod(mode)


def as_user(uid: int, gid: int, work: Callable[[], object]) -> str:
    """Return what `work` gives in a process of that user, or the error that it raises."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            told = str(work())
        except BaseException as error:  # whatever it is, this process ends here
            told = f"{type(error).__name__}: {error}"
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


READERS = {"root": (0, 0), "nobody": (NOBODY, NOGROUP), "unlisted": (UNLISTED, UNLISTED)}


@only_root
@pytest.mark.parametrize(
    ("owner", "group", "mode", "reader"),
    [
        (0, 0, 0o644, "root"),
        (0, 0, 0o664, "root"),
        (0, 0, 0o644, "nobody"),
        (0, 0, 0o664, "nobody"),
        (0, 0, 0o775, "nobody"),
        (0, 0, 0o664, "unlisted"),
        (0, SHARED, 0o644, "nobody"),
        (0, NOGROUP, 0o664, "nobody"),
        (NOBODY, NOGROUP, 0o664, "nobody"),
        (NOBODY, SHARED, 0o640, "nobody"),
        (UNLISTED, UNLISTED, 0o664, "unlisted"),
        (UNLISTED, UNLISTED, 0o600, "unlisted"),
    ],
)
def test_a_file_that_its_reader_root_and_the_owners_own_group_may_write_is_loaded(
    file: Path, owner: int, group: int, mode: int, reader: str
) -> None:
    give(file, owner, group, mode)
    assert as_user(*READERS[reader], lambda: list(blendtpl.load(file))) == "['a.html']"


@only_root
@pytest.mark.parametrize(
    ("owner", "group", "mode", "reader", "who"),
    [
        (0, 0, 0o666, "root", "can be written by others (mode 666): by everybody"),
        (0, 0, 0o646, "nobody", "can be written by others (mode 646): by everybody"),
        (NOBODY, NOGROUP, 0o606, "nobody", "can be written by others (mode 606): by everybody"),
        (0, SHARED, 0o664, "root", f"can be written by others (mode 664): by the group {SHARED}"),
        (0, SHARED, 0o664, "nobody", f"can be written by others (mode 664): by the group {SHARED}"),
        (0, DAEMON, 0o664, "root", "can be written by others (mode 664): by the group 1 `daemon`"),
        (0, SHARED, 0o666, "root", f"can be written by others (mode 666): by the group {SHARED}, everybody"),
        (NOBODY, SHARED, 0o664, "nobody", f"can be written by others (mode 664): by the group {SHARED}"),
        (NOBODY, 0, 0o664, "nobody", "can be written by others (mode 664): by the group 0 `root`"),
        (UNLISTED, SHARED, 0o664, "unlisted", f"can be written by others (mode 664): by the group {SHARED}"),
        (NOBODY, NOGROUP, 0o644, "root", f"belongs to another user (uid {NOBODY}, `nobody`), who can write it"),
        (DAEMON, NOGROUP, 0o644, "nobody", f"belongs to another user (uid {DAEMON}, `daemon`), who can write it"),
        (UNLISTED, 0, 0o444, "root", f"belongs to another user (uid {UNLISTED}), who can write it"),
    ],
)
def test_a_file_that_others_may_write_is_refused_naming_them(
    file: Path, owner: int, group: int, mode: int, reader: str, who: str
) -> None:
    give(file, owner, group, mode)
    told = as_user(*READERS[reader], lambda: list(blendtpl.load(file)))
    assert told.startswith(f"BundleError: `{file}` {who}. It is code: ")
    assert told.endswith("pin what it holds with `digest=` or `key=`, or read it yourself and give `load` the bytes")


@pytest.mark.parametrize("mode", [0o666, 0o646, 0o622, 0o602, 0o667])
def test_what_everybody_may_write_is_refused_and_the_command_that_it_names_mends_that(file: Path, mode: int) -> None:
    path = file.rename(file.with_name("a 'b'.blend"))
    path.chmod(mode)
    message = refused(path)
    assert f"can be written by others (mode {mode:o})" in message
    (command,) = re.findall("`(chmod .*)`, pin", message)
    subprocess.run(["sh", "-c", command], check=True)
    assert list(blendtpl.load(path)) == ["a.html"]


@only_root
def test_the_command_takes_away_what_a_group_may_write(file: Path) -> None:
    give(file, 0, SHARED, 0o666)
    (command,) = re.findall("`(chmod .*)`, pin", refused(file))
    subprocess.run(["sh", "-c", command], check=True)
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(blendtpl.load(file)) == ["a.html"]


@pytest.mark.parametrize("mode", [0o664, 0o644, 0o600, 0o444, 0o755, 0o775, 0o464])
def test_a_file_that_only_its_owner_and_their_group_may_write_is_accepted(file: Path, mode: int) -> None:
    os.chown(file, -1, pwd.getpwuid(os.geteuid()).pw_gid)
    file.chmod(mode)
    assert list(blendtpl.load(file)) == ["a.html"]


def test_with_a_right_digest_or_key_it_does_not_matter_who_may_write(file: Path) -> None:
    SIGNED.write(file)
    file.chmod(0o666)
    refused(file)
    assert list(blendtpl.load(file, digest=SIGNED.digest)) == ["a.html"]
    assert list(blendtpl.load(file, key=KEY)) == ["a.html"]
    assert list(blendtpl.load(file, key=KEY, digest=SIGNED.digest)) == ["a.html"]
    assert list(blendtpl.load(file.read_bytes())) == ["a.html"]


@only_root
def test_with_a_right_digest_or_key_it_does_not_matter_who_owns_it(file: Path) -> None:
    SIGNED.write(file)
    give(file, UNLISTED, SHARED, 0o666)
    for options in ({"digest": SIGNED.digest}, {"key": KEY}):
        assert list(blendtpl.load(file, **options)) == ["a.html"]
        assert as_user(NOBODY, NOGROUP, lambda: list(blendtpl.load(file, **options))) == "['a.html']"  # noqa: B023


def test_a_wrong_digest_or_key_says_so_and_nothing_of_permissions(file: Path) -> None:
    file.chmod(0o666)
    assert "as required" in refused(file, digest="0" * 64)
    assert "not signed, but a key is required" in refused(file, key=KEY)


def test_a_link_to_a_good_bundle_is_followed_and_one_to_a_bad_file_is_not_trusted(file: Path) -> None:
    link = file.with_name("link.blend")
    link.symlink_to(file)
    assert list(blendtpl.load(link)) == ["a.html"]
    file.chmod(0o666)
    assert "can be written by others" in refused(link)
    file.unlink()
    assert "No such file" in refused(link)


def test_the_folder_around_it_is_not_looked_at(file: Path) -> None:
    file.parent.chmod(0o777)  # what others put there belongs to them
    assert list(blendtpl.load(file)) == ["a.html"]


def test_what_is_read_is_what_was_checked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_then_replace(path: str, descriptor: int) -> None:
        permissions.check_writers(path, descriptor)
        Path(path).rename(f"{path}.old")
        blendtpl.compile({"evil.html": ""}).write(path)

    monkeypatch.setattr(bundle_module, "check_writers", check_then_replace)
    assert list(blendtpl.load(file)) == ["a.html"]
    assert list(blendtpl.load(file.read_bytes())) == ["evil.html"]


USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
ANY = 0xFFFFFFFF


def listed(*entries: tuple[int, int, int]) -> bytes:
    """Return an access control list of POSIX with these entries beside those that each must have."""
    rows = sorted([(USER_OBJ, 6, ANY), (OTHER, 4, ANY), *entries])
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)


@only_root
@pytest.mark.parametrize(
    ("entries", "who"),
    [
        ([(GROUP_OBJ, 4, ANY), (USER, 6, NOBODY), (MASK, 6, ANY)], f"by the user {NOBODY} `nobody`"),
        ([(GROUP_OBJ, 6, ANY), (USER, 6, NOBODY), (MASK, 6, ANY)], f"by the user {NOBODY} `nobody`"),
        ([(GROUP_OBJ, 4, ANY), (GROUP, 7, SHARED), (MASK, 7, ANY)], f"by the group {SHARED}"),
        ([(GROUP_OBJ, 4, ANY), (USER, 4, NOBODY), (MASK, 6, ANY)], ""),
        ([(GROUP_OBJ, 6, ANY), (USER, 6, NOBODY), (MASK, 4, ANY)], ""),
        ([(GROUP_OBJ, 6, ANY), (USER, 6, 0), (GROUP, 6, 0), (MASK, 6, ANY)], ""),
    ],
)
def test_an_access_control_list_is_read_as_the_system_does(
    file: Path, entries: list[tuple[int, int, int]], who: str
) -> None:
    if not hasattr(os, "setxattr"):
        pytest.skip("this system shows no access control lists")
    try:
        os.setxattr(file, "system.posix_acl_access", listed(*entries))
    except OSError:
        pytest.skip("this file system has no access control lists")
    if who:
        assert who in refused(file)
        subprocess.run(["chmod", "g-w", file], check=True)
    assert list(blendtpl.load(file)) == ["a.html"]


def test_where_the_system_has_no_list_of_users_the_group_of_this_process_counts(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permissions, "_LISTED", False)
    os.chown(file, -1, os.getegid())
    file.chmod(0o664)
    assert list(blendtpl.load(file)) == ["a.html"]
    file.chmod(0o666)
    assert "by everybody" in refused(file)


def test_where_the_system_has_no_owners_any_file_is_loaded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.chmod(0o666)
    monkeypatch.delattr(os, "geteuid")
    for name in ("O_CLOEXEC", "O_NONBLOCK"):
        monkeypatch.delattr(os, name)
    assert list(blendtpl.load(file)) == ["a.html"]
