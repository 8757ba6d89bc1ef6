"""What the preview shows: the list, one item with one example, its tabs, and what is wrong."""

import base64
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import jinja2
import pytest
from starlette.testclient import TestClient

from blendtpl.compiler.build import build
from blendtpl.preview.rendering import SENDER
from blendtpl.preview.workspace import Project, Workspace, folders_of
from tests.compiling.support import write
from tests.preview.conftest import client_of

Stage = Callable[..., str]


def token(html: str) -> str:
    found = re.search(r'data-token="([^"]*)"', html)
    assert found is not None
    return found[1]


def texts(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def editor(html: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_the_list_has_every_email_and_page_with_its_examples(client: TestClient) -> None:
    found = client.get("/items").text
    assert re.findall(r'<li class="item[^"]*" data-item="([^"]*)"', found) == [
        "mail/hello",
        "page.html",
        "bare.html",
        "robots.txt",
    ]
    assert re.findall(r'<li><a [^>]*data-example="([^"]*)"', found) == ["plain", "odd", "one"]
    assert texts(found).startswith("E-mails 1 mail/ hello 2 plain odd Pages 1 page.html 1 one Without examples 2")


def test_an_email_is_shown_with_subject_sender_and_both_bodies(client: TestClient, stage: Stage) -> None:
    found = stage("mail/hello")
    assert f"Hello Ada {SENDER} to" in texts(found)
    frame = client.get(f"/frame/{token(found)}")
    assert "<p>Ada: much</p>" in frame.text
    assert frame.headers["content-security-policy"].startswith("sandbox allow-same-origin; default-src 'none'")
    assert "Dear Ada, 2 there is much." in texts(stage("mail/hello", tab="text"))
    assert '<span class="t-tag">&lt;p</span>' in stage("mail/hello", tab="html")


def test_every_tab_says_what_it_is_called_for(stage: Stage) -> None:
    told = {tab: texts(stage("mail/hello", tab=tab)) for tab in ("source", "headers", "size", "lint", "variables")}
    assert "Content-Type: multipart/alternative" in told["source"]
    assert "Subject Hello Ada MIME-Version 1.0" in told["headers"]
    assert "of the 102 kB that Gmail shows" in told["size"]
    assert "Looking" in told["lint"]
    assert 'name subject, text, html "Ada" news text, html "much"' in told["variables"]


def test_an_email_in_blocks_with_settings_and_images_is_shown_as_it_says(tmp_path: Path) -> None:
    image = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    write(
        tmp_path / "t",
        {
            "one.html": "{% block subject %}{% autoescape false %}Hi {{ x }}{% endautoescape %}{% endblock %}"
            "{% block html %}<p>{{ x }}</p>{% endblock %}",
            "one.examples.json": '{"a": {"x": "<1>"}}',
            "two/subject.txt": "Two",
            "two/body.html": "<img alt=Logo src=\"{{ cid('logo.svg') }}\">"
            "<img alt=A src=\"{{ cid('logo.svg.svg') }}\">",
            "two/logo.svg": image,
            "two/logo.svg.svg": b"<svg/>",
            "two/message.toml": 'from = "Own <own@example.com>"\nunsubscribe = true\n[headers]\nX-Own = "yes"\n',
        },
    )
    workspace = Workspace(Project((tmp_path / "t",), None, (tmp_path / "t",), tmp_path))
    assert workspace.refresh().error is None
    client = client_of(workspace)
    one = client.post("/stage", json={"item": "one.html", "tab": "variables"}).text
    assert "Hi <1> Sender" in texts(one)
    assert 'x subject, html "<1>"' in texts(one)
    two = client.post("/stage", json={"item": "two", "tab": "headers"}).text
    assert "Two Own <own@example.com> to Recipient" in texts(two)
    assert "X-Own yes" in texts(two)
    assert "List-Unsubscribe <https://example.com/unsubscribe/1>" in texts(two)
    frame = client.get(f"/frame/{token(two)}").text
    assert f'alt=Logo src="data:image/svg+xml;base64,{base64.b64encode(image).decode()}"' in frame
    assert f'alt=A src="data:image/svg+xml;base64,{base64.b64encode(b"<svg/>").decode()}"' in frame
    assert "data-off-src" in client.get(f"/frame/{token(two)}?images=off").text
    sent = client.get(f"/eml/{token(two)}").content
    assert b"Content-ID: <logo.svg@blendtpl>" in sent
    german = texts(client.post("/stage", json={"item": "two", "tab": "headers", "language": "de_AT"}).text)
    assert "Content-Language de-AT" in german


def test_an_email_begins_as_lists_of_messages_show_it(workspace: Workspace, folder: Path) -> None:
    padding = "&#847;&#160;" * 30
    (folder / "mail/hello/body.html").write_text(f"<style>p{{}}</style><p>Short &amp;\n sweet{padding}</p><p>More</p>")
    workspace.refresh()
    found = client_of(workspace).post("/stage", json={"item": "mail/hello"}).text
    assert 'show it">Short &amp; sweet</p>' in found


def test_the_size_tab_warns_of_what_is_cut_off(stage: Stage) -> None:
    long = stage("mail/hello", tab="size", text=json.dumps({"name": "A" * 80, "news": "x" * 110_000}))
    assert "Gmail cuts it off at 102 kB" in long
    assert "many clients show about 70" in long


def test_the_variables_tab_says_what_is_missing_and_what_nobody_reads(stage: Stage) -> None:
    told = texts(stage("mail/hello", tab="variables", text='{"nmae": "x", "news": 1, "zzz": 2}'))
    assert "name subject, text, html did you mean `nmae`?" in told
    assert 'nmae no part "x" did you mean `name`?' in told
    assert "zzz no part 2 read by no part" in told


def test_warnings_of_the_templates_of_an_item_are_shown_with_their_source(workspace: Workspace, folder: Path) -> None:
    (folder / "page.html").write_text("{% extends 'layout.html' %}\n{% block bdy %}{% endblock %}")
    workspace.refresh()
    workspace.look_for_warnings()
    client = client_of(workspace)
    own = texts(client.post("/stage", json={"item": "page.html", "tab": "lint"}).text)
    assert "unknown-block block `bdy` is never printed" in own
    assert "page.html:2:10" in own
    other = texts(client.post("/stage", json={"item": "mail/hello", "tab": "lint"}).text)
    assert "No warning in the templates of this e-mail. 1 more in templates that it does not use." in other


def test_warnings_of_templates_that_have_changed_meanwhile_are_dropped(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: Any, **options: Any) -> Any:
        if options["warn"]:
            (folder / "page.html").write_text("another")
            workspace.refresh()  # which does not wait for what is looked for
        return build(*arguments, **options)

    monkeypatch.setattr("blendtpl.preview.workspace.build", slow)
    state = workspace.look_for_warnings()
    assert (state.number, state.warnings) == (2, None)


def test_an_edited_example_is_rendered_and_nothing_is_written(client: TestClient, stage: Stage, folder: Path) -> None:
    before = (folder / "mail/hello/examples.json").read_bytes()
    found = stage("mail/hello", text='{"name": "Grace", "news": "none"}', editing=True)
    assert "Hello Grace" in found
    assert "<textarea" not in found  # it would be taken from under their hands
    assert "Not saved" in found
    assert "<p>Grace: none</p>" in client.get(f"/frame/{token(found)}").text
    assert (folder / "mail/hello/examples.json").read_bytes() == before


def test_a_mistake_in_the_json_is_told_with_its_place_and_what_is_shown_stays(stage: Stage) -> None:
    found = stage("mail/hello", text='{\n"name" "Grace"}', editing=True)
    assert "line 2, column 8 : expecting ':' delimiter" in texts(found)
    assert 'id="envelope"' not in found
    assert 'data-line="2" data-column="8"' in found


def test_an_example_is_written_back_when_somebody_asks(client: TestClient, stage: Stage, folder: Path) -> None:
    file = folder / "mail/hello/examples.json"
    found = stage("mail/hello", example="odd")
    assert editor(found) == '{\n  "name": "<b>\\u00e9",\n  "news": 1e3\n}'
    digest = re.search(r'data-digest="([^"]*)"', found)
    assert digest is not None
    asked = {
        "item": "mail/hello",
        "example": "odd",
        "digest": digest[1],
        "text": '{\n  "name": "<i>",\n  "news": 1e4\n}',
    }
    answer = client.post("/save", json=asked)
    assert (answer.status_code, answer.json()["file"]) == (200, "templates/mail/hello/examples.json")
    assert file.read_text() == (
        '{\n  "plain": {"name": "Ada", "news": "much"},\n  "odd": {\n    "name": "<i>",\n    "news": 1e4\n  }\n}\n'
    )
    again = client.post("/save", json=asked)  # of a file that is another now
    assert (again.status_code, "has changed since" in again.json()["error"]) == (409, True)
    wrong = client.post("/save", json={**asked, "digest": answer.json()["digest"], "text": '{"name": }'})
    assert (wrong.status_code, wrong.json()) == (400, {"error": "line 1, column 10: expecting value"})


@pytest.mark.parametrize(
    "item",
    ["../secret", "/etc/passwd", "mail/hello/../../secret", "nothing", "", "layout.html", "mail/hello\0", "bare.html"],
)
def test_nothing_but_the_examples_of_what_is_listed_can_be_written(client: TestClient, folder: Path, item: str) -> None:
    (folder.parent / "secret.examples.json").write_text('{"plain": {}}')
    (folder / "layout.examples").write_text("{}")
    for example in ("plain", "../x", ""):
        answer = client.post("/save", json={"item": item, "example": example, "digest": "", "text": "{}"})
        assert answer.status_code == 404
    assert (folder.parent / "secret.examples.json").read_text() == '{"plain": {}}'
    assert client.post("/save", json={"item": "mail/hello", "example": "new", "text": "{}"}).status_code == 409


def test_a_file_that_changes_under_an_edited_example_is_told(stage: Stage, folder: Path) -> None:
    edited = stage("mail/hello", text='{"name": "x", "news": 1}', digest="another", editing=True)
    assert "has changed since. Load it and lose what is here." in texts(edited)


def test_a_file_that_cannot_be_written_is_told(
    client: TestClient, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("blendtpl.preview.example_files.replace_file", refuse)
    digest = re.search(r'data-digest="([^"]*)"', stage("page.html"))
    assert digest is not None
    answer = client.post("/save", json={"item": "page.html", "example": "one", "digest": digest[1], "text": "{}"})
    assert answer.status_code == 500
    assert "cannot write `templates/page.examples.json`: " in answer.json()["error"]


def test_a_page_without_examples_says_how_to_add_one(stage: Stage) -> None:
    found = texts(stage("bare.html"))
    assert "No example yet" in found
    assert "Write the file bare.examples.json beside it" in found
    assert '{"ordinary": { "thing": "" }}' in found


def test_a_page_that_needs_nothing_is_shown_without_examples(client: TestClient, stage: Stage) -> None:
    found = stage("robots.txt")
    assert "User-agent: *" in client.get(f"/frame/{token(found)}").text
    assert "No file yet: robots.examples.json" in texts(found)


def test_what_is_not_there_is_told(stage: Stage) -> None:
    assert "There is no e-mail or page mail/goodbye" in texts(stage("mail/goodbye"))


def test_a_render_that_fails_is_told_with_its_place_and_its_source(stage: Stage) -> None:
    found = stage("mail/hello", text='{"nmae": "Ada", "news": 1}')
    assert "A variable is missing 'name' is undefined mail/hello/subject.txt:1" in texts(found)
    assert "Hello {{ name }}" in texts(found)
    assert token(found) != ""


def test_whatever_a_template_raises_is_told(workspace: Workspace, folder: Path) -> None:
    (folder / "bare.html").write_text("\n{{ 1 / zero }}")
    (folder / "bare.examples.json").write_text('{"one": {"zero": 0}}')
    workspace.refresh()
    found = texts(client_of(workspace).post("/stage", json={"item": "bare.html"}).text)
    assert "It cannot be rendered ZeroDivisionError: division by zero bare.html:2" in found


def test_mistakes_of_templates_are_a_page_that_goes_when_they_are_mended(workspace: Workspace, folder: Path) -> None:
    client, page = client_of(workspace), folder / "page.html"
    right = page.read_text()
    page.write_text("line one\nline two\n{{ title|uper }}\nline four\n")
    (folder / "bare.html").write_text("{% if %}")
    workspace.refresh()
    told = texts(client.post("/stage", json={"item": "mail/hello"}).text)
    assert "Not compiled 2 mistakes in the templates" in told
    assert "unknown filter `uper` page.html:3:" in told
    assert "1 line one 2 line two 3 {{ title| uper }} 4 line four" in told
    assert "did you mean `upper`?" in told
    assert len(re.findall('data-item="mail/hello"', client.get("/items").text)) > 1  # what there was is listed on
    page.write_text(right)
    (folder / "bare.html").write_text("")
    workspace.refresh()
    assert "Not compiled" not in client.post("/stage", json={"item": "mail/hello"}).text


def test_whatever_else_keeps_templates_from_being_compiled_is_told_until_it_goes(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("blendtpl.preview.workspace.build", lambda *a, **k: 1 / 0)
        workspace.refresh()
        told = texts(client_of(workspace).post("/stage", json={"item": "page.html"}).text)
        assert "The templates cannot be compiled it fails with ZeroDivisionError: division by zero" in told
        workspace.look_for_warnings()
    assert workspace.refresh().error is None


def test_examples_that_cannot_be_read_are_told(workspace: Workspace, folder: Path) -> None:
    (folder / "page.examples.json").write_text('{"one": ')
    workspace.refresh(only_examples=True)
    found = texts(client_of(workspace).post("/stage", json={"item": "page.html"}).text)
    assert "The examples cannot be read" in found
    assert "page.examples.json: no valid JSON" in found


def test_an_email_is_downloaded_as_it_is_sent(client: TestClient, stage: Stage) -> None:
    answer = client.get(f"/eml/{token(stage('mail/hello'))}")
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == 'attachment; filename="mail-hello-plain.eml"'
    assert b"\r\nSubject: Hello Ada\r\n" in b"\r\n" + answer.content
    assert client.get(f"/eml/{token(stage('page.html'))}").status_code == 404
    assert client.get("/eml/nothing").status_code == client.get("/frame/nothing").status_code == 404


def test_only_the_last_renders_are_kept(client: TestClient, stage: Stage) -> None:
    first = token(stage("page.html"))
    for _ in range(64):
        stage("page.html")
    assert client.get(f"/frame/{first}").status_code == 404


def test_what_a_variable_holds_is_text_in_the_page_around(stage: Stage) -> None:
    odd = "</textarea><script>alert(1)</script>"
    for tab in ("example", "html", "text", "source", "headers", "size", "variables"):
        found = stage("mail/hello", tab=tab, text=json.dumps({"name": odd, "news": odd, odd: odd}))
        assert "<script" not in found, tab


def test_a_language_is_chosen_for_what_the_example_names_and_for_translations(folder: Path, tmp_path: Path) -> None:
    (folder / "page.html").write_text("<p>{{ user.locale }} {% trans %}Hello{% endtrans %} {{ _('Bye') }}</p>")
    (folder / "page.examples.json").write_text('{"one": {"user": {"locale": "en"}}}')
    catalogue = tmp_path / "locale" / "sv" / "LC_MESSAGES"
    catalogue.mkdir(parents=True)
    (catalogue / "messages.mo").write_bytes(compiled({"": "Content-Type: text/plain; charset=UTF-8\n", "Hello": "Hej"}))
    workspace = Workspace(Project((folder,), None, (folder,), tmp_path, translations=(tmp_path / "locale",)))
    assert workspace.refresh().languages == ("en", "sv")
    client = client_of(workspace)

    def shown(language: str) -> str:
        return client.get(
            f"/frame/{token(client.post('/stage', json={'item': 'page.html', 'language': language}).text)}"
        ).text

    assert "<p>en Hello Bye</p>" in shown("")
    assert "<p>sv Hej Bye</p>" in shown("sv")
    assert "<p>../x Hello Bye</p>" in shown("../x")
    assert '<option value="sv">sv</option>' in client.get("/").text


def compiled(texts: dict[str, str]) -> bytes:
    """Return translations in the binary form that gettext reads."""
    ids, strings, table = b"", b"", []
    for original, other in sorted(texts.items()):
        table.append((len(ids), len(original.encode()), len(strings), len(other.encode())))
        ids, strings = ids + original.encode() + b"\0", strings + other.encode() + b"\0"
    start = 28 + 16 * len(table)
    rows = [length.to_bytes(4, "little") + (start + at).to_bytes(4, "little") for at, length, _, _ in table]
    others = [
        length.to_bytes(4, "little") + (start + len(ids) + at).to_bytes(4, "little") for _, _, at, length in table
    ]
    head = [0x950412DE, 0, len(table), 28, 28 + 8 * len(table), 0, start]
    return b"".join(number.to_bytes(4, "little") for number in head) + b"".join((*rows, *others)) + ids + strings


def test_an_environment_of_ones_own_is_previewed_with_its_loader_and_its_filters(folder: Path) -> None:
    loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"shout.html": "{{ 'x'|shout }}"}), jinja2.FileSystemLoader(folder)]
    )
    environment = jinja2.Environment(loader=loader, autoescape=jinja2.select_autoescape())
    environment.filters["shout"] = lambda text: f"{text}!"
    assert folders_of(environment) == (folder,)
    workspace = Workspace(Project(environment, environment, folders_of(environment), folder.parent))
    workspace.refresh()
    client = client_of(workspace)
    shown = client.post("/stage", json={"item": "shout.html"}).text
    assert "x!" in client.get(f"/frame/{token(shown)}").text
    assert "Hello Ada" in client.post("/stage", json={"item": "mail/hello"}).text


def test_the_warnings_are_those_of_the_lint_of_e_mails_too(tmp_path: Path) -> None:
    pytest.importorskip("tinycss2")
    folder = tmp_path / "t"
    (folder / "mail").mkdir(parents=True)
    for name, text in {
        "subject.txt": "S",
        "body.txt": "T",
        "body.html": '<html lang="en"><img src="a.png"></html>',
    }.items():
        (folder / "mail" / name).write_text(text)
    workspace = Workspace(Project((folder,), None, (folder,), tmp_path))
    workspace.refresh()
    assert "mail-image-alt" in {each.kind for each in workspace.look_for_warnings().warnings or ()}
