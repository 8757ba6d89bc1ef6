"""Positions: in which column of its line a thing stands, which Jinja2's tokens and nodes do not know.

Enters: a source and the tokens that Jinja2's lexer makes of it. Leaves: spots. This runs for a faulty template only.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import jinja2
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Token


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a source; lines and columns count from 1, column 0 is unknown."""

    line: int
    column: int
    width: int
    source_line: str


class Positions:
    """The places of all tokens of one source, up to the first that the lexer refuses."""

    def __init__(self, environment: jinja2.Environment, name: str, text: str) -> None:
        self._text = text
        self._lines = text.splitlines()
        self._tokens = list(_locate(environment, name, text))

    def of_token(self, index: int) -> Spot | None:
        """Return the spot of the token with that index, or `None` for one that stands nowhere, like the end."""
        if not 0 <= index < len(self._tokens):
            return None
        token, offset = self._tokens[index]
        return None if offset < 0 else self.of_offset(offset, len(str(token.value)))

    def of_word(self, line: int, word: str) -> Spot:
        """Return the spot of the first token on that line that is `word`, else of `word` itself, else of the line."""
        for token, offset in self._tokens:
            if token.lineno == line and offset >= 0 and str(token.value) == word:
                return self.of_offset(offset, len(word))
        source_line = self._line(line)
        column = source_line.find(word) + 1 if word else 0
        return Spot(line, column, len(word) or 1, source_line)

    def of_offset(self, offset: int, width: int) -> Spot:
        """Return the spot of the character at that offset."""
        line = self._text.count("\n", 0, offset) + 1
        column = offset - (self._text.rfind("\n", 0, offset) + 1) + 1
        return Spot(line, column, width, self._line(line))

    def _line(self, line: int) -> str:
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ""

    def __len__(self) -> int:
        return len(self._tokens)


def _locate(environment: jinja2.Environment, name: str, text: str) -> Iterator[tuple[Token, int]]:
    """Yield each token with its offset: tokens come in order, so each is found behind the one before it."""
    behind = 0
    try:
        for token in environment._tokenize(text, name, name):
            value = str(token.value)
            offset = text.find(value, behind) if value else -1
            if offset >= 0:
                behind = offset + len(value)
            yield token, offset
    except TemplateSyntaxError:
        return
