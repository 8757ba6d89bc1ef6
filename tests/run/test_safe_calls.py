"""What a sandboxed environment lets a template call: what its own `call` does, to the error."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jinja2
import pytest
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from blendtpl.runtime import calls, safe, speedups
from testkit.oracle import check_same, outcome
from testkit.sandboxes import USUAL, MakeSandbox, replaced


class Deciding(SandboxedEnvironment):
    """What decides by itself."""

    def is_safe_callable(self, obj: Any) -> bool:
        return getattr(obj, "__name__", "") not in {"plain", "len", "int"}


MAKERS: tuple[MakeSandbox, ...] = (
    *USUAL,
    Deciding,
    lambda: replaced("is_safe_callable", lambda obj: False),
)


def plain(*arguments: Any, **keywords: Any) -> Any:
    return arguments, keywords


def unsafe(*arguments: Any, **keywords: Any) -> str:
    return "called"


def harmless(*arguments: Any, **keywords: Any) -> Any:
    return arguments, keywords


def stopping(*arguments: Any, **keywords: Any) -> Any:
    raise StopIteration


def failing(*arguments: Any, **keywords: Any) -> Any:
    raise LookupError("of the function")


@jinja2.pass_context
def of_context(context: Context, *arguments: Any, **keywords: Any) -> Any:
    return context.name, arguments, keywords


vars(unsafe)["unsafe_callable"] = True
vars(harmless).update(unsafe_callable=False, alters_data=0, other=1)


class Model:
    """What has methods, and is itself called."""

    def method(self, *arguments: Any, **keywords: Any) -> Any:
        return arguments, keywords

    def save(self, *arguments: Any, **keywords: Any) -> Any:
        return "saved"

    vars()["save"].alters_data = True

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return "called", arguments, keywords


class Silent(Model):
    """What says that it is not to be called."""

    alters_data = True


FUNCTIONS: tuple[Any, ...] = (
    *(plain, unsafe, harmless, stopping, failing, of_context, len, dict, int, Model, Model().method, Model().save),
    *(Model(), Silent(), Silent, "a".join, partial(plain, 1), [].append, 5, None, jinja2.Undefined(name="nothing")),
)


@pytest.mark.parametrize("make", MAKERS)
def test_a_call_does_or_refuses_what_the_environment_does(make: Callable[[], SandboxedEnvironment]) -> None:
    for function in FUNCTIONS:
        for arguments, keywords in (((), {}), ((["1"],), {}), ((1, 2), {"other": 3})):
            environment = make()
            context = environment.from_string("").new_context()
            ways: list[Callable[..., Any]] = [partial(environment.call, context)]
            for invoked in (calls.safely_invoked, speedups.safely_invoked):
                ways.append(partial(invoked, environment, context, None, None))
            found = [shown(outcome(partial(way, function, *arguments, **keywords))) for way in ways]
            assert found == [found[0]] * 3, function


def shown(result: tuple[Any, ...]) -> str:
    """Return what tells results apart, as that of an object is another each time."""
    return repr(result).split(" at 0x", maxsplit=1)[0]


TEMPLATE = (
    "{% for o in os %}{{ o.text.strip().upper() }}{{ o.text.format(o=o) }}{{ o.text.format_map(o) }}{{ o.name }}"
    "{{ o.model.method(1, a=2) }}{{ o.nothing }}{{ o.call(o.text) }}"
    "{% if o.last %}{{ o[kind]() }}{% endif %}{% endfor %}"
)


@pytest.mark.parametrize(
    "last", [plain, unsafe, stopping, failing, of_context, Model().save, Silent(), "a{.__class__}".format]
)
@pytest.mark.parametrize("make", MAKERS[:4])
def test_loops_call_what_jinja2_calls(make: Callable[[], SandboxedEnvironment], last: Any) -> None:
    model = Model()
    rows = [{"text": " a{o.name}", "name": "<n>", "model": model, "call": call, "last": None} for call in (len, repr)]
    rows.append({"text": " a ", "name": last, "model": model, "call": harmless, "last": last})
    check_same({"main.html": TEMPLATE}, make, lambda: {"os": rows, "kind": "last"})


class Odd:
    """A key that is like any other, and cannot be compared with it."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __hash__(self) -> int:
        return hash("name")

    def __eq__(self, other: object) -> bool:
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError("v"), AttributeError("a"), TypeError("t"), LookupError("l"), KeyError("k")]
)
def test_keys_that_cannot_be_compared_are_errors_with_their_causes(error: Exception) -> None:
    environment = SandboxedEnvironment()
    causes = []
    lookups: list[Callable[..., Any]] = [environment.getattr]
    lookups += [partial(function, environment, jinja2.Undefined) for function in LOOKUPS]
    for lookup in lookups:
        error.__context__ = None
        try:
            raise OSError
        except OSError as outer:
            try:
                found: Any = repr(lookup({Odd(error): 1}, "name"))
            except Exception as raised:
                found = raised
            causes.append((str(found), type(found), chain(found, outer)))
    assert causes == [causes[0]] * 3


LOOKUPS = (safe.safe_attribute, speedups.safe_attribute)


def chain(error: Any, outer: Exception) -> list[str]:
    """Return what an error arose from."""
    kinds: list[str] = []
    while isinstance(error, BaseException) and error is not outer:
        kinds.append(f"{type(error).__name__}: {error}")
        error = error.__context__
    return [*kinds, "the one around"] if error is outer else kinds
