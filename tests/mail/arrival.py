"""Whether generated messages arrive: ``python -m tests.mail.arrival --count 20000 --seed 1``.

Each message has what is hard: letters of every plane of Unicode, long words without blanks, names with commas, quotes
and backslashes, up to 50 recipients, long URLs, lone carriage returns, lines that begin with a full stop, empty parts,
files. A strict reader, and for one in ten the standard library's modern one, must find in its bytes what was given, no
line may be over its limit, and Python's parser may have no defect to tell of. Prints how many arrived, and the first
that did not.
"""

import argparse
import email
import email.policy
import random
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

import blendtpl
from blendtpl.mail import Attachment, Image, Invitation, Unsubscribe
from testkit.strict_mail import read_mail, read_mailboxes, read_text

PLANES = (
    *((0x20, 0x7E), (0xA1, 0x17F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0x97F), (0x2010, 0x2027)),
    *((0x3041, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0xE000, 0xE010), (0xFE00, 0xFE0F), (0x1F300, 0x1F64F)),
    *((0x20000, 0x200FF), (0x30000, 0x30010), (0xE0100, 0xE0110), (0xF0000, 0xF0010), (0x100000, 0x100010)),
)
_PYTHONS_SHARE = 10  # of so many messages Python reads one: it takes ten times as long as all else
SIGNS = ",;:\"\\'<>()[]@.=?_!#%&*+-/ "


class Generator:
    """Fields of messages, by chance."""

    def __init__(self, seed: int) -> None:
        self.numbers = random.Random(seed)

    def character(self) -> str:
        return chr(self.numbers.randint(*self.numbers.choice(PLANES)))

    def word(self, most: int = 12) -> str:
        kind = self.numbers.random()
        size = self.numbers.randint(1, most)
        if kind < 0.5:
            return "".join(self.numbers.choice("abcdefghijklmnopqrstuvwxyzABCDEF0123456789.-") for _ in range(size))
        if kind < 0.7:
            low, high = self.numbers.choice(PLANES)
            return "".join(chr(self.numbers.randint(low, high)) for _ in range(size)).replace(" ", "") or "x"
        if kind < 0.85:
            return "".join(self.character() for _ in range(size)).replace(" ", "") or "x"
        return "".join(self.numbers.choice(SIGNS) for _ in range(size))

    def line(self, words: int) -> str:
        found = [self.word(self.numbers.choice((3, 12, 12, 90))) for _ in range(self.numbers.randint(0, words))]
        text = (" " if self.numbers.random() < 0.95 else "  ").join(found)
        return text.replace("=?", "= ?")  # an encoded word is refused, as its readers would decode it

    def address(self) -> tuple[str, str]:
        box = f"{self.numbers.choice('abc')}{self.numbers.randint(0, 9999)}@example.org"
        return (self.line(5), box) if self.numbers.random() < 0.8 else ("", box)

    def body(self) -> str:
        ends = self.numbers.choices(("\n", "\r\n", "\r", "\n\n", ""), (20, 2, 1, 3, 1), k=self.numbers.randint(0, 12))
        starts = self.numbers.choices(
            ("", ".", "From ", " ", "\t", "=", "--=_blendtpl_alternative"), (9, 1, 1, 1, 1, 1, 1), k=12
        )
        text = "".join(f"{start}{self.line(12)}{end}" for start, end in zip(starts, ends, strict=False))
        return text + ("x" * self.numbers.randint(900, 1100) if self.numbers.random() < 0.05 else "")

    def fields(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fields of a message, and what a reader has to find."""
        numbers = self.numbers
        boxes = {
            "From": [self.address()],
            "To": [self.address() for _ in range(numbers.choice((1, 1, 1, 2, 5, 50)))],
            "Cc": [self.address() for _ in range(numbers.choice((0, 0, 0, 3)))],
            "Reply-To": [self.address() for _ in range(numbers.choice((0, 0, 1, 2)))],
        }
        written = {name: [_written(*each) for each in found] for name, found in boxes.items()}
        has_text, has_html = numbers.choice(((True, True), (True, True), (True, False), (False, True)))
        url = "https://example.org/u?" + "".join(
            numbers.choice("abc123=&%-_.~") for _ in range(numbers.randint(1, 870))
        )
        files = [
            Attachment(numbers.randbytes(numbers.randint(0, 300)), self.file_name())
            for _ in range(numbers.choice((0,) * 6 + (1, 3)))
        ]
        invited = numbers.random() < 0.05
        calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
        fields: dict[str, Any] = {
            "subject": self.line(22),
            "text": self.body() if has_text else None,
            "html": self.body() if has_html else None,
            "sender": written["From"][0],
            "to": written["To"],
            "cc": written["Cc"],
            "reply_to": tuple(written["Reply-To"]),
            "bcc": ["hidden@secret.example"] if numbers.random() < 0.1 else (),
            "headers": {"X-Note": self.line(9), "X-Id": str(numbers.random())},
            "unsubscribe": Unsubscribe(url.replace("=?", "=")) if numbers.random() < 0.4 else None,
            "attachments": [*files, *([Invitation(calendar)] if invited else [])],
            "images": [Image("a/logo.png", numbers.randbytes(90))] if has_html and numbers.random() < 0.1 else (),
            "language": numbers.choice((None, "de", "pt-BR")),
            "priority": numbers.choice((None, None, "high")),
        }
        return fields, boxes

    def file_name(self) -> str:
        name = "".join(each for each in self.line(4) if each.isprintable() and each not in "/\\")
        return (name[:60] or "a") + ".bin"


def wrong(fields: dict[str, Any], boxes: dict[str, Any], *, by_python: bool) -> str:
    """Return what does not arrive of a message, or nothing; `by_python`: whether Python's slow reader looks, too."""
    message = blendtpl.Message(**fields)
    for eight_bit in (False, True):
        data = message.as_bytes(eight_bit=eight_bit)
        if not eight_bit and not data.isascii():
            return "octets beyond ASCII"
        if b"hidden@secret" in data:
            return "a blind copy is told"
        if by_python and not eight_bit:
            modern = email.message_from_bytes(data, policy=email.policy.default)
            if problem := _wrong_for_python(modern, fields, boxes):
                return problem
        mail = read_mail(data)
        headers = dict(mail.fields)
        if (
            read_text(headers["Subject"]) != fields["subject"]
            or read_text(headers["X-Note"]) != fields["headers"]["X-Note"]
        ):
            return "a text"
        if any(list(read_mailboxes(headers[name])) != found for name, found in boxes.items() if found):
            return "an address"
        if fields["unsubscribe"] and headers["List-Unsubscribe"] != f"<{fields['unsubscribe'].url}>":
            return "the URL"
        wanted = [_arrived(each) for each in (fields["text"], fields["html"]) if each is not None]
        if [text for _, text in mail.texts] != wanted:
            return "a body"
        files = {found.name: found.data for found in mail.files if found.name and not found.content_id}
        if files != {each.name: each.content for each in fields["attachments"] if isinstance(each, Attachment)}:
            return "a file"
        if len(mail.files) != len(fields["attachments"]) + len(fields["images"]):
            return "the number of files"
    return ""


def _wrong_for_python(found: EmailMessage, fields: dict[str, Any], boxes: dict[str, Any]) -> str:
    parts = list(found.walk())
    if any(part.defects for part in parts):
        return "Python finds a defect"
    if found["Subject"] != fields["subject"]:
        return "the subject, for Python"
    for name, wanted in boxes.items():
        if wanted and [each.addr_spec for each in found[name].addresses] != [box for _, box in wanted]:
            return "an address, for Python"
    return ""


def _arrived(text: str) -> str:
    return "\n".join(line.decode() for line in text.encode().splitlines()) + "\n"


def _written(name: str, box: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{box}>' if name else box


def run(count: int, seed: int) -> tuple[int, str]:
    """Return how many messages arrived before one that did not, and what was wrong with that."""
    generator = Generator(seed)
    for number in range(count):
        fields, boxes = generator.fields()
        try:
            problem = wrong(fields, boxes, by_python=number % _PYTHONS_SHARE == 0)
        except ValueError as error:
            problem = str(error)
        if problem:
            return number, f"number {number} of seed {seed}: {problem}\n{repr(fields)[:2000]}"
    return count, ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate messages, and look whether they arrive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="how many messages (default: 20,000)")
    parser.add_argument("--seed", type=int, default=1, help="of the numbers (default: 1)")
    given = parser.parse_args(arguments)
    arrived, problem = run(given.count, given.seed)
    print(problem or f"{arrived:,} messages arrived")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
