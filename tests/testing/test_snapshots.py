"""A snapshot says all that a person would look at, the same every time, and what changed in it is shown."""

from hashlib import sha256
from pathlib import Path

import pytest

from blendtpl.mail.attachments import Image
from blendtpl.testing import Snapshots, readable
from tests.mail.signing import RSA_SIGNER
from tests.testing.support import message

EVERYTHING = """\
From: Feedwhip <alerts@example.com>
To: Ada <ada@example.org>
Subject: Grüße
(Bcc: eve@example.org)

---- text
Look at https://example.com/a.⟨U+200C⟩⟨U+0009⟩



---- html
<p>Look at <a href="https://example.com/a">it</a></p>

---- attachment notes.pdf: application/pdf, 4 bytes, sha256 DIGEST…
"""


def everything() -> str:
    return readable(
        message(
            subject="Grüße",
            text="Look at https://example.com/a.\u200c\t\n\n",
            bcc=("eve@example.org",),
            attachments=[("notes.pdf", b"%PDF", "application/pdf")],
        )
    )


def test_it_has_headers_bodies_and_files_and_shows_what_nobody_sees() -> None:
    assert everything() == EVERYTHING.replace("DIGEST", sha256(b"%PDF").hexdigest()[:16])


def test_the_same_message_has_the_same_however_often_it_is_written() -> None:
    assert everything() == everything()
    signed = message().as_bytes(sign=RSA_SIGNER)
    assert readable(signed) == readable(message().as_bytes(eight_bit=True))


def test_an_image_is_told_from_an_attachment() -> None:
    image = Image("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(9), "image/png")
    assert "---- image" in readable(message(html='<img src="cid:logo.png">', images=[image]))


def test_a_first_snapshot_is_written_when_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"there is no snapshot .*test_it\.txt yet: run with --update-messages"):
        Snapshots(tmp_path / "new", "test_it")(message())
    assert not (tmp_path / "new").exists()
    Snapshots(tmp_path / "new", "test_it", update=True)(message())
    assert (tmp_path / "new" / "test_it.txt").read_text(encoding="utf-8") == readable(message())
    Snapshots(tmp_path / "new", "test_it")(message())


def test_what_changed_is_shown(tmp_path: Path) -> None:
    Snapshots(tmp_path, "test_it", update=True)(message())
    with pytest.raises(AssertionError) as caught:
        Snapshots(tmp_path, "test_it")(message(subject="Ho"))
    rows = str(caught.value).splitlines()
    assert rows[0] == (
        f"the message is another than in {tmp_path / 'test_it.txt'}; if that is meant, run with --update-messages"
    )
    assert {"-Subject: Hi", "+Subject: Ho"} <= set(rows)


def test_a_snapshot_that_is_right_is_not_written_again(tmp_path: Path) -> None:
    Snapshots(tmp_path, "test_it", update=True)(message())
    file = tmp_path / "test_it.txt"
    file.chmod(0o444)
    before = file.stat()
    Snapshots(tmp_path, "test_it", update=True)(message())
    assert file.stat() == before


def test_several_of_one_test_have_files_of_their_own(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, "TestMail::test_it[a/b c]", update=True)
    for name in ("", "", "ada", "ada", "../x"):
        snapshots(message(), name)
    Snapshots(tmp_path, "x" * 300, update=True)(message())
    names = sorted(path.name for path in tmp_path.iterdir())
    assert (
        names[:5]
        == [
            "TestMail-test_it-a-b-c--..-x.txt",
            "TestMail-test_it-a-b-c--2.txt",
            "TestMail-test_it-a-b-c--ada-2.txt",
            "TestMail-test_it-a-b-c--ada.txt",
            "TestMail-test_it-a-b-c-.txt",
        ]
        or len(names) == 6
    )
    assert all(len(name) < 120 for name in names)
