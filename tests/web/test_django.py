"""Django: a site is the same to its visitors whoever renders its templates. Each runs in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testkit import ROOT
from tests.web.django_site import TEMPLATES

STOCK = "django.template.backends.jinja2.Jinja2"
OURS = "blendtpl.web.django.BlendTemplates"
COMPILE = """
import sys
from pathlib import Path
from tests.web import django_site
root = Path(sys.argv[1])
django_site.configure(root, "blendtpl.web.django.BlendTemplates", {})
from django.template import engines
import blendtpl
names = {name: (root / name).read_text() for name in django_site.TEMPLATES if name != "syntax.html"}
blendtpl.compile(names, environment=engines.all()[1].env).write(root / "site.blend")
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests/shared'}"}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True)


def pages(root: Path, backend: str, **options: Any) -> dict[str, Any]:
    done = python("-m", "tests.web.django_site", str(root), backend, json.dumps(options))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def mistake(root: Path, **options: Any) -> str:
    done = python("-m", "tests.web.django_site", str(root), OURS, json.dumps(options))
    assert done.returncode
    return done.stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    done = python("-c", COMPILE, str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def expected(root: Path) -> dict[str, Any]:
    return pages(root, STOCK, environment="blendtpl.web.django.environment")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["live", "bundle"])
def test_a_site_answers_as_on_jinja2(root: Path, expected: dict[str, Any], kind: str) -> None:
    found = pages(root, OURS, **({"bundle": str(root / "site.blend")} if kind == "bundle" else {}))
    for name, answer in expected.items():
        if not (name == "syntax" and kind == "bundle"):  # which has no such template
            assert found[name] == answer, name
    status, text, _ = found["page"]
    assert status == 200
    assert "Montag" in text
    assert "<li>1&lt;1&gt;</li>" in text
    assert 'name="csrfmiddlewaretoken"' in text
    assert "<p>&lt;saved&gt;</p>" in text
    assert text.endswith("/page&amp;co</i>")
    assert found["checks"] == []
    assert found["block"][:2] == [200, "&lt;"]
    assert found["blocks"][0] == 201
    assert found["blocks"][1].startswith("&lt;<form>")
    assert found["streamed"][0] == 200
    assert "<li>22</li>" in found["streamed"][1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["live", "bundle"])
def test_djangos_page_for_errors_shows_the_line_of_the_template(root: Path, kind: str) -> None:
    options: dict[str, Any] = {"bundle": str(root / "site.blend")} if kind == "bundle" else {}
    found = (
        pages(root, OURS, debug=True, undefined="", **options) if False else pages(root, OURS, debug=True, **options)
    )
    if kind == "bundle":
        assert "undefined" in found["checks"][0]  # as with DEBUG Django has another
        return
    assert "1 // 0" in found["broken"][1]
    assert "Error during template rendering" in found["broken"][1]
    assert "{% if %}" in found["syntax"][1]
    assert "pgae.html" in found["absent"][1]


@pytest.mark.slow
def test_mistakes_are_told_when_the_site_starts(root: Path, tmp_path: Path) -> None:
    assert "none.blend" in mistake(root, bundle=str(tmp_path / "none.blend"))
    assert "did you mean `bundle`?" in mistake(root, bundel="site.blend")
    assert "blendtpl.Environment" in mistake(root, environment="jinja2.Environment")
    found = pages(root, OURS, bundle=str(root / "site.blend"), trim_blocks=True)
    assert "trim_blocks" in found["checks"][0]
