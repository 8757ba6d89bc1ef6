"""The guide to moving over: it has every difference from PHP, and figures that can be made.

`test_documentation.py` runs its blocks.
"""

import re

from testkit import ROOT
from tests.blocks import blocks_of
from tests.compat.oracle.cases import every_case

GUIDE = ROOT / "docs" / "migrating.md"
BLOCKS = blocks_of(GUIDE)
TEXT = GUIDE.read_text(encoding="utf-8")


def test_it_has_only_blocks_that_these_tests_run() -> None:
    assert {block.language for block in BLOCKS if not block.title} == {"python", "sh", "text", "console"}


def test_every_difference_from_php_is_told_as_its_case_has_it() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| ", TEXT, re.MULTILINE))
    cases = {case.name.removeprefix("differences/"): case for case in every_case() if case.differs}
    assert rows == {name: case.title for name, case in cases.items()}
    for name, case in cases.items():
        assert f"| `{name}` | {case.title} | {case.differs} |" in TEXT
