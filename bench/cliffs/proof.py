"""The proof that goes before any count: both sides of a pair give what Jinja2 gives, and that is one text.

Enters: a pair. Leaves: the bundles of its sides, or a `DifferenceError`.
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
    """A pair, and the bundle of each side that rendered what Jinja2 renders."""

    pair: Pair
    bundles: Mapping[str, blendtpl.Bundle]
    text: str


def prove(pair: Pair, *, portable: bool = False) -> Proven:
    """Render both sides by Jinja2 and by blendtpl and compare; raises `DifferenceError`."""
    bundles, texts = {}, {}
    for side, scene in pair.sides().items():
        bundles[side] = blendtpl.compile(dict(scene.templates), environment=scene.make, portable=portable)
        registry = blendtpl.load(bundles[side], environment=scene.make)
        texts[side] = by_jinja2(scene)
        _compare(f"{pair.name}, {side}: blendtpl", registry.render(MAIN, scene.variables()), texts[side])
    _compare(f"{pair.name}: the edit", texts["after"], texts["before"])
    return Proven(pair, bundles, texts["before"])


def by_jinja2(scene: Scene) -> str:
    """Return what Jinja2 renders."""
    environment = scene.make()
    environment.loader = jinja2.DictLoader(scene.templates)
    return environment.get_template(MAIN).render(scene.variables())


def _compare(what: str, text: str, expected: str) -> None:
    if text != expected:
        lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), n=0, lineterm="")
        raise DifferenceError("\n".join([f"{what} does not give what it should:", *list(lines)[2:14]]))
