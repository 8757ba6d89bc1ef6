"""References: what template is meant where another names one, in whatever spelling.

Enters: an environment, and the templates that there are. Leaves: an environment of the same kind, to compile with, in
which each constant name of a template is the one that the template has; and what was asked for.
"""

from collections.abc import Callable, Iterable, Mapping

import jinja2

from blendtpl.bundle.names import Spellings, spellings
from blendtpl.compiler.frontend.reader import Source


class Asking:
    """The names that templates ask for. `environment` joins names as the given one does, then finds what is meant."""

    def __init__(self, environment: jinja2.Environment, spellings: Spellings, known: Callable[[str], bool]) -> None:
        self._spellings, self._known, self._join = spellings, known, environment.join_path
        self._asked: dict[str, str] = {}
        # not an overlay: extensions are those of the environment that was given
        self.environment: jinja2.Environment = object.__new__(type(environment))
        vars(self.environment).update(vars(environment), join_path=self._joined)

    def meant(self, asked: str) -> str:
        """Return the name of the template that is found by a name, or that name where there is none."""
        return asked if self._known(asked) else self._spellings.meant(asked) or asked

    def taken(self) -> tuple[tuple[str, str], ...]:
        """Return what was asked for since the last time, each with what was meant, in order."""
        asked, self._asked = self._asked, {}
        return tuple(sorted(asked.items()))

    def _joined(self, template: str, parent: str) -> str:
        asked = self._join(template, parent)
        self._asked[asked] = found = self.meant(asked)
        return found


def asking(environment: jinja2.Environment, sources: Mapping[str, Source], broken: Iterable[str] = ()) -> Asking | None:
    """Return what finds the templates that are meant, or `None` where each is found by its name only. What is `broken`
    is there all the same.
    """
    roots = sorted({source.root for source in sources.values() if source.root is not None})
    if not roots:
        return None
    # nobody knows how what cannot be read may be spelt
    known = {**{name: Source(name, "", "", roots[0]) for name in broken}, **sources}
    return Asking(environment, spellings(known), known.__contains__)
