"""Edits: the new code of a site, with the layout and the comments of the old.

Enters: a call, a statement, and what they become. Leaves: changed nodes, and a transformer that puts them into a
module. Nothing here decides anything.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst
from libcst import matchers

from blendtpl.migrate.captures import Capture
from blendtpl.migrate.decide import Decision
from blendtpl.migrate.sites import Site

Edit = Callable[[Any], Any]  # from a node, whose children are changed already, to what stands in its place

_WIDTH = 100  # of a sum of calls on one line

_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_SPACED = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def rendering(node: cst.Call, site: Site, decision: Decision, registry: str, quote: str) -> cst.Call:
    """Return the call of the registry for a site, whose call is `node`."""
    name = cst.SimpleString(f"{quote}{decision.template}{quote}")
    own = site.path_position
    if own is None:
        arguments = _with_first(node, cst.Arg(name))
    else:
        positions = [own, *site.positions]
        slots = list(node.args[: len(positions)])
        values = [name, *(node.args[position].value for position in site.positions)]
        arguments = [
            slot.with_changes(value=value, keyword=None, equal=cst.MaybeSentinel.DEFAULT)
            for slot, value in zip(slots, values, strict=True)
        ]
        arguments[-1] = arguments[-1].with_changes(comma=node.args[-1].comma)
    arguments = _with_names(arguments, decision.names)
    func = cst.Attribute(cst.Name(registry), cst.Name("render"))
    return node.with_changes(func=func, args=arguments)


def _with_first(node: cst.Call, first: cst.Arg) -> list[cst.Arg]:
    if not node.args:
        return [first]
    before = node.whitespace_before_args
    after: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace(" ")
    if isinstance(before, cst.ParenthesizedWhitespace):
        after = cst.ParenthesizedWhitespace(indent=before.indent, last_line=before.last_line)
    return [first.with_changes(comma=cst.Comma(whitespace_after=after)), *node.args]


def _with_names(arguments: list[cst.Arg], names: Sequence[str]) -> list[cst.Arg]:
    if not names:
        return arguments
    last = arguments[-1]
    added = [cst.Arg(cst.Name(name), keyword=cst.Name(name), equal=_TIGHT, comma=_SPACED) for name in names]
    tight = last.with_changes(comma=_SPACED, whitespace_after_arg=cst.SimpleWhitespace(""))
    end = added[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    return [*arguments[:-1], tight, *added[:-1], end]


def printing(call: cst.BaseExpression, quote: str) -> cst.Call:
    """Return the call that prints what another gives."""
    end = cst.Arg(cst.SimpleString(quote * 2), keyword=cst.Name("end"), equal=_TIGHT)
    return cst.Call(cst.Name("print"), [cst.Arg(call, comma=_SPACED), end])


def comments(node: cst.CSTNode) -> Counter[str]:
    """Return the comments in a piece of code, and how often each stands there."""
    return Counter(
        comment.value for comment in matchers.findall(node, matchers.Comment()) if isinstance(comment, cst.Comment)
    )


def strings(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Return the texts in a piece of code, in order."""
    return list(matchers.findall(node, matchers.SimpleString() | matchers.FormattedString()))


def captured(node: cst.With, capture: Capture) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
    """Return the assignments in place of a capture whose sites are calls of the registry already."""
    lines = [line for line in node.body.body if isinstance(line, cst.SimpleStatementLine)]
    header = node.body.header if isinstance(node.body, cst.IndentedBlock) else None
    leading = [*node.leading_lines, *([cst.EmptyLine(comment=header.comment)] if header and header.comment else [])]
    values = [expression.value for line in lines for expression in line.body if isinstance(expression, cst.Expr)]
    plain = not any(line.leading_lines for line in lines[1:]) and not any(comments(line) for line in lines[:-1])
    code = " + ".join(cst.Module([]).code_for_node(value) for value in values)
    if plain and "\n" not in code and len(code) <= _WIDTH:
        total = values[0]
        for value in values[1:]:
            total = cst.BinaryOperation(total, cst.Add(), value)
        first = _assignment(capture.name, total, lines[-1])
        assignments = [first.with_changes(leading_lines=[*leading, *lines[0].leading_lines])]
    else:
        assignments = [
            _assignment(capture.name, values[0], lines[0]).with_changes(
                leading_lines=[*leading, *lines[0].leading_lines]
            )
        ]
        assignments += [_addition(capture.name, value, line) for value, line in zip(values[1:], lines[1:], strict=True)]
    return cst.FlattenSentinel(assignments) if len(assignments) > 1 else assignments[0]


def _assignment(name: str, value: cst.BaseExpression, line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    return line.with_changes(body=[cst.Assign([cst.AssignTarget(cst.Name(name))], value)])


def _addition(name: str, value: cst.BaseExpression, line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    return line.with_changes(body=[cst.AugAssign(cst.Name(name), cst.AddAssign(), value)])


def unwrapped(node: cst.With) -> cst.BaseStatement:
    """Return the one statement in a `with`, in its place."""
    line = node.body.body[0]
    assert isinstance(line, cst.SimpleStatementLine)  # noqa: S101  # `held` takes no other
    header = node.body.header if isinstance(node.body, cst.IndentedBlock) else None
    above = [cst.EmptyLine(comment=header.comment)] if header and header.comment else []
    return line.with_changes(leading_lines=[*node.leading_lines, *above, *line.leading_lines])


def lines_of(node: cst.CSTNode) -> list[cst.EmptyLine]:
    """Return what stands above a statement that goes, and its own comments, as lines."""
    lines = list(getattr(node, "leading_lines", ()))
    own = Counter(comments(node))
    own.subtract(Counter(line.comment.value for line in lines if line.comment is not None))
    return [*lines, *(cst.EmptyLine(comment=cst.Comment(text)) for text in own.elements())]


def with_lines(lines: Sequence[cst.EmptyLine]) -> Edit:
    """Return the edit that puts lines above a statement; if they are blank, so that there are no more than before."""

    def edit(node: Any) -> Any:
        if isinstance(node, cst.FlattenSentinel):
            first, *others = node.nodes
            return cst.FlattenSentinel([edit(first), *others])
        own = list(node.leading_lines)
        if any(line.comment is not None for line in lines):
            return node.with_changes(leading_lines=[*lines, *own])
        return node.with_changes(leading_lines=own if len(own) >= len(lines) else lines)

    return edit


class Rewrite(cst.CSTTransformer):
    """Puts edits into a module, the inner ones before those around them."""

    def __init__(self) -> None:
        super().__init__()
        self._edits: dict[cst.CSTNode, list[Edit]] = defaultdict(list)

    def add(self, node: cst.CSTNode, edit: Edit) -> None:
        """Have a node changed, after what was added before."""
        self._edits[node].append(edit)

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Return what stands in place of a node."""
        changed = super().on_leave(original_node, updated_node)
        for edit in self._edits.get(original_node, ()):
            changed = edit(changed)
        return changed
