"""What changes in the loop over it is looped over as in Jinja2; ``python -m tests.run.mutating`` is the long run."""

import pytest

from tests.run.mutating import SHAPES, differences, templates


@pytest.mark.slow
def test_what_changes_in_its_own_loop_is_looped_over_as_in_jinja2() -> None:
    count, found = differences(templates(*SHAPES, one_in=11), 199)

    assert count > 350
    assert not found, "\n".join(found[:5])
