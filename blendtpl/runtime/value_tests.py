"""Value tests: those of Jinja2's own tests that ask for a kind of value, in less time.

Enters: a value. Leaves: what Jinja2's test of that name says. Abstract classes are asked only of what is not known by
its type. Only `blendtpl.runtime.filters` gives them to anybody.
"""

from collections.abc import Callable
from types import MappingProxyType, NoneType
from typing import Any

from jinja2 import tests

_PLAIN = (str, int, float, bool, NoneType, list, tuple, dict)


def _known(theirs: Callable[[Any], bool], *kinds: type) -> Callable[[Any], bool]:
    """Return a test that is true of some plain types, false of the others, and for all else up to Jinja2's."""
    known = {kind: kind in kinds for kind in _PLAIN}

    def test(value: Any) -> bool:
        answer = known.get(type(value))
        return theirs(value) if answer is None else answer

    return test


TESTS = MappingProxyType(
    {
        "mapping": _known(tests.test_mapping, dict),
        "number": _known(tests.test_number, int, float, bool),
        "sequence": _known(tests.test_sequence, str, list, tuple, dict),
        "iterable": _known(tests.test_iterable, str, list, tuple, dict),
    }
)
