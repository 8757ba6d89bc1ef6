"""Objects that outlive the cycle in whose cache they were are found, and it is told as what they are held."""

import asyncio
import atexit
import contextvars
import functools
import gc
import logging
import logging.handlers
import signal
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import blendtpl
from blendtpl.walker import Cycle, Survivor, Walker

HERE = __name__
PATIENCE = 120.0

pytestmark = pytest.mark.usefixtures("all_in_sight")


class Thing:
    """What a loader returns."""

    def __init__(self) -> None:
        self.itself: object = self  # so that only the collector frees it

    def close(self) -> None:
        """Be called one day."""


class Slotted:
    __slots__ = ("other",)
    other: object


class Holder:
    seen: list[object] = []  # noqa: RUF012  # it is what the test is about


seen: list[Any] = []
callbacks: list[Any] = []
errors: list[Any] = []
generators: list[Any] = []
references: list[Any] = []
by_name: dict[str, Any] = {"": 0}
circles: dict[str, Any] = {}
owner = Holder()
local = threading.local()
variable: contextvars.ContextVar[Any] = contextvars.ContextVar("variable")


def remember(thing: object, kept: list[object] = []) -> None:  # noqa: B006
    kept.append(thing)


@functools.cache
def known(key: object) -> list[object]:
    return [key]


buffered = logging.handlers.MemoryHandler(1000)
logging.getLogger(f"{__name__}.records").addHandler(buffered)
logging.getLogger(f"{__name__}.records").propagate = False


def fails(thing: Thing) -> None:
    raise ValueError("a thing that fails")


def walked(registry: blendtpl.Registry, body: Callable[[Cycle], object], cycles: int = 1) -> list[Survivor]:
    """Return what outlives that many cycles."""
    walker = Walker(registry, check=True)
    found: list[Survivor] = []
    for cycle in walker.cycles():
        found += cycle.survivors
        if cycle.number > cycles:
            walker.end()
        else:
            body(cycle)
    assert walker.stats.survivors == len(found)
    return found


def plain_list(thing: Thing, undo: ExitStack) -> str:
    seen.append(thing)
    return f"`seen[0]` of module {HERE}"


def plain_dict(thing: Thing, undo: ExitStack) -> str:
    by_name["ada"] = thing
    return f"`by_name['ada']` of module {HERE}"


def circle(thing: Thing, undo: ExitStack) -> str:
    circles["child"] = child = Thing()
    child.itself, thing.itself = thing, child
    return f"`circles['child'].itself` of module {HERE}"


def attribute_of_a_class(thing: Thing, undo: ExitStack) -> str:
    Holder.seen.append(thing)
    return f"`seen[0]` of class {HERE}.Holder"


def closure(thing: Thing, undo: ExitStack) -> str:
    def callback() -> Thing:
        return thing

    callbacks.append(callback)
    return f"`thing` of function {HERE}.closure.<locals>.callback"


def default_argument(thing: Thing, undo: ExitStack) -> str:
    remember(thing)
    undo.callback((remember.__defaults__ or ([],))[0].clear)
    return f"`kept[0]` of function {HERE}.remember"


def record_of_logging(thing: Thing, undo: ExitStack) -> str:
    logging.getLogger(f"{HERE}.records").warning("cannot send %r", thing)
    undo.callback(buffered.buffer.clear)
    return f"`buffered.buffer[0].args[0]` of module {HERE}"


def traceback_of_an_exception(thing: Thing, undo: ExitStack) -> str:
    try:
        fails(thing)
    except ValueError as error:
        errors.append(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
    return f"`errors[0].__traceback__.tb_frame.f_locals['thing']` of module {HERE}"


def last_exception_of_the_interpreter(thing: Thing, undo: ExitStack) -> str:
    try:
        fails(thing)
    except ValueError as error:
        sys.last_value = error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
    undo.callback(vars(sys).pop, "last_value", None)
    return "`last_value.__traceback__.tb_frame.f_locals['thing']` of module sys"


def thread_local(thing: Thing, undo: ExitStack) -> str:
    local.thing = thing
    undo.callback(local.__dict__.clear)
    return f"`local.thing` of module {HERE}, which is local to a thread"


def variable_of_a_thread(thing: Thing, undo: ExitStack) -> str:
    began, end = threading.Event(), threading.Event()

    def work(jobs: list[Any]) -> None:
        job = jobs.pop()
        began.set()
        end.wait(PATIENCE)
        assert job

    thread = threading.Thread(target=work, args=([thing],), name="sender")
    thread.start()
    undo.callback(thread.join, PATIENCE)
    undo.callback(end.set)
    assert began.wait(PATIENCE)
    return f"`job` of function {HERE}.variable_of_a_thread.<locals>.work, which runs in thread `sender`"


def cache_of_a_function(thing: Thing, undo: ExitStack) -> str:
    known(thing)
    undo.callback(known.cache_clear)
    return f"the cache of {HERE}.known, which has no limit"


def context_variable(thing: Thing, undo: ExitStack) -> str:
    undo.callback(variable.reset, variable.set(thing))
    return "`variable` of the variables of `contextvars`"


def task_that_is_not_done(thing: Thing, undo: ExitStack) -> str:
    async def send(thing: Thing) -> None:
        await asyncio.Event().wait()

    loop = asyncio.new_event_loop()
    task = loop.create_task(send(thing), name="outgoing")
    loop.run_until_complete(asyncio.sleep(0))

    def end() -> None:
        task.cancel()
        loop.run_until_complete(asyncio.wait([task]))
        loop.close()

    undo.callback(end)
    return "`_coro.cr_frame.f_locals['thing']` of task `outgoing`, which is not done"


def generator_that_waits(thing: Thing, undo: ExitStack) -> str:
    def rows(thing: Thing) -> Iterator[int]:
        yield 1
        yield 2

    generators.append(waiting := rows(thing))
    next(waiting)
    return f"`generators[0].gi_frame.f_locals['thing']` of module {HERE}"


def argument_of_a_finalizer(thing: Thing, undo: ExitStack) -> str:
    undo.callback(weakref.finalize(owner, print, thing).detach)
    return ".args[0]` of class weakref.finalize"


def callback_of_a_weak_reference(thing: Thing, undo: ExitStack) -> str:
    references.append(weakref.ref(owner, lambda _, kept=thing: kept.close()))  # type: ignore[misc]
    return f"`kept` of function {HERE}.callback_of_a_weak_reference.<locals>.<lambda>"


def attribute_of_a_module(thing: Thing, undo: ExitStack) -> str:
    sys.modules["settings"] = module = types.ModuleType("settings")
    module.last = thing  # type: ignore[attr-defined]
    undo.callback(sys.modules.pop, "settings")
    return "`last` of module settings"


def handler_of_a_signal(thing: Thing, undo: ExitStack) -> str:
    before = signal.signal(signal.SIGUSR1, functools.partial(print, thing))
    undo.callback(signal.signal, signal.SIGUSR1, before)
    return "`args[0]` of the handler of signal SIGUSR1"


def callback_in_c(thing: Thing, undo: ExitStack) -> str:
    atexit.register(thing.close)
    reference = weakref.ref(thing)
    undo.callback(lambda: atexit.unregister(getattr(reference(), "close", print)))
    return "`atexit` or a library in C holds"


CULPRITS = [
    *(plain_list, plain_dict, circle, attribute_of_a_class, closure, default_argument, record_of_logging),
    *(traceback_of_an_exception, last_exception_of_the_interpreter, thread_local, variable_of_a_thread),
    *(cache_of_a_function, context_variable, task_that_is_not_done, generator_that_waits, argument_of_a_finalizer),
    *(callback_of_a_weak_reference, attribute_of_a_module, handler_of_a_signal, callback_in_c),
]


@pytest.fixture(scope="module")
def found(registry: blendtpl.Registry) -> dict[str, tuple[Survivor, str]]:
    """By the name of each culprit, what it left, and as what it is to be named. All are planted in one cycle, among
    objects that nobody holds.
    """
    expected: dict[str, str] = {}
    with ExitStack() as undo:
        for kept in (seen, callbacks, errors, generators, references, Holder.seen, circles, by_name):
            undo.callback(kept.clear)

        def plant(cycle: Cycle) -> None:
            for culprit in CULPRITS:
                cycle.cache.get_or_load(f"beside {culprit.__name__}", Thing)
                expected[culprit.__name__] = culprit(cycle.cache.get_or_load(culprit.__name__, Thing), undo)

        survivors = walked(registry, plant)
    direct = [each for each in survivors if each.direct]
    assert len(direct) == len(CULPRITS)
    assert [each.held_by for each in survivors if not each.direct] == [f"`circles['child']` of module {HERE}"]
    return {(name := each.key.strip("'")): (each, expected[name]) for each in direct}


@pytest.mark.parametrize("culprit", CULPRITS, ids=lambda culprit: culprit.__name__)
def test_a_culprit_is_found_and_named(
    found: dict[str, tuple[Survivor, str]], culprit: Callable[[Thing, ExitStack], str]
) -> None:
    survivor, expected = found[culprit.__name__]
    assert survivor.held_by.endswith(expected)
    assert (survivor.cycle, survivor.kind, survivor.chain[-1]) == (1, f"{HERE}.Thing", f"{HERE}.Thing")


def test_the_chain_has_all_that_is_on_the_way(found: dict[str, tuple[Survivor, str]]) -> None:
    assert found["plain_list"][0].chain == (f"module {HERE}", "list", f"{HERE}.Thing")
    chain = found["traceback_of_an_exception"][0].chain
    assert chain == (f"module {HERE}", "list", "ValueError", "traceback", "frame", f"{HERE}.Thing")
    assert str(found["plain_list"][0]) == (
        f"{HERE}.Thing of key 'plain_list' outlived cycle 1: it is held as `seen[0]` of module {HERE}"
    )


def test_what_nobody_else_holds_is_dead(registry: blendtpl.Registry) -> None:
    loaders: list[Callable[[], Any]] = [
        Thing,
        Slotted,
        lambda: {"id": 1},
        lambda: [{"id": 1}, Thing()],
        lambda: ({"id": [1]}, 2, "text"),
        lambda: ("only", 1),
        lambda: "text" * 1000,
        lambda: bytearray(100),
        lambda: lambda: Thing,
        lambda: (each for each in [Thing()]),
        lambda: ValueError(Thing()),
        lambda: None,
        lambda: 5,
        lambda: Thing,
        lambda: registry["alert.txt"],
        lambda: registry,
    ]

    def body(cycle: Cycle) -> None:
        things = [cycle.cache.get_or_load(at, loader) for at, loader in enumerate(loaders)]
        assert len(things) == len(loaders)

    assert walked(registry, body, cycles=3) == []


def test_what_variables_of_the_loop_hold_until_the_next_cycle_is_excused(registry: blendtpl.Registry) -> None:
    walker = Walker(registry, check=True)
    found: list[Survivor] = []
    for cycle in walker.cycles():
        found += cycle.survivors
        thing = cycle.cache.get_or_load("thing", Thing)
        rows = cycle.cache.get_or_load("rows", lambda: [{"id": 1}, {"things": [Thing()]}])
        things = [thing, *(cycle.cache.get_or_load(key, Thing) for key in range(5))]
        row = rows[0]
        captured = cycle.cache.get_or_load("captured", Thing)
        assert (lambda: captured)() is captured
        if cycle.number == 4:
            walker.end()
    assert found == []
    assert walker.survivors == ()
    assert len(things) == 6
    assert row == {"id": 1}


def test_what_a_variable_of_the_loop_holds_for_longer_is_found(registry: blendtpl.Registry) -> None:
    walker = Walker(registry, check=True)
    found: list[Survivor] = []
    previous: Any = None
    rows: Any = None
    for cycle in walker.cycles():
        found += cycle.survivors
        if cycle.number == 1:
            previous = cycle.cache.get_or_load("thing", Thing)
            rows = cycle.cache.get_or_load("rows", lambda: [1, []])
        if cycle.number == 4:
            walker.end()
    where = f"function {HERE}.test_what_a_variable_of_the_loop_holds_for_longer_is_found, which runs"
    assert {(each.cycle, each.key, each.held_by) for each in found} == {
        (1, "'thing'", f"`previous` of {where}"),
        (1, "'rows'", f"`rows` of {where}"),
    }
    assert isinstance(previous, Thing)
    assert rows == [1, []]


def test_a_list_of_the_loops_own_function_is_named(registry: blendtpl.Registry) -> None:
    leaks: list[object] = []
    walker = Walker(registry, check=True)
    found: list[Survivor] = []
    for cycle in walker.cycles():
        found += cycle.survivors
        if cycle.number == 2:
            walker.end()
        else:
            thing = cycle.cache.get_or_load("thing", Thing)
            leaks.append(thing)
    (survivor,) = found
    where = f"function {HERE}.test_a_list_of_the_loops_own_function_is_named, which runs"
    assert survivor.held_by == f"`leaks[0]` of {where}"
    assert survivor.chain == (where, "list", f"{HERE}.Thing")
    assert str(survivor) == f"{HERE}.Thing of key 'thing' outlived cycle 1: it is held as `leaks[0]` of {where}"


def test_what_comes_into_an_empty_dict_of_the_loop_is_found_at_once(registry: blendtpl.Registry) -> None:
    leaks: dict[str, object] = {}  # which the collector did not know before, up to Python 3.13
    walker = Walker(registry, check=True)
    for cycle in walker.cycles():
        if cycle.number == 2:
            (survivor,) = cycle.survivors
            assert survivor.held_by.startswith(f"`leaks['thing']` of function {HERE}.test_what_comes_into")
            walker.end()
        else:
            leaks["thing"] = cycle.cache.get_or_load("thing", Thing)


class Order:
    def __init__(self) -> None:
        self.lines = [{"id": 1, "price": 5}, {"id": 2, "tags": ["new"]}]
        self.slotted = Slotted()
        self.slotted.other = self


@pytest.mark.parametrize(
    ("part", "way", "kind"),
    [
        (lambda order: order.lines[0], "seen[0]", "dict"),  # which the collector does not know up to Python 3.13
        (lambda order: order.lines[1]["tags"], "seen[0]", "list"),
        (lambda order: order.lines, "seen[0]", "list"),
    ],
)
def test_a_part_that_outlives_what_was_in_the_cache_is_found(
    registry: blendtpl.Registry, part: Callable[[Order], object], way: str, kind: str
) -> None:
    try:
        found = walked(registry, lambda cycle: seen.append(part(cycle.cache.get_or_load("order", Order))))
        assert [(each.kind, each.direct, each.key) for each in found] == [(kind, False, "'order'")]
        assert found[0].held_by == f"`{way}` of module {HERE}"
    finally:
        seen.clear()


def test_what_holds_an_object_by_a_part_is_found_with_it(registry: blendtpl.Registry) -> None:
    try:
        found = walked(registry, lambda cycle: seen.append(cycle.cache.get_or_load("order", Order).slotted))
        assert {(each.kind, each.direct): each.held_by for each in found} == {
            (f"{HERE}.Order", True): f"`seen[0].other` of module {HERE}",
            (f"{HERE}.Slotted", False): f"`seen[0]` of module {HERE}",
        }
    finally:
        seen.clear()


def test_what_is_there_before_and_shared_is_no_survivor(registry: blendtpl.Registry) -> None:
    constants, pool, settings = ("a", "b"), Thing(), {"size": 5}

    class Uses:
        def __init__(self) -> None:
            self.constants, self.pool, self.settings = constants, pool, settings
            self.kind = ("in", "code")
            self.function = remember
            self.module = logging

    assert walked(registry, lambda cycle: cycle.cache.get_or_load("uses", Uses), cycles=2) == []


def test_garbage_that_holds_an_object_is_no_survivor(registry: blendtpl.Registry) -> None:
    def body(cycle: Cycle) -> None:
        fails_once: list[object] = []
        try:
            fails(cycle.cache.get_or_load("thing", Thing))
        except ValueError as error:
            fails_once += [error, fails_once]

    assert walked(registry, body, cycles=2) == []


def test_an_object_that_comes_again_each_cycle_is_told_each_cycle(registry: blendtpl.Registry) -> None:
    found = walked(registry, lambda cycle: cycle.cache.get_or_load(("owner", 7), lambda: owner), cycles=3)
    told = [(each.cycle, each.key, each.held_by) for each in found]
    assert told == [(at, "('owner', 7)", f"`owner` of module {HERE}") for at in (1, 2, 3)]


def test_of_many_survivors_all_are_found_and_some_are_named(registry: blendtpl.Registry) -> None:
    try:
        found = walked(registry, lambda cycle: seen.extend(cycle.cache.get_or_load(key, Thing) for key in range(100)))
        assert len(found) == 100
        assert found[0].held_by == f"`seen[0]` of module {HERE}"
        assert found[-1].held_by == "something that was not looked for, as there are many"
    finally:
        seen.clear()


def test_what_a_thread_loaded_is_checked_too(registry: blendtpl.Registry) -> None:
    def body(cycle: Cycle) -> None:
        threads = [threading.Thread(target=cycle.cache.get_or_load, args=(key, Thing)) for key in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

    assert walked(registry, body, cycles=2) == []


def test_how_many_objects_cannot_be_followed_is_told(registry: blendtpl.Registry) -> None:
    walker = Walker(registry, check=True)
    for cycle in walker.cycles():
        for key, value in enumerate([5, "text", None, Thing, Thing()]):
            cycle.cache.get_or_load(key, lambda value=value: value)  # type: ignore[misc]
        walker.end()
    assert walker.not_followed == 4


def test_a_loop_that_is_left_in_the_middle_of_a_cycle_is_not_checked(registry: blendtpl.Registry) -> None:
    walker = Walker(registry, check=True)
    for cycle in walker.cycles():
        seen.append(cycle.cache.get_or_load("thing", Thing))
        break
    seen.clear()
    assert walker.survivors == ()
    assert gc.get_freeze_count() == 0


def test_what_was_frozen_is_frozen_again_when_the_loop_ends(registry: blendtpl.Registry) -> None:
    gc.freeze()
    try:
        assert walked(registry, lambda cycle: cycle.cache.get_or_load("thing", Thing)) == []
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
    assert walked(registry, lambda cycle: cycle.cache.get_or_load("thing", Thing)) == []
    assert gc.get_freeze_count() == 0


def test_a_loop_of_a_task_is_checked_as_any_other(registry: blendtpl.Registry) -> None:
    async def load() -> Thing:
        await asyncio.sleep(0)
        return Thing()

    async def main() -> list[Survivor]:
        walker = Walker(registry, check=True)
        found: list[Survivor] = []
        leaks: list[Thing] = []
        async for cycle in walker.cycles():
            found += cycle.survivors
            things = await asyncio.gather(*(cycle.cache.get_or_load_async(key, load) for key in range(8)))
            if cycle.number == 2:
                leaks.append(things[7])
            if cycle.number == 4:
                walker.end()
        assert leaks
        return found

    (survivor,) = asyncio.run(main())
    assert (survivor.cycle, survivor.key) == (2, "7")
    assert "leaks" in survivor.held_by
