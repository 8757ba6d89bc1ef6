"""Walkers: long-lived processes that render and send, cycle after cycle, and leave before they grow old.

Enters: a registry and limits. Leaves: cycles, each with its own cache of objects, until one of the limits is met.
"""

from blendtpl.errors import WalkerError
from blendtpl.walker.cache import Cache
from blendtpl.walker.cycle import Cycle
from blendtpl.walker.stats import Stats
from blendtpl.walker.stop import Stop
from blendtpl.walker.survivor import Survivor
from blendtpl.walker.walker import Cycles, Walker

__all__ = ["Cache", "Cycle", "Cycles", "Stats", "Stop", "Survivor", "Walker", "WalkerError"]
