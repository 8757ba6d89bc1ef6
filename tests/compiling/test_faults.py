"""What is wrong with templates, told as a whole: each folder of tests/cases/faults gives the text beside it.

``BLENDTPL_REWRITE=1 pytest tests/compiling/test_faults.py`` writes the texts anew; read them before you keep them.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest

import blendtpl
from testkit import ROOT
from tests.compiling.support import invoke

CASES = ROOT / "tests" / "cases" / "faults"


def faults_of(source: dict[str, str], environment: jinja2.Environment | None = None) -> list[blendtpl.Fault]:
    with pytest.raises(blendtpl.CompileError) as caught:
        blendtpl.compile(source, environment=environment)
    return list(caught.value.faults)


def places_of(source: dict[str, str], environment: jinja2.Environment | None = None) -> list[tuple[str, int, int]]:
    return [(fault.kind, fault.line, fault.column) for fault in faults_of(source, environment)]


def every_case() -> Iterator[object]:
    yield from sorted(path.name for path in CASES.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", list(every_case()))
def test_a_case_is_told_as_its_reviewed_text_says(case: str, project: Path) -> None:
    shutil.copytree(CASES / case, project, dirs_exist_ok=True)
    result = invoke("compile", "-o", "out.blend")
    if os.environ.get("BLENDTPL_REWRITE"):
        (CASES / case / "expected.txt").write_text(result.stderr, encoding="utf-8")
    assert result.stderr == (CASES / case / "expected.txt").read_text(encoding="utf-8")
    assert (result.exit_code, result.stdout) == (1, "")
    assert not Path("out.blend").exists()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_and_columns_are_right_whatever_ends_a_line(newline: str) -> None:
    text = newline.join(["one", "two", "  {{ a ? b }}", "", "{{ c|nope }}"])
    assert places_of({"a.txt": text}) == [("syntax", 3, 8)]
    assert places_of({"a.txt": text.replace("?", "+")}) == [("unknown-filter", 5, 6)]


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_characters_that_jinja2_takes_for_no_line_break_do_not_shift_lines(odd: str) -> None:
    (fault,) = faults_of({"a.txt": f"one{odd}more\n{{{{ a b }}}}"})
    assert (fault.line, fault.column, fault.source_line) == (2, 6, "{{ a b }}")


def test_a_tab_counts_as_one_column_and_the_caret_stands_under_the_character() -> None:
    (fault,) = faults_of({"a.txt": "\t\t{{ a b }}"})
    assert fault.column == 8
    assert str(fault).splitlines()[-2:] == ["1 |   {{ a b }}", "  |        ^"]


def test_a_word_that_occurs_before_the_mistake_does_not_draw_the_caret_to_itself() -> None:
    assert places_of({"a.txt": "{{ uper|uper }} {{ x is uper }}"}) == [
        ("unknown-filter", 1, 9),
        ("unknown-test", 1, 25),
    ]
    assert places_of({"a.txt": "{{ '\\x61' }}{{ 1_0 }}a 10 {{ a b }}"}) == [("syntax", 1, 32)]


def test_a_filter_in_the_third_line_of_an_expression_is_found_there() -> None:
    assert places_of({"a.txt": "{{ a\n|upper\n|uper }}"}) == [("unknown-filter", 3, 2)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{{ a b }}\n", 1, 6),
        ("x {# open", 1, 3),
        ("x\n {% raw %} open", 2, 2),
        ("{{ (a }}", 1, 7),
        ("{{ a) }}", 1, 5),
        ("{{ 'open }}", 1, 4),
        (r"{{ '\x1' }}", 1, 4),
        ("{{ a", 1, 5),
        ("{% if a %}\nb\n", 2, 2),
        ("{{ a }}\n{%- if %}", 2, 8),
        ("a  \n\n {{- ? -}}", 3, 6),
        ("{% block a %}{% endblock %} {% block a %}{{ a }}{% endblock %}", 1, 38),
        ("{% for x in y %}{% block a %}{% endblock a %}{% endfor %}{% extends %}", 1, 69),
    ],
)
def test_the_column_is_that_of_the_mistake(text: str, line: int, column: int) -> None:
    assert places_of({"a.txt": text}) == [("syntax", line, column)]


def test_line_statements_and_own_delimiters_give_exact_places() -> None:
    environment = jinja2.Environment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="${",
        variable_end_string="}",
        line_statement_prefix="%",
        line_comment_prefix="##",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assert places_of({"a": "x\n  % for a in\n"}, environment) == [("syntax", 2, 13)]
    assert places_of({"a": "x\n  % fro a in b ## no\n"}, environment) == [("syntax", 2, 5)]
    assert places_of({"a": "  <% for a in c %>\n${ b|uper }<% endfor %>"}, environment) == [("unknown-filter", 2, 6)]


class Shout(jinja2.ext.Extension):
    """Rewrites sources before they are parsed; in a mode, so that their lines change too."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source.replace("<<", "<long> {{").replace(">>", "}}").replace("TWICE", "\n\n")


def test_a_rewritten_line_is_shown_as_it_was_written_with_a_caret_where_that_is_certain() -> None:
    environment = jinja2.Environment(extensions=[Shout])
    (fault,) = faults_of({"a": "one\n<< name other >>"}, environment)
    assert (fault.line, fault.column, fault.source_line) == (2, 9, "<< name other >>")
    (fault,) = faults_of({"a": "one\n<< other other >>"}, environment)
    assert (fault.line, fault.column, fault.source_line) == (2, 0, "<< other other >>")


def test_lines_that_an_extension_moved_are_shown_as_the_parser_sees_them() -> None:
    (fault,) = faults_of({"a": "TWICE{{ a b }}"}, jinja2.Environment(extensions=[Shout]))
    assert (fault.line, fault.column, fault.source_line) == (3, 6, "{{ a b }}")


def test_an_unknown_filter_or_test_under_a_condition_is_no_fault_as_in_jinja2() -> None:
    text = "{% if a %}{{ a|nope }}{{ a is nope }}{% endif %}{{ (a|nope) if a else b }}"
    assert (
        blendtpl.load(blendtpl.compile({"a": "{% if a %}{{ a|nope }}{% endif %}{{ (a|nope) if a else b }}"})).render(
            "a", a=0, b=1
        )
        == "1"
    )
    jinja2.Environment().from_string(text)
    blendtpl.compile({"a": text})


def test_an_unknown_filter_in_a_loop_under_a_condition_is_one_as_in_jinja2() -> None:
    text = "{% if a %}{% for x in a %}{{ x|nope }}{% endfor %}{% endif %}"
    with pytest.raises(jinja2.TemplateAssertionError):
        jinja2.Environment().from_string(text)
    assert places_of({"a": text}) == [("unknown-filter", 1, 32)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{% extends 'b.htm' %}", 1, 12),
        ("{% include 'b.htm' %}", 1, 12),
        ("\n{% include ['x', 'y'] %}", 2, 13),
        ("{% import 'b.htm' as b %}", 1, 11),
        ("{% from 'b.htm' import c %}", 1, 9),
        ("{% include 'b.htm' if x else 'b.html' %}", 1, 12),
        (r"{% include 'b.h\x74m' %}", 1, 12),
    ],
)
def test_a_missing_template_is_a_fault_at_its_name(text: str, line: int, column: int) -> None:
    assert places_of({"a": text, "b.html": ""}) == [("missing-reference", line, column)]


@pytest.mark.parametrize(
    "text",
    [
        "{% include 'nope' ignore missing %}",
        "{% include ['nope', 'b'] %}",
        "{% include ['nope', 'nor'] ignore missing %}",
        "{% include name %}",
        "{% include ['nope', name] %}",
        "{% extends 'b' if x else name %}",
        "{% include 'b' if x %}",
        "{% extends layout %}",
        "{% include 'nope' ~ name %}",
    ],
)
def test_a_reference_that_may_resolve_is_no_fault(text: str) -> None:
    assert set(blendtpl.compile({"a": text, "b": ""}).manifest.templates) == {"a", "b"}


def circle(*texts: str) -> dict[str, str]:
    return {chr(ord("a") + number): text for number, text in enumerate(texts)}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (circle("{% include 'a' %}"), ["a -> a"]),
        (circle("{% extends 'a' %}"), ["a -> a"]),
        (circle("{% include 'b' %}", "{% extends 'a' %}"), ["a -> b -> a"]),
        (circle("{% import 'b' as b %}", "{% from 'c' import x %}", "{% include 'a' %}"), ["a -> b -> c -> a"]),
        (circle("{% include 'b' %}", "{% include 'b' %}"), ["b -> b"]),
        (circle("{% include 'b' %}", "{% include 'a' %}", "{% include 'c' %}"), ["a -> b -> a", "c -> c"]),
        (circle("{% block x %}{% include 'a' %}{% endblock %}"), ["a -> a"]),
        (circle("{% include ['nope', 'a'] %}"), ["a -> a"]),
        (circle("{% with %}{% include 'a' %}{% endwith %}"), ["a -> a"]),
        (circle("{% set x %}{% include 'a' %}{% endset %}"), ["a -> a"]),
    ],
)
def test_a_circle_of_references_is_told_with_its_path(source: dict[str, str], told: list[str]) -> None:
    found = faults_of(source)
    assert [fault.kind for fault in found] == ["reference-cycle"] * len(told)
    assert [fault.message.partition(": ")[2] for fault in found] == told


@pytest.mark.parametrize(
    "text",
    [
        "{% if n %}{% include 'a' %}{% endif %}",
        "{% for x in n %}{% include 'a' %}{% endfor %}",
        "{% macro m() %}{% include 'a' %}{% endmacro %}",
        "{% macro m() %}{% import 'a' as a %}{% endmacro %}",
        "{% include 'a' if n else 'b' %}",
        "{% include name %}",
        "{% for x in n %}{% else %}{% include 'a' %}{% endfor %}",
    ],
)
def test_a_circle_that_a_condition_guards_is_none(text: str) -> None:
    blendtpl.compile({"a": text, "b": ""})


def test_a_guarded_circle_ends_when_its_condition_does() -> None:
    source = {"a": "{{ n }}{% set n = n - 1 %}{% if n %}{% include 'a' %}{% endif %}"}
    assert blendtpl.load(blendtpl.compile(source)).render("a", n=3) == "321"


def test_every_fault_of_every_template_is_in_one_error_in_order_of_place() -> None:
    source = {
        "a.html": "{{ x|nope }}\n{{ x is nor }}\n{% include 'zz' %}",
        "b.html": "{% include 'b.html' %}",
        "c.html": "{{ a b }}",
        "d.html": "{% block x %}{% endblock %}\n{% block x %}{% endblock %}{{ a|nope }}",
        "../e.html": "",
    }
    assert [(fault.name, fault.kind, fault.line) for fault in faults_of(source)] == [
        ("../e.html", "bad-name", 0),
        ("a.html", "unknown-filter", 1),
        ("a.html", "unknown-test", 2),
        ("a.html", "missing-reference", 3),
        ("b.html", "reference-cycle", 1),
        ("c.html", "syntax", 1),
        ("d.html", "syntax", 2),
        ("d.html", "unknown-filter", 2),
    ]


def test_a_template_with_a_mistake_is_not_missed_where_others_refer_to_it() -> None:
    assert places_of({"a": "{{", "b": "{% include 'a' %}", "c\\d": "", "e": "{% include 'c\\\\d' %}"}) == [
        ("syntax", 1, 3),
        ("bad-name", 0, 0),
    ]


def test_faults_of_links_alone_are_a_link_error_and_any_other_a_source_error() -> None:
    with pytest.raises(blendtpl.LinkError):
        blendtpl.compile({"a": "{% include 'b' %}"})
    with pytest.raises(blendtpl.SourceError):
        blendtpl.compile({"a": "{% include 'b' %}{{ a|nope }}"})


def test_a_second_extends_is_a_fault_unless_a_condition_chooses() -> None:
    assert places_of({"a": "{% extends 'b' %}\n{% extends 'b' %}", "b": ""}) == [("second-extends", 2, 4)]
    blendtpl.compile({"a": "{% if x %}{% extends 'b' %}{% else %}{% extends 'c' %}{% endif %}", "b": "", "c": ""})


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "+".join(["a"] * 5000) + " }}",
        "{{ a" + ".b" * 3000 + " }}",
        "{{ " + "(" * 3000 + "a" + ")" * 3000 + " }}",
        "{% for a in b %}" * 30 + "{% endfor %}" * 30,
        "{% if a %}" * 2000 + "{% endif %}" * 2000,
        "{{ " + "1" * 5000 + " }}",
    ],
)
def test_what_is_too_much_for_python_is_a_fault_too(text: str) -> None:
    (fault,) = faults_of({"a": text})
    assert fault.message.startswith("the template cannot be compiled")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{% fro x in y %}{% endfor %}", "did you mean `from`?"),
        ("{% endblock %}", ""),
        ("{% for x in y %}\n{% endblock %}", "the `for` of line 1 is not closed"),
        ("{% if a %}{% if b %}\n{% if c %}{% endif %}", "the `if` of line 1 is not closed"),
        ("{% for a in b %}{% endfor %}\n{% block x %}{% if a %}", "the `if` of line 2 is not closed"),
        ("{{ a|uper }}", "did you mean `upper`?"),
        ("{{ a is nothing_like_it_at_all }}", "add it to the environment's tests, and give that as `environment`"),
        ("{% include 'basse.html' %}", "did you mean `base.html`?"),
        ("{% include ['nothing', 'basse.html'] %}", "did you mean `base.html`?"),
    ],
)
def test_a_fault_says_what_may_have_been_meant(text: str, hint: str) -> None:
    assert [fault.hint for fault in faults_of({"a": text, "base.html": ""})] == [hint]
