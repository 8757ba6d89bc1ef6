"""Every template of the packages that stock Jinja2 compiles compiles here, and renders to the same."""

from pathlib import Path

import pytest

from tests.conformance.fetch import UnreachableError, fetch
from tests.conformance.packages.compare import UNDEFINED, compare
from tests.conformance.packages.sets import SETS, TemplateSet, read

REQUIREMENTS = Path(__file__).parent / "requirements.txt"

TEMPLATES = 500  # at least, in all sets


@pytest.fixture(scope="module")
def wheels() -> dict[str, Path]:
    try:
        return fetch(REQUIREMENTS)
    except UnreachableError as error:
        pytest.skip(f"the packages cannot be fetched: {error}")


@pytest.mark.slow(first=True)
@pytest.mark.parametrize("found", SETS, ids=lambda found: f"{found.package}-{found.name}")
def test_a_packages_templates_render_as_in_jinja2(found: TemplateSet, wheels: dict[str, Path]) -> None:
    # every kind for every set, and more contexts, take minutes, for which there is the command
    undefined = UNDEFINED[SETS.index(found) % len(UNDEFINED)]
    report = compare(found, read(found, wheels), range(2), undefined)
    assert not report.differences, "\n".join(map(str, report.differences[:3]))
    assert report.counts["renders"] > 0


def test_there_are_many_templates(wheels: dict[str, Path]) -> None:
    assert len({found.package for found in SETS}) >= 5
    assert sum(len(read(found, wheels).own) for found in SETS) >= TEMPLATES
