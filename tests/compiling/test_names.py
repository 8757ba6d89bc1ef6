"""Which names a template may have, whatever gives it: a mapping, a loader, or a file system that holds anything."""

import os
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import blendtpl
from blendtpl.names import clash_key, name_problem
from tests.compiling.support import invoke, write

BAD = {
    "": "is empty",
    "../a": "has a `..` segment",
    "a/../b": "has a `..` segment",
    "a/./b": "has a `.` segment",
    "/a": "has an empty segment",
    "a//b": "has an empty segment",
    "a/": "has an empty segment",
    "a\\b": "has a back slash",
    "a\nb": "has the character '\\n'",
    "a\x00b": "has the character '\\x00'",
    "a\x1bb": "has the character '\\x1b'",
    "a\x7fb": "has the character '\\x7f'",
    "a{b": "has the character '{'",
    "a'b": 'has the character "\'"',
    'a"b': "has the character '\"'",
    "a:b": "has the character ':'",
    "a`b": "has the character '`'",
    "a\u2028b": "has the character '\\u2028'",
    "a\u202eb": "has the character '\\u202e'",
    "a\ud800b": "has the character '\\ud800'",
    "a.": "has a segment that ends in a dot",
    "a./b": "has a segment that ends in a dot",
    "a ": "has a segment that ends in a dot or a space",
    " a": "has a segment that begins with a space",
    "a/\u0301b": "has a segment that begins with a space or with a mark",
    "é" * 128: "has a segment of more than 255 bytes",
}

GOOD = [
    "a",
    "a.html",
    "a/b/c.txt",
    ".hidden",
    "ä/ß.html",
    "日本.html",
    "हिन्दी.txt",
    "cafe\u0301.html",
    "a b",
    "a+b=(1)[2]&3",
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


@pytest.mark.parametrize("name", GOOD)
def test_a_good_name_reaches_the_registry_as_it_is(name: str) -> None:
    assert blendtpl.load(blendtpl.compile({name: "{{ 1 }}"})).render(name) == "1"


@given(st.text(min_size=1, max_size=12))
def test_an_allowed_name_is_one_that_any_file_system_holds_and_prints(name: str) -> None:
    if name_problem(name):
        return
    assert name.isprintable()
    assert name.encode()
    assert not set(name) & set("\\{}'\"`:*?<>|\n")
    for segment in name.split("/"):
        assert segment.strip(" ") == segment
        assert segment.rstrip(".")


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
def test_names_that_some_file_system_mixes_up_clash(one: str, other: str) -> None:
    assert clash_key(one) == clash_key(other)
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile({one: "", other: "", "third": ""})
    (fault,) = caught.value.faults
    first, second = sorted([one, other])
    assert (fault.kind, fault.name) == ("name-clash", first)
    assert fault.message.startswith(f"the template name `{first}` differs from `{second}` only by case")


def test_bad_file_names_are_told_with_everything_odd_as_an_escape(project: Path) -> None:
    names = ["a\nb.html", "a{b}.html", "end.", "back\\slash.html", "Mail.html", "mail.html", "\x1b[31m.html"]
    write(project / "templates", dict.fromkeys(names, "x"))
    Path(os.fsdecode(bytes(project / "templates") + b"/\xff.html")).write_text("x")
    result = invoke("compile", "-o", "out.blend")
    assert result.exit_code == 1
    assert [line for line in result.stderr.splitlines() if line.startswith("error")] == [
        "error: the template name `Mail.html` differs from `mail.html` only by case,"
        " or by how Unicode writes the same character",
        "error: the template name `\\udcff.html` has the character '\\udcff'; letters, digits, spaces and"
        " `_.+@=,~()[]&$#!%^-` are allowed",
        "error: the template name `\\x1b[31m.html` has the character '\\x1b'; letters, digits, spaces and"
        " `_.+@=,~()[]&$#!%^-` are allowed",
        "error: the template name `a\\nb.html` has the character '\\n'; letters, digits, spaces and"
        " `_.+@=,~()[]&$#!%^-` are allowed",
        "error: the template name `a{b}.html` has the character '{'; letters, digits, spaces and"
        " `_.+@=,~()[]&$#!%^-` are allowed",
        "error: the template name `back\\slash.html` has a back slash; names are separated by `/`",
        "error: the template name `end.` has a segment that ends in a dot or a space, which some file systems drop",
    ]


@given(st.text(max_size=20))
def test_no_name_of_an_attacker_runs_code_in_the_compiler(name: str) -> None:
    hostile = f"{name}'\"{{1/0}}\\n'+__import__('os').abort()+'"
    with pytest.raises(blendtpl.SourceError):
        blendtpl.compile({hostile: "{{ a }}"})


@pytest.mark.parametrize("name", ["a$(touch x)", "a,__import__", "a#b", "a%(b)s %s", "a&b[0]=1", "a@b^c~d!"])
def test_a_name_with_characters_of_a_program_is_a_name_and_nothing_more(name: str) -> None:
    registry = blendtpl.load(blendtpl.compile({name: "{% macro m() %}{{ caller() }}{% endmacro %}\n{{ 1 // 0 }}"}))
    with pytest.raises(ZeroDivisionError) as caught:
        registry.render(name)
    assert caught.value.__notes__ == [f"in template {name}:2"]
