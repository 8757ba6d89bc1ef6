"""Parse: from a source to Jinja2's syntax tree, by Jinja2's own lexer, parser and extensions.

Enters: a source. Leaves: a tree, or a fault with the column that Jinja2's error lacks.
"""

import re
from itertools import chain

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from blendtpl.compiler import faults
from blendtpl.compiler.positions import Positions, Spot
from blendtpl.compiler.reader import Source
from blendtpl.errors import Fault

_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(?P<word>[^']*)'")
_OFFSET = re.compile(r"at (?P<offset>\d+)$")
_QUOTED = re.compile(r"'(?P<word>[^']+)'")

# what Jinja2's parser knows by itself, with the tags that only stand inside of others
_TAGS = frozenset(
    (
        *("autoescape", "block", "call", "elif", "else", "extends", "filter", "for", "from", "if", "import"),
        *("include", "macro", "print", "raw", "set", "with"),
        *("endautoescape", "endblock", "endcall", "endfilter", "endfor", "endif", "endmacro", "endraw", "endset"),
        "endwith",
    )
)


def parse(source: Source, environment: jinja2.Environment) -> nodes.Template | Fault:
    """Return the tree of a source, or the first mistake that the parser finds in it."""
    parser = None
    try:
        parser = Parser(environment, source.text, source.name, source.name)
        return parser.parse()
    except TemplateSyntaxError as error:
        return syntax_fault(source, environment, error, parser)
    except RecursionError:
        return faults.syntax(source.name, Spot(0, 0, 1, ""), "the template is nested too deeply to be parsed", "", ())


def syntax_fault(
    source: Source, environment: jinja2.Environment, error: TemplateSyntaxError, parser: Parser | None = None
) -> Fault:
    """Return the fault that tells Jinja2's error, under the token that it is about as far as that can be known."""
    message = error.message or str(error)
    positions = Positions(environment, source.name, source.text)
    unknown = _UNKNOWN_TAG.match(message)
    spot = None
    if offset := _OFFSET.search(message):
        spot = positions.of_offset(int(offset["offset"]), 1)
        message = message[: offset.start()].rstrip()
    elif parser is not None and parser.stream.current.lineno == error.lineno:
        word = str(parser.stream.current.value)
        spot = positions.of_token(len(positions) - _left(parser)) or positions.of_word(error.lineno, word)
    if spot is None or spot.line != error.lineno:
        quoted = [match["word"] for match in _QUOTED.finditer(message)]
        spot = positions.of_word(error.lineno, quoted[-1] if quoted else "")
    tags = chain(_TAGS, *(extension.tags for extension in environment.iter_extensions()))
    return faults.syntax(source.name, spot, message, unknown["word"] if unknown else "", tags)


def _left(parser: Parser) -> int:
    """Return how many tokens, with the current one, the parser has not taken yet; -1 when the lexer refuses one."""
    try:
        return sum(1 for _ in parser.stream)
    except TemplateSyntaxError:
        return -1
