"""The launcher: a pool of walkers that share what was loaded before they were forked, and are replaced one by one.

Enters: a function that walks, a bundle, and how the pool is to be kept. Leaves: an exit status, when all have left.
`pool.py` and `decide.py` are its mind, without a process; `arbiter.py` is its hands.
"""

from blendtpl.walker.launcher.arbiter import Arbiter, Job
from blendtpl.walker.launcher.pool import Policy

__all__ = ["Arbiter", "Job", "Policy"]
