"""Choices: filters that do something to each of several items, where it is known what. That is found out once, when
code is loaded, and needs no context.

Enters: one of Jinja2's own filters, applied. Leaves: a call of what is bound for it, or the same.
"""

import jinja2
from jinja2.tests import TESTS

from blendtpl.bundle.environment import is_own, passed_argument
from blendtpl.compiler.ir.base import Value
from blendtpl.compiler.ir.values import Apply, Bound, Constant, Invoke
from blendtpl.compiler.lower.unit import Unit

# the filters that choose by a test, and whether they take the name of an attribute before that
_CHOICES = {"select": False, "reject": False, "selectattr": True, "rejectattr": True}


def chosen_once(unit: Unit, node: Apply) -> Value:
    """Return a filter as a call of what does what it does here, or itself where that is not known."""
    words: tuple[str, ...] | None = None
    operands: tuple[object, ...] = ()
    constants = node.arguments.constants
    if not node.own or node.kind != "filter" or unit.environment.is_async:  # where Jinja2 has others
        return node
    if node.called == "map":
        if constants and _is_plain(constants[0]) and not unit.environment.sandboxed:
            words, operands = ("application", str(constants[0])), (constants[1:],)
        elif (name := _attribute(node)) and _looks_up(unit):
            words, operands = ("mapped",), (name,)
    elif node.called in _CHOICES and constants is not None and _looks_up(unit):
        attr: tuple[object, ...] = constants[:1] if _CHOICES[node.called] else (None,)
        rest = constants[_CHOICES[node.called] :]
        if (not _CHOICES[node.called] or (attr and _is_plain(attr[0]))) and _is_test(unit, rest[:1]):
            words, operands = ("choice", node.called, *map(str, rest[:1])), (*attr, rest[1:])
    if words is None:
        return node
    given = (Constant(node.line, operand) for operand in operands)
    return Invoke(node.line, Bound(node.line, words), (node.frame, node.value, *given))


def _looks_up(unit: Unit) -> bool:
    """Return whether items are looked up as Jinja2 does it."""
    return type(unit.environment).getitem is jinja2.Environment.getitem and not unit.environment.sandboxed


def _attribute(node: Apply) -> str | None:
    """Return the name of the attribute that is all a filter is given."""
    match node.arguments:
        case arguments if arguments.positional or arguments.star is not None or arguments.stars is not None:
            return None
        case arguments if len(arguments.keywords) == 1 and arguments.keywords[0][0] == "attribute":
            attr = arguments.keywords[0][1]
            return attr.value if isinstance(attr, Constant) and _is_plain(attr.value) else None
    return None


def _is_test(unit: Unit, test: tuple[object, ...]) -> bool:
    """Return whether a name, if there is one, is that of a test of Jinja2's own which asks for nothing."""
    if not test:
        return True
    name = test[0]
    return _is_plain(name) and is_own(unit.environment, "test", str(name)) and not passed_argument(TESTS[str(name)])


def _is_plain(argument: object) -> bool:
    """Return whether an argument is a text that may be the name of something."""
    return type(argument) is str and argument.isidentifier()
