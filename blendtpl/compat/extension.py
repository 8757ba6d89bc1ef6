"""The extension for templates that came from include-style files: the tag `return`, and output in PHP's order.

Enters: a tag. Leaves: a call that ends the template. Give it to the environment of `compile` and `load`.
"""

from typing import NoReturn

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from blendtpl.errors import ReturnedError

_AROUND = frozenset({"macro", "call", "filter", "set", "block"})  # tags whose output is not yet the template's


class IncludeExtension(Extension):
    """``{% return value %}`` ends a template and gives the value, or `None`, to whoever included it through a shim.

    With it, what a template has printed is in its output before it calls anything, so that what a Python function
    prints through a shim stands where it was called.
    """

    tags = {"return"}  # noqa: RUF012  # as Jinja2 has it
    in_order = True  # the compiler asks for this

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the node of the tag."""
        line = next(parser.stream).lineno
        around = next((tag for tag in reversed(parser._tag_stack) if tag in _AROUND), None)
        if around is not None:
            parser.fail(f"`return` ends a template, and cannot stand in `{around}`", line)
        value = nodes.Const(None) if parser.stream.current.type == "block_end" else parser.parse_tuple()
        return nodes.ExprStmt(self.call_method("end", [value], lineno=line), lineno=line)

    def end(self, value: object) -> NoReturn:
        """End the template that runs."""
        raise ReturnedError(value)
