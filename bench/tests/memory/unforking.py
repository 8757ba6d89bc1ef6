"""`bench.tests.memory.planted` where processes cannot be forked: run as a module it does one task and ends."""

import os

from bench.memory import child
from bench.tests.memory.planted import planted

if __name__ == "__main__":
    del os.fork
    with planted():
        child.main()
