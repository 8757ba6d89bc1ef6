"""What is claimed of memory: each claim is kept or missed for its own reason."""

from typing import Any

import pytest

from bench.memory.summary import claims
from bench.memory.workloads import ALERT, MISSING, MIXED
from bench.tests.memory.made_up import held, made_up


def met(**given: Any) -> list[str]:
    """Return whether the two claims on the mixed workload are met."""
    return [claim[-1] for claim in claims([made_up(workload=MIXED, **given)], None)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["yes", "yes"]),
        ({"left": {"blocks": (3, 0)}}, ["yes", "yes"]),
        ({"left": {"blocks": (1, 1)}}, ["no", "yes"]),
        ({"left": {"files": (1, 1)}}, ["no", "yes"]),
        ({"garbage": 1}, ["no", "yes"]),
        ({"rss": lambda renders: 0.5 * renders}, ["yes", "no"]),
        ({"rss": lambda renders: 2 * renders}, ["no", "no"]),
        ({"ended": False}, []),
        ({"collector": True}, []),
    ],
)
def test_the_mixed_workload_has_to_leave_nothing_and_no_memory(given: dict[str, Any], expected: list[str]) -> None:
    assert met(**given) == expected


def test_every_construct_and_error_has_to_be_flat() -> None:
    flat, grows = made_up(workload=MISSING), made_up(workload=MISSING, left={"blocks": (50, 25)})
    (kept,) = claims([flat, flat], None)
    (missed,) = claims([flat, grows], None)
    assert kept[1:] == ["all flat", "2 of 2 are flat", "yes"]
    assert missed[1:] == ["all flat", "1 of 2 are flat", "no"]
    assert "2,000 renders" in kept[0]


def test_nothing_is_asked_of_the_others() -> None:
    found = claims(
        [
            made_up("Jinja2", MISSING, garbage=9000),
            made_up("Jinja2", garbage=9000, rss=lambda renders: 12 * renders),
            made_up("Jinja2", MIXED),
            made_up(workload=ALERT),
        ],
        None,
    )
    assert [(claim[0], *claim[1:]) for claim in found] == [
        ("Jinja2, every construct and error, collector off, 1,000 renders", "", "0 of 1 are flat", "seen"),
        ("Jinja2, alert e-mail, collector off", "", "garbage: 12 bytes of RSS per render [12, 12]", "seen"),
    ]


def test_templates_have_to_take_half_of_what_jinja2s_take() -> None:
    found = claims([], held())
    assert [claim[2:] for claim in found] == [["0.40 times as much [0.38, 0.42]", "yes"]] * 3
    assert [claim[0].rpartition(", ")[2] for claim in found] == ["rss", "pss", "private dirty"]
