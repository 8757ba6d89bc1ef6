"""Parse: from a source to Jinja2's syntax tree, by Jinja2's own lexer, parser and extensions.

Enters: a source. Leaves: a tree, or a fault with the column that Jinja2's error lacks.
"""

import re
from dataclasses import replace
from itertools import chain

import jinja2
from jinja2 import ext, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import newline_re
from jinja2.parser import Parser

from blendtpl.compiler.frontend import diagnostics
from blendtpl.compiler.frontend.metered import metered
from blendtpl.compiler.frontend.positions import Positions, Spot
from blendtpl.compiler.frontend.reader import Source
from blendtpl.errors import Fault, did_you_mean

_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(?P<word>[^']*)'")
_OPEN_TAG = re.compile(r"innermost block that needs to be closed is '(?P<word>\w+)'")
_TWICE = re.compile(r"block '(?P<word>\w+)' defined twice")
_NO_LOOP = re.compile(r"not in a loop: '")
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

_TOO_LONG = "Exceeds the limit"  # what Python says first of a number that has too many digits


def parse(source: Source, environment: jinja2.Environment) -> nodes.Template | Fault:
    """Return the tree of a source, or the first mistake that the parser finds in it."""
    parser = None
    try:
        parser = Parser(environment, source.text, source.name, source.name)
        return metered(with_lines(parser.parse(), environment), environment)
    except TemplateSyntaxError as error:
        return syntax_fault(source, environment, error, parser)
    except Exception as error:
        return fault_of(source, environment, error, 0 if parser is None else parser.stream.current.lineno)


def with_lines(tree: nodes.Template, environment: jinja2.Environment) -> nodes.Template:
    """Return a tree whose nodes all have a line: what an extension has made without one gets that of what it is in."""
    if all(type(extension).__module__ == ext.__name__ for extension in environment.extensions.values()):
        return tree  # Jinja2's own leave none out
    waiting: list[tuple[nodes.Node, int]] = [(tree, 1)]
    while waiting:
        node, line = waiting.pop()
        if getattr(node, "lineno", None) is None:
            node.lineno = line
        waiting += [(child, node.lineno) for child in node.iter_child_nodes()]
    return tree


def fault_of(source: Source, environment: jinja2.Environment, error: BaseException, line: int = 0) -> Fault:
    """Return the fault that tells what was raised while a template was compiled, in a line of it, if that is known."""
    if isinstance(error, TemplateSyntaxError):
        return syntax_fault(source, environment, error)
    if isinstance(error, SyntaxError):
        return diagnostics.refused(source.name, _spot(source, error.lineno or line), error.msg)
    if isinstance(error, (RecursionError, MemoryError)):
        what = "it is nested too deeply" if isinstance(error, RecursionError) else "there is not enough memory"
        return replace(diagnostics.too_much(source.name, _spot(source, line), what), error=error)
    if isinstance(error, ValueError) and str(error).startswith(_TOO_LONG):
        return replace(diagnostics.too_much(source.name, _spot(source, line), str(error)), error=error)
    return diagnostics.unexpected(source.name, _spot(source, line), error, _origin(error))


def _spot(source: Source, line: int) -> Spot:
    """Return the spot of a line: nothing is asked of extensions here, since it may be one of them that failed."""
    lines = newline_re.split(source.text)[::2]
    return Spot(line, 0, 1, lines[line - 1]) if 0 < line <= len(lines) else Spot(0, 0, 1, "")


def _origin(error: BaseException) -> str:
    """Return the function that an exception comes from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    frame = trace.tb_frame
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"


def syntax_fault(
    source: Source, environment: jinja2.Environment, error: TemplateSyntaxError, parser: Parser | None = None
) -> Fault:
    """Return the fault that tells Jinja2's error, under the token that it is about as far as that can be known."""
    message = error.message or str(error)
    positions = Positions(environment, source.name, source.text)
    spot = positions.of_refusal(error)
    if offset := _OFFSET.search(message):
        spot = positions.of_offset(int(offset["offset"]), 1)
        message = message[: offset.start()].rstrip()
    elif spot is None and parser is not None:
        current = parser.stream.current
        spot = positions.of_token(_remaining(parser))
        if (spot is None or spot.line != error.lineno) and current.lineno == error.lineno:
            spot = positions.of_end() if current.type == "eof" else positions.of_word(error.lineno, str(current.value))
    if spot is None or spot.line < error.lineno:
        quoted = [match["word"] for match in _QUOTED.finditer(message)]
        word, twice = quoted[-1] if quoted else "extends", bool(_TWICE.match(message))  # the one that quotes nothing
        spot = positions.of_word(error.lineno, word, ("block",) if twice else (), last=twice)
    return diagnostics.syntax(source.name, spot, message, _hint(message, positions, environment))


def _hint(message: str, positions: Positions, environment: jinja2.Environment) -> str:
    if match := _OPEN_TAG.search(message):
        line = positions.line_of_open(match["word"])
        return f"the `{match['word']}` of line {line} is not closed" if line else ""
    if match := _UNKNOWN_TAG.match(message):
        tags = {*chain(_TAGS, *(extension.tags for extension in environment.iter_extensions()))}
        return did_you_mean(match["word"], tags) if match["word"] not in tags else ""
    if _NO_LOOP.match(message):
        return "a macro, a `call` body, a block and the `else` of a loop are not in the loop that they stand in"
    return ""


def _remaining(parser: Parser) -> int:
    """Return how many tokens, with the current one, the parser has not taken yet, up to one that the lexer refuses."""
    count = 0
    try:
        for _ in parser.stream:
            count += 1
    except TemplateSyntaxError:
        count += 1  # the current one, behind which the lexer stopped
    except ValueError:
        return -1
    return count
