"""Choices: the ways in which a tag is printed that depends on conditions, one after another as a render comes to them.

Enters: what is printed in a tag. Leaves: its texts, each with the conditions that it stands under, written as Jinja2
has them, so that a style can stand under the same. A condition that calls something is none: it might say something
else when it is asked again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jinja2 import nodes

Assumed = Mapping[str, bool]  # conditions, and whether each holds

_MOST = 8  # ways of one tag
_COMPARED = {"eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in"}
_PURE = {"default", "d", "length", "count", "lower", "upper", "int", "string"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A text, and the conditions under which it is printed, in the order in which they are asked."""

    under: tuple[tuple[str, bool], ...]
    text: str


Choices = tuple[Choice, ...]


def joined(parts: Sequence[Choices | None]) -> Choices | None:
    """Return the choices of what is printed one after another."""
    combined: list[Choice] = [Choice((), "")]
    for choices in parts:
        if choices is None or len(combined) > _MOST:
            return None
        combined = [
            Choice((*first.under, *(pair for pair in then.under if pair not in first.under)), first.text + then.text)
            for first in combined
            for then in choices
            if all(dict(first.under).get(name, value) is value for name, value in then.under)
        ]
    return tuple(combined)


def either(tests: Sequence[nodes.Node], bodies: Sequence[Choices | None]) -> Choices | None:
    """Return the choices of a condition with so many tests, and one body more."""
    alternatives: list[Choice] = []
    before: tuple[tuple[str, bool], ...] = ()
    for index, choices in enumerate(bodies):
        under = before
        if index < len(tests):
            test = written(tests[index])
            if test is None:
                return None
            under, before = (*before, (test, True)), (*before, (test, False))
        if choices is None:
            return None
        alternatives += [
            Choice((*under, *(pair for pair in choice.under if pair not in under)), choice.text)
            for choice in choices
            if all(dict(under).get(name, value) is value for name, value in choice.under)
            and all(dict(under)[name] is value for name, value in under)
        ]
    return tuple(alternatives)


def decided(choices: Choices, assumed: Assumed) -> str | None:
    """Return what is printed under these assumptions, if they decide that."""
    for choice in choices:
        if all(assumed.get(name) is value for name, value in choice.under):
            return choice.text
    return None


def next_test(tag: Sequence[Choices], assumed: Assumed) -> str | None:
    """Return the condition that is asked next, where these are known; nothing where all is decided."""
    for choices in tag:
        for choice in choices:
            open_ = [name for name, _ in choice.under if name not in assumed]
            if all(assumed.get(name, value) is value for name, value in choice.under):
                if open_:
                    return open_[0]
                break
    return None


def ways(tag: Sequence[Choices]) -> list[dict[str, bool]] | None:
    """Return all ways in which a tag may be printed, or `None` where they are too many."""
    pending: list[dict[str, bool]] = [{}]
    complete: list[dict[str, bool]] = []
    while pending:
        assumed = pending.pop()
        test = next_test(tag, assumed)
        if test is None:
            complete.append(assumed)
        else:
            pending += [{**assumed, test: False}, {**assumed, test: True}]
        if len(complete) + len(pending) > _MOST:
            return None
    return complete


def branched(tag: Sequence[Choices], text: Callable[[Assumed], str], signs: tuple[str, str]) -> str:
    """Return a text that depends on how a tag is printed, under the conditions of that; `signs` are what stands around
    a tag of Jinja2.
    """

    def inner(assumed: dict[str, bool]) -> str:
        test = next_test(tag, assumed)
        if test is None:
            return text(assumed)
        holds, fails = inner({**assumed, test: True}), inner({**assumed, test: False})
        start, end = signs
        other = f"{start} else {end}{fails}" if fails else ""
        return holds if holds == fails else f"{start} if {test} {end}{holds}{other}{start} endif {end}"

    return inner({})


def written(node: nodes.Node) -> str | None:
    """Return a condition as Jinja2 has it, on one line, or `None` for one that is not looked at twice."""
    pieces = list(_written(node))
    return None if None in pieces else "".join(piece or "" for piece in pieces)


def _written(node: nodes.Node) -> Iterator[str | None]:
    match node:
        case nodes.Name():
            yield node.name
        case nodes.Const(value=str() | int() | float() | bool() | None):
            text = repr(node.value)
            yield (
                None
                if set(text) & set("<>&\\{}%#\n")
                else {"True": "true", "False": "false", "None": "none"}.get(text, text)
            )
        case nodes.Getattr():
            yield from (*_written(node.node), f".{node.attr}")
        case nodes.Getitem() if not isinstance(node.arg, nodes.Slice):
            yield from (*_written(node.node), "[", *_written(node.arg), "]")
        case nodes.Not():
            yield from ("(not ", *_written(node.node), ")")
        case nodes.And() | nodes.Or():
            word = " and " if isinstance(node, nodes.And) else " or "
            yield from ("(", *_written(node.left), word, *_written(node.right), ")")
        case nodes.Compare() if all(operand.op in _COMPARED for operand in node.ops):
            yield "("
            yield from _written(node.expr)
            for operand in node.ops:
                yield from (f" {_COMPARED[operand.op]} ", *_written(operand.expr))
            yield ")"
        case nodes.Test() if node.node is not None and not (node.kwargs or node.dyn_args or node.dyn_kwargs):
            yield from ("(", *_written(node.node), f" is {node.name}", *_arguments(node.args), ")")
        case nodes.Filter() if (
            node.node is not None and node.name in _PURE and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        ):
            yield from ("(", *_written(node.node), f"|{node.name}", *_arguments(node.args), ")")
        case _:
            yield None


def _arguments(arguments: Sequence[nodes.Expr]) -> Iterator[str | None]:
    if arguments:
        yield "("
        for index, argument in enumerate(arguments):
            yield from (", " * bool(index), *_written(argument))
        yield ")"
