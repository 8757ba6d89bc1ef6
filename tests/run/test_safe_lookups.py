"""What a sandboxed environment lets a template look up: what its own methods do, to the byte and to the error."""

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from markupsafe import Markup

from blendtpl.runtime import safe, speedups
from testkit.sandboxes import USUAL, MakeSandbox, replaced
from tests.run.filter_values import VALUE, Make, Telling, outcome


class Deciding(SandboxedEnvironment):
    """What decides by itself, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        self.asked.append(f"{attr} of {type(obj).__name__}")
        return attr != "own"


class Wrapping(SandboxedEnvironment):
    """What wraps more than methods that format."""

    def wrap_str_format(self, value: Any) -> Any:
        return "wrapped" if value == 5 else super().wrap_str_format(value)


class Naming(ImmutableSandboxedEnvironment):
    def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
        return f"refused {attribute}"


MAKERS: tuple[MakeSandbox, ...] = (
    *USUAL,
    Deciding,
    Wrapping,
    Naming,
    lambda: replaced("is_safe_attribute", lambda obj, attr, value: attr.startswith("_")),
)


def _generator() -> Iterator[int]:
    yield 1


async def _coroutine() -> None:
    """Do nothing."""


async def _several() -> Any:
    yield 1


class Traced:
    """What has a frame, a traceback and a code as attributes, and a method."""

    def __init__(self) -> None:
        self.frame = sys._getframe()
        self.code = self.frame.f_code

    def method(self) -> int:
        return 5

    def __repr__(self) -> str:
        return "<traced>"


class Meta(type):
    @property
    def own(cls) -> str:
        return "of the class"


class Made(metaclass=Meta):
    """What has a class with attributes of its own."""


INTERNAL: tuple[Make, ...] = (
    *(lambda: _generator, _generator, lambda: Telling.method, lambda: Traced().method, lambda: len, lambda: [].append),
    *(lambda: Traced().frame, lambda: Traced().code, _several, lambda: Made, lambda: type, lambda: Meta, lambda: sys),
    *(lambda: ModuleType("module"), lambda: deque([1]), lambda: {1}, lambda: OrderedDict(a=1), lambda: bytearray(b"a")),
    *(lambda: "a{}", lambda: Markup("a{}"), lambda: SimpleNamespace(format="a{}".format, own=Markup("{}").format)),
    *(lambda: (1).__add__, lambda: "{}".format_map, lambda: range(3), lambda: {}.items(), lambda: iter([1])),
)
NAMES = st.sampled_from(
    [
        *("a", "b", "c", "own", "item", "items", "method", "failing", "stopping", "format", "format_map", "append"),
        *("clear", "pop", "update", "add", "mro", "gi_frame", "gi_code", "cr_code", "ag_frame", "f_globals", "co_code"),
        *("tb_frame", "__class__", "__globals__", "_x", "", "upper", "__code__", "__self__", "im_func", Markup("own")),
        *("__init__", "popitem", "sort", "rotate", "__dict__", "name", "é", "real"),
    ]
)
KEYS = st.one_of(NAMES, st.sampled_from([0, 1, -1, None, ("a",), 1.5, True, slice(1)]))


def told(value: Any, environment: Any) -> tuple[list[str], list[str]]:
    return list(getattr(environment, "asked", ())), list(vars(value)["asked"]) if issubclass(
        type(value), Telling
    ) else []


def check(make: Callable[[], Any], value: Make, key: Any, method: str) -> None:
    functions = {
        "getattr": (safe.safe_attribute, speedups.safe_attribute),
        "getitem": (safe.safe_item, speedups.safe_item),
    }[method]
    environment, looked_at = make(), value()
    expected = outcome(lambda: getattr(environment, method)(looked_at, key)), told(looked_at, environment)
    for function in functions:
        environment, looked_at = make(), value()
        found = outcome(lambda: function(environment, environment.undefined, looked_at, key))  # noqa: B023
        assert (found, told(looked_at, environment)) == expected, function


VALUES = st.one_of(VALUE, st.sampled_from(INTERNAL), st.sampled_from(INTERNAL))


@pytest.mark.parametrize("method", ["getattr", "getitem"])
@settings(max_examples=150)
@given(make=st.sampled_from(MAKERS), value=VALUES, key=KEYS)
def test_a_lookup_gives_or_refuses_what_the_environment_does(
    method: str, make: Callable[[], Any], value: Make, key: Any
) -> None:
    check(make, value, key if method == "getitem" or isinstance(key, str) else "a", method)


@pytest.mark.parametrize("value", INTERNAL)
@pytest.mark.parametrize("make", MAKERS[:3])
def test_nothing_is_given_that_the_environment_refuses(value: Make, make: Callable[[], Any]) -> None:
    for name in {*dir(value()), "mro", "gi_frame", "f_globals", "co_code", "__globals__", "_private", "nothing"}:
        for method in ("getattr", "getitem"):
            check(make, value, name, method)


def test_a_coroutine_keeps_its_frame_to_itself() -> None:
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    coroutine = _coroutine()
    for name in ("cr_frame", "cr_code"):
        for function in (safe.safe_attribute, speedups.safe_attribute):
            found = function(environment, environment.undefined, coroutine, name)
            with pytest.raises(jinja2.exceptions.SecurityError, match="is unsafe"):
                str(found)
    coroutine.close()


def test_what_is_known_to_be_harmless_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property above would hold of functions that do nothing but call the environment."""
    asked: list[Any] = []
    monkeypatch.setattr("jinja2.sandbox.is_internal_attribute", lambda obj, attr: asked.append(obj))
    environment = SandboxedEnvironment()
    for function in (safe.safe_attribute, speedups.safe_attribute):
        for value in (Telling(), "text", [1], {"a": 1}, 5, Markup("a"), SimpleNamespace(own=1), Made()):
            for name in ("own", "a", "upper", "append", "nothing"):
                function(environment, jinja2.Undefined, value, name)
        assert asked == []
        function(environment, jinja2.Undefined, _generator, "own_name")
        function(environment, jinja2.Undefined, Made, "own")
        assert asked == [Made]
        asked.clear()


@pytest.mark.skipif(not speedups.ACTIVE, reason="there is nothing in C")
@pytest.mark.parametrize("count", [0, 3, 5])
def test_other_numbers_of_arguments_are_an_error(count: int) -> None:
    for function in (speedups.safe_attribute, speedups.safe_item):
        with pytest.raises(TypeError, match=f"4 arguments are wanted, not {count}"):
            function(*["x"] * count)
