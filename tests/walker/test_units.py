"""Durations and sizes as people write them."""

from datetime import timedelta

import pytest

import blendtpl
from blendtpl.walker.units import duration, size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("20m", 1200),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        (" 2d ", 172_800),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("1m500ms", 60.5),
        ("30", 30),
        (2.5, 2.5),
        (timedelta(minutes=1), 60),
    ],
)
def test_a_duration_is_seconds(text: object, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("40MB", 40_000_000),
        ("40 mb", 40_000_000),
        ("1.5GiB", 1_610_612_736),
        ("1kB", 1000),
        ("1KiB", 1024),
        ("2TiB", 2 * 1024**4),
        ("100B", 100),
        ("4096", 4096),
        (4096, 4096),
        (0.5, 1),
    ],
)
def test_a_size_is_bytes(text: object, number: int) -> None:
    assert size(text) == number


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("soon", "max_age: `soon` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ("20 minutes", "max_age: `20 minutes` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ("", "max_age: `` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ("-5s", "max_age: `-5s` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ("٣s", "max_age: `٣s` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ("30m1h", "max_age: `30m1h` has its units in another order than d, h, m, s, ms, or one twice"),
        ("1m1m", "max_age: `1m1m` has its units in another order than d, h, m, s, ms, or one twice"),
        ("0s", "max_age: `0s` is not above zero"),
        (-1, "max_age: `-1` is not above zero"),
        (float("nan"), "max_age: `nan` is no number that ends"),
        (float("inf"), "max_age: `inf` is no number that ends"),
        (True, "max_age: `True` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ([1], "max_age: `[1]` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
        ("a\nb", "max_age: `a\\nb` is no duration: write `90s`, `20m`, `1h30m`, or a number of seconds"),
    ],
)
def test_what_is_no_duration_says_how_one_is_written(text: object, error: str) -> None:
    with pytest.raises(blendtpl.ConfigError) as raised:
        duration(text, "max_age")
    assert str(raised.value) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("40M", "--max-rss: `40M` is no size: write `40MB`, `1.5GiB`, or a number of bytes"),
        ("MB", "--max-rss: `MB` is no size: write `40MB`, `1.5GiB`, or a number of bytes"),
        ("0MB", "--max-rss: `0MB` is not above zero"),
        (None, "--max-rss: `None` is no size: write `40MB`, `1.5GiB`, or a number of bytes"),
        (float("inf"), "--max-rss: `inf` is no number that ends"),
    ],
)
def test_what_is_no_size_says_how_one_is_written(text: object, error: str) -> None:
    with pytest.raises(blendtpl.ConfigError) as raised:
        size(text, "--max-rss")
    assert str(raised.value) == error
