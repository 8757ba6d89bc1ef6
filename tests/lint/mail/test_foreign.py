"""What is found in e-mails of other packages is what somebody has read, and found to be right."""

import pytest

from tests.conformance.fetch import UnreachableError
from tests.lint.mail.foreign import FOUND, SETS, found


@pytest.mark.slow
def test_what_is_found_in_e_mails_of_others_is_what_was_read() -> None:
    try:
        lines = list(found())
    except UnreachableError as error:
        pytest.skip(f"the packages cannot be fetched: {error}")
    assert len(SETS) >= 3
    # `python -m tests.lint.mail.foreign` writes it anew: read each line that is new in its template
    assert lines == FOUND.read_text(encoding="utf-8").splitlines()
