"""Output in PHP's order is Jinja2's output to the byte."""

import jinja2
import pytest

from blendtpl.compat import IncludeExtension
from blendtpl.tools.verify import verify
from testkit import TEMPLATES
from testkit.cases import CASES, Case
from testkit.oracle import check_same
from testkit.shim_calls import environment


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_jinja2_does_is_done_in_order_too(case: Case) -> None:
    def make() -> jinja2.Environment:
        made = case.make()
        made.add_extension(IncludeExtension)
        return made

    check_same(case.templates, make, case.variables)


@pytest.mark.slow
def test_feedwhips_templates_are_rendered_in_order_as_jinja2_renders_them() -> None:
    verification = verify(TEMPLATES, environment(), count=3, seed=1)
    assert verification.differences == ()
    assert verification.renders > 100
