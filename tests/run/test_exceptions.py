"""An exception of somebody else comes out as itself, the same object with its type and arguments, whatever it is."""

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import jinja2
import pytest

import blendtpl
from testkit.oracle import live_environment, load


def refuse(*unused: object, **named: object) -> NoReturn:
    raise ZeroDivisionError("of the class of the exception")


@dataclass(frozen=True)
class Frozen(Exception):
    code: int = 7


class NotSet(Exception):
    __setattr__ = refuse


class NoNote(Exception):
    add_note = refuse


class Slots(Exception):
    __slots__ = ("code",)


class OwnSlot(Exception):
    __slots__ = ("__notes__",)


class SharedNotes(Exception):
    __notes__: list[str] = []  # noqa: RUF012  # which must not grow


class NotesProperty(Exception):
    __notes__ = property(refuse)


class NoText(Exception):
    __str__ = __repr__ = refuse


class NeverEqual(Exception):
    __eq__ = __ne__ = refuse
    __hash__ = None  # type: ignore[assignment]


class NoTruth(Exception):
    __bool__ = __len__ = refuse


class NoClass(Exception):
    __class__ = property(refuse)


class OtherClass(Exception):
    __class__ = property(lambda self: jinja2.UndefinedError)


class NoTrace(Exception):
    __traceback__ = property(refuse, refuse)
    with_traceback = refuse


class NoContext(Exception):
    __context__ = __cause__ = property(refuse, refuse)


class Guarded(Exception):
    __getattribute__ = refuse


class NoDictionary(Exception):
    __dict__ = property(refuse)


class Kind(type):
    __instancecheck__ = __eq__ = refuse  # Python asks `__subclasscheck__` by itself, in each `except`
    __hash__ = type.__hash__
    __getattribute__ = refuse


class OfKind(Exception, metaclass=Kind):
    pass


class Missing(AttributeError):
    __class__ = property(refuse)


class Base(BaseException):
    __setattr__ = refuse


class NoFields(jinja2.UndefinedError):
    __setattr__ = refuse


class NoKey(KeyError):
    __setattr__ = __eq__ = refuse
    __hash__ = None  # type: ignore[assignment]


class Notes(list[str]):
    append = __iter__ = __contains__ = refuse


def noted(notes: object) -> Callable[[], BaseException]:
    def make() -> BaseException:
        error = ValueError("noted")
        error.__notes__ = notes  # type: ignore[assignment]
        return error

    return make


def odd_dictionary() -> BaseException:
    class Odd(dict[str, Any]):
        get = __getitem__ = __setitem__ = __contains__ = refuse

    error = ValueError("odd")
    error.__dict__ = Odd()
    return error


KINDS: Mapping[str, Callable[[], BaseException]] = {
    **{
        kind.__name__: kind
        for kind in (Frozen, NotSet, NoNote, Slots, OwnSlot, SharedNotes, NotesProperty, NoText, NeverEqual)
    },
    "NoTruth": NoTruth,
    "NoClass": NoClass,
    "OtherClass": OtherClass,
    "NoTrace": NoTrace,
    "NoContext": NoContext,
    "Guarded": Guarded,
    "NoDictionary": NoDictionary,
    "of a hostile metaclass": lambda: type.__call__(OfKind, "kind"),
    "Base": Base,
    "NoFields": NoFields,
    "NoKey": NoKey,
    "notes that are a tuple": noted(("a",)),
    "notes that are a text": noted("a"),
    "notes that are a number": noted(1),
    "notes that are None": noted(None),
    "notes of odd values": noted([NeverEqual(), 1, None]),
    "notes of their own kind": noted(Notes()),
    "an odd dictionary": odd_dictionary,
    "a group": lambda: ExceptionGroup("group", [ValueError("inner"), Frozen()]),
    "a group of all": lambda: BaseExceptionGroup("group", [KeyboardInterrupt()]),
    "an interrupt": KeyboardInterrupt,
    "an exit": lambda: SystemExit(3),
    "an error of a system": lambda: OSError(5, "five"),
}

TEXTS = {
    "filter.txt": "{{ 1 | boom }}",
    "test.txt": "{{ 1 is boom }}",
    "global.txt": "{{ boom() }}",
    "property.txt": "{{ v.property }}",
    "item.txt": "{{ v['item'] }}",
    "text.txt": "{{ v }}",
    "html.html": "{{ v }}",
    "iterator.txt": "{% for x in v %}{{ x }}{% endfor %}",
    "truth.txt": "{% if v %}x{% endif %}",
    "equal.txt": "{{ v == 1 }}",
    "macro.txt": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(v) }}",
    "caller.txt": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ v }}{% endcall %}",
    "macro in a loop.txt": "{% macro m(a) %}{{ a }}{% endmacro %}{% for x in [v] %}{{ m(x) }}{{ x|upper }}{% endfor %}",
    "rows.txt": "{% for x in [v] %}<b>{{ x }}</b>{% endfor %}",
    "rows of attributes.txt": "{% for x in [v] %}<b>{{ x.property }}</b>{% endfor %}",
    "rows with an include.txt": "{% for x in [v] %}{% include 'part.txt' %}{% endfor %}",
    "code in a loop.txt": "{% for x in [v] %}{% include 'part.txt' %}{{ x.property|upper }}{% endfor %}",
    "a recursive loop.txt": "{% for x in [v] recursive %}{{ x }}{% endfor %}",
    "include.txt": "{% include 'part.txt' %}",
    "include by name.txt": "{% include part %}",
    "preset.txt": "{% extends 'base.txt' %}{% set y = 1 %}{% block b %}{{ v }}{% endblock %}",
    "super.txt": "{% extends 'base.txt' %}{% block c %}{{ super() }}{% endblock %}",
    "import.txt": "{% import 'lib.txt' as lib %}{{ lib.m(v) }}",
    "set.txt": "{% set x %}{{ v }}{% endset %}{{ x }}",
    "mail/subject.txt": "{{ v }}",
    "mail/body.txt": "body",
    "base.txt": "{% block b %}{% endblock %}{% block c %}{% if v %}{{ v }}{% endif %}{% endblock %}",
    "part.txt": "{{ v }}",
    "lib.txt": "{% macro m(a) %}{% for x in [a] %}{{ x }}{% endfor %}{% endmacro %}",
}
PAGES = [name for name in TEXTS if name not in {"base.txt", "part.txt", "lib.txt", "mail/body.txt"}]


class Failing:
    """Raises an exception whatever is done with it."""

    def __init__(self, make: Callable[[], BaseException]) -> None:
        self.make = make

    def fail(self) -> NoReturn:
        raise self.make()

    @property
    def property(self) -> object:
        return self.fail()

    def __str__(self) -> str:
        return self.fail()

    def __html__(self) -> str:
        return self.fail()

    def __getitem__(self, key: object) -> object:
        return self.fail()

    def __iter__(self) -> Iterator[object]:
        yield 1
        self.fail()

    def __bool__(self) -> bool:
        return self.fail()

    def __eq__(self, other: object) -> bool:
        return self.fail()

    def upper(self) -> str:
        return self.fail()

    __hash__ = None  # type: ignore[assignment]


Render = Callable[[str, dict[str, Any]], object]


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    # called for what is given, so that nothing is bound to one exception
    made.filters["boom"] = made.tests["boom"] = jinja2.pass_context(lambda context, value: context["v"].fail())
    made.globals["boom"] = jinja2.pass_context(lambda context: context["v"].fail())
    return made


def ways() -> dict[str, Render]:
    found: dict[str, Render] = {}
    for kind, portable in (("bundle", False), ("portable", True)):
        registry = load(TEXTS, environment, portable=portable)
        found[kind] = registry.render
        found[f"{kind}, stream"] = lambda name, given, registry=registry: list(registry[name].stream(given))  # type: ignore[misc]
    live = live_environment(TEXTS, environment)
    found["live"] = lambda name, given: live.get_template(name).render(given)
    found["live, generate"] = lambda name, given: list(live.get_template(name).generate(given))
    return found


@pytest.fixture(scope="module")
def renders() -> dict[str, Render]:
    return ways()


def caught(render: Callable[[], object]) -> BaseException:
    try:
        render()
    except BaseException as error:
        return error
    pytest.fail("it did not fail")


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_comes_out_as_it_is_wherever_it_arises(kind: str, renders: dict[str, Render]) -> None:
    for way, render in renders.items():
        for name in PAGES:
            if (kind, name) == ("NoKey", "item.txt"):  # which says that there is no item
                continue
            error = KINDS[kind]()
            arguments = BaseException.args.__get__(error)  # type: ignore[attr-defined]
            found = caught(lambda: render(name, {"v": Failing(lambda: error), "part": "part.txt"}))  # noqa: B023
            assert found is error, (way, name)
            assert BaseException.args.__get__(found) == arguments  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_so_it_does_out_of_a_block_alone_and_out_of_a_message(kind: str) -> None:
    registry = REGISTRY.setdefault("", load(TEXTS, environment))
    error = KINDS[kind]()
    assert caught(lambda: registry["preset.txt"].render_block("b", v=Failing(lambda: error))) is error
    error = KINDS[kind]()
    message = {"v": Failing(lambda: error)}
    assert caught(lambda: registry.message("mail", message, to=["a@example.org"], sender="a@example.org")) is error


REGISTRY: dict[str, blendtpl.Registry] = {}


def test_one_that_can_have_no_attribute_has_the_place_as_a_note_all_the_same() -> None:
    registry = load({"a.txt": "\n{{ v }}"})
    for kind in (Frozen, NotSet, NoNote, Slots, NeverEqual):
        error = kind()
        caught(lambda: registry.render("a.txt", v=Failing(lambda: error)))  # noqa: B023
        assert error.__notes__ == ["in template a.txt:2"]


def test_notes_that_a_class_has_are_left_alone() -> None:
    registry = load({"a.txt": "\n{{ v }}"})
    for _ in range(3):
        caught(lambda: registry.render("a.txt", v=Failing(SharedNotes)))
    assert SharedNotes.__notes__ == []


def test_what_is_raised_again_from_rows_keeps_what_it_was_raised_in() -> None:
    registry = load({"a.txt": "{% for x in xs %}{{ x }}{% endfor %}"})

    class Chained:
        def __str__(self) -> str:
            try:
                raise KeyError("first")
            except KeyError as first:
                raise ValueError("second") from first

    error = caught(lambda: registry.render("a.txt", xs=[Chained()]))
    assert repr(error.__cause__) == "KeyError('first')"
    assert error.__cause__ is error.__context__


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("kind", ["Frozen", "NotSet", "NoTrace", "Guarded", "notes of odd values", "Base"])
def test_nothing_waits_for_the_collector_behind_such_an_exception(kind: str, renders: dict[str, Render]) -> None:
    def run() -> None:
        for render in renders.values():
            for name in PAGES:
                with contextlib.suppress(BaseException):
                    render(name, {"v": Failing(KINDS[kind]), "part": "part.txt"})

    run()
    gc.collect()
    run()
    assert gc.collect() == 0
