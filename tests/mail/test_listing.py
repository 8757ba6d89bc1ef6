"""There is one list of messages: what the manifest has, the lint looks at, the preview shows. No layout is in it."""

from pathlib import Path

import pytest

import blendtpl
from blendtpl.preview.workspace import Project, Workspace
from tests.compiling.support import write

TEXTS = "{% block subject %}S{% endblock %}{% block text %}T{% endblock %}"
FLEX = '<p style="display:flex">'  # something to find, so that it shows who is looked at

LAYOUT = f"{TEXTS}{{% block html %}}{FLEX}{{% block content required %}}{{% endblock %}}{{% endblock %}}"
CHILD = "{% extends 'layout.html' %}"
FILLED = "{% block content %}C{% endblock %}"


def folder(name: str, html: str, settings: str | None = None) -> dict[str, str]:
    found = {f"{name}/subject.txt": "S", f"{name}/body.txt": "T", f"{name}/body.html": html}
    return found if settings is None else {**found, f"{name}/message.toml": settings}


PROJECTS = {
    "a layout with a block that is required, and its child": (
        {"layout.html": LAYOUT, "one.html": CHILD + FILLED},
        ["one.html"],
    ),
    "children in several levels, of which the last fills the block": (
        {
            "layout.html": LAYOUT,
            "a.html": CHILD + "{% block text %}A{% endblock %}",
            "b.html": "{% extends 'a.html' %}{% block content required %}{% endblock %}",
            "c.html": "{% extends 'b.html' %}" + FILLED,
            "d.html": "{% extends 'c.html' %}{% block subject %}D{% endblock %}",
        },
        ["c.html", "d.html"],
    ),
    "a part that is required itself": (
        {
            "layout.html": f"{{% block subject required %}}{{% endblock %}}{{% block html %}}{FLEX}{{% endblock %}}",
            "one.html": CHILD + "{% block subject %}1{% endblock %}",
        },
        ["one.html"],
    ),
    "a child that puts something else in place of what the required block is in": (
        {"layout.html": LAYOUT, "one.html": CHILD + f"{{% block html %}}{FLEX}{{% endblock %}}"},
        ["one.html"],
    ),
    "a child that prints what it puts something in place of": (
        {"layout.html": LAYOUT, "one.html": CHILD + "{% block html %}{{ super() }}{% endblock %}"},
        [],
    ),
    "a block in a condition": (
        {"layout.html": f"{TEXTS}{{% block html %}}{FLEX}{{% if x %}}{{% block content required %}}{{% endblock %}}"
         "{% endif %}{% endblock %}", "one.html": CHILD + FILLED},
        ["one.html"],
    ),
    "blocks in a file that is included are those of that file": (
        {
            "part.html": f"{TEXTS}{{% block html %}}{FLEX}{{% endblock %}}",
            "page.html": "{% include 'part.html' ignore missing %}",
            "half.html": "{% block subject %}S{% endblock %}{% include 'part.html' ignore missing %}",
            "open.html": LAYOUT,
            "over.html": "{% include 'open.html' %}",
        },
        ["part.html"],
    ),
    "what a template may extend in two ways": (
        {
            "layout.html": LAYOUT,
            "other.html": LAYOUT,
            "one.html": "{% extends 'layout.html' if x else 'other.html' %}" + TEXTS
            + f"{{% block html %}}{FLEX}{{% endblock %}}",
        },
        ["one.html"],
    ),
    "a folder that another extends": (
        {
            **folder("layout", f"{FLEX}{{% block content required %}}{{% endblock %}}"),
            **folder("m", "{% extends 'layout/body.html' %}" + FILLED),
            **folder("n", "{% extends 'm/body.html' %}{% block content %}{{ super() }}{% endblock %}", ""),
        },
        ["m", "n"],
    ),
    "a folder of which another extends the text alone": (
        {
            **folder("layout", FLEX),
            "layout/body.txt": "{% block words required %}{% endblock %}",
            **folder("m", FLEX),
            "m/body.txt": "{% extends 'layout/body.txt' %}{% block words %}W{% endblock %}",
        },
        ["m"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROJECTS)
def test_what_leaves_a_block_to_others_is_a_layout_and_no_message(kind: str, tmp_path: Path) -> None:
    templates, expected = PROJECTS[kind]
    bundle = blendtpl.compile(templates, lint=True)
    assert sorted(bundle.manifest.messages) == expected
    found = {each.name for each in bundle.warnings if each.kind == "mail-css"}
    own = {name: name for name in templates}
    own |= {name: name.partition("/")[0] for name in templates if name.endswith("/body.html")}
    assert bool(found) is bool(expected)
    alone = {name: text for name, text in templates.items() if own[name] not in expected}
    assert [each for each in blendtpl.compile(alone, lint=True).warnings if each.kind.startswith("mail-")] == []
    write(tmp_path, templates)
    shown = Workspace(Project((tmp_path,), None, (tmp_path,), tmp_path)).refresh().items
    assert sorted(name for name, item in shown.items() if item.kind == "message") == expected


def test_no_finding_is_about_a_layout_that_no_message_extends() -> None:
    templates = {"layout.html": LAYOUT, "a.html": CHILD + "{% block text %}A{% endblock %}"}
    assert blendtpl.compile(templates, lint=True).warnings == ()


def test_settings_say_that_a_folder_is_a_message_which_has_to_be_whole() -> None:
    html = "\n{% block content required %}{% endblock %}"
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(folder("m", html, ""))
    (fault,) = caught.value.faults
    assert (fault.name, fault.kind) == ("m/body.html", "message")
    assert fault.message == (
        "the message has no whole html: nothing fills the block `content` of `m/body.html`, which is required"
    )
    assert "m/message.toml" not in fault.message
    assert "remove its `message.toml`" in fault.hint


def test_a_block_that_some_renders_never_come_to_may_be_left_out_where_settings_say_so() -> None:
    html = "{% if x %}{% block content required %}{% endblock %}{% endif %}H"
    bundle = blendtpl.compile(folder("m", html, "from = 'a@example.org'"))
    assert blendtpl.load(bundle).message("m", x=False, to=["b@example.org"]).html == "H"


def test_a_message_with_a_part_that_is_broken_is_looked_at_when_it_is_not() -> None:
    templates = {**folder("m", f"<p>{FLEX}"), "m/body.txt": "{% if %}"}
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(templates, lint=True)
    assert caught.value.warnings == ()
