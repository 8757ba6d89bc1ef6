"""A pair: a set of templates, and an edit of it that changes neither its output nor what a person would have to do.

Enters: a scene, and what is edited in it, as data. Leaves: a pair, or a `ValueError` for an edit of what is not there.
Nothing here renders.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jinja2

from testkit.oracle import MakeEnvironment
from testkit.sections import with_blendtpls_defaults

MAIN = "main.html"


def site(**options: Any) -> jinja2.Environment:
    """Return an environment as many sites have it: a tag that has a line to itself leaves nothing in the output."""
    return with_blendtpls_defaults(**{"trim_blocks": True, "lstrip_blocks": True, **options})


@dataclass(frozen=True, slots=True)
class Scene:
    """What `main.html` is rendered of. The variables are made anew for who asks, the environment too."""

    templates: Mapping[str, str]
    variables: Callable[[], Mapping[str, Any]]
    make: MakeEnvironment = site

    def __hash__(self) -> int:
        return hash((frozenset(self.templates.items()), self.variables, self.make))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scenes with one output. `differs` says what is edited."""

    name: str
    differs: str
    before: Scene
    after: Scene

    def sides(self) -> Mapping[str, Scene]:
        """Return both by what they are called."""
        return {"before": self.before, "after": self.after}


Change = tuple[str, str]
"""What stands once in one of the templates, and what is there after the edit."""


def edit(
    scene: Scene,
    name: str,
    differs: str,
    *changes: Change,
    added: Mapping[str, str] | None = None,
    variables: Callable[[], Mapping[str, Any]] | None = None,
    make: MakeEnvironment | None = None,
) -> Pair:
    """Return a scene beside what becomes of it: texts replaced, templates added, other variables or environment."""
    after = replace(
        scene,
        templates={**changed(scene.templates, changes), **(added or {})},
        variables=variables or scene.variables,
        make=make or scene.make,
    )
    return Pair(name, differs, scene, after)


def changed(templates: Mapping[str, str], changes: Sequence[Change]) -> dict[str, str]:
    """Return templates with each change made, in its order; raises `ValueError` for what does not stand there once."""
    texts = dict(templates)
    for old, new in changes:
        places = [name for name, text in texts.items() for _ in range(text.count(old))]
        if len(places) != 1:
            raise ValueError(f"{old!r} stands {len(places)} times in the templates, and not once")
        texts[places[0]] = texts[places[0]].replace(old, new)
    return texts


def varied(scene: Scene, *changes: Change, added: Mapping[str, str] | None = None) -> Scene:
    """Return a scene with other texts, for pairs that begin there."""
    return replace(scene, templates={**changed(scene.templates, changes), **(added or {})})
