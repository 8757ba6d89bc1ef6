"""Positions: in which column of its line a thing stands, which Jinja2's tokens and nodes do not know.

Enters: a source and the environment whose lexer reads it. Leaves: spots. This runs for a faulty template only.

Lines are Jinja2's: only ``\\n``, ``\\r\\n`` and ``\\r`` end one. An extension may rewrite a source before it is read
(`preprocess`) or the tokens after (`filter_stream`): then a column is given only where it is certain.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import jinja2
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, newline_re


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a source; lines and columns count from 1, column 0 is unknown."""

    line: int
    column: int
    width: int
    source_line: str


@dataclass(frozen=True, slots=True)
class _Located:
    token: Token
    offset: int
    width: int
    line: int


class Positions:
    """The places of all tokens of one source, up to the first that the lexer refuses."""

    def __init__(self, environment: jinja2.Environment, name: str, text: str) -> None:
        self._written = newline_re.split(text)[::2]
        try:
            read = str(environment.preprocess(text, name, name))
        except TemplateSyntaxError:  # which an extension has raised, and which is what this place is asked for
            read = text
        self._lines = newline_re.split(read)[::2]
        self._text = "\n".join(self._lines)
        self._filtered = any(
            type(extension).filter_stream is not Extension.filter_stream for extension in environment.iter_extensions()
        )
        self._tokens: list[_Located] = []
        self._refusal: TemplateSyntaxError | None = None
        self._refused = (0, 0)
        self._tokens.extend(self._locate(environment, name, read))

    def of_token(self, remaining: int) -> Spot | None:
        """Return the spot of the token behind which, with itself, `remaining` are left; `None` where it is unknown."""
        if self._filtered or not 0 <= remaining <= len(self._tokens):
            return None
        if remaining == 0:
            return self.of_end()
        located = self._tokens[-remaining]
        return self.of_offset(located.offset, located.width)

    def of_refusal(self, error: TemplateSyntaxError) -> Spot | None:
        """Return the spot where the lexer stopped, if it was for this error."""
        same = self._refusal is not None and (self._refusal.message, self._refusal.lineno) == (
            error.message,
            error.lineno,
        )
        return self.of_offset(*self._refused) if same else None

    def of_end(self) -> Spot:
        """Return the spot behind the last character that is not blank."""
        return self.of_offset(len(self._text.rstrip()), 1)

    def of_word(self, line: int, word: str, after: Collection[str] = (), *, last: bool = False) -> Spot:
        """Return the spot of the first token in that line, or below it, that is `word`; or of the `last` in the line.

        One that stands behind a token in `after` goes before one that does not. When there is none, the spot is
        the line's, without a column.
        """
        first = word.partition(".")[0]  # of a filter such as `a.b`, which is three tokens
        places = [
            (line < located.line, not after or before not in after, located.offset, located.width)
            for before, located in self._pairs()
            if located.line >= line and str(located.token.value) in (word, first)
        ]
        if after:
            places = [place for place in places if not place[0] or not place[1]]
        if not places:
            return Spot(line, 0, 1, self._line(line))
        best = min(places)
        if last:
            best = max(place for place in places if place[:2] == best[:2])
        _, _, offset, width = best
        return self.of_offset(offset, width)

    def of_text(self, line: int, text: str) -> Spot:
        """Return the spot of a text in that line."""
        source_line = self._line(line)
        return Spot(line, source_line.find(text) + 1, max(len(text), 1), source_line)

    def of_value(self, line: int) -> Spot:
        """Return the spot of the last value that begins in that line, or above it."""
        begins = [
            located for located in self._tokens if located.token.type == "variable_begin" and located.line <= line
        ]
        return self.of_offset(begins[-1].offset, begins[-1].width) if begins else Spot(line, 0, 1, self._line(line))

    def line_of_open(self, tag: str) -> int:
        """Return the line of the last `tag` that no end tag closes, or 0."""
        depth = 0
        for before, located in reversed(list(self._pairs())):
            if before == "block_begin":
                word = str(located.token.value)
                depth += (word == f"end{tag}") - (word == tag)
                if depth < 0:
                    return located.line
        return 0

    def of_offset(self, offset: int, width: int) -> Spot:
        """Return the spot of the character at that offset of the source as the lexer reads it."""
        line = self._text.count("\n", 0, offset) + 1
        column = offset - (self._text.rfind("\n", 0, offset) + 1) + 1
        shown = self._line(line)
        if shown != self._lines[line - 1]:
            # rewritten by an extension: the column holds where the same word stands in the line once
            word = self._text[offset : offset + width]
            column = shown.find(word) + 1 if word.strip() and shown.count(word) == 1 else 0
        return Spot(line, column, min(width, max(len(shown) - column + 1, 1)), shown)

    def _line(self, line: int) -> str:
        """Return a line as it was written, or as an extension rewrote it when lines can no longer be told apart."""
        lines = self._written if len(self._written) == len(self._lines) else self._lines
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def _pairs(self) -> Iterator[tuple[str, _Located]]:
        """Yield what stands before each token (its value, or what kind of begin it is), and the token."""
        before = ""
        for located in self._tokens:
            yield before, located
            begins = located.token.type.endswith("_begin")
            before = located.token.type if begins else str(located.token.value)

    def _locate(self, environment: jinja2.Environment, name: str, text: str) -> Iterator[_Located]:
        """Yield each token with its place: raw tokens come in order, with nothing but stripped blanks in between."""
        behind = 0
        lexer = environment.lexer
        try:
            for line, kind, raw in lexer.tokeniter(text, name, name):
                offset = max(self._text.find(raw, behind), behind) if raw else behind
                behind = offset + len(raw)
                offset += len(raw) - len(raw.lstrip())
                # what an error that the lexer raises next is about: this token, or what follows it
                opened = kind in {"comment_begin", "raw_begin"}
                self._refused = (offset, len(raw.strip())) if opened else self._following(behind)
                wrapped = (offset, len(raw.strip()))
                try:
                    for token in lexer.wrap([(line, kind, raw)], name, name):
                        yield _Located(token, *wrapped, line)
                except TemplateSyntaxError:
                    self._refused = wrapped
                    raise
        except TemplateSyntaxError as error:
            self._refusal = error

    def _following(self, offset: int) -> tuple[int, int]:
        rest = self._text[offset:]
        return offset + len(rest) - len(rest.lstrip()), 1
