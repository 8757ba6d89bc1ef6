"""What the build inlines of foreign e-mails is what inlining their renders gives."""

import re
from pathlib import Path

import pytest

from blendtpl.compiler.frontend.reader import read
from blendtpl.compiler.mail.css import inline
from tests.compiling.mail.inlined import as_inlined, as_written, effective
from tests.conformance.fetch import UnreachableError
from tests.conformance.mail.sets import SETS, MailSet, fetch_all, texts

# the tags of these are written in a language of their own, which makes attributes that nobody knows
BROKEN = {"mailgen"}


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    try:
        return fetch_all()
    except UnreachableError as error:
        pytest.skip(f"the packages cannot be fetched: {error}")


@pytest.mark.slow
@pytest.mark.parametrize("found", SETS, ids=lambda found: found.package)
def test_a_packages_e_mails_are_what_inlining_them_gives(found: MailSet, files: dict[str, Path]) -> None:
    plain = texts(found, files)
    messages = [name for name in plain if re.fullmatch(found.messages, name)]
    assert len(messages) >= 3
    environment = found.environment(plain)
    sources = {source.name: source for source in read(plain, environment)[0]}
    changed, notes = inline(sources, messages, environment)
    new = {name: changed.get(name, source).text for name, source in sources.items()}
    for name in messages:
        before = environment.get_template(name).render()
        after = found.environment(new).get_template(name).render()
        assert _body(effective(after)) == _body(effective(before)), name
        if found.package not in BROKEN:
            assert _body(as_written(after)) == _body(as_inlined(before)), name
    assert changed.keys() & set(messages) or "base.html" in changed
    assert bool(notes) == (found.package in BROKEN)


def _body(parts: list[object]) -> list[object]:
    """Return what stands in a text from its first element on that is not of its head: blanks go with a sheet."""
    return [part for part in parts if not (isinstance(part, list) and not str(part[0]).strip())]
