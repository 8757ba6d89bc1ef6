"""Benchmarks: see README.md. They report; none of them fails because a machine is slow.

What they share with the suite is `testkit`, in `tests/shared`.
"""

import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent
for _folder in (_ROOT, _ROOT / "tests/shared"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))  # behind what is installed: an installed blendtpl is the one that is measured
