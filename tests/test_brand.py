"""The look of Feedwhip's templates: one palette for pages and e-mails, which can be read in light and dark."""

import re
from collections.abc import Mapping
from typing import Any

import jinja2
import pytest
from markupsafe import escape

import blendtpl
from testkit import TEMPLATES
from testkit.examples import context_of, every_example

BRAND = "macros/brand.html"
EMAILS = [(name, example) for name, example in every_example() if name.endswith("/body.html")]
# what is written on what, in pages and in e-mails
ON = (
    *((ink, ground) for ink in ("ink", "muted") for ground in ("bg", "surface", "sunk", "accent-soft", "warn-soft")),
    *(("ink", ground) for ground in ("good-soft", "bad-soft", "good-mark", "bad-mark")),
    *(("accent", ground) for ground in ("bg", "surface", "accent-soft")),
    *((tone, ground) for tone in ("good", "bad", "warn") for ground in ("bg", "surface", f"{tone}-soft")),
    ("on-accent", "accent"),
)


@pytest.fixture(scope="module")
def brand(stock: jinja2.Environment) -> Mapping[str, Any]:
    return vars(stock.get_template(BRAND).module)


def luminance(colour: str) -> float:
    """Return what WCAG 2 calls the relative luminance of a colour, 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2 defines it, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_counted_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), ON)
def test_all_that_is_written_can_be_read(ink: str, ground: str, scheme: int, brand: Mapping[str, Any]) -> None:
    colours = brand["colours"]
    assert contrast(colours[ink][scheme], colours[ground][scheme]) >= 4.5


def test_no_template_but_the_brand_says_what_a_colour_is(brand: Mapping[str, Any]) -> None:
    written = {
        (path.relative_to(TEMPLATES).as_posix(), colour)
        for path in TEMPLATES.rglob("*")
        if path.suffix in {".html", ".css", ".svg"}
        for colour in re.findall(r"(?<!&)#[0-9a-f]{6}\b", path.read_text(encoding="utf-8"))
    }
    # a picture is complete by itself: it stands in the address of an icon too
    assert {found for found in written if found[0] != BRAND} == {("partials/mark.svg", brand["accent"])}


@pytest.mark.parametrize(("name", "example"), EMAILS)
def test_an_e_mail_has_the_colours_of_the_brand_and_a_logo_that_needs_no_picture(
    name: str, example: str, registry: blendtpl.Registry, brand: Mapping[str, Any]
) -> None:
    context: Any = context_of(name, example)
    html = registry.render(name, context)
    colours = {colour for pair in brand["colours"].values() for colour in pair}
    head, _, body = html.partition("<body")
    assert set(re.findall(r"(?:color:|solid )(#[0-9a-f]{6})", body)) <= colours
    assert set(re.findall(r":(#[0-9a-f]{6})!important", head)) <= colours
    header = body.partition('class="card')[0]
    site = str(escape(context["site"]["name"]))
    if context["site"]["logo_url"] is None:
        assert f"background-color:{brand['accent']};" in header
        assert f">{site}</a>" in header
        assert "<img" not in header
    else:
        assert f'alt="{site}"' in header
