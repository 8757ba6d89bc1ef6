"""The proof that goes before any count: both sides of a pair give what Jinja2 gives, and that is one text.

Enters: a pair. Leaves: the bundle and the text of each side, or a `DifferenceError`.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import jinja2

import blendtpl
from bench.cliffs.pair import MAIN, Pair, Scene


class DifferenceError(Exception):
    """Two texts that should be one differ; the message says in which line."""


@dataclass(frozen=True, slots=True)
class Proven:
    """The bundle of a scene, and the text that it renders, which is Jinja2's."""

    bundle: blendtpl.Bundle
    text: str


def prove(pair: Pair, known: dict[Scene, Proven] | None = None, *, portable: bool = False) -> Mapping[str, Proven]:
    """Render both sides by Jinja2 and by blendtpl and compare; raises `DifferenceError`.

    Many pairs begin with the same scene: `known` are those of others, and gets these.
    """
    known = {} if known is None else known
    for side, scene in pair.sides().items():
        if scene not in known:
            known[scene] = _proven(f"{pair.name}, {side}", scene, portable=portable)
    before, after = known[pair.before], known[pair.after]
    _compare(f"{pair.name}: the edit", after.text, before.text)
    return {"before": before, "after": after}


def _proven(what: str, scene: Scene, *, portable: bool) -> Proven:
    bundle = blendtpl.compile(dict(scene.templates), environment=scene.make, portable=portable)
    registry = blendtpl.load(bundle, environment=scene.make)
    text = by_jinja2(scene)
    _compare(f"{what}: blendtpl", registry.render(MAIN, scene.variables()), text)
    return Proven(bundle, text)


def by_jinja2(scene: Scene) -> str:
    """Return what Jinja2 renders."""
    environment = scene.make()
    environment.loader = jinja2.DictLoader(scene.templates)
    return environment.get_template(MAIN).render(scene.variables())


def _compare(what: str, text: str, expected: str) -> None:
    if text != expected:
        lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), n=0, lineterm="")
        raise DifferenceError("\n".join([f"{what} does not give what it should:", *list(lines)[2:14]]))
