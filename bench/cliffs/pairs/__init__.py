"""The pairs, by what is edited. One that was chosen stays: none is taken out because it costs much."""

from bench.cliffs.pair import Pair
from bench.cliffs.pairs import composition, environments, loops, macros, names, texts, values

PAIRS: tuple[Pair, ...] = (
    *loops.PAIRS,
    *names.PAIRS,
    *values.PAIRS,
    *macros.PAIRS,
    *composition.PAIRS,
    *texts.PAIRS,
    *environments.PAIRS,
)
