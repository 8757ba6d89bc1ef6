"""An outbox: what is sent stays in it, and a server that one makes up answers.

Enters: messages, by `blendtpl.mail.send` or by hand. Leaves: what was posted, in order. Nothing is connected to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from blendtpl.mail import send as sending
from blendtpl.mail.send import DeliveryError, Refusal, Sendable, Sent
from blendtpl.testing.reading import ReadMessage, octets, read


@dataclass(frozen=True, slots=True)
class Post:
    """What was sent: the message, or `None` where only bytes were; the envelope; the bytes, with their signatures."""

    message: Any
    sender: str
    recipients: tuple[str, ...]
    data: bytes = field(repr=False)
    bcc: tuple[str, ...] = ()

    def read(self) -> ReadMessage:
        """Return it as its recipients read it."""
        return read(self)


class Outbox(Sequence[Post]):
    """What was sent, from the first to the last.

    `offers` are the extensions that its server has: without ``smtputf8`` it cannot take every address. `refuse` has it
    refuse a recipient.
    """

    def __init__(self, *, offers: Iterable[str] = ("8bitmime", "smtputf8")) -> None:
        self.offers = {extension.lower() for extension in offers}
        self._posts: list[Post] = []
        self._refusals: dict[str, Refusal] = {}

    def __len__(self) -> int:
        return len(self._posts)

    def __iter__(self) -> Iterator[Post]:
        return iter(self._posts)

    def __getitem__(self, index: Any) -> Any:
        return self._posts[index]

    def __repr__(self) -> str:
        return f"<Outbox of {len(self)}: {'; '.join(self._shown(post) for post in self._posts) or 'nothing was sent'}>"

    @property
    def only(self) -> Post:
        """The one that was sent; fails, and says what was sent, when there is none or are more."""
        if len(self._posts) != 1:
            raise AssertionError(f"one message should have been sent: {self!r}")
        return self._posts[0]

    def to(self, box: str) -> list[Post]:
        """Return what was sent to an address."""
        return [post for post in self._posts if box in post.recipients]

    def clear(self) -> None:
        """Forget what was sent, and whom to refuse."""
        self._posts.clear()
        self._refusals.clear()

    def refuse(self, box: str, code: int = 550, text: str = "5.1.1 no such box") -> None:
        """Have the server refuse a recipient from now on."""
        self._refusals[box] = Refusal(code, text)

    def add(self, message: Any, recipients: Iterable[str] | None = None, sender: str = "") -> Post:
        """Put a message in by hand: of blendtpl, of Django, of Flask-Mail, or bytes. Returns what became of it."""
        parsed = read(message)
        envelope = parsed.recipients if recipients is None else tuple(recipients)
        whole = None if isinstance(message, (bytes, bytearray, memoryview)) else message
        sender = sender or getattr(message, "envelope_sender", "") or parsed.header("From") or ""
        post = Post(whole, sender, envelope, octets(message), parsed.bcc)
        self._posts.append(post)
        return post

    def smtp(self, *unused: Any, **options: Any) -> "Connection":
        """Return what stands in for ``smtplib.SMTP(…)`` and ``aiosmtplib.SMTP(…)``, whatever it is called with."""
        return Connection(self)

    def install(self, setattr_: Callable[[object, str, object], None]) -> None:
        """Have `send` and `send_async` put messages here, by something like pytest's ``monkeypatch.setattr``."""
        setattr_(sending, "_send", self._send)
        setattr_(sending, "_send_async", self._send_async)

    def _send(self, message: Sendable, smtp: object, sign: Any) -> Sent:
        data, options = sending._prepared(message, self._has, sign)
        answers = self._answers(message.recipients)
        sent = sending._sent(
            message, {box: (answer.code, answer.text) for box, answer in answers.items()}, data, options
        )
        bcc = tuple(getattr(message, "bcc", ()))
        self._posts.append(Post(message, message.envelope_sender, sent.taken, data, bcc))
        return sent

    async def _send_async(self, message: Sendable, smtp: object, sign: Any) -> Sent:
        return self._send(message, smtp, sign)

    def _has(self, extension: str) -> bool:
        return extension.lower() in self.offers

    def _answers(self, recipients: Sequence[str]) -> Mapping[str, Refusal]:
        refused = {box: self._refusals[box] for box in recipients if box in self._refusals}
        if len(refused) == len(recipients):
            raise DeliveryError("the server refused the recipients", None, refused)
        return MappingProxyType(refused)

    def _shown(self, post: Post) -> str:
        return f"{post.read().subject!r} to {', '.join(post.recipients)}"


class Connection:
    """A connection to the server of an outbox, with what applications call of one."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *unused: object) -> None: ...

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *unused: object) -> None: ...

    def connect(self, *unused: Any, **options: Any) -> tuple[int, bytes]:
        """Do nothing, as there is nothing to connect to."""
        return 220, b"ready"

    starttls = login = ehlo = helo = noop = quit = set_debuglevel = connect

    def close(self) -> None:
        """Do nothing."""

    def has_extn(self, extension: str) -> bool:
        """Tell whether the server has an extension."""
        return self._outbox._has(extension)

    def sendmail(
        self, sender: str, recipients: Sequence[str], data: bytes | str, *unused: Any, **options: Any
    ) -> dict[str, tuple[int, bytes]]:
        """Put bytes into the outbox; return whom the server refuses."""
        boxes = [recipients] if isinstance(recipients, str) else list(recipients)
        refused = self._outbox._answers(boxes)
        octets_ = data.encode() if isinstance(data, str) else data
        self._outbox.add(octets_, [box for box in boxes if box not in refused], sender)
        return {box: (answer.code, answer.text.encode()) for box, answer in refused.items()}
