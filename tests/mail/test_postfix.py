"""Debian's Postfix, on loopback: it takes what is sent, and gives it back as it was."""

import os
import re
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import blendtpl
from blendtpl.mail.dkim import DkimSigners
from blendtpl.mail.send import Sent, send
from tests.mail.signing import ED25519_SIGNER, RSA_SIGNER, verified

_TRACE = re.compile(rb"\A.*?^Received: .*?\r\n(?=\S)", re.DOTALL | re.MULTILINE)
DAEMONS = Path("/usr/lib/postfix/sbin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("postfix") is None or not DAEMONS.exists(), reason="Postfix is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix is started by root alone"),
]

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
smtpd_recipient_restrictions = permit_mynetworks, reject
smtputf8_enable = yes
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    port: int
    boxes: Path

    def sent(self, message: blendtpl.Message, *signers: object) -> Sent:
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="localhost", timeout=20) as smtp:
            return send(message, smtp, sign=signers)  # type: ignore[arg-type]

    def delivered(self, count: int) -> list[bytes]:
        """Return so many messages, with CRLF line ends, less what Postfix puts in front of them."""
        for _ in range(200):
            files = list(self.boxes.glob("all/new/*"))
            if len(files) >= count:
                break
            time.sleep(0.1)
        found = [file.read_bytes().replace(b"\n", b"\r\n") for file in files]
        for file in files:
            file.unlink()
        return [_TRACE.sub(b"", data, count=1) for data in found]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    folder = Path(tempfile.mkdtemp(prefix="postfix", dir="/tmp"))
    folder.chmod(0o755)
    for name in ("conf", "queue", "data", "boxes"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "boxes", 65534, 65534)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "conf" / "main.cf").write_text(MAIN.format(folder=folder, daemons=DAEMONS))
    (folder / "conf" / "master.cf").write_text(MASTER.format(port=port))
    command = ["postfix", "-c", str(folder / "conf")]
    subprocess.run([*command, "start"], check=True, capture_output=True, timeout=60)
    try:
        yield Postfix(port, folder / "boxes")
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


MESSAGES: dict[str, dict[str, object]] = {
    "plain": {},
    "dots and blanks": {"text": ".\n..\n  two  blanks \n\n.\n\n\n"},
    "beyond ascii": {"subject": "Überraschung 🙂 " * 9, "text": "Grüße\n" * 40, "html": "<p>Grüße</p>\n" * 40},
    "long lines": {"html": "<p>" + "x" * 5000 + "</p>"},
    "a file": {"attachments": [("bücher.bin", bytes(range(256)) * 40)]},
    "an address beyond ascii": {"to": ["用户@example.org"], "smtputf8": True},
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_it_gives_back_what_was_sent(postfix: Postfix, kind: str) -> None:
    given: dict[str, object] = {"subject": "Hi", "text": "Hello\n", "html": None, "sender": "a@example.com"}
    message = blendtpl.Message(**{**given, "to": ["b@example.org"], **MESSAGES[kind]})  # type: ignore[arg-type]
    sent = postfix.sent(message, DkimSigners(RSA_SIGNER, ED25519_SIGNER))
    (data,) = postfix.delivered(1)
    assert data == sent.data
    for index in (0, 1):
        assert verified(data, RSA_SIGNER, ED25519_SIGNER, index=index)


def test_every_recipient_gets_it_and_no_byte_names_a_bcc(postfix: Postfix) -> None:
    message = blendtpl.Message(
        subject="Hi",
        text="Hello\n",
        html=None,
        sender="a@example.com",
        to=("b@example.org",),
        cc=("c@example.org",),
        bcc=("d@example.org",),
    )
    sent = postfix.sent(message)
    assert sent.taken == ("b@example.org", "c@example.org", "d@example.org")
    assert postfix.delivered(3) == [sent.data] * 3
    assert b"d@example.org" not in sent.data
