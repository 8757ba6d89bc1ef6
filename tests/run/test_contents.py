"""A bundle whose seal is right is still refused when its manifest or its code is not what it must be."""

import json
import marshal
import re
from dataclasses import fields
from functools import partial
from types import CodeType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import blendtpl
from blendtpl.bundle.abi import TemplateInfo
from blendtpl.bundle.archive import CODE, MANIFEST
from blendtpl.bundle.code_member import LENGTHS, read_codes, read_links, read_metadata
from tests.run.sealing import members, refused, with_manifest, with_member

SMALL = blendtpl.compile({"a.html": "{{ user }}"})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\xff",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"9" * 100_000,
        b"null",
        b"[]",
        b"5",
        b'"x"',
        b"{}",
        b"{} {}",
        b"NaN",
        json.dumps({"versions": {}}).encode("utf-32"),
    ],
    ids=lambda text: repr(text[:8]) + str(len(text)),
)
def test_a_manifest_that_is_no_manifest_is_refused(text: bytes) -> None:
    assert re.search(r"the manifest('s '\w+' is malformed| is no JSON)", refused(with_member(SMALL, MANIFEST, text)))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(("a.html", "size", "0" * 64, 1e400, -1)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


RICH = blendtpl.compile(
    {
        "a.html": "{% extends 'b.html' %}{% block c %}{{ x | upper }}{% endblock %}",
        "b.html": "{% block c %}{% endblock %}",
    }
)
PLACES = places(json.loads(dict(members(RICH))[MANIFEST]))


def put(manifest: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        manifest = manifest[key]
    manifest[path[-1]] = value


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(PLACES), JUNK)
def test_a_manifest_with_anything_in_any_of_its_fields_is_refused_or_still_says_what_its_types_say(
    path: tuple[Any, ...], value: object
) -> None:
    data = with_manifest(RICH, partial(put, path=path, value=value))
    try:
        registry = blendtpl.load(data)
    except blendtpl.BundleError as error:
        assert str(error)  # noqa: PT017
        return
    for entry in registry.manifest.templates.values():
        assert type(entry.digest) is str
        assert type(entry.size) is int
        assert all(type(text) is str for text in (*entry.blocks, *entry.variables))
        assert all(type(found.line) is int and type(found.kind) is str for found in entry.references)
        assert all(type(name) is str for found in entry.references for name in found.names)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_manifest_with_any_field_of_another_type_is_refused_naming_the_part(path: tuple[Any, ...]) -> None:
    for value in (None, 1e400, -1, [[1]], {"x": {"y": 1}}, "\ud800", True):
        data = with_manifest(RICH, partial(put, path=path, value=value))
        try:
            registry = blendtpl.load(data)
        except blendtpl.BundleError:
            continue
        # a text for a text, a switch for a switch
        was = json.loads(dict(members(RICH))[MANIFEST])
        for key in path:
            was = was[key]
        assert type(was) is type(value), (path, value, registry)


FIELDS = [path for path in PLACES if isinstance(path[-1], str) and path[:2] != ("needs", "filters")]


@pytest.mark.parametrize("path", [*FIELDS, ("needs", "filters")], ids=lambda path: ".".join(map(str, path)))
def test_a_manifest_that_lacks_a_field_is_refused(path: tuple[Any, ...]) -> None:
    def remove(manifest: Any) -> None:
        for key in path[:-1]:
            manifest = manifest[key]
        del manifest[path[-1]]

    assert refused(with_manifest(RICH, remove))


@pytest.mark.parametrize("depth", [40, 300, 450, 900])
def test_an_option_that_is_nested_deeply_is_refused(depth: int) -> None:
    value: object = 1
    for _ in range(depth):
        value = [value] if depth % 2 else {"a": value}
    assert "environment" in refused(with_manifest(SMALL, lambda manifest: manifest["environment"].update(class_=value)))


def packed(*found: tuple[Any, Any, Any]) -> bytes:
    """Return the member that holds, for each template, what it says of itself, its links and its code."""
    parts = [(marshal.dumps(told, 2), marshal.dumps(links, 2)) for told, links, _ in found]
    heads = b"".join(LENGTHS.pack(len(told), len(links)) + told + links for told, links in parts)
    return heads + marshal.dumps(tuple(codes for *_, codes in found), 2)


def unpacked(bundle: blendtpl.Bundle) -> list[tuple[Any, Any, Any]]:
    count = len(bundle.manifest.templates)
    parts = (read(bundle.code, count) for read in (read_metadata, read_links, read_codes))
    return list(zip(*parts, strict=True))


def test_a_member_that_is_taken_apart_and_packed_again_is_the_same_code() -> None:
    assert unpacked(blendtpl.compile({"a.html": "{{ x }}"}))[0][0][0] == ("part",)
    data = with_member(RICH, CODE, packed(*unpacked(RICH)))
    assert blendtpl.load(data).render("a.html", x="<") == blendtpl.load(RICH).render("a.html", x="<") == "&lt;"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_code_of_another_number_of_templates_is_refused(count: int) -> None:
    code = packed(*unpacked(RICH)[:1] * count)
    assert "counts 2 templates, and `code.marshal` is not the code of so many" in refused(with_member(RICH, CODE, code))


def function(text: str = "def f(*given): pass") -> CodeType:
    found = compile(text, "a.html", "exec").co_consts[0]
    assert isinstance(found, CodeType)
    return found


ABOUT = {
    "name": "a.html",
    "blocks": ("b",),
    "reads": None,
    "needs_context": True,
    "string_functions": (),
    "slots": None,
    "order": (),
    "required": (),
    "stores": (),
    "may_form_cycle": False,
    "optional": (),
    "stable_autoescape": True,
    "singleton": False,
    "preamble": None,
    "parent": None,
    "parent_line": None,
    "constant_slots": (),
}
TWO, NONE = (function(), function()), ((), ())


def told(*functions: str, bound: object = (), links: object = (), **changed: object) -> tuple[object, ...]:
    return functions or ("root", "block_b"), bound, links, tuple((ABOUT | changed).values())


def test_code_of_the_right_shape_is_not() -> None:
    assert list(ABOUT) == [field.name for field in fields(TemplateInfo)]
    assert list(blendtpl.load(with_member(SMALL, CODE, packed((told(), NONE, TWO))))) == ["a.html"]


@pytest.mark.parametrize(
    "compiled",
    [
        (5, NONE, TWO),
        (None, NONE, TWO),
        ((), NONE, TWO),
        ((1, 2, 3, 4), NONE, TWO),
        (told(), NONE, 5),
        (told(), NONE, ()),
        (told(), NONE, (function(),)),
        (told(), NONE, ("print(1)", "print(2)")),
        (told(), NONE, (function(), 5)),
        (told(), NONE, (function(), compile("def f(x):\n def g(): x", "", "exec").co_consts[0].co_consts[1])),
        (told("root", "block_c"), NONE, TWO),
        (told("x", "block_b"), NONE, TWO),
        (told("root", 5), NONE, TWO),  # type: ignore[arg-type]
        (told(bound=5), NONE, TWO),
        (told(bound=(("x", "y"),)), NONE, TWO),
        (told(bound=(("filter", "y", "z"),)), NONE, TWO),
        (told(bound=(("import", "no_such_module_anywhere"),)), NONE, TWO),
        (told(name="b.html"), NONE, TWO),
        (told(blocks=("c",)), NONE, TWO),
        (told(blocks=5), NONE, TWO),
        (told(reads=()), NONE, TWO),
        (told(parent="c.html"), NONE, TWO),
        (told(parent="a.html"), NONE, TWO),
        (told(extra=5), NONE, TWO),
        (told(), 5, TWO),
        (told(), (), TWO),
        (told(), (5, ()), TWO),
        (told(links=(0,)), ((("c.html", "unit"),), ()), TWO),
        (told(links=(0,)), ((("a.html", "x"),), ()), TWO),
        (told(links=(0,)), (((0, "a.html", "unit"),), ()), TWO),
        (told(), ((("a.html", "unit"),), ()), TWO),
        (told(links=(0, 1)), ((("a.html", "unit"),), ()), TWO),
        (told(), ((), 5), TWO),
        (told(), ((), (("c.html", "unit"),)), TWO),
        (told(), ((), ((),)), TWO),
        (told("block_b", parent_line=1), NONE, TWO[:1]),
        (told("block_b", parent_line=1, slots=(), parent="a.html"), NONE, TWO[:1]),
    ],
    ids=lambda compiled: re.sub(" at 0x[0-9a-f]+", "", repr(compiled[:2]))[:90],
)
def test_code_of_the_wrong_shape_is_refused_naming_the_template(compiled: tuple[Any, Any, Any]) -> None:
    with pytest.raises(blendtpl.BundleError, match=r"the code of `a\.html` is malformed"):
        blendtpl.load(with_member(SMALL, CODE, packed(compiled)))


def test_code_that_extends_itself_is_refused() -> None:
    one, other = (
        unpacked(blendtpl.compile({"a.html": "", "b.html": "", name: text}))[at]
        for at, name, text in ((0, "a.html", "{% extends 'b.html' %}"), (1, "b.html", "{% extends 'a.html' %}"))
    )
    with pytest.raises(blendtpl.BundleError, match="is malformed: TypeError: it extends itself"):
        blendtpl.load(with_member(blendtpl.compile({"a.html": "", "b.html": ""}), CODE, packed(one, other)))


@pytest.mark.parametrize("code", [b"", b"\0", b"(", b"\xff" * 20, b"c\0\0", b"N", b")\1N", b"[\1\0\0\0N"])
def test_code_that_is_not_marshalled_is_refused(code: bytes) -> None:
    assert "`code.marshal` is not the code of so many" in refused(with_member(SMALL, CODE, code))
    for head in (LENGTHS.pack(len(code), 1) + code + b"N", LENGTHS.pack(1, 1) + b"NN"):
        with pytest.raises(blendtpl.BundleError, match=r"the code of `a\.html` is malformed"):
            blendtpl.load(with_member(SMALL, CODE, head + b"(\1\0\0\0" + code))


@given(st.binary(max_size=40))
def test_any_bytes_in_place_of_the_code_are_refused(code: bytes) -> None:
    with pytest.raises(blendtpl.BundleError):
        blendtpl.load(with_member(SMALL, CODE, code))
