"""The suite. What it shares with the benchmarks is `testkit`, in `tests/shared`."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
for _folder in (_HERE.parent, _HERE / "shared"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))  # behind what is installed: an installed blendtpl is the one that is tested
