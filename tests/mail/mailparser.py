"""Whether generated messages arrive at mailparser, the reader of many programs in Node:
``python -m tests.mail.mailparser --count 2000 --seed 1``. npm installs it.
"""

import argparse
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import blendtpl
from blendtpl.mail import Attachment
from tests.mail.arrival import Generator

PINNED = "mailparser@3.14.2"
HERE = Path(__file__).parent


def wrong(fields: dict[str, Any], boxes: dict[str, Any], found: dict[str, Any]) -> str:
    """Return what mailparser reads otherwise than it was given, or nothing."""
    if found["subject"].strip() != fields["subject"].strip():
        return f"subject: {found['subject']!r} for {fields['subject']!r}"
    for name, wanted in boxes.items():
        read = [(text.strip(), box) for text, box in found[name]]  # it drops a blank at either end, or does not
        given = [(text.strip(), box) for text, box in wanted]
        if read != given:
            return f"{name}: {[pair for pair in zip(read, given, strict=False) if pair[0] != pair[1]]}"
    for part in ("text", "html"):
        wanted_text = fields[part] or ""
        if _lines(found[part]) != _lines(wanted_text):
            return f"{part}: {found[part]!r} for {wanted_text!r}"
    files = [(name, b64decode(data)) for name, data in found["files"]]
    for each in fields["attachments"]:
        if isinstance(each, Attachment) and (each.name, each.content) not in files:
            return f"a file: {each.name!r} is not among {[name for name, _ in files]}"
    return ""


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def read_all(folder: str, messages: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return what mailparser, which npm puts into `folder`, makes of messages."""
    options = ("--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    subprocess.run(["npm", "install", *options, PINNED], cwd=folder, check=True)
    lines = b"\n".join(map(b64encode, messages))
    done = subprocess.run(["node", str(HERE / "read.mjs"), folder], input=lines, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate messages, and have mailparser read them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="how many messages (default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="of the numbers (default: 1)")
    given = parser.parse_args(arguments)
    generator = Generator(given.seed)
    made = [generator.fields() for _ in range(given.count)]
    with TemporaryDirectory() as folder:
        found = read_all(folder, [blendtpl.Message(**fields).as_bytes() for fields, _ in made])
    problems = [
        f"number {number}: {problem}"
        for number, ((fields, boxes), read) in enumerate(zip(made, found, strict=True))
        if (problem := wrong(fields, boxes, read))
    ]
    print(*problems[:5], f"{len(made) - len(problems):,} of {len(made):,} messages arrived at mailparser", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
