"""Debian's Postfix, on loopback, with mailboxes of its own; and whether messages come out of it as they went in.

`python -m tests.mail.postfix --count 200 --seed 1` sends it the generated messages of `tests.mail.arrival`, signed, and
compares what each recipient gets, octet by octet. Prints how many arrived, and the first that did not.
"""

import argparse
import os
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import blendtpl
from blendtpl.mail.dkim import DkimSigners
from blendtpl.mail.send import Sent, send
from testkit import PATIENCE
from tests.mail.arrival import Generator
from tests.mail.signing import ED25519_SIGNER, RSA_SIGNER, verified

_TRACE = re.compile(rb"\A.*?^Received: .*?\r\n(?=\S)", re.DOTALL | re.MULTILINE)
DAEMONS = Path("/usr/lib/postfix/sbin")


def missing() -> str:
    """Return why there is no Postfix that could be started, or nothing."""
    if shutil.which("postfix") is None or not DAEMONS.exists():
        return "Postfix is not installed"
    return "" if os.geteuid() == 0 else "Postfix is started by root alone"


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
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="localhost", timeout=PATIENCE) as smtp:
            return send(message, smtp, sign=signers)  # type: ignore[arg-type]

    def delivered(self, count: int) -> list[bytes]:
        """Return so many messages, with CRLF line ends, less what Postfix puts in front of them."""
        end = time.monotonic() + PATIENCE
        while len(files := list(self.boxes.glob("all/new/*"))) < count and time.monotonic() < end:
            time.sleep(0.02)
        found = [file.read_bytes().replace(b"\n", b"\r\n") for file in files]
        for file in files:
            file.unlink()
        return [_TRACE.sub(b"", data, count=1) for data in found]


@contextmanager
def running() -> Iterator[Postfix]:
    """Run a Postfix on a free port, and remove all that it had afterwards."""
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
    subprocess.run([*command, "start"], check=True, capture_output=True, timeout=PATIENCE)
    try:
        yield Postfix(port, folder / "boxes")
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True, timeout=PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def wrong(postfix: Postfix, generator: Generator) -> str:
    """Return what does not come out of it as it went in, of the next message, or nothing."""
    fields, _ = generator.fields()
    message = blendtpl.Message(**{**fields, "bcc": ()})  # whose domain is none of this Postfix
    sent = postfix.sent(message, DkimSigners(RSA_SIGNER, ED25519_SIGNER))
    copies = postfix.delivered(len(sent.taken))
    if len(copies) != len(sent.taken):
        return f"{len(copies)} of {len(sent.taken)} recipients have it"
    if any(copy != sent.data for copy in copies):
        return "it is another one"
    signed = all(verified(copies[0], RSA_SIGNER, ED25519_SIGNER, index=index) for index in (0, 1))
    return "" if signed else "its signatures are broken"


def run(count: int, seed: int) -> tuple[int, str]:
    """Return how many messages arrived before one that did not, and what was wrong with that."""
    generator = Generator(seed)
    with running() as postfix:
        for number in range(count):
            if problem := wrong(postfix, generator):
                return number, f"number {number} of seed {seed}: {problem}"
    return count, ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Send messages by Postfix, and compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.mail.postfix", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many messages (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the numbers (default: 1)")
    given = parser.parse_args(arguments)
    if why := missing():
        print(why, file=sys.stderr)
        return 1
    arrived, problem = run(given.count, given.seed)
    print(problem or f"{arrived:,} messages arrived")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
