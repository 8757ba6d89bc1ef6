"""Literals: which constants can be written into code, and what is in a text that is translated."""

import re

from markupsafe import Markup

# the parts of a text that is translated: variables, as ``%`` puts them there
FORM = re.compile(r"%\((?P<name>\w+)\)s|(?P<percent>%%)|(?P<text>[^%]+)")


def has_literal(value: object) -> bool:
    """Return whether a constant can be written as a literal."""
    if value is None or value is NotImplemented or value is Ellipsis:
        return True
    if type(value) in {bool, int, float, complex, range, str, Markup}:
        return True
    if isinstance(value, (tuple, list, set, frozenset)) and type(value) in {tuple, list, set, frozenset}:
        return all(map(has_literal, value))
    if isinstance(value, dict) and type(value) is dict:
        return all(has_literal(key) and has_literal(part) for key, part in value.items())
    return False
