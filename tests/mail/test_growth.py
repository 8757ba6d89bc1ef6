"""Messages leave nothing, nor do those that fail; `python -m tests.mail.growth` makes a hundred thousand of each."""

import pytest

from tests.mail.growth import grown, kinds

KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_of_each_kind_leaves_nothing(kind: str) -> None:
    growth = grown(KINDS[kind], 200)
    assert not growth, str(growth)
