# ruff: noqa: E501  # template texts are easier to read in one line
"""Litestar: an application is the same to its clients whoever renders its templates."""

from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl

pytest.importorskip("litestar")

from litestar import Litestar, get
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig
from litestar.testing import TestClient

from blendtpl.web.litestar import BlendTemplateEngine

TEMPLATES = {
    "layout.html": "<title>{% block title %}{% endblock %}</title>{{ request.url.path }}{{ csrf_input }}",
    "page.html": "{% extends 'layout.html' %}{% block title %}{{ title|shout }}{{ url_for('page') }}{{ greet('x') }}{% endblock %}",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    return folder


def finished(engine: Any) -> Any:
    engine.engine.filters["shout"] = lambda text: text.upper() + "!"
    engine.register_template_callable("greet", lambda context, name: f"<{name} {context['title']}>")
    return engine


def client(engine: Any) -> TestClient[Any]:
    @get("/page", name="page")
    async def page() -> Template:
        return Template(template_name="page.html", context={"title": "<t>"})

    @get("/text")
    async def text() -> Template:
        return Template(template_str="{{ title|shout }}", context={"title": "<t>"})

    @get("/absent")
    async def absent() -> Template:
        return Template(template_name="pgae.html")

    # as it is there with types that are strings
    for view in (page, text, absent):
        view.fn.__annotations__["return"] = Template
    config: Any = TemplateConfig(instance=engine)
    return TestClient(Litestar([page, text, absent], template_config=config))


def engine(kind: str, root: Path) -> Any:
    live = finished(BlendTemplateEngine(root))
    if kind == "live":
        return live
    blendtpl.compile(live.engine).write(root / "site.blend")
    return finished(BlendTemplateEngine(bundle=root / "site.blend"))


@pytest.mark.parametrize("kind", ["live", "bundle"])
def test_an_application_answers_as_on_jinja2(kind: str, root: Path) -> None:
    stock, ours = client(finished(JinjaTemplateEngine(root))), client(engine(kind, root))
    for path in ("/page", "/text", "/absent"):
        expected, found = stock.get(path), ours.get(path)
        assert (found.status_code, found.headers, found.text) == (expected.status_code, expected.headers, expected.text)
    assert ours.get("/page").text == (
        "<title>&lt;T&gt;!/page&lt;x &lt;t&gt;&gt;</title>/page"
        "&lt;input type=&#34;hidden&#34; name=&#34;_csrf_token&#34; value=&#34;&#34; /&gt;"
    )
    assert ours.get("/absent").status_code == 500


def test_mistakes_are_told_when_the_application_starts(root: Path, tmp_path: Path) -> None:
    with pytest.raises(blendtpl.ConfigError, match="one of"):
        BlendTemplateEngine()
    with pytest.raises(blendtpl.ConfigError, match="one of"):
        BlendTemplateEngine(root, bundle=root / "site.blend")
    with pytest.raises(blendtpl.ConfigError, match=r"blendtpl\.Environment"):
        BlendTemplateEngine(engine_instance=jinja2.Environment())
    with pytest.raises(blendtpl.BundleError, match=r"none\.blend"):
        BlendTemplateEngine(bundle=tmp_path / "none.blend")
    engine("bundle", root)
    with pytest.raises(blendtpl.BundleError, match="shout"):
        _ = BlendTemplateEngine(bundle=root / "site.blend").registry
