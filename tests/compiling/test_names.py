"""Which names a template may have, whatever gives it: a mapping, a loader, or a file system that holds anything."""

import os
import sys
import traceback
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import blendtpl
from blendtpl.bundle.names import clash_key, name_problem
from tests.compiling.support import build, invoke, write

BAD = {
    "": "is empty",
    "..": "has a `..` segment",
    "../a": "has a `..` segment",
    "a/../b": "has a `..` segment",
    "a/..": "has a `..` segment",
    "a\\b": "has a back slash",
    "C:\\a": "has a back slash",
    "a\nb": "has the character '\\n', which terminals and logs would obey",
    "a\rb": "has the character '\\r'",
    "a\tb": "has the character '\\t'",
    "a\x00b": "has the character '\\x00'",
    "a\x1bb": "has the character '\\x1b'",
    "a\x7fb": "has the character '\\x7f'",
    "a\x9bb": "has the character '\\x9b'",
    "a\u2028b": "has the character '\\u2028', which ends a line",
    "a\u2029b": "has the character '\\u2029'",
    "a\u202eb": "has the character '\\u202e', which has others read backwards",
    "a\u2066b": "has the character '\\u2066'",
    "a\ud800b": "has the character '\\ud800', half a pair, which no text can hold",
    "a\udcff": "has the character '\\udcff'",
}

GOOD = [
    "a",
    "a/b/c.txt",
    ".hidden",
    "ä/ß.html",
    "日本.html",
    "हिन्दी.txt",
    "cafe\u0301.html",
    "\N{PARTY POPPER}.html",
    "می\u200cخواهم.txt",
    "a b",
    " a ",
    "a.",
    "a./b",
    "a/\u0301b",
    "a+b=(1)[2]&3",
    "{{cookiecutter.slug}}/{% if x %}y{% endif %}.py",
    "package:templates/x.html",
    "C:/x.html",
    "a?b*c|d<e>f;g'h\"i`j",
    "'''\"\"\"",
    "<x>",
    "<template>",
    "%s %(x)s {0} {x!r} $x ${x}",
    "/absolute",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "/",
    ".",
    "...",
    "-o",
    "--help",
    "CON",
    "manifest.json",
    "x" * 231,
    "é" * 300,
    "x/" * 500 + "y",
    "z" * 5000,
]


@pytest.mark.parametrize("name", BAD, ids=ascii)
@pytest.mark.parametrize("loader", [False, True])
def test_a_bad_name_is_a_fault_that_says_what_is_wrong_with_it(name: str, loader: bool) -> None:
    source = {name: "text", "good": "text"}
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(jinja2.DictLoader(source) if loader else source)
    (fault,) = caught.value.faults
    assert (fault.kind, fault.hint) == ("bad-name", "rename the file")
    assert BAD[name] in fault.message
    assert str(fault).replace("\n", "").isprintable()


@pytest.mark.parametrize("name", GOOD, ids=lambda name: ascii(name)[:40])
def test_any_other_name_is_one_whatever_stands_in_it(name: str) -> None:
    texts = {
        name: "{% macro m() %}m{{ caller() if caller else '' }}{% endmacro %}<{% block b %}{{ x }}{% endblock %}>",
        "user": "{% include name %}{% from name import m %}{{ m() }}",
        "child": "{% extends name %}{% block b %}{{ super() }}!{% endblock %}",
    }
    constant = {found: text.replace("name", repr(name)) for found, text in texts.items() if found != name}
    texts |= {f"constant {found}": text for found, text in constant.items()}
    stock = jinja2.Environment(loader=jinja2.DictLoader(texts))
    for portable in (False, True):
        registry = blendtpl.load(blendtpl.compile(texts, environment=stock, portable=portable), environment=stock)
        for found in texts:
            expected = stock.get_template(found).render(x=1, name=name)
            assert registry.render(found, x=1, name=name) == expected
            assert "".join(registry[found].stream(x=1, name=name)) == expected
        assert registry[name].name == name
    live = blendtpl.Environment(loader=jinja2.DictLoader(texts))
    assert live.get_template("constant child").render(x=1) == stock.get_template("constant child").render(x=1)


@given(st.text(min_size=1, max_size=12))
def test_a_name_that_is_taken_is_one_that_a_text_file_holds_and_that_stays_in_its_folder(name: str) -> None:
    if name_problem(name):
        return
    assert name.encode().decode() == name
    assert name.splitlines() == [name]
    assert not {"\0", "\x1b", "\\", "\u202e"} & set(name)
    assert ".." not in name.split("/")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mail.html", "mail.html"),
        ("a/B.txt", "A/b.txt"),
        ("straße.txt", "STRASSE.TXT"),
        ("caf\u00e9.txt", "cafe\u0301.txt"),
        ("\u212b.txt", "\u00c5.txt"),
        ("\u1100\u1161.txt", "\uac00.txt"),
    ],
)
def test_names_that_some_file_system_mixes_up_are_two_and_a_warning_says_so(one: str, other: str) -> None:
    assert clash_key(one) == clash_key(other)
    made = build({one: "1", other: "2", "third": ""})
    first, second = sorted([one, other])
    (warning,) = made.warnings
    assert warning.startswith(f"the template name `{first}` differs from `{second}` only by case")
    registry = blendtpl.load(made.bundle)
    assert (registry.render(one), registry.render(other)) == ("1", "2")


def test_bad_file_names_are_told_with_everything_odd_as_an_escape(project: Path) -> None:
    names = ["a\nb.html", "a{b}.html", "end.", "back\\slash.html", "\x1b[31m.html", "it's;?*|.html"]
    write(project / "templates", dict.fromkeys(names, "x"))
    Path(os.fsdecode(bytes(project / "templates") + b"/\xff.html")).write_text("x")
    result = invoke("compile", "-o", "out.blend")
    assert result.exit_code == 1
    assert [line for line in result.stderr.splitlines() if line.startswith("error")] == [
        "error: the template name `\\udcff.html` has the character '\\udcff', half a pair, which no text can hold:"
        " where it is from a file, that has a name which is not UTF-8",
        "error: the template name `\\x1b[31m.html` has the character '\\x1b', which terminals and logs would obey",
        "error: the template name `a\\nb.html` has the character '\\n', which terminals and logs would obey",
        "error: the template name `back\\slash.html` has a back slash; names are separated by `/`, and no folder has"
        " such a one where a back slash does that",
    ]


ATTACKS = [
    "'+__import__('os').abort()+'",
    "'''\"\"\"+__import__('os').abort()",
    '"}\');__import__("os").abort()#',
    "{__import__('os').abort()}",
    "{{ ''.__class__.__mro__ }}",
    "x'):\n __import__('os').abort()#".replace("\n", ";"),
    "%(x)s{0}{0.__class__}",
    "name='';__import__('os').abort()",
    "# coding: rot13",
]


@pytest.mark.parametrize("name", ATTACKS)
def test_no_name_of_an_attacker_runs_code_in_the_compiler_or_in_a_render(name: str) -> None:
    """It would end this process."""
    body = (
        "{% macro m() %}{{ caller() }}{% endmacro %}{% block b %}{% call m() %}{{ 1 // x }}{% endcall %}{% endblock %}"
    )
    texts = {name: body, "user": f"{{% include {name!r} %}}", "child": f"{{% extends {name!r} %}}"}
    escaping = blendtpl.default_environment()
    escaping.globals["x"] = 1
    for portable in (False, True):
        registry = blendtpl.load(blendtpl.compile(texts, environment=escaping, portable=portable), environment=escaping)
        assert [registry.render(found) for found in texts] == ["1", "1", "1"]
        with pytest.raises(ZeroDivisionError) as caught:
            registry.render("child", x=0)
        assert f"in template {name}:1" in caught.value.__notes__[0]
        assert name in "".join(traceback.format_exception(caught.value))
    for kind in (blendtpl.Environment, blendtpl.SandboxedEnvironment):
        live = kind(loader=jinja2.DictLoader(texts))
        assert live.get_template("child").render(x=1) == "1"
        assert live.compile(body, name=name, filename=name)
        compiled = str(live.compile(body, name=name, filename=name, raw=True))
        assert repr(name) in compiled


@given(st.text(max_size=20))
def test_a_name_with_anything_around_an_attack_is_refused_or_harmless(name: str) -> None:
    hostile = f"{name}'\"{{1/0}}'+__import__('os').abort()+'"
    if name_problem(hostile):
        return
    assert blendtpl.load(blendtpl.compile({hostile: "{{ a }}"})).render(hostile, a=1) == "1"


@pytest.mark.parametrize(
    "name", ["a$(touch x)", "a,__import__", "a#b", "a%(b)s %s", "a&b[0]=1", "{{a}}", "/etc/passwd"]
)
def test_a_name_with_characters_of_a_program_is_a_name_and_nothing_more(name: str) -> None:
    registry = blendtpl.load(blendtpl.compile({name: "{% macro m() %}{{ caller() }}{% endmacro %}\n{{ 1 // 0 }}"}))
    with pytest.raises(ZeroDivisionError) as caught:
        registry.render(name)
    assert caught.value.__notes__ == [f"in template {name}:2"]


def test_no_name_becomes_a_part_of_emitted_source() -> None:
    """What is compiled is a syntax tree, of which a name is a constant: no text that holds it is ever parsed."""
    name = "'+secret_name+'{{x}}"
    parsed: list[object] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "compile" and parsing:
            parsed.append(arguments[0])

    parsing = [True]
    sys.addaudithook(watch)
    blendtpl.load(blendtpl.compile({name: "{{ x }}{% block b %}{% endblock %}", "b": f"{{% include {name!r} %}}"}))
    parsing.clear()
    assert parsed
    assert not any(
        b"secret_name" in (source if isinstance(source, bytes) else str(source).encode()) for source in parsed
    )


def test_a_project_of_project_templates_compiles(project: Path) -> None:
    write(
        project / "templates",
        {
            "{{cookiecutter.slug}}/README.md": "# {{ cookiecutter.slug }}",
            "{{cookiecutter.slug}}/{{cookiecutter.module}}/__init__.py": "{% include 'package:licence/MIT.txt' %}",
            "package:licence/MIT.txt": "(c) {{ cookiecutter.author }}",
            "Makefile": "all:",
            "makefile": "some:",
            "what is this?.txt": "it's *|;",
        },
    )
    result = invoke("compile", "-o", "out.blend")
    assert result.exit_code == 0, result.stderr
    registry = blendtpl.load("out.blend")
    assert len(registry) == 6
    cookiecutter = {"slug": "s", "author": "Ada"}
    name = "{{cookiecutter.slug}}/{{cookiecutter.module}}/__init__.py"
    assert registry.render(name, cookiecutter=cookiecutter) == "(c) Ada"
    assert invoke("render", "out.blend", "what is this?.txt").stdout == "it's *|;"
    assert invoke("verify").exit_code == 0
    assert invoke("soak", "out.blend", "-n", "100", "--no-certificate").exit_code == 0
    for stage in ("tree", "program", "python"):
        assert invoke("explain", "templates", name, "--stage", stage).exit_code == 0
