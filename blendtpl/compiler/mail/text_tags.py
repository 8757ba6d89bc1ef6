"""Text tags: Jinja2's tags of an HTML template, as the text that is made of it has them.

Enters: the tokens of a template. Leaves: data and tags in order. References lead to the texts of templates; filters
that make HTML, or escape, are left out; whitespace control has been done.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import jinja2

from blendtpl.bundle.environment import ENGINE_ENDING

TWIN = ".txt"

_REFERENCES = {"extends", "include", "import", "from"}
_OF_HTML = {"urlize", "safe", "e", "escape", "forceescape"}
_BLOCKS = frozenset(("if", "for", "block", "macro", "call", "filter", "trans", "with", "raw", "autoescape"))
HTML_NAME = re.compile(rf"\.x?html?{ENGINE_ENDING}*\Z")  # also the end of one that is put together


@dataclass(frozen=True, slots=True)
class Piece:
    """Data (`word` is empty), or a tag with its text: `word` is its name, ``print`` for a value."""

    text: str
    line: int
    start: int
    end: int
    word: str = ""


class Tags:
    """How an environment writes tags."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._block = environment.block_start_string, environment.block_end_string
        self._print = environment.variable_start_string, environment.variable_end_string
        self._comment = environment.comment_start_string, environment.comment_end_string
        self.delimiters = (self._block[0], self._print[0], self._comment[0])

    def statement(self, text: str) -> str:
        """Return a tag that does something."""
        return f"{self._block[0]} {text} {self._block[1]}"

    def value(self, text: str) -> str:
        """Return a tag that prints something."""
        return f"{self._print[0]} {text} {self._print[1]}"

    def comment(self, text: str) -> str:
        """Return a comment."""
        return f"{self._comment[0]}{text}{self._comment[1]}"


def string(text: str) -> str:
    """Return a text as a string of Jinja2."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def depth(piece: Piece) -> int:
    """Return whether a tag begins something (1), ends it (-1), or neither."""
    if piece.word.startswith("end"):
        return -1
    if piece.word == "set":
        return int("=" not in piece.text)
    return int(piece.word in _BLOCKS)


def pieces(environment: jinja2.Environment, name: str, text: str, twinned: Callable[[str], bool]) -> Iterator[Piece]:
    """Yield the pieces of a source, whose line ends are ``\\n``; `twinned` says of which templates there are texts."""
    at, tokens, start = 0, [], 0
    for line, kind, raw in environment.lexer.tokeniter(text, name, name):
        begin = max(text.find(raw, at), at) if raw else at
        at = begin + len(raw)
        if kind == "data":
            yield Piece(raw, line, begin, at)
        elif kind.endswith("_begin") and kind != "raw_begin":
            tokens, start = [(kind, raw)], begin
            first = line
        elif kind.endswith("_end") and kind != "raw_end":
            if tokens[0][0] in {"block_begin", "linestatement_begin"}:
                yield _statement(tokens[1:], first, start, at, environment, twinned)
            elif tokens[0][0] == "variable_begin":
                shown = "".join(raw for _, raw in _without_html(tokens[1:])).strip()
                marks = environment.variable_start_string, environment.variable_end_string
                yield Piece(f"{marks[0]} {shown} {marks[1]}", first, start, at, "print")
        elif tokens:
            tokens.append((kind, raw))


Token = tuple[str, str]


def _statement(
    tokens: Sequence[Token],
    line: int,
    start: int,
    end: int,
    environment: jinja2.Environment,
    twinned: Callable[[str], bool],
) -> Piece:
    remaining = _without_html(tokens)
    word = next((raw for kind, raw in remaining if kind == "name"), "")
    if word in _REFERENCES:
        remaining = _to_twins(remaining, word, twinned)
    shown = "".join(raw for _, raw in remaining).strip()
    return Piece(f"{environment.block_start_string} {shown} {environment.block_end_string}", line, start, end, word)


def _without_html(tokens: Sequence[Token]) -> list[Token]:
    """Return tokens without the filters that make HTML or escape it, and their arguments."""
    remaining: list[Token] = []
    index = 0
    while index < len(tokens):
        kind, raw = tokens[index]
        ahead = index + 1
        while ahead < len(tokens) and tokens[ahead][0] == "whitespace":
            ahead += 1
        if (kind, raw) == ("operator", "|") and ahead < len(tokens) and tokens[ahead][1] in _OF_HTML:
            index = ahead + 1
            if index < len(tokens) and tokens[index][1] == "(":
                depth = 0
                while index < len(tokens):
                    depth += {"(": 1, ")": -1}.get(tokens[index][1], 0)
                    index += 1
                    if depth == 0:
                        break
            continue
        remaining.append(tokens[index])
        index += 1
    return remaining


def _to_twins(tokens: Sequence[Token], word: str, twinned: Callable[[str], bool]) -> list[Token]:
    """Return a reference that leads to the texts of the templates that it names."""
    redirected: list[Token] = []
    named = False
    for kind, raw in tokens:
        if kind == "string" and not named and (twinned(raw[1:-1]) or HTML_NAME.search(raw[1:-1])):
            raw = f"{raw[:-1]}{TWIN}{raw[-1]}"
        named = named or (kind == "name" and raw in {"import", "as"} and word != "import")
        redirected.append((kind, raw))
    strings = any(kind == "string" for kind, _ in tokens)
    return _with_ending(redirected) if word == "include" and not strings else redirected


def _with_ending(tokens: list[Token]) -> list[Token]:
    """Return an include of a name that is put together, with the ending of texts."""
    # as for a name that is a constant
    ends = next(
        (index for index, (kind, raw) in enumerate(tokens) if kind == "name" and raw in {"ignore", "with", "without"}),
        len(tokens),
    )
    first = next(index for index, (kind, raw) in enumerate(tokens) if raw == "include") + 1
    expression = "".join(raw for _, raw in tokens[first:ends]).strip()
    return [*tokens[:first], ("data", f' ({expression}) ~ "{TWIN}" '), *tokens[ends:]]
