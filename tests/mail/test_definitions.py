"""Which templates are messages, and what `message.toml` says of them, is found out in the build."""

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.live import Environment
from blendtpl.mail import Image
from testkit.strict_mail import read_mail
from tests.compiling.support import invoke

SENT: dict[str, Any] = {"to": ["b@example.org"], "sender": "a@example.org"}
FOLDER = {"m/subject.txt": "S {{ x }}", "m/body.txt": "T {{ x }}", "m/body.html": "<p>{{ x }}</p>"}
BLOCKS = {
    "base.html": "{% block subject required %}{% endblock %}"
    "{% block text %}{% endblock %}{% block html %}{% endblock %}",
    "one.html": "{% extends 'base.html' %}{% set n = xs|length %}"
    "{% block subject %}{% autoescape false %} {{ n }} & {{ x }}\n{% endautoescape %}{% endblock %}"
    "{% block text %}{% autoescape false %}{{ n }}{{ x }}{% endautoescape %}{% endblock %}"
    "{% block html %}<p>{{ n }}{{ x }}</p>{% endblock %}",
}


def load(templates: Any, environment: jinja2.Environment | None = None) -> blendtpl.Registry:
    return blendtpl.load(blendtpl.compile(templates, environment=environment), environment=environment)


def faults(templates: Any, **options: Any) -> list[tuple[str, int, str]]:
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(templates, **options)
    assert {fault.kind for fault in caught.value.faults} == {"message"}
    return [(fault.name, fault.line, fault.message) for fault in caught.value.faults]


def test_folders_and_templates_with_blocks_are_messages_and_nothing_else_is() -> None:
    others = {
        "only/subject.txt": "a layout",
        "bodies/body.txt": "",
        "bodies/body.html": "",
        "subject.txt": "at the root",
        "body.txt": "",
        "page.html": "{% block html %}{% endblock %}{% block content %}{% endblock %}",
    }
    registry = load({**FOLDER, **BLOCKS, **others})
    assert list(registry.messages) == ["m", "one.html"]
    assert dict(registry.messages["m"].entry.parts) == {
        "subject": "m/subject.txt",
        "text": "m/body.txt",
        "html": "m/body.html",
    }
    assert repr(registry.messages["m"]) == "<MessageTemplate 'm': subject, text, html>"
    with pytest.raises(TypeError):
        registry.messages["x"] = registry.messages["m"]  # type: ignore[index]


@pytest.mark.parametrize("ending", [".jinja", ".j2", ".jinja2", ".tmpl", ".tpl", ".html.j2"])
def test_names_may_end_as_those_of_templates_do(ending: str) -> None:
    end = ending.removeprefix(".html")
    templates = {f"m/subject.txt{end}": "S", f"m/body.html{end}": "H{{ x }}", "m/body.html": "plain"}
    made = load(templates).message("m", x="<", **SENT)
    assert (made.subject, made.text, made.html) == ("S", None, "plain")
    del templates["m/body.html"]
    assert load(templates).message("m", x="<", **SENT).html == "H&lt;"


def test_the_parts_of_one_template_share_what_it_computes() -> None:
    asked = []

    class Values(list[int]):
        def __len__(self) -> int:
            asked.append(1)
            return 7

    made = load(BLOCKS).message("one.html", {"xs": Values(), "x": "<b>"}, **SENT)
    assert (made.subject, made.text, made.html) == ("7 & <b>", "7<b>", "<p>7&lt;b&gt;</p>")
    assert len(asked) == 1


def test_a_part_that_is_escaped_and_must_not_be_is_a_fault_and_the_other_way_round() -> None:
    wrong = {
        "one.html": "{% block subject %}\n{{ x }}{% endblock %}{% block text %}{{ x|safe }}{% endblock %}",
        "two.txt": "{% block subject %}{{ x }}{% endblock %}"
        "{% block html %}\n\n{% if x %}{{ x }}{% endif %}{% endblock %}",
    }
    assert faults(wrong) == [
        ("one.html", 2, "the block `subject` is plain text, and its values are escaped as HTML"),
        ("two.txt", 3, "the block `html` prints values that are not escaped"),
    ]
    always = jinja2.Environment(autoescape=True)
    told = faults(FOLDER, environment=always)
    assert told == [
        ("m/body.txt", 1, "the text of a message is plain text, and its values are escaped as HTML"),
        ("m/subject.txt", 1, "the subject of a message is plain text, and its values are escaped as HTML"),
    ]
    fine = {name: f"{{% autoescape {'html' in name} %}}{text}{{% endautoescape %}}" for name, text in FOLDER.items()}
    fine = {name: text.replace("True", "true").replace("False", "false") for name, text in fine.items()}
    for environment in (always, jinja2.Environment()):
        assert load(fine, environment=environment).message("m", x="&", **SENT).subject == "S &"


SETTINGS = """\
from = ["Ada <ada@example.org>", "Bob <bob@example.org>"]
sender = "Office <office@example.org>"
reply_to = "help@example.org"
category = "alerts"
language = "de"
priority = "low"
auto_submitted = "auto-generated"
feedback_id = "1:2:3"
unsubscribe = true
parts = ["text", "html"]

[headers]
X-Kind = "alert"
X-Other = "file"
"""


def test_settings_are_fields_of_each_message_and_a_call_goes_over_them() -> None:
    registry = load({**FOLDER, "m/message.toml": SETTINGS})
    assert registry.messages["m"].entry.category == "alerts"
    assert "m/message.toml" not in registry
    made = registry.message(
        "m", x=1, to=["b@example.org"], unsubscribe="https://x.org/u", headers={"x-other": "call"}, language="fr"
    )
    found = dict(read_mail(made.as_bytes()).fields)
    assert found["From"] == "Ada <ada@example.org>, Bob <bob@example.org>"
    assert (found["Sender"], found["Reply-To"]) == ("Office <office@example.org>", "help@example.org")
    assert (found["Content-Language"], found["Importance"], found["Feedback-ID"]) == ("fr", "low", "1:2:3")
    assert (found["X-Kind"], found["x-other"], found["Auto-Submitted"]) == ("alert", "call", "auto-generated")
    assert "X-Other" not in found
    with pytest.raises(blendtpl.MessageError, match="`m` must say how to unsubscribe"):
        registry.message("m", x=1, to=["b@example.org"])


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("frm = 'a'", 1, "unknown setting `frm`"),
        ("\ncategory = 5", 2, "setting `category` is no string"),
        ("from = 5", 1, "setting `from` is no string, nor a list of such"),
        ("from = 'nobody'", 1, "sender: 'nobody' is no e-mail address"),
        ("language = 'de_DE'", 1, "`language` is 'de_DE'"),
        ("priority = 'urgent'", 1, "`priority` is 'urgent'"),
        ("unsubscribe = 'yes'", 1, "setting `unsubscribe` is neither true nor false"),
        ("parts = ['pdf']", 1, 'setting `parts` is no list of "text" and "html"'),
        ("text = 'html'", 1, 'setting `text` takes "from html" only'),
        ("x = 1\n[headers]\nX-A = 5", 1, "unknown setting `x`"),
        ("[headers]\nX-A = 5", 1, "setting `headers` has a value that is no string"),
        ('[headers]\nX-A = "a\\nb"', 1, "header `X-A` has a line break"),
        ("[headers]\nBcc = 'a@x.org'", 1, "header `Bcc` is the message's own"),
        ("headers = 1", 1, "setting `headers` is no table"),
        ("a = 1\nb = [", 2, "Invalid value"),
        ("a = 1\na = 2", 2, "Cannot overwrite a value"),
    ],
)
def test_what_is_wrong_in_settings_is_told_with_its_line(text: str, line: int, told: str) -> None:
    (name, at, message), *_ = faults({**FOLDER, "m/message.toml": text})
    assert (name, at) == ("m/message.toml", line)
    assert told in message


def test_a_message_that_is_not_whole_is_told() -> None:
    assert faults({"m/message.toml": "", "m/body.txt": ""}) == [
        ("m", 0, "the message has no subject: there is no `m/subject.txt`")
    ]
    assert faults({"m/message.toml": "", "m/subject.txt": ""}) == [
        ("m", 0, "the message has no body: there is neither `m/body.txt` nor `m/body.html`")
    ]
    both = {"m/message.toml": 'parts = ["html"]', "m/subject.txt": "", "m/body.txt": ""}
    assert faults(both) == [("m", 0, "the message has no html: there is no `m/body.html`")]


def folder_with_images(folder: Path) -> None:
    for name, text in {
        "emails/alert/subject.txt": "S",
        "emails/alert/body.html": "{% extends 'base.html' %}"
        "{% block a %}<img src=\"{{ cid('own.png') }}\">{% endblock %}",
        "emails/alert/message.toml": "[images]\n'named.gif' = '../shared/x.gif'\n",
        "base.html": "<img src=\"{{ cid('logo.png') }}\">{% block a %}{% endblock %}{{ cid('named.gif') }}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name, data in {
        "emails/alert/own.png": b"\x89PNG own",
        "emails/shared/x.gif": b"GIF89a\xff",
        "logo.png": b"\x89PNG logo",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


WANTED = (
    Image("logo.png", b"\x89PNG logo"),
    Image("named.gif", b"GIF89a\xff"),
    Image("own.png", b"\x89PNG own"),
)


def test_images_that_the_html_names_are_in_the_bundle(tmp_path: Path) -> None:
    folder_with_images(tmp_path / "t")
    bundle = blendtpl.compile(tmp_path / "t")
    bundle.write(tmp_path / "a.blend")
    loaders = jinja2.FileSystemLoader(tmp_path / "t"), jinja2.ChoiceLoader([jinja2.FileSystemLoader(tmp_path / "t")])
    for registry in (blendtpl.load(tmp_path / "a.blend"), load([tmp_path / "t"]), *map(load, loaders)):
        made = registry.message("emails/alert", **SENT)
        assert made.images == WANTED
        assert made.html == '<img src="cid:logo.png@blendtpl"><img src="cid:own.png@blendtpl">cid:named.gif@blendtpl'
    assert b"\x89PNG own" in (tmp_path / "a.blend").read_bytes()
    live = Environment.with_defaults(loader=loaders[0])
    assert sorted(live.message("emails/alert", **SENT).images, key=lambda each: each.name) == list(WANTED)


def test_images_may_be_bytes_of_a_mapping_and_one_that_is_missing_is_told() -> None:
    templates = {"m/subject.txt": "S", "m/body.html": "\n{{ cid('a.png') }}", "a.png": b"\x89PNG"}
    assert load(templates).message("m", **SENT).images == (Image("a.png", b"\x89PNG"),)
    del templates["a.png"]
    assert faults(templates) == [("m/body.html", 2, "no image `a.png`: there is none of `m/a.png`, `a.png`")]
    outside = {**templates, "m/body.html": "{{ cid('../../etc/a.png') }}"}
    assert faults(outside)[0][1] == 1


def test_images_that_are_not_where_the_manifest_says_are_refused() -> None:
    from dataclasses import replace

    from blendtpl.bundle.archive import seal

    bundle = blendtpl.compile({"m/subject.txt": "S", "m/body.html": "{{ cid('a.png') }}", "a.png": b"\x89PNG"})
    entry = replace(bundle.manifest.messages["m"], images=(("a.png", "image/png", 0, 999),))
    changed = replace(bundle.manifest, messages={"m": entry})
    data = seal(changed, bytes(bundle.code), bundle.sources, None, bytes(bundle.files)).data
    with pytest.raises(blendtpl.BundleError, match="images that are not in"):
        blendtpl.load(data)
    for odd in (
        replace(entry, images=(), parts={"subject": "no.txt", "html": "m/body.html"}),
        replace(entry, images=(), fields={"to": ["a@x.org"]}),
        replace(entry, images=(("a b", "image/png", 0, 1),)),
        replace(entry, images=(("a.png", "image/png\r\nX: y", 0, 1),)),
    ):
        data = seal(
            replace(bundle.manifest, messages={"m": odd}), bytes(bundle.code), None, None, bytes(bundle.files)
        ).data
        with pytest.raises(blendtpl.BundleError, match=r"message 'm' is malformed"):
            blendtpl.load(data)


def test_a_keyword_that_looks_like_a_field_is_refused_unless_a_template_reads_it() -> None:
    registry = load(FOLDER)
    for name, meant in (
        ("attachment", r"attachments=\[\.\.\.\]"),
        ("Bcc", r"bcc=\[\.\.\.\]"),
        ("recipients", r"to=\[\.\.\.\]"),
        ("from", "sender="),
        ("Reply_To", "reply_to="),
        ("unsubscribe_url", "unsubscribe="),
        ("locale", "language="),
    ):
        with pytest.raises(blendtpl.MessageError, match=f"reads `{name}`.*write `{meant}`"):
            registry.message("m", **{"x": 1, name: "v", **SENT})
        assert registry.message("m", {name: "v", "x": 1}, **SENT).text == "T 1"
    reading = load({"m/subject.txt": "{{ recipients }}", "m/body.txt": "{{ to }}"})
    made = reading.message("m", {"to": "T"}, recipients="R", **SENT)
    assert (made.subject, made.text) == ("R", "T")


def test_a_message_without_sender_is_refused() -> None:
    with pytest.raises(blendtpl.MessageError, match="`m` has no sender: give `sender=`"):
        load(FOLDER).message("m", x=1, to=["b@example.org"])


def test_the_language_is_that_of_one_message_alone() -> None:
    environment = blendtpl.default_environment()
    environment.globals["told"] = lambda: str(blendtpl.language.get())
    bundle = blendtpl.compile({"m/subject.txt": "{{ told() }}", "m/body.txt": "{{ x.y }}"}, environment=environment)
    registry = blendtpl.load(bundle, environment=environment)
    made = registry.message("m", x={"y": 1}, language="de", **SENT)
    assert (made.subject, made.language) == ("de", "de")
    assert registry.message("m", x={"y": 1}, **SENT).subject == "None"
    with pytest.raises(blendtpl.RenderError):
        registry.message("m", x={}, language="fr", **SENT)
    assert blendtpl.language.get() is None


def test_a_live_environment_has_the_same_messages() -> None:
    templates = {**FOLDER, **BLOCKS, "m/message.toml": "from = 'Ada <ada@example.org>'\nlanguage = 'de'\n"}
    live = Environment.with_defaults(loader=jinja2.DictLoader(templates))
    registry = load(templates)
    for name, context in (("m", {"x": "<"}), ("one.html", {"xs": [1], "x": "&"})):
        fields = {"to": ["b@example.org"], "message_id": None} if name == "m" else SENT
        fields = {key: value for key, value in fields.items() if value is not None}
        assert live.message(name, context, **fields) == registry.message(name, context, **fields)
    with pytest.raises(blendtpl.MessageError, match="bcc="):
        live.message("m", {"x": 1}, BCC=1, **SENT)
    broken = Environment.with_defaults(loader=jinja2.DictLoader({"m/message.toml": "", "m/body.txt": ""}))
    with pytest.raises(blendtpl.SourceError, match="no subject"):
        broken.message("m", **SENT)


def test_a_bundle_that_is_compiled_again_keeps_its_messages(tmp_path: Path) -> None:
    from blendtpl.recompile import recompiled

    folder_with_images(tmp_path)
    bundle = blendtpl.compile(tmp_path)
    again = recompiled(bundle, blendtpl.default_environment())
    assert again.manifest.messages == bundle.manifest.messages
    assert blendtpl.load(again).message("emails/alert", **SENT).images == WANTED


def test_a_list_of_a_bundle_shows_its_messages(tmp_path: Path) -> None:
    folder_with_images(tmp_path / "t")
    (tmp_path / "t/emails/alert/message.toml").write_text(
        "from = 'a@example.org'\nunsubscribe = true\n[headers]\nX-A = '1'\n"
    )
    (tmp_path / "t/base.html").write_text("{% block a %}{% endblock %}")
    blendtpl.compile(tmp_path / "t").write(tmp_path / "a.blend")
    shown = invoke("list", tmp_path / "a.blend").stdout
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("emails/alert ")]
    assert line.split() == ["emails/alert", "subject,", "html", "own.png", "sender,", "X-A,", "unsubscribe"]
    (found,) = json.loads(invoke("list", tmp_path / "a.blend", "--format", "json").stdout)["messages"]
    assert found["parts"] == {"subject": "emails/alert/subject.txt", "html": "emails/alert/body.html"}
    assert (found["fields"], found["unsubscribe"]) == ({"sender": "a@example.org"}, True)
