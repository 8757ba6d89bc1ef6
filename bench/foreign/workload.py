"""What a workload of this set is, and what contexts are made of."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2

Context = Mapping[str, Any]
Sources = Mapping[str, str]

_TEXT = """\
every page that changes has a reason & some have two <of them> while others wait for somebody who reads
what was there before and what stands there now so that nobody has to look again"""
_WORDS = _TEXT.split()


def escaping() -> jinja2.Environment:
    """Return an environment as most applications have it: escaping by the end of the name, all else Jinja2's."""
    return jinja2.Environment(autoescape=jinja2.select_autoescape())


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """One thing to render.

    `make` makes Jinja2's environment, which says what the template may use; `functions` are its own filters and
    globals, which the other peers get too, and what Jinja2 has and they have not. The sources of `minijinja` are
    Jinja2's where there are none. A text in place of sources is the reason why a peer cannot do the same.
    """

    name: str
    entry: str
    templates: Sources
    context: Context
    wheezy: Sources | str
    minijinja: Sources | str | None = None
    make: Callable[[], jinja2.Environment] = escaping
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    minijinja_options: Mapping[str, Any] = field(default_factory=dict)


class Record:
    """An object of attributes, as a row of a database is."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def prose(number: int, count: int) -> str:
    """Return so many words, others for each number."""
    return " ".join(_WORDS[(number * 7 + at) % len(_WORDS)] for at in range(count))


def wordwrap(text: str, width: int) -> str:
    """Return a text in lines, as Jinja2's filter makes them of one line, for peers that have none."""
    return "\n".join(textwrap.wrap(text, width, replace_whitespace=False, expand_tabs=False))
