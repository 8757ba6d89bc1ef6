"""The tag `flush`: what has been printed so far is not to wait for more of a stream.

Enters: the tag. Leaves: a node that does nothing in Jinja2, and that the compiler knows. It stands here as both halves
need it: the one to parse templates, the other for its environment to be the one that they were compiled for.
"""

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

_METHOD = "flush"


class FlushExtension(Extension):
    """``{% flush %}``: a stream hands out what has been printed before it, however little that is.

    It does nothing in a render that is no stream, nor where output is a value first: in a macro, and in a `call`, `set`
    or `filter` block. It is among blendtpl's defaults; other environments get it by ``extensions=``.
    """

    tags = {"flush"}  # noqa: RUF012  # as Jinja2 has it

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the node of the tag."""
        line = next(parser.stream).lineno
        return nodes.ExprStmt(self.attr(_METHOD, lineno=line), lineno=line)

    def flush(self) -> None:
        """Do nothing: templates only name it."""


def is_flush(node: nodes.Node) -> bool:
    """Return whether a statement is the tag."""
    if not isinstance(node, nodes.ExprStmt) or not isinstance(node.node, nodes.ExtensionAttribute):
        return False
    return node.node.identifier == FlushExtension.identifier and node.node.name == _METHOD
