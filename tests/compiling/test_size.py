"""How much code there is: what a registry takes in memory is mostly that."""

import marshal

import pytest

import blendtpl
from testkit.generated import generate


@pytest.mark.slow
def test_the_code_of_many_templates_is_less_than_jinja2s() -> None:
    templates = generate(200)
    environment = blendtpl.default_environment()
    theirs = sum(len(marshal.dumps(environment.compile(text, name, name))) for name, text in templates.items())
    assert len(blendtpl.compile(templates).code) < 0.75 * theirs
