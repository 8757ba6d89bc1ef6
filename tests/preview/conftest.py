"""A small project, and its preview without a server around it."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from blendtpl.preview.application import Listeners, application
from blendtpl.preview.pages import Pages, own_templates
from blendtpl.preview.workspace import Project, Workspace
from blendtpl.runtime.registry import Registry
from tests.compiling.support import write

HERE = "http://127.0.0.1:8700"

TEMPLATES = {
    "mail/hello/subject.txt": "Hello {{ name }}",
    "mail/hello/body.txt": "Dear {{ name }},\nthere is {{ news }}.\n",
    "mail/hello/body.html": "{% extends 'layout.html' %}{% block body %}<p>{{ name }}: {{ news }}</p>{% endblock %}",
    "mail/hello/examples.json": '{\n  "plain": {"name": "Ada", "news": "much"},\n'
    '  "odd": {\n    "name": "<b>\\u00e9",\n    "news": 1e3\n  }\n}\n',
    "layout.html": "<!doctype html>\n<title>t</title><style>p{color:#222}@media (prefers-color-scheme: dark)"
    "{p{color:#ddd}}</style>{% block body %}{% endblock %}",
    "page.html": "{% extends 'layout.html' %}{% block body %}<h1>{{ title }}</h1>{% endblock %}",
    "page.examples.json": '{"one": {"title": "First"}}',
    "bare.html": "<p>{{ thing.name }}</p>",
    "robots.txt": "User-agent: *\n",
}


@pytest.fixture(scope="session", autouse=True)
def build_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have all previews that run as processes of their own share a build cache, or each would compile its own pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLENDTPL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "templates", TEMPLATES)


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    made = Workspace(Project((folder,), None, (folder,), folder.parent))
    made.refresh()
    return made


@pytest.fixture
def client(workspace: Workspace) -> TestClient:
    return client_of(workspace)


@functools.cache
def own() -> Registry:
    return own_templates(None)


def client_of(workspace: Workspace) -> TestClient:
    return TestClient(application(Pages(workspace, own()), Listeners()), base_url=HERE, headers={"origin": HERE})


@pytest.fixture
def stage(client: TestClient) -> Callable[..., str]:
    """Ask for what is shown, as the page does it."""

    def ask(item: str, **more: object) -> str:
        answer = client.post("/stage", json={"item": item, **more})
        assert answer.status_code == 200
        return answer.text

    return ask
