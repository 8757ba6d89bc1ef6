"""Stubs: filters, tests and functions that a set's templates ask for and that Jinja2 has not.

Each says what it was called with, so that a difference in what reaches it is a difference in the text; some ask to be
passed the context, the evaluation context or the environment, by the sum of their name's characters.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import jinja2
from jinja2.utils import pass_context, pass_environment, pass_eval_context
from markupsafe import Markup

from tests.conformance.packages.shapes import Shapes
from tests.conformance.packages.values import Maker

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_SHOWN = 200  # characters of a value in what a stub returns


def without_addresses(text: str) -> str:
    """Return a text with a mark for each address in it, which differ between two renders."""
    return _ADDRESS.sub("0x", text)


def _described(args: Iterable[Any], kwargs: dict[str, Any]) -> str:
    shown = [*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())]
    return ", ".join(without_addresses(text)[:_SHOWN] for text in shown)


def _stub(name: str, kind: str) -> Callable[..., Any]:
    total = sum(map(ord, name))

    def called(args: tuple[Any, ...], kwargs: dict[str, Any], passed: str) -> Any:
        text = f"<{kind} {name}({_described(args, kwargs)}){passed}>"
        if kind == "test":
            return bool(len(text) % 2)
        return Markup(text) if total % 2 else text

    def plain(*args: Any, **kwargs: Any) -> Any:
        return called(args, kwargs, "")

    @pass_context
    def with_context(context: Any, *args: Any, **kwargs: Any) -> Any:
        return called(args, kwargs, f" in {context.name} with {sorted(context.get_all())}")

    @pass_eval_context
    def with_eval_context(eval_ctx: Any, *args: Any, **kwargs: Any) -> Any:
        return called(args, kwargs, f" escaped: {eval_ctx.autoescape}")

    @pass_environment
    def with_environment(environment: Any, *args: Any, **kwargs: Any) -> Any:
        return called(args, kwargs, f" of {environment.undefined.__name__}")

    kinds: tuple[Callable[..., Any], ...] = (with_context, with_eval_context, with_environment, plain, plain)
    stub = kinds[total % 5]
    stub.__qualname__ = stub.__name__ = name.replace(".", "_")
    return stub


def _gettext(message: str, **variables: Any) -> str:
    return f"«{message}»" % variables if variables else f"«{message}»"


def _ngettext(one: str, many: str, number: int, **variables: Any) -> str:
    return f"«{one if number == 1 else many}»" % {"num": number, **variables}


def stub_into(environment: jinja2.Environment, shapes: Shapes) -> None:
    """Add what the templates ask for and the environment lacks: filters, tests, and every other name as a global.

    The other names come with the context.
    """
    for name in sorted(shapes.filters - environment.filters.keys()):
        environment.filters[name] = _stub(name, "filter")
    for name in sorted(shapes.tests - environment.tests.keys()):
        environment.tests[name] = _stub(name, "test")
    for name in sorted((shapes.functions | shapes.fields.keys()) - environment.globals.keys()):
        if name and sum(map(ord, name)) % 2:
            shaped = name in shapes.items or shapes.fields.get(name)
            made = Maker(shapes, name, 0.0, lasting=True).value(name) if shaped else _stub(name, "function")
            environment.globals[name] = made
    install: Any = environment.install_gettext_callables  # type: ignore[attr-defined]  # of the i18n extension
    install(_gettext, _ngettext, newstyle=True)
