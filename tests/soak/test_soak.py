"""A soak finds what grows and names it, however it is kept; nothing else is an alarm; and no template ends it."""

from collections.abc import Iterator

import pytest

import blendtpl
from blendtpl.tools.contexts import Sample, Samples
from blendtpl.tools.soak.run import MEMORY, RENDERS, Soaked, soak
from testkit import TEMPLATES
from tests.soak.fresh import SoakAfresh, fresh_process
from tests.soak.support import HERE, soaked

FILE = "tests/soak/planted.py"


@pytest.fixture(scope="module")
def soak_afresh() -> Iterator[SoakAfresh]:
    with fresh_process() as ask:
        yield ask


def found_in(soak: SoakAfresh, text: str, renders: int = RENDERS, memory: int = MEMORY) -> Soaked:
    (found,) = soak({"mail.html": text}, renders=renders, memory=memory).templates
    return found


@pytest.mark.parametrize(
    ("text", "holder"),
    [
        ("{{ user|remember }}", f"list `_seen` of module {HERE}"),
        ("{{ user.name|remember }}", f"list `_seen` of module {HERE}"),
        ("{{ user.name|slug }}", f"the cache of {HERE}.slug, which has no limit"),
        ("{{ user.name|counted }}", f"dict `counts` of function {HERE}.make_counted.<locals>.counted"),
        ("{{ total|counted }}", f"dict `counts` of function {HERE}.make_counted.<locals>.counted"),
        ("{{ share|counted }}", f"dict `counts` of function {HERE}.make_counted.<locals>.counted"),
        ("{{ user.name|rarely }}", f"list `kept` of function {HERE}.rarely"),
        ("{{ user.name|class_wide }}", f"set `kept` of class {HERE}.Ledger"),
        ("{{ user.name|none }}", f"list `_nones` of module {HERE}"),
        ("{{ user.name|ledger }}", f"list `ledger.rows['all']` of module {HERE}"),
        ("{{ user.name|collected }}", f"list `_collector.gi_frame.f_locals['rows']` of module {HERE}"),
        ("{{ user.name|chained }}", "the variables of `contextvars`"),
        ("{% do log.append(user) %}", "list `globals['log']` of the environment"),
        ("{{ user.name|fail_alike }}", f"traceback `_error.__traceback__` of module {HERE}"),
        ("{{ user.name|remember_and_fail }}", f"list `_seen` of module {HERE}"),
        ("{{ user.name|large }}", f"list `_large` of module {HERE}"),
    ],
)
def test_what_holds_a_leak_is_named_and_the_line_of_the_template(
    soak_afresh: SoakAfresh, text: str, holder: str
) -> None:
    found = found_in(soak_afresh, f"\n{text}")

    assert not found.sound
    assert found.origins_of is not None
    assert found.origins_of.referrers == (holder,)
    assert found.origins_of.circle == ""
    # a text that was there before and is put into a set takes no memory but that of the set, which seldom grows
    assert len(found.origins_of.places) == 1 or text == "{{ user.name|class_wide }}"
    for place in found.origins_of.places:
        assert place.startswith("mail.html:2" + (f", in {FILE}:" if "|" in text else ""))


def test_a_circle_in_each_render_is_found_though_only_the_collector_frees_it(soak_afresh: SoakAfresh) -> None:
    found = found_in(soak_afresh, "\n\n{{ user.name|circle }}", renders=1000)

    assert found.growth is not None
    assert found.growth.collected == 4 * found.renders  # two nodes, and their lists
    assert found.origins_of is not None
    assert found.origins_of.circle == f"{HERE}.Node `.children[0].parent`"
    assert dict(found.origins_of.types)[f"{HERE}.Node"] == 2 * found.origins_of.renders
    assert all(place.startswith(f"mail.html:3, in {FILE}:") for place in found.origins_of.places)


def test_a_leak_of_one_object_in_a_thousand_renders_is_found_by_default(soak_afresh: SoakAfresh) -> None:
    found = found_in(soak_afresh, "{{ user.name|rarely }}")

    assert found.renders == RENDERS
    assert found.growth is not None
    assert found.growth.blocks == 5
    assert found.origins_of is not None
    assert dict(found.origins_of.types) == {"object": 5}


def test_what_is_kept_of_a_context_is_named(soak_afresh: SoakAfresh) -> None:
    assert found_in(soak_afresh, "{{ user|remember }}", renders=200).kept == ("user", "user.tags")
    assert found_in(soak_afresh, "{{ user.name }}", renders=200).kept == ()


def test_a_file_that_stays_open_is_found(soak_afresh: SoakAfresh) -> None:
    growth = found_in(soak_afresh, "{{ user.name|reopened }}", renders=200).growth

    assert growth is not None
    assert growth.changes == ("the number of open files changed",)


@pytest.mark.parametrize(
    "text",
    [
        "{{ user.name|ring }}",
        "{{ user.name|short_slug }}",
        "{{ user.name|late }}",
        "{{ user.name }}{{ user.tags|join }}{{ total }}{{ share }}",
        "{{ user.nme }}",
        "{{ user.name|leave_politely }}",
    ],
)
def test_what_is_bounded_or_happens_once_or_fails_is_no_growth(soak_afresh: SoakAfresh, text: str) -> None:
    found = found_in(soak_afresh, text)

    assert found.sound, found
    assert found.origins_of is None


def test_a_template_that_fails_says_so_and_its_errors_are_soaked(soak_afresh: SoakAfresh) -> None:
    found = found_in(soak_afresh, "{{ user.nme }}", renders=200)

    assert found.failures == (
        ("the example", "UndefinedError: mail.html:1: 'dict object' has no attribute 'nme'; did you mean `name`?"),
    ) or found.failures == (("the example", "UndefinedError: mail.html:1: 'dict object' has no attribute 'nme'"),)
    assert found.sound


def test_the_line_of_a_template_that_is_inlined_in_another_is_told_by_its_own_name(soak_afresh: SoakAfresh) -> None:
    texts = {
        "mail.html": "\n{% for tag in user.tags %}{% include 'part.html' %}{% endfor %}",
        "part.html": "\n\n\n{% for letter in tag %}\n{{ letter|remember }}{% endfor %}",
    }
    (found,) = soak_afresh(texts, renders=1000).templates

    assert found.origins_of is not None
    assert [place.partition(",")[0] for place in found.origins_of.places] == ["part.html:5"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ user.name|crash }}", f"it is ended by SIGSEGV, in render 1, at mail.html:2, in {FILE}:"),
        ("{{ user.name|leave }}", "it ends the process, with exit status 5, in render 1"),
        ("{{ user.name|sleep }}", f"one render takes more than 1 s, in render 1, at mail.html:2, in {FILE}:"),
        (
            "{% for x in range(10 ** 10) %}{% for y in range(10 ** 10) %}{% endfor %}{% endfor %}",
            "one render takes more than 1 s, in render 1, at mail.html",
        ),
        ("{{ user.name|large }}", "it needs more than 32 MB of memory, in render "),
        (
            "{% set l = [] %}{% for x in range(10 ** 10) %}{% do l.append(x ~ 'xxxxxxxx') %}{% endfor %}",
            "it needs more than 32 MB of memory, in render 1",
        ),
    ],
)
def test_a_template_that_crashes_or_does_not_end_says_so_and_the_others_are_soaked(
    soak_afresh: SoakAfresh, text: str, problem: str
) -> None:
    texts = {"a.html": "{{ user.name }}", "mail.html": f"\n{text}", "z.html": "{{ user.name|remember }}"}
    patience = 1 if problem.startswith("one render takes") else 100
    first, found, last = soak_afresh(texts, renders=1000, patience=patience, memory=32 * 2**20, jobs=2).templates

    assert found.problem.startswith(problem)
    assert not found.sound
    assert found.growth is None
    assert first.sound
    assert last.growth


@pytest.mark.slow(first=True)
def test_what_used_up_the_memory_is_named_in_a_process_with_much_in_it() -> None:
    much: list[list[int]] = [[] for _ in range(1_000_000)]
    found = found_in(soaked, "{{ user.name|large }}", memory=32 * 2**20)

    assert len(much) == 1_000_000
    assert found.origins_of is not None
    assert found.origins_of.referrers == (f"list `_large` of module {HERE}",)


def test_each_context_gets_its_turn_in_each_half() -> None:
    environment = blendtpl.default_environment()
    registry = blendtpl.load(blendtpl.compile({"a.txt": "{{ x }}"}), environment=environment)
    contexts = [Sample(f"{number}", {"x": "text"}, example=True) for number in range(7)]

    (found,) = soak(registry, {"a.txt": contexts}, renders=100).templates

    assert found.renders == 112  # 8 turns of 7 contexts, each with and without values of its own
    assert found.contexts == 7


def test_progress_counts_renders_up_to_all_of_them() -> None:
    ticks: list[tuple[int, int]] = []
    soaked({"a.html": "x", "b.html": "y"}, renders=500, progress=lambda done, total: ticks.append((done, total)))

    assert ticks == sorted(ticks)
    assert ticks[-1] == (1000, 1000)


def test_no_template_at_all_is_soaked_too() -> None:
    assert soaked({}).templates == ()


@pytest.mark.slow(first=True)
def test_feedwhips_own_templates_pass_each_time(registry: blendtpl.Registry) -> None:
    samples = Samples(registry, blendtpl.default_environment(), TEMPLATES, seed=0, count=2)
    names = ("emails/alert/body.html", "emails/alert/subject.txt", "pages/search.html", "partials/watch_row.html")
    contexts = {name: samples.fewest_of(name) for name in names}

    for _ in range(5):
        found = soak(registry, contexts, renders=300, jobs=2)
        assert found.unsound == ()
    assert [each.examples for each in found.templates] == [True, True, True, False]


def test_nothing_that_filters_print_comes_out(capfd: pytest.CaptureFixture[str]) -> None:
    assert found_in(soaked, "{{ user.name|say }}", renders=100).sound
    assert capfd.readouterr() == ("", "")
