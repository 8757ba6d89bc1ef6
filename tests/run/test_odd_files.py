"""Files that are no bundles are told as such without being read whole, waited for, or believed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pytest

import blendtpl
from blendtpl.bundle import archive as bundle_module
from blendtpl.bundle.archive import LARGEST, is_bundle, open_bundle, read_bundle
from blendtpl.tools.soak.growth import open_files
from tests.run.sealing import SEAL_SIZE, refused, reseal

KEY = b"a key of some length"
SMALL = blendtpl.compile({"a.html": "{{ user }}"})


@pytest.fixture
def read_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that gets how many bytes each read of a bundle file has given."""
    counts: list[int] = []

    class Counting:
        def __init__(self, file: BinaryIO) -> None:
            self._file = file

        def __enter__(self) -> "Counting":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def seek(self, place: int) -> int:
            return self._file.seek(place)

        def read(self, size: int) -> bytes:
            found = self._file.read(size)
            counts.append(len(found))
            return found

    opened: Any = open
    monkeypatch.setattr(bundle_module, "open", lambda *given, **named: Counting(opened(*given, **named)), raising=False)
    return counts


def sparse(path: Path, size: int, end: bytes = b"") -> Path:
    with path.open("wb") as file:
        try:
            file.truncate(size)
        except OSError:
            pytest.skip("this file system has no files as large as this")
        file.seek(size - len(end))
        file.write(end)
    return path


@pytest.mark.parametrize("size", [LARGEST + 1, 2**42])
@pytest.mark.parametrize("end", [b"", SMALL.data], ids=["nothing in it", "a bundle at its end"])
def test_a_file_larger_than_any_bundle_is_refused_without_being_read(
    tmp_path: Path, read_bytes: list[int], size: int, end: bytes
) -> None:
    path = sparse(tmp_path / "a.blend", size, end)
    told = f"`{path}` has {size:,} bytes, and a bundle has at most 1,073,741,824: this is none"
    assert refused(path) == told
    assert refused(path, digest=SMALL.digest) == refused(path, key=KEY) == told
    assert read_bytes == []


@pytest.mark.parametrize("size", [1, 100, SEAL_SIZE + 3, 10**6, LARGEST])
def test_of_a_file_that_does_not_end_like_a_bundle_no_more_than_its_end_is_read(
    tmp_path: Path, read_bytes: list[int], size: int
) -> None:
    path = sparse(tmp_path / "a.blend", size)
    assert refused(path) == f"{path}: this is no blendtpl bundle, or its end is missing: compile it again"
    assert sum(read_bytes) <= SEAL_SIZE + 3


def test_a_file_for_which_there_is_no_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SMALL.write(tmp_path / "a.blend")

    class Full:
        def __init__(self, file: BinaryIO) -> None:
            self._file, self.seek = file, file.seek

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def read(self, size: int) -> bytes:
            if size > SEAL_SIZE + 3:
                raise MemoryError
            return self._file.read(size)

    opened: Any = open
    monkeypatch.setattr(bundle_module, "open", lambda *given, **named: Full(opened(*given, **named)), raising=False)
    assert "there is no memory for the" in refused(tmp_path / "a.blend")


def test_nothing_larger_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "LARGEST", 500)
    with pytest.raises(blendtpl.BundleError, match="more than 500 bytes, which is the most"):
        blendtpl.compile({"a.html": "x" * 500})


@pytest.mark.parametrize("change", [-1, 1, -500, 4096, "empty"], ids=str)
def test_a_file_that_changes_its_size_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: int | str
) -> None:
    path = tmp_path / "a.blend"
    SMALL.write(path)
    size = path.stat().st_size

    def is_bundle_then_change(data: bytes) -> bool:
        os.truncate(path, 0 if isinstance(change, str) else size + change)
        return is_bundle(data)

    monkeypatch.setattr(bundle_module, "is_bundle", is_bundle_then_change)
    assert "was written to while it was read: have whoever writes it put a new file in its place" in refused(path)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", "/dev/zero", "/dev/null", "/dev/tty" if os.isatty(0) else "/dev/full"):
        for options in ({}, {"digest": SMALL.digest}, {"key": KEY}):
            assert "is no regular file" in refused(path, **options)
    for options in ({}, {"digest": SMALL.digest}):
        assert "is a directory, not a bundle" in refused(tmp_path, **options)


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="needs /dev/stdin")  # noqa: PTH110
def test_standard_input_is_a_bundle_when_it_is_a_file_and_told_when_it_is_a_pipe(tmp_path: Path) -> None:
    SMALL.write(tmp_path / "a.blend")
    script = "import blendtpl; print(list(blendtpl.load('/dev/stdin')))"
    command: Any = [sys.executable, "-c", script]
    with (tmp_path / "a.blend").open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=False)
    assert done.stdout == "['a.html']\n"
    piped = subprocess.run(command, input=SMALL.data, capture_output=True, check=False)
    assert b"BundleError: `/dev/stdin` is no regular file" in piped.stderr


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs /proc")
def test_a_file_that_says_that_it_is_empty_is_not_read_on() -> None:
    assert refused("/proc/self/status") == "`/proc/self/status` is empty"


def test_a_file_in_a_folder_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert refused("a.blend") == "cannot read the bundle `a.blend`: No such file or directory"


class Named:
    """What names a file in bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self._path)


def test_a_file_may_be_named_in_bytes(tmp_path: Path) -> None:
    path: Any = Named(tmp_path / "a.blend")
    assert "No such file" in refused(path)
    SMALL.write(tmp_path / "a.blend")
    assert list(blendtpl.load(path)) == ["a.html"]
    (tmp_path / "a.blend").chmod(0o666)
    assert f"`chmod o-w {tmp_path / 'a.blend'}`" in refused(path)


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "short").write_bytes(b"x")
    sparse(tmp_path / "large", LARGEST + 1)
    before = open_files()
    for name in ("fifo", "short", "large", "."):
        refused(tmp_path / name)
    assert open_files() == before


@pytest.mark.parametrize(
    "form",
    [b"0001", b"01", b"0", b"00", b"+1", b"-1", b" 1", b"1 ", b"1.0", b"1_0", b"0x1", b"1e0", "\u0661".encode(), b""],
)
def test_a_format_that_is_written_in_another_way_is_none(form: bytes) -> None:
    assert not is_bundle(reseal(SMALL.data[:-SEAL_SIZE], form=form))
    assert "no blendtpl bundle" in refused(reseal(SMALL.data[:-SEAL_SIZE], form=form))


@pytest.mark.parametrize("form", [b"2", b"10", b"9999"])
def test_a_later_format_is_named(form: bytes) -> None:
    assert is_bundle(reseal(SMALL.data[:-SEAL_SIZE], form=form))
    assert f"has format {form.decode()}, this blendtpl reads format 1" in refused(
        reseal(SMALL.data[:-SEAL_SIZE], form=form)
    )


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.blend"
    SMALL.write(path)
    for size in reversed(range(path.stat().st_size)):
        os.truncate(path, size)
        assert refused(path)


def test_a_file_that_is_whole_is_read_as_it_is(tmp_path: Path) -> None:
    SMALL.write(tmp_path / "a.blend")
    assert read_bundle(tmp_path / "a.blend") == SMALL.data
    assert open_bundle(read_bundle(tmp_path / "a.blend")).digest == SMALL.digest
