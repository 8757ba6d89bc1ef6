"""Choice filters: what is done to each of several items, `map`, and which of them are taken, `select` and its like.

Enters: what Jinja2's filter of that name takes. Leaves: the iterator that it returns. What a filter or test is called
with, and what is looked up, is found out once for all items, as Jinja2 does; and, unlike there, which function that is.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jinja2
from jinja2 import filters

from blendtpl.bundle.environment import passed_argument
from blendtpl.runtime.items import Get
from blendtpl.runtime.lookup_filters import key_of
from blendtpl.runtime.speedups import getter

Bind = Callable[[jinja2.Environment, str], Any]  # what gives the function for a filter or test, which there is


def named(name: str, function: Callable[..., Any], module: str = "jinja2.filters") -> Callable[..., Any]:
    """Return a function whose errors and iterators print as those of Jinja2's function of that name do."""
    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    return function


def calls_as_usual(environment: jinja2.Environment) -> bool:
    """Return whether an environment calls filters and tests by their names as Jinja2's does."""
    usual = jinja2.Environment
    return all(
        getattr(getattr(environment, method), "__func__", None) is getattr(usual, method)
        for method in ("call_filter", "call_test", "_filter_test_common")
    )


def mapping(bind: Bind) -> Callable[..., Iterator[Any]]:
    """Return what does what `sync_do_map` does; `bind` gives the function for a filter."""

    def apply(context: Any, value: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        if value:
            function = _applied(context, args, kwargs, bind)
            for item in value:
                yield function(item)

    return named("sync_do_map", apply)


def _applied(context: Any, args: tuple[Any, ...], kwargs: dict[str, Any], bind: Bind) -> Get:
    """Return what `jinja2.filters.prepare_map` does."""
    environment = context.environment
    if not args and "attribute" in kwargs and kwargs.keys() <= {"attribute", "default"}:
        return key_of(environment, kwargs["attribute"], default=kwargs.get("default"))
    function = _called(context, environment.filters, args[:1], bind)
    return filters.prepare_map(context, args, kwargs) if function is None else _with(function, args[1:], kwargs)


def _called(context: Any, functions: Any, name: tuple[Any, ...], bind: Bind) -> Callable[..., Any] | None:
    """Return the function for the name of a filter or test, with what it asks to be passed first; `None` where Jinja2
    is to find it.
    """
    environment = context.environment
    if not name or type(name[0]) is not str or not calls_as_usual(environment):
        return None
    function = functions.get(name[0])
    if function is None:
        return None
    quick: Callable[..., Any] = bind(environment, name[0])
    match passed_argument(function):
        case "environment":
            return partial(quick, environment)
        case "eval_context":
            return partial(quick, context.eval_ctx)
        case "context":
            return partial(quick, context)
    return quick


def _with(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Get:
    """Return a function of an item alone."""
    if kwargs:
        return lambda item: function(item, *args, **kwargs)
    if len(args) == 1:
        argument = args[0]
        return lambda item: function(item, argument)
    return (lambda item: function(item, *args)) if args else function


def applied(function: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """Return what yields what ``map`` does with a filter."""

    def apply(frame: Any, value: Any, arguments: tuple[Any, ...]) -> Iterator[Any]:
        if value:
            for item in value:
                yield function(item, *arguments)

    return named("sync_do_map", apply)


def choosing(name: str, bind: Bind) -> Callable[..., Iterator[Any]]:
    """Return what does what the filter of that name does: `select`, `reject`, `selectattr` or `rejectattr`; `bind`
    gives the function for a test.
    """
    expected, looks = name.startswith("select"), name.endswith("attr")

    def select_or_reject(context: Any, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
        if value:
            found = _judged(context, args, kwargs, looks, bind)
            if found is None:
                yield from _as_in_jinja2(context, value, args, kwargs)
                return
            get, test, arguments = found
            if test is bool:
                for item in value:
                    if bool(item if get is None else get(item)) is expected:
                        yield item
                return
            for item in value:
                if bool(test(item if get is None else get(item), *arguments)) is expected:
                    yield item

    def _as_in_jinja2(context: Any, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
        negate = (lambda found: found) if expected else (lambda found: not found)
        function = filters.prepare_select_or_reject(context, args, kwargs, negate, looks)
        return (item for item in value if function(item))

    def choose(context: Any, value: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        return select_or_reject(context, value, args, kwargs)

    named("select_or_reject", select_or_reject)
    return named(f"sync_do_{name}", choose)


def _judged(
    context: Any, args: tuple[Any, ...], kwargs: dict[str, Any], looks: bool, bind: Bind
) -> tuple[Get | None, Callable[..., Any], tuple[Any, ...]] | None:
    """Return what is looked up of an item, the test of that, and its arguments behind that, as
    `jinja2.filters.prepare_select_or_reject` finds them; `None` where that is to do so.
    """
    if looks and not args:
        return None
    named_test = args[looks:]
    test = _called(context, context.environment.tests, named_test[:1], bind) if named_test else bool
    if test is None:
        return None
    get = key_of(context.environment, args[0]) if looks else None
    return get, partial(test, **kwargs) if kwargs and named_test else test, named_test[1:]


def chosen_by(undefined: Any, test: Callable[..., Any], expected: bool) -> Callable[..., Iterator[Any]]:
    """Return what `select`, or `reject` when `expected` is not true, yields for a test; with the name of an attribute
    it is `selectattr`, or `rejectattr`.
    """

    def choose(frame: Any, value: Any, attr: str | None, arguments: tuple[Any, ...]) -> Iterator[Any]:
        if value:
            get = None if attr is None else getter(undefined, (attr,))
            for item in value:
                if bool(test(item if get is None else get(item), *arguments)) is expected:
                    yield item

    return named("select_or_reject", choose)


def mapped(undefined: Any, value: Any, attr: str) -> Iterator[Any]:
    """Yield what ``map(attribute=attr)`` does."""
    if value:
        get = getter(undefined, (attr,))
        for item in value:
            yield get(item)


named("sync_do_map", mapped)
