"""What is read of a certificate is what it says, or an error that says what is wrong with it; it is anybody's file."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendtpl.errors import BundleError, CertificateError
from blendtpl.tools.soak.report import (
    Certificate,
    beside,
    from_json,
    read_certificate,
    record,
    write_certificate,
)
from tests.run.test_contents import JUNK, places, put
from tests.soak.support import soaked

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    found = soaked({"a.html": "{{ user.name }}", "b.html": "{{ user|remember }}", "c.html": "{{ nope }}"}, renders=200)
    written = json.dumps(record(found, digest=DIGEST, environment="app:environment", seed=7))
    read: dict[str, Any] = json.loads(written)
    return read


def test_what_is_written_is_what_is_read(recorded: dict[str, Any], tmp_path: Path) -> None:
    path = beside(tmp_path / "folder" / "app.blend")
    write_certificate(path, recorded)

    assert path == tmp_path / "folder" / "app.blend.soak.json"
    assert read_certificate(path) == Certificate(DIGEST, recorded["date"], 200, 3, ("b.html",), recorded["versions"])
    assert list(path.parent.iterdir()) == [path]


def test_it_has_every_figure_of_every_template(recorded: dict[str, Any]) -> None:
    clean, grown, failing = recorded["templates"].values()

    assert (recorded["passed"], recorded["environment"], recorded["seed"]) == (False, "app:environment", 7)
    assert set(recorded["versions"]) == {"blendtpl", "jinja2", "markupsafe", "python"}
    assert clean == {
        "sound": True,
        "renders": 200,
        "contexts": 1,
        "examples": True,
        "failures": {},
        "problem": "",
        "growth": {"blocks": 0, "bytes": 0, "collected": 0, "changes": []},
        "kept": [],
        "trail": None,
    }
    assert grown["sound"] is False
    assert grown["growth"]["blocks"] >= 100
    assert grown["kept"] == ["user", "user.tags"]
    assert grown["trail"]["holders"] == ["list `_seen` of module tests.soak.planted"]
    assert grown["trail"]["types"]["dict"] == grown["trail"]["renders"]
    assert failing["sound"] is True
    assert failing["failures"] == {"the example": "UndefinedError: c.html:1: 'nope' is undefined"}


def test_there_may_be_none(tmp_path: Path) -> None:
    assert read_certificate(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "it is no JSON"),
        (b"\xff\xfe\xff", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it is no object"),
        (b"null", "it is no object"),
        (b"{}", "it has no 'format'"),
        (b'{"format": 2}', "it has another format"),
        (b'{"format": 1, "templates": []}', "a part of it is of another type"),
        (b'{"format": 1, "templates": {"a": 1}}', "a part of it is of another type"),
        (b'{"format": 1, "templates": {"a": {}}}', "it has no 'sound'"),
        (b'{"format": 1, "templates": {"a": {"sound": false}}, "passed": true}', "what it says of all templates is"),
    ],
)
def test_what_is_no_certificate_says_why(text: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.soak.json"
    path.write_bytes(text)

    with pytest.raises(CertificateError) as caught:
        read_certificate(path)
    assert str(caught.value).startswith(f"`{path}` is no certificate: {problem}")


@settings(deadline=None, derandomize=True)
@given(st.data(), JUNK)
def test_a_certificate_with_anything_in_any_of_its_fields_is_refused_or_still_says_what_its_types_say(
    recorded: dict[str, Any], data: st.DataObject, value: object
) -> None:
    changed = json.loads(json.dumps(recorded))
    put(changed, data.draw(st.sampled_from(places(changed))), value)
    try:
        found = from_json(json.dumps(changed).encode())
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    assert all(text.isprintable() for text in (found.digest, found.date, *found.versions.values()))
    assert type(found.renders) is int
    assert all(type(name) is str for name in found.unsound)


def test_what_is_no_file_or_cannot_be_read_is_told_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(CertificateError, match="it is no regular file"):
            read_certificate(path)
    with pytest.raises(CertificateError, match="Not a directory"):
        read_certificate(Path("/dev/null/x"))
    with pytest.raises(CertificateError, match="null"):
        read_certificate(Path("a\0b"))


def test_one_that_cannot_be_written_leaves_the_old_one(recorded: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot write"):
        write_certificate(Path("/dev/null/x.json"), recorded)
    path = tmp_path / "a.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(TypeError):
        write_certificate(path, {"not": object()})
    assert path.read_text(encoding="utf-8") == "old"
