"""Assertions on messages that compare more than one value, with failures that name what is wrong.

Enters: whatever `read` takes. Leaves: what was read, or an `AssertionError` with every mistake that was found.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from blendtpl.testing.reading import ReadMessage, read

_ELSEWHERE = frozenset(("mailto", "tel", "sms", "cid", "data"))  # what is no page


def assert_links(message: object, *, has: Iterable[str] = (), https: bool = True, same: bool = True) -> ReadMessage:
    """Assert that links lead somewhere, by https, and that text and HTML have the same.

    `has` are URLs that must be among them. `https=False` lets `http:` be, for what is tested on one's own machine;
    `same=False` lets the two parts differ. Images are looked at as well, and ``List-Unsubscribe``.
    """
    parsed = read(message)
    wrong = [
        f"the {where} has {url!r}, which {problem}"
        for where, urls in (("text", parsed.text_links), ("HTML", parsed.html_links), ("HTML", parsed.sources))
        for url in dict.fromkeys(urls)
        if (problem := _problem(url, https))
    ]
    header = parsed.header("List-Unsubscribe") or ""
    wrong += [
        f"the header List-Unsubscribe has {url!r}, which {problem}"
        for url in (part.strip(" <>") for part in header.split(",") if part.strip())
        if (problem := _problem(url, https))
    ]
    wrong += [f"no part has the link {url!r}" for url in has if url not in parsed.links]
    if same and parsed.text is not None and parsed.html is not None:
        html, text = _pages(parsed.html_links), _pages(parsed.text_links)
        wrong += [f"the HTML has {url!r}, and the text does not" for url in html if url not in text]
        wrong += [f"the text has {url!r}, and the HTML does not" for url in text if url not in html]
    return _right(parsed, wrong)


def assert_says(message: object, *phrases: str) -> ReadMessage:
    """Assert that each body has each phrase: the text, and what the HTML shows. Blank space counts as one blank."""
    parsed = read(message)
    bodies = {"text": parsed.text, "HTML": None if parsed.html is None else parsed.html_text}
    wrong = [
        f"the {name} does not say {phrase!r}"
        for name, body in bodies.items()
        if body is not None
        for phrase in phrases
        if " ".join(phrase.split()) not in " ".join(body.split())
    ]
    return _right(parsed, wrong)


def assert_recipients(message: object, *boxes: str) -> ReadMessage:
    """Assert that the envelope has these addresses (``box@host``) and no other, and that no byte names a `bcc`."""
    parsed = read(message)
    wrong = [f"it does not go to {box}" for box in boxes if box not in parsed.recipients]
    wrong += [f"it goes to {box}, too" for box in parsed.recipients if box not in boxes]
    if parsed.header("Bcc") is not None:
        wrong.append("it has the header Bcc, which all recipients see")
    return _right(parsed, wrong)


def assert_headers(message: object, headers: Mapping[str, str | None]) -> ReadMessage:
    """Assert what headers say, unfolded and decoded; `None` stands for one that must not be there."""
    parsed = read(message)
    wrong = [
        f"the header {name} is {parsed.header(name)!r}, and should be {value!r}"
        for name, value in headers.items()
        if parsed.header(name) != value
    ]
    return _right(parsed, wrong)


def _problem(url: str, https: bool) -> str:
    """Return what is wrong with a URL, or nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "is no URL"
    if parts.scheme in _ELSEWHERE or (url.startswith("#") and len(url) > 1):
        return ""
    if parts.scheme not in ("http", "https"):
        return "leads nowhere from a message: write it with https and its host"
    if not parts.hostname:
        return "has no host"
    return "is not by https" if https and parts.scheme == "http" else ""


def _pages(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(url for url in urls if url.lower().startswith(("http:", "https:"))))


def _right(parsed: ReadMessage, wrong: list[str]) -> ReadMessage:
    if wrong:
        raise AssertionError(f"the message {parsed.subject!r}: " + "; ".join(wrong))
    return parsed
