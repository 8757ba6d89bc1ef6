"""Bundles that are changed anywhere and sealed again: a `BundleError`, or a registry that renders what it did."""

import json
import random
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest

import blendtpl
from blendtpl.bundle.archive import CODE, MANIFEST, SOURCES, open_bundle
from tests.run.sealing import SEAL_SIZE, members, refused, reseal, with_member

RICH = blendtpl.compile(
    {
        "a.html": "{% extends 'b.html' %}{% block c %}{{ x | upper }}{% endblock %}",
        "b.html": "[{% block c %}{% endblock %}]{% if y is defined %}{{ y }}{% endif %}",
    }
)
BODY = RICH.data[:-SEAL_SIZE]
TEXT = dict(members(RICH))[MANIFEST].decode()
RENDERED = blendtpl.load(RICH).render("a.html", x="<")


def check(data: bytes) -> str:
    """Return what becomes of a bundle whose code is as it was: nothing, when it is one that renders what it did."""
    try:
        registry = blendtpl.load(data)
    except blendtpl.BundleError as error:
        return str(error)
    assert len(registry) == 2
    assert registry.render("a.html", x="<") == RENDERED
    return ""


def places_of_code() -> range:
    start = RICH.data.index(bytes(RICH.code))
    return range(start, start + len(RICH.code))


@pytest.mark.parametrize("seed", range(4))
def test_bits_that_flip(seed: int) -> None:
    choose = random.Random(seed)
    beside_code = [place for place in range(len(BODY)) if place not in places_of_code()]
    outcomes = []
    for _ in range(500):
        data = bytearray(BODY)
        for place in choose.sample(beside_code, choose.choice((1, 1, 2, 5))):
            data[place] ^= 1 << choose.randrange(8)
        outcomes.append(check(reseal(bytes(data))))
    assert any(outcomes)  # most are refused; what is a letter of a source or a digest is not missed


@pytest.mark.parametrize("seed", range(2))
def test_bits_that_flip_in_code_end_before_it_is_unmarshalled_or_leave_it_as_code(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(500):
        data = bytearray(BODY)
        for place in choose.sample(range(len(data)), choose.choice((1, 2, 5))):
            data[place] ^= 1 << choose.randrange(8)
        sealed = reseal(bytes(data))
        try:
            opened = open_bundle(sealed)  # which unmarshals nothing
        except blendtpl.BundleError:
            continue
        assert (opened.data, len(opened.manifest.templates)) == (sealed, 2)


@pytest.mark.parametrize("seed", range(2))
def test_pieces_that_are_cut_out_doubled_or_moved(seed: int) -> None:
    choose = random.Random(seed)
    outcomes = []
    for _ in range(400):
        first, second, place = sorted(choose.sample(range(len(BODY) + 1), 3))
        piece = BODY[first:second]
        changed = choose.choice(
            (
                BODY[:first] + BODY[second:],
                BODY[:second] + piece + BODY[second:],
                BODY[:first] + BODY[second:place] + piece + BODY[place:],
            )
        )
        outcomes.append(changed == BODY or check(reseal(changed)))
    assert all(outcomes)


KINDS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    "",
    "a.html",
    "\ud800",
    [],
    [[]],
    [None],
    {},
    {"a.html": {}},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def put(manifest: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    at = manifest
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return manifest


def rows_of(text: str) -> list[str]:
    """Return a manifest's head, and the row of each template."""
    head, _, rows = text.partition('"templates": {\n')
    return [head, *rows.removesuffix("\n}}\n").split(",\n")]


def joined(head: str, *rows: str) -> bytes:
    return (f'{head}"templates": {{\n' + ",\n".join(rows) + "\n}}\n").encode("utf-8", "surrogatepass")


def test_a_manifest_that_is_taken_apart_and_joined_is_as_it_was() -> None:
    assert joined(*rows_of(TEXT)).decode() == TEXT


@pytest.mark.parametrize("kind", KINDS, ids=ascii)
def test_a_value_of_every_kind_in_place_of_every_value(kind: object) -> None:
    head, *rows = rows_of(TEXT)
    whole = json.loads(head.removesuffix(", ") + "}")
    for path in places(whole):
        changed = json.dumps(put(json.loads(json.dumps(whole)), path, kind)).removesuffix("}")
        check(with_member(RICH, MANIFEST, joined(f"{changed}, ", *rows)))
    for number, row in enumerate(rows):
        entry = json.loads(f"{{{row}}}")
        for path in places(entry):
            changed = json.dumps(put(json.loads(json.dumps(entry)), path, kind))[1:-1]
            check(with_member(RICH, MANIFEST, joined(head, *rows[:number], changed, *rows[number + 1 :])))


def test_every_name_twice_is_refused() -> None:
    spots = list(re.finditer(r'"[^"]+": ', TEXT))
    assert len(spots) > 60
    for spot in spots:
        for value in ("null", "{}", '"a"', "0"):
            doubled = f"{TEXT[: spot.start()]}{spot[0]}{value}, {TEXT[spot.start() :]}"
            if "\n" not in doubled[spot.start() : spot.end()]:
                assert refused(with_member(RICH, MANIFEST, doubled.encode()))


def test_a_template_twice_is_refused() -> None:
    head, first, second = rows_of(TEXT)
    for rows in ([first, first, second], [first, second, first]):
        assert refused(with_member(RICH, MANIFEST, joined(head, *rows))) == (
            "the manifest's 'a.html' is malformed: ValueError: it is there twice"
        )
    assert "a name twice" in refused(with_member(RICH, MANIFEST, joined(head, f"{first}, {first}", second)))


FORMS: dict[str, Callable[[str], str]] = {
    "a zero before": lambda number: f"0{number}",
    "plus": lambda number: f"+{number}",
    "minus": lambda number: f"-{number}",
    "a fraction": lambda number: f"{number}.0",
    "an exponent": lambda number: f"{number}e0",
    "hexadecimal": lambda number: f"0x{int(number):x}",
    "underscores": lambda number: f"{number}_0",
    "a blank": lambda number: f"{number} 0",
    "a text": lambda number: f'"{number}"',
    "other digits": lambda number: "".join(chr(0x660 + int(digit)) for digit in number),
    "minus zero": lambda number: "-0",
    "NaN": lambda number: "NaN",
    "Infinity": lambda number: "Infinity",
    "-Infinity": lambda number: "-Infinity",
    "too large": lambda number: "1e999",
    "too many digits": lambda number: "9" * 5000,
    "true": lambda number: "true",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_number_in_another_form_is_refused(form: str) -> None:
    spots = list(re.finditer(r'(?<=": )\d+(?=[,}])', TEXT))
    assert len(spots) == 4  # an option, a line, and two sizes
    for spot in spots:
        if form in {"minus", "a fraction", "a text", "true"} and spot.start() < TEXT.index('"templates"'):
            continue  # an option may have any value of JSON, and then differs from that of the environment
        text = TEXT[: spot.start()] + FORMS[form](spot[0]) + TEXT[spot.end() :]
        assert refused(with_member(RICH, MANIFEST, text.encode()))


@pytest.mark.parametrize("text", ["1.50", "1E5", "1e5", "0.10", "100000000000000000000.0", "-0", "-00", "1.", ".5"])
def test_an_option_is_no_number_that_two_readers_could_take_for_two(text: str) -> None:
    changed = TEXT.replace('"environment": {', f'"environment": {{"aaa": {text}, ', 1)
    assert re.search(
        "a number that nobody writes so|is no JSON", refused(with_member(RICH, MANIFEST, changed.encode()))
    )


@pytest.mark.parametrize("text", ["1.5", "1e+16", "-1", "0", "-0.0", "1e-07"])
def test_an_option_may_be_any_number_as_python_writes_it(text: str) -> None:
    changed = TEXT.replace('"environment": {', f'"environment": {{"aaa": {text}, ', 1)
    assert "option `aaa`" in refused(with_member(RICH, MANIFEST, changed.encode()))


def archive(change: Callable[[zipfile.ZipFile, list[tuple[zipfile.ZipInfo, bytes]]], None]) -> bytes:
    """Return a sealed archive that `change` has written from the members of a bundle."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        change(made, [(zipfile.ZipInfo(name), data) for name, data in members(RICH)])
        made.comment = b" " * SEAL_SIZE
    return reseal(buffer.getvalue()[:-SEAL_SIZE])


def write_all(made: zipfile.ZipFile, found: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    for info, data in found:
        made.writestr(info, data)


def test_an_archive_that_these_tests_write_is_a_good_one() -> None:
    assert check(archive(write_all)) == ""


@pytest.mark.parametrize("field", ["comment", "extra"])
@pytest.mark.parametrize("member", range(3))
def test_a_member_with_a_comment_or_more_fields_is_refused(field: str, member: int) -> None:
    def change(made: zipfile.ZipFile, found: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        setattr(found[member][0], field, struct.pack("<HHI", 0xCAFE, 4, 0))
        write_all(made, found)

    assert "the bundle's archive is broken" in refused(archive(change))


@pytest.mark.parametrize(
    "more", [b"\0", b"MZ", b"PK\3\4", b"#!/usr/bin/env python3\n", BODY], ids=lambda more: str(more[:4])
)
def test_what_stands_before_the_first_member_is_refused(more: bytes) -> None:
    assert "is not where it belongs" in refused(reseal(more + BODY))


@pytest.mark.parametrize("more", [b"\0", b"PK\6\7", bytes(20)], ids=str)
@pytest.mark.parametrize("place", [MANIFEST, CODE, SOURCES, "directory", "end"])
def test_what_stands_between_members_or_around_the_directory_is_refused(place: str, more: bytes) -> None:
    places = {
        "directory": RICH.data.index(b"PK\1\2"),
        "end": RICH.data.rindex(b"PK\5\6"),
        **{name: RICH.data.index(name.encode()) - 30 for name in (MANIFEST, CODE, SOURCES)},
    }
    at = places[place]
    moved = bytearray(BODY[:at] + more + BODY[at:])
    if place not in {"end"}:  # an archive that is right but for what is in it
        start = int.from_bytes(BODY[-6:-2], "little")
        moved[-6:-2] = (start + len(more)).to_bytes(4, "little")
    assert "the bundle's archive is broken" in refused(reseal(bytes(moved)))


@pytest.mark.parametrize("size", [0, 1, SEAL_SIZE - 1, SEAL_SIZE + 1, 65535])
def test_a_comment_of_another_size_than_the_seal_is_refused(size: int) -> None:
    assert "broken" in refused(reseal(BODY[:-2] + size.to_bytes(2, "little")))


@pytest.mark.parametrize("field", range(30))
def test_a_member_whose_own_header_differs_from_the_directory_is_refused(field: int) -> None:
    data = bytearray(BODY)
    data[field] ^= 1
    assert "is not where it belongs" in refused(reseal(bytes(data)))
