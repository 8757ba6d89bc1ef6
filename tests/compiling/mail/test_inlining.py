"""What the build inlines is what inlining each render gives: for made-up messages, and for those in `templates/`."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import css_inline
import jinja2
import pytest

import blendtpl
from blendtpl.bundle.environment import default_environment
from blendtpl.compiler.build import build
from blendtpl.compiler.mail.project_settings import MailSettings
from testkit import TEMPLATES
from testkit.examples import context_of, every_example
from tests.compiling.mail.cascade import cascaded
from tests.compiling.mail.generated import Maker
from tests.compiling.mail.inlined import as_inlined, as_written, effective
from tests.compiling.mail.support import BODY, inlined, rendered

MAILS = [(name, example) for name, example in every_example() if name.startswith("emails/") and name.endswith(".html")]
PAGES = [(name, example) for name, example in every_example() if name.startswith("pages/")]

URLIZED = (
    "noopener"  # what `urlize` makes of addresses in a text has no tag in a template, so its rule stays in the sheet
)


@pytest.fixture(scope="module")
def compiled() -> blendtpl.Registry:
    return blendtpl.load(build(TEMPLATES, mail=MailSettings(inline_css=True)).bundle)


@pytest.mark.parametrize(("name", "example"), MAILS)
def test_an_e_mail_is_what_inlining_its_render_gives(
    name: str, example: str, registry: blendtpl.Registry, compiled: blendtpl.Registry
) -> None:
    context = context_of(name, example)
    plain, found = registry.render(name, context), compiled.render(name, context)
    assert _without_urlized(as_written(found)) == _without_urlized(as_inlined(plain))
    assert effective(found) == effective(plain)
    assert found != plain


def _without_urlized(parts: list[Any]) -> list[Any]:
    return [part for part in parts if not (isinstance(part, tuple) and ("rel", URLIZED) in part[1])]


@pytest.mark.parametrize(("name", "example"), PAGES)
def test_a_page_is_what_it_was(
    name: str, example: str, registry: blendtpl.Registry, compiled: blendtpl.Registry
) -> None:
    context = context_of(name, example)
    assert compiled.render(name, context) == registry.render(name, context)


def _seeds() -> Iterator[Any]:
    for start in range(0, 400 if "BLENDTPL_EVERY_MAIL" in os.environ else 60, 20):
        yield pytest.param(range(start, start + 20), marks=[pytest.mark.slow] if start else [], id=f"from-{start}")


@pytest.mark.parametrize("seeds", list(_seeds()))
def test_a_made_up_message_looks_like_its_inlined_render(seeds: range) -> None:
    renders = same = 0
    for seed in seeds:
        maker = Maker(seed)
        texts = maker.message()
        new, _ = inlined(texts)
        for _ in range(4):
            context: Mapping[str, Any] = maker.context()
            plain, found = rendered(texts, **context), rendered(new, **context)
            assert cascaded(found) == cascaded(plain), (seed, context)
            try:
                same += as_written(found) == as_inlined(plain)
            except css_inline.InlineError:  # a style of the message is none
                continue
            renders += 1
    assert renders > 2 * len(seeds)
    assert same > renders // 8


def test_what_is_inlined_is_jinjas_own_after_all() -> None:
    maker = Maker(1)
    texts, _ = inlined(maker.message())
    environment = default_environment()
    environment.loader = jinja2.DictLoader(texts)
    context = maker.context()
    made = blendtpl.load(blendtpl.compile(texts))
    assert made.render(BODY, context) == environment.get_template(BODY).render(context)
