"""What the tests of the walkers share. `bench` stands beside `tests`, and no installation brings it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # behind what is installed
