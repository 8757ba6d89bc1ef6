"""The extension for templates that came from include-style files: the tag `return`, old paths in `include` tags, and
output in PHP's order.

Enters: a tag, or a path in one. Leaves: a call that ends the template, or a name. Give it to the environment of
`compile` and `load`.
"""

from typing import Any, NoReturn, Self

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from blendtpl.compat.paths import PHP, Paths
from blendtpl.errors import ReturnedError

_AROUND = frozenset({"macro", "call", "filter", "set", "block"})  # tags whose output is not yet the template's


class IncludeExtension(Extension):
    """``{% return value %}`` ends a template and gives the value, or `None`, to whoever included it through a shim.

    With it, what a template has printed is in its output before it calls anything, so that what a Python function
    prints through a shim stands where it was called.

    ``{% include "templates/email/foot.php" %}`` and the like mean what they mean to a shim: the environment's policies
    `include.roots` and `include.aliases` are its `roots` and `aliases`.
    """

    tags = {"return"}  # noqa: RUF012  # as Jinja2 has it
    in_order = True  # the compiler asks for this

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        environment.policies.setdefault("include.roots", ())
        environment.policies.setdefault("include.aliases", dict(PHP))
        self._join(environment)

    def bind(self, environment: jinja2.Environment) -> Self:
        """Return the extension for another environment."""
        bound = super().bind(environment)
        bound._join(environment)
        return bound

    def _join(self, environment: jinja2.Environment) -> None:
        self._paths: Paths | None = None
        environment.join_path = self.join_path  # type: ignore[method-assign]  # what templates say goes through it

    def join_path(self, template: Any, parent: str) -> Any:
        """Return the name of a template for what another calls it, in place of the environment's method."""
        if not isinstance(template, str):  # it may be anything that a template gives
            return template
        if self._paths is None:  # not before: policies are set after extensions are added
            policies = self.environment.policies
            self._paths = Paths(policies["include.roots"], policies["include.aliases"])
        kind = type(self.environment)
        return kind.join_path(self.environment, self._paths.joined(template, parent), parent)

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
