"""What the suite (`tests`) and the benchmarks (`bench`) share: Jinja2 as the oracle, cases, and what counts growth.

It imports neither of them, and neither of them the other, so that each can be changed, run and read alone. The folder
that it is in, `tests/shared`, is put on the path by both, behind what is installed.
"""

from pathlib import Path

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "templates"  # Feedwhip's own
PATIENCE = 600.0  # seconds until something that should happen is taken for something that does not
