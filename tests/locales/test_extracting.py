"""``blendtpl messages extract``: what Babel extracts from the same templates, and clear words where that is nothing."""

import builtins
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.compiler.frontend.parser import parse
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.locales.texts import texts
from testkit import TEMPLATES
from testkit.cases import CASES
from tests.compiling.support import invoke, write

pytest.importorskip("babel")

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from blendtpl.compiler.locales.catalogues import template_of

TAGS = ("Translators:", "NOTE")
EXTENSIONS = "jinja2.ext.do,jinja2.ext.loopcontrols"
EVERYTHING = """\
{# Translators: of a person #}
<p>{{ _('Hello') }}</p>{# NOTE here #}{{ gettext("Bye") }}
{% trans count=n, name=user.name -%}
  {{ name }} has {{ count }} change
{%- pluralize count %}{{ name }} has {{ count }} changes{% endtrans %}
{# not for them #}{{ pgettext('month', 'May') }} {{ npgettext('list', 'row', 'rows', n) }}
{% trans 'menu' %}Open{% endtrans %}{% trans trimmed %}
  Two
  lines
{% endtrans %}
{% macro m(label=_('Label')) %}{{ label }}{% endmacro %}
{# Translators: two
lines #}
{% set t = ngettext('one %(num)s', 'many %(num)s', n) %}{{ m(_('A ') + _("B")) if _('Cond') else _('Else') }}
{% for x in [_('in a list'), {'k': _('in a dict')}] %}{{ x|default(_('default')) }}{% endfor %}
{{ _(name) }}{{ _('with', x=1) }}{{ _(*args) }}{{ ngettext('odd', n) }}{{ _() }}{{ _('') }}{{ x._('attribute') }}
{{ _('Ünïcode “quotes” %(a)s 100%%', a=1) }}{{ _('Hello') }}
{% call m() %}{{ _('In a call') }}{% endcall %}{% filter upper %}{{ _('Filtered') }}{% endfilter %}{% do f(_('Done')) %}
{% block b %}{% set c %}{{ _('Captured') }}{% endset %}{% if false %}{{ _('Never') }}{% endif %}{% endblock %}
{% raw %}{{ _('Raw') }}{% endraw %}{# {{ _('In a comment') }} #}
"""


def by_babel(templates: Mapping[str, str], **options: str) -> Catalog:
    catalogue = Catalog(charset="utf-8")
    for name, text in sorted(templates.items()):
        given = {"silent": "false", "extensions": EXTENSIONS, "newstyle_gettext": "true", **options}
        method: Any = babel_extract
        found = extract(method, BytesIO(text.encode()), DEFAULT_KEYWORDS, TAGS, given)
        for line, message, comments, context in found:
            catalogue.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalogue


def by_us(templates: Mapping[str, str], **options: Any) -> Catalog:
    environment = blendtpl.default_environment().overlay(**options)
    found = {}
    for name, text in templates.items():
        source = Source(name, text, "")
        tree = parse(source, environment)
        assert isinstance(tree, jinja2.nodes.Template), tree
        found[name] = texts(tree, source, environment, tags=TAGS)
    return template_of(found)


def rows(catalogue: Catalog) -> set[tuple[Any, ...]]:
    return {
        (message.id, message.context, frozenset(message.locations), frozenset(message.auto_comments))
        for message in catalogue
        if message.id
    }


def test_what_is_extracted_from_our_templates_is_what_babel_extracts() -> None:
    names = [path for path in sorted(TEMPLATES.rglob("*")) if path.suffix in {".html", ".txt"}]
    templates = {path.relative_to(TEMPLATES).as_posix(): path.read_text() for path in names}
    expected = rows(by_babel(templates))
    assert len(expected) > 40
    assert rows(by_us(templates)) == expected


def test_every_kind_of_call_is_extracted_as_babel_does() -> None:
    templates = {"a.html": EVERYTHING, "b/c.txt": EVERYTHING.replace("Hello", "Hello you"), "empty.html": ""}
    expected = rows(by_babel(templates))
    assert len(expected) > 20
    assert any(comments for *_, comments in expected)
    assert rows(by_us(templates)) == expected


def test_lines_are_those_of_the_source_whatever_the_environment_trims() -> None:
    found = by_us({"a.html": EVERYTHING}, trim_blocks=True, lstrip_blocks=True)
    assert rows(found) == rows(by_babel({"a.html": EVERYTHING}, trim_blocks="true", lstrip_blocks="true"))


@pytest.mark.parametrize(
    "case", [case for case in CASES if "trans" in str(case.templates)], ids=lambda case: case.title
)
def test_cases_are_extracted_as_babel_does(case: Any) -> None:
    templates = {name: text for name, text in case.templates.items() if isinstance(text, str)}
    assert rows(by_us(templates)) == rows(by_babel(templates))


# -- the command -------------------------------------------------------------------------------------------------------

SITE: dict[str, str | bytes] = {
    "templates/pages/home.html": "{# Translators: a greeting #}\n{{ _('Hello') }}",
    "templates/mail/subject.txt": "{{ _('Hello') }}",
    "templates/mail/body.txt": "{% trans n=n %}one{% pluralize %}many{% endtrans %}",
    "templates/mail/message.toml": 'from = "a@example.com"\n',
    "templates/logo.png": b"\x89PNG\xff",
}


def read(file: str | Path) -> dict[Any, Any]:
    return {message.id: message for message in read_po(BytesIO(Path(file).read_bytes())) if message.id}


def test_the_command_writes_texts_with_their_places_and_comments(project: Path) -> None:
    write(project, SITE)
    done = invoke("messages", "extract")
    assert (done.exit_code, done.stdout) == (0, "2 texts of 3 templates; wrote messages.pot\n")
    found = read("messages.pot")
    assert set(found) == {"Hello", ("one", "many")}
    assert found["Hello"].locations == [("mail/subject.txt", 1), ("pages/home.html", 2)]
    assert found["Hello"].auto_comments == ["a greeting"]
    assert invoke("messages", "extract", "templates", "-c", "None:", "-o", "sub/a.pot").exit_code == 0
    assert read("sub/a.pot")["Hello"].auto_comments == []


def test_a_file_in_which_nothing_changes_keeps_its_date(project: Path) -> None:
    write(project, SITE)
    invoke("messages", "extract")
    old = Path("messages.pot").read_text()
    dated = "\n".join(
        '"POT-Creation-Date: 2001-02-03 04:05+0000\\n"' if "POT-C" in line else line for line in old.split("\n")
    )
    assert dated != old
    Path("messages.pot").write_text(dated)
    done = invoke("messages", "extract")
    assert done.stdout == "2 texts of 3 templates; nothing has changed in messages.pot\n"
    assert Path("messages.pot").read_text() == dated
    write(project, {"templates/a.txt": "{{ _('New') }}"})
    assert invoke("messages", "extract").stdout.endswith("wrote messages.pot\n")
    assert "2001-02-03" not in Path("messages.pot").read_text()
    Path("messages.pot").write_bytes(b"\xff no catalogue")
    assert invoke("messages", "extract").stdout.endswith("wrote messages.pot\n")


def test_a_bundle_gives_what_its_folder_gives(project: Path) -> None:
    write(project, SITE)
    assert invoke("compile", "-o", "site.blend").exit_code == 0
    folder, bundle = (invoke("messages", "extract", part, "-o", "-") for part in ("templates", "site.blend"))
    assert folder.exit_code == bundle.exit_code == 0
    undated = [[line for line in done.stdout.split("\n") if "Date" not in line] for done in (folder, bundle)]
    assert undated[0] == undated[1]
    assert invoke("compile", "-o", "bare.blend", "--no-sources").exit_code == 0
    done = invoke("messages", "extract", "bare.blend")
    assert done.exit_code == 1
    assert "bare.blend: its sources were left out of the bundle: give the folder" in done.stderr
    Path("bad.blend").write_bytes(b"nothing")
    assert "no blendtpl bundle" in invoke("messages", "extract", "bad.blend").stderr


def test_faults_of_all_templates_are_told_and_nothing_is_written(project: Path) -> None:
    write(project, {**SITE, "templates/x.html": "{% trans %}{{ a.b }}{% endtrans %}", "templates/y.html": "{{"})
    done = invoke("messages", "extract")
    assert done.exit_code == 1
    assert "x.html:1" in done.stderr
    assert "y.html:1" in done.stderr
    assert not Path("messages.pot").exists()
    assert "nowhere" in invoke("messages", "extract", "nowhere").stderr


def test_without_babel_it_says_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, SITE)
    for name in [name for name in sys.modules if name.startswith(("babel", "blendtpl.compiler.locales.catalogues"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "babel", None)
    real = builtins.__import__

    def refuse(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "babel":
            raise ModuleNotFoundError("No module named 'babel'", name="babel")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    done = invoke("messages", "extract")
    assert done.exit_code == 1
    assert "`blendtpl messages` needs `babel`: install blendtpl with the extra `messages`" in done.stderr
