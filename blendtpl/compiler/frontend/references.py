"""References: what template is meant where another names one, in whatever spelling.

Enters: an environment, and the templates that there are. Leaves: an environment of the same kind, to compile with, in
which each constant name of a template is the one that the template has; and what was asked for.
"""

from collections.abc import Callable, Iterable, Mapping

import jinja2

from blendtpl.bundle.names import Spellings, spellings
from blendtpl.compiler.frontend.reader import Source


class NameResolver:
    """The names that templates ask for. `environment` joins names as the given one does, then finds what is meant."""

    def __init__(self, environment: jinja2.Environment, spellings: Spellings, exists: Callable[[str], bool]) -> None:
        self._spellings, self._exists, self._join = spellings, exists, environment.join_path
        self._resolved: dict[str, str] = {}
        # not an overlay: extensions are those of the environment that was given
        self.environment: jinja2.Environment = object.__new__(type(environment))
        vars(self.environment).update(vars(environment), join_path=self._joined)

    def resolve(self, written: str) -> str:
        """Return the name of the template that is found by a name, or that name where there is none."""
        return written if self._exists(written) else self._spellings.resolve(written) or written

    def take_resolved(self) -> tuple[tuple[str, str], ...]:
        """Return what was asked for since the last time, each with what was meant, in order."""
        resolved, self._resolved = self._resolved, {}
        return tuple(sorted(resolved.items()))

    def _joined(self, template: str, parent: str) -> str:
        written = self._join(template, parent)
        self._resolved[written] = resolved = self.resolve(written)
        return resolved


def name_resolver(
    environment: jinja2.Environment, sources: Mapping[str, Source], broken: Iterable[str] = ()
) -> NameResolver | None:
    """Return what finds the templates that are meant, or `None` where each is found by its name only. What is `broken`
    is there all the same.
    """
    roots = sorted({source.root for source in sources.values() if source.root is not None})
    if not roots:
        return None
    # nobody knows how what cannot be read may be spelt
    existing = {**{name: Source(name, "", "", roots[0]) for name in broken}, **sources}
    return NameResolver(environment, spellings(existing), existing.__contains__)
