"""All subjects do the same work: what is compared is what they leave, not what they leave out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.memory.registered import Desk, Family, Kind, Part, Subject, Unsupported
from bench.memory.subjects import SUBJECTS
from bench.memory.turns import in_turn
from bench.memory.workloads import ALERT, MISSING, MIXED, WORKLOADS
from bench.peers import normal
from testkit.growth import EVERY, MAIL
from testkit.oracle import stock_environment

SAME_BYTES = {name for name, found in SUBJECTS.items() if found.family in (Family.OURS, Family.OLD)} | {"Jinja2"}
SAME_BYTES -= {"string.Template read per call"}  # whose templates are others

DeskOf = Callable[[str], Desk]


@pytest.fixture
def desk_of(tmp_path: Path) -> Iterator[DeskOf]:
    """Give a function that makes a desk in a folder of its own; what subjects import goes again."""
    before = set(sys.modules)
    with ExitStack() as stack:

        def make(name: str) -> Desk:
            folder = tmp_path / name
            folder.mkdir()

            def at_end(end: Callable[[], object]) -> None:
                stack.callback(end)

            return Desk(folder, at_end, lambda process, usage: None)

        yield make
    for name in set(sys.modules) - before:
        if name.startswith("template_"):
            del sys.modules[name]


def alert() -> Part:
    (part,) = WORKLOADS[ALERT].parts()
    return part


@pytest.mark.parametrize("found", SUBJECTS.values(), ids=lambda found: found.name)
def test_every_subject_renders_the_alert_that_jinja2_renders_again_and_again(found: Subject, desk_of: DeskOf) -> None:
    part = alert()
    expected = stock_environment(part.sources, part.make).get_template(part.entry).render(part.variables())
    try:
        render = found.prepare(part, desk_of("own"))
    except Unsupported as reason:
        pytest.skip(str(reason))
    for _ in range(3):
        text = render(part.variables())
        assert isinstance(text, str)
        if found.name in SAME_BYTES:
            assert text == expected
        assert normal(text) == normal(expected)


def test_every_subject_says_what_it_does() -> None:
    assert all(found.description.endswith(".") for found in SUBJECTS.values())
    assert {found.family for found in SUBJECTS.values()} == set(Family)


def test_every_construct_and_every_error_is_a_workload() -> None:
    by_kind = {kind: {name for name, work in WORKLOADS.items() if work.kind is kind} for kind in Kind}
    assert by_kind[Kind.CONSTRUCTS] | by_kind[Kind.ERRORS] == {*EVERY, MISSING} - {MAIL.title}
    assert by_kind[Kind.ALERT] == {ALERT}
    assert by_kind[Kind.MIXED] == {MIXED}
    assert len(by_kind[Kind.PAGES]) == 12


def test_the_mixed_workload_has_all_of_them_in_turn() -> None:
    parts = WORKLOADS[MIXED].parts()
    single = [
        part for name, work in WORKLOADS.items() if work.kind in (Kind.CONSTRUCTS, Kind.ERRORS) for part in work.parts()
    ]
    assert {id(part.sources) for part in single if part.sources != {"main.html": ""}} <= {
        id(part.sources) for part in parts
    }
    assert [part.page is not None for part in parts[:6]] == [False, True, False] * 2


def test_parts_take_turns_and_each_is_prepared_once() -> None:
    first, second = Part({}, "first", dict), Part({}, "second", dict)
    prepared = []

    def prepare(part: Part) -> Callable[[], object]:
        prepared.append(part.entry)
        return lambda: part.entry

    render = in_turn(prepare, [first, second, first])
    assert [render() for _ in range(6)] == ["first", "second", "first"] * 2
    assert prepared == ["first", "second"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("string.Template read per call", "only the alert e-mail is written for it"),
        ("Mako", "it has a language of its own, and no template of this"),
        ("PHP include, with opcache", "it has a language of its own, and no template of this"),
    ],
)
def test_what_a_subject_cannot_render_it_refuses_with_the_reason(name: str, reason: str, desk_of: DeskOf) -> None:
    with pytest.raises(Unsupported, match=reason):
        SUBJECTS[name].prepare(Part({"main.html": "x"}, "main.html", dict), desk_of("own"))
