"""CSS of messages: what inlining costs in each render, and what is left of that when it was done in the build.

All ways render the HTML of one e-mail: as it is written, with the rules on its elements since the build, and as it is
written with `css-inline` on top, which is what everybody else does. What is measured against is the first, so that a
ratio is a cost in renders.
"""

from collections.abc import Callable

import css_inline
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import blendtpl
from bench.measure import compare
from blendtpl.compiler.build import build
from blendtpl.compiler.frontend.examples import read_examples
from blendtpl.compiler.mail.project_settings import MailSettings
from blendtpl.runtime.speedups import ACTIVE
from testkit import TEMPLATES

MAIL = "emails/alert/body.html"

_INLINER = css_inline.CSSInliner(keep_style_tags=True, remove_inlined_selectors=True, load_remote_stylesheets=False)

Render = Callable[[], str]


@pytest.fixture(scope="module")
def ways() -> dict[str, Render]:
    """Give the ways to the HTML."""
    context = read_examples(TEMPLATES, MAIL)["ordinary"]
    plain = blendtpl.load(blendtpl.compile(TEMPLATES))[MAIL]
    inlined = blendtpl.load(build(TEMPLATES, speedups=ACTIVE, mail=MailSettings(inline_css=True)).bundle)[MAIL]
    return {
        "no inlining": lambda: plain.render(context),
        "in the build": lambda: inlined.render(context),
        "in each render": lambda: _INLINER.inline(plain.render(context)),
    }


@pytest.mark.parametrize("way", ["no inlining", "in the build", "in each render"])
def test_inlining(benchmark: BenchmarkFixture, ways: dict[str, Render], way: str) -> None:
    """One HTML of the alert e-mail."""
    compare(benchmark, "CSS of an alert e-mail", peer=way == "no inlining")
    text = benchmark(ways[way])
    assert ("text-underline-offset: 2px" in text) == (way != "no inlining")
