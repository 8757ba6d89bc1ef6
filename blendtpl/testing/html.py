"""HTML as a reader sees it: its words, and where its links lead.

Enters: the HTML of a message. Leaves: text and URLs, in the order in which they stand there. No layout is made.
"""

from html.parser import HTMLParser

_UNSEEN = frozenset(("head", "script", "style", "template", "title"))
_LINKS = {"a": "href", "area": "href", "form": "action"}
_SOURCES = {"img": "src", "source": "src", "td": "background", "table": "background", "body": "background"}
_INLINE = frozenset(
    ("a", "abbr", "b", "big", "code", "em", "font", "i", "s", "small", "span", "strong", "sub", "sup", "u")
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag not in _INLINE:
            self.words.append(" ")
        for table, addresses in ((_LINKS, self.links), (_SOURCES, self.sources)):
            value = dict(attrs).get(table.get(tag, ""))
            if value is not None:
                addresses.append(value.strip())
        if tag == "img":
            self.words.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if self._unseen and tag == self._unseen[-1]:
            self._unseen.pop()
        elif tag not in _INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)


def read_html(html: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the words with one blank between them, the links, and what images are taken from."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.words).split()), tuple(reader.links), tuple(reader.sources)
