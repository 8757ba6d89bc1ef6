"""Referents: what objects refer to, as the collector tells it, of what is alive.

Enters: objects. Leaves: what they refer to, as often as they do.
"""

import gc
import sys
from typing import Any

if (3, 12) <= sys.version_info < (3, 13):

    def referents(*objects: Any) -> list[Any]:
        """Return what some objects refer to.

        Python 3.12's `_asyncio` counts its free list among what it refers to. Whoever takes an object from there and
        drops it again has it freed twice: the list goes in a circle, along which the next collection never ends.
        """
        unsafe = sys.modules.get("_asyncio")
        return gc.get_referents(*[each for each in objects if each is not unsafe])

else:
    referents = gc.get_referents
