"""Hole values: what may be printed in a tag, a value or a sheet.

Enters: a node. Leaves: all texts that it may print, or `None` where that may be anything; and which of them it prints
under which conditions.
"""

from collections.abc import Sequence
from dataclasses import replace

from jinja2 import nodes

from blendtpl.compiler.mail.bindings import Value, constant_name
from blendtpl.compiler.mail.choices import Choice, Choices, either, joined, written
from blendtpl.compiler.mail.composition import Around, Templates
from blendtpl.compiler.mail.constants import Constants
from blendtpl.compiler.mail.trees import bodies

_MOST = 32  # texts of one hole


class HoleValues:
    """The values of holes, whose templates are those of a set."""

    def __init__(self, templates: Templates, constants: Constants) -> None:
        self._templates, self._constants = templates, constants

    def of(self, node: nodes.Node, around: Around) -> tuple[str, ...] | None:
        """Return the texts that a node may print in a tag, in order of its branches."""
        if isinstance(node, nodes.Output):
            return self._joined([self.of(part, around) for part in node.nodes])
        if isinstance(node, nodes.If):
            return self._either([self._branch(part, around) for part in bodies(node)])
        if isinstance(node, nodes.Include):
            return self._plain(constant_name(node.template, around.template, self._templates.join))
        constant = self._constant(node, around)
        if constant is not None:
            return (constant,)
        if isinstance(node, nodes.CondExpr):
            other = ("",) if node.expr2 is None else self.of(node.expr2, around)
            return self._either([self.of(node.expr1, around), other])
        if isinstance(node, nodes.Name):
            named = self._named(node, around)
            return None if named is None else self.of(*named)
        return None

    def choices(self, node: nodes.Node, around: Around) -> Choices | None:
        """Return what a node prints in a tag under which conditions, if these can be asked for once more."""
        if isinstance(node, nodes.Output):
            return joined([self.choices(part, around) for part in node.nodes])
        if isinstance(node, nodes.If):
            tests = [node.test, *(branch.test for branch in node.elif_)]
            return either(tests, [joined([self.choices(part, around) for part in body]) for body in bodies(node)])
        texts = self.of(node, around)
        if texts is None:
            return None
        if len(set(texts)) == 1:
            return (Choice((), texts[0]),)
        if isinstance(node, nodes.CondExpr):
            other = (Choice((), ""),) if node.expr2 is None else self.choices(node.expr2, around)
            return either([node.test], [self.choices(node.expr1, around), other])
        if isinstance(node, nodes.Name):  # its value is asked for, as what that hangs on may have changed since
            distinct = list(dict.fromkeys(texts))
            tests = [nodes.Compare(node, [nodes.Operand("eq", nodes.Const(text))]) for text in distinct[:-1]]
            same = all(text and written(test) for text, test in zip(distinct, tests, strict=False))
            return either(tests, [(Choice((), text),) for text in distinct]) if same else None
        return None

    def _named(self, node: nodes.Name, around: Around) -> tuple[nodes.Expr, Around] | None:
        """Return the condition that a name was given the value of, and what is around it."""
        bindings, scope = around.scope.find(node.name)
        if len(bindings) == 1 and isinstance(bindings[0], Value) and isinstance(bindings[0].expression, nodes.CondExpr):
            return bindings[0].expression, replace(around, scope=scope)
        return None

    def _plain(self, name: str | None) -> tuple[str, ...] | None:
        """Return the text of a template that has no tags, as a sheet has that is included."""
        if name is None or name not in self._templates:
            return None
        parts = [part for node in self._templates.tree(name).body for part in getattr(node, "nodes", [None])]
        plain = all(isinstance(part, nodes.TemplateData) for part in parts)
        return ("".join(part.data for part in parts),) if plain else None

    def _branch(self, body: Sequence[nodes.Node], around: Around) -> tuple[str, ...] | None:
        return self._joined([self.of(part, around) for part in body])

    def _either(self, branches: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
        return None if None in branches else tuple(text for texts in branches for text in texts or ())

    def _joined(self, parts: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
        if None in parts:
            return None
        texts = [""]
        for alternatives in parts:
            texts = [text + other for text in texts for other in alternatives or ()]
        return tuple(texts) if len(texts) <= _MOST else None

    def _constant(self, node: nodes.Node, around: Around) -> str | None:
        return (
            self._constants.text(node, around.scope, escaped=around.escaped) if isinstance(node, nodes.Expr) else None
        )
