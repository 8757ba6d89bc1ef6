"""Counting calls: in C and in Python, to the same numbers."""

import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from blendtpl.metrics import counting

Make = Callable[..., Callable[..., Any]]


@pytest.fixture(params=["in C", "in Python"])
def counted(request: pytest.FixtureRequest) -> Make:
    if request.param == "in Python":
        return counting._counted
    if not counting.IN_C:
        pytest.skip("the functions in C are not built here")
    return counting.counted


def row(length: int = 6) -> "memoryview[float]":
    return memoryview(bytearray(8 * length)).cast("d")


def test_calls_characters_seconds_and_errors_are_counted_from_a_place_on(counted: Make) -> None:
    numbers = row()
    call = counted(lambda text, times: text * times, numbers, 1)
    assert call("añ", 3) == "añañañ"
    assert call("", 1) == ""
    with pytest.raises(TypeError):
        call("a", "b")
    assert (numbers[0], *numbers[1:3], numbers[4], numbers[5]) == (0, 3, 6, 1, 0)
    assert numbers[3] > 0


@pytest.mark.parametrize(
    ("result", "characters"), [(("a", None, "bc", 5), 3), (None, 0), (["abc"], 0), (b"abc", 0), ((), 0)]
)
def test_texts_in_a_tuple_are_counted_together(counted: Make, result: object, characters: int) -> None:
    numbers = row()
    assert counted(lambda: result, numbers, 0)() is result
    assert numbers.tolist()[:2] == [1, characters]


def test_an_error_is_the_one_that_was_raised(counted: Make) -> None:
    error = LookupError("gone")

    def fail() -> None:
        raise error

    with pytest.raises(LookupError) as caught:
        counted(fail, row(), 0)()
    assert caught.value is error
    assert error.__context__ is None
    entries = 0
    trace = error.__traceback__
    while trace is not None:
        entries, trace = entries + 1, trace.tb_next
    assert entries == (2 if counted is not counting._counted else 3)  # it has no entry of its own in C


def test_what_is_called_in_itself_is_counted_each_time(counted: Make) -> None:
    numbers = row()

    def down(depth: int) -> str:
        return call(depth - 1) + "." if depth else ""

    call = counted(down, numbers, 0)
    assert call(5) == "....."
    assert numbers.tolist()[:2] == [6, 15]


def test_it_goes_with_whoever_held_it_even_in_a_circle(counted: Make) -> None:
    class Held:
        pass

    numbers, held = row(), Held()
    held.call = counted(vars(held).get, numbers, 0)  # type: ignore[attr-defined]
    assert vars(held)["call"]("call") is vars(held)["call"]
    gone = weakref.ref(held)
    del held
    gc.collect()
    assert gone() is None


def test_many_calls_and_many_counters_leave_nothing(counted: Make) -> None:
    def fail() -> None:
        raise LookupError

    def work() -> None:
        numbers = row()
        counted(str, numbers, 0)(5)
        with pytest.raises(LookupError):
            counted(fail, numbers, 0)()

    for _ in range(50):
        work()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(1000):
        work()
    gc.collect()
    assert sys.getallocatedblocks() - before < 20


@pytest.mark.skipif(not counting.IN_C, reason="the functions in C are not built here")
def test_a_row_that_cannot_be_is_refused() -> None:
    for wrong, at in ((row(), 3), (row(), -1), (memoryview(bytearray(80)), 0), (memoryview(bytes(80)).cast("d"), 0)):
        with pytest.raises((ValueError, BufferError)):
            counting.counted(str, wrong, at)
    with pytest.raises(TypeError):
        counting.counted(str, 5, 0)
    with pytest.raises(TypeError, match="no keyword arguments"):
        counting.counted(str, row(), 0, at=1)
    assert counting.counted(str, row(), 2)(5) == "5"


@pytest.mark.parametrize("locked", [False, True])
def test_in_python_there_is_a_lock_where_threads_run_at_once(monkeypatch: pytest.MonkeyPatch, locked: bool) -> None:
    taken = []

    class Lock:
        def __enter__(self) -> None:
            taken.append(True)

        def __exit__(self, *unused: object) -> None: ...

    monkeypatch.setattr(counting, "LOCK", Lock() if locked else None)
    numbers = row()
    assert counting._counted(str, numbers, 0)(5) == "5"
    assert numbers.tolist()[:2] == [1, 1]
    assert bool(taken) is locked
