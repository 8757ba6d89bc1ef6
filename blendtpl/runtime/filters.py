"""Filters and tests: what emitted code calls for Jinja2's own.

Enters: an environment and the name of one that it has from Jinja2. Leaves: a function that takes the same arguments and
does the same, to the byte and to the error, in less time for the usual types; where there is none, Jinja2's. What looks
things up in a way of its own, or is for async, keeps Jinja2's where that would make a difference.

Those in Python are all there; `blendtpl.runtime._speedups` has some in C, which go on with those in Python, or with
Jinja2's, for whatever they do not know.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jinja2
from jinja2 import filters, tests

from blendtpl.bundle.environment import is_own, passed_argument
from blendtpl.runtime import (
    choice_filters,
    link_filters,
    lookup_filters,
    sequence_filters,
    text_filters,
    value_tests,
)
from blendtpl.runtime.choice_filters import chosen_by, named
from blendtpl.runtime.lookup_filters import lookups_of
from blendtpl.runtime.speedups import quick_functions

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Form:
    """A function in place of a filter; `looks` names the method of the environment that it does not call."""

    function: Function
    looks: str = ""


def bound(environment: jinja2.Environment, kind: str, name: str) -> Function | None:
    """Return the function for the name of a filter or test (`kind`), if there is any.

    Of Jinja2's own that are written twice, for async, it is the function for everything else.
    """
    functions: Mapping[str, Any] = environment.filters if kind == "filter" else environment.tests
    function: Function | None = functions.get(name)
    if function is None or not is_own(environment, kind, name):
        return function
    if kind == "test":
        return FASTER_TESTS.get(name, function)
    quick = faster(environment, name)
    plain = getattr(function, "__wrapped__", None)
    if quick is not None or plain is None or environment.is_async:
        return quick or function
    return plain if passed_argument(plain) == passed_argument(function) else function


def faster(environment: jinja2.Environment, name: str) -> Function | None:
    """Return what does what Jinja2's own filter of a name does, in less time, when there is such a function."""
    form = FASTER.get(name)
    if form is None or (environment.is_async and hasattr(filters.FILTERS[name], "jinja_async_variant")):
        return None
    lookups = lookups_of(environment, form.looks) if form.looks else "plain"
    if lookups == "own":
        return None
    return SAFE.get(name, form.function) if lookups == "safe" else form.function


def quick_choice(
    environment: jinja2.Environment, name: str, test: str | None = None
) -> Callable[..., Iterator[Any]] | None:
    """Return what does what Jinja2's `select` and its like do with one of Jinja2's own tests, or with none; `None` when
    the environment has others by these names.
    """
    if not is_own(environment, "filter", name) or not (test is None or is_own(environment, "test", test)):
        return None
    chosen: Any = bool if test is None else bound(environment, "test", test)
    return chosen_by(environment.undefined, chosen, name.startswith("select"))


def _filter(environment: jinja2.Environment, name: str) -> Any:
    return bound(environment, "filter", name)


def _test(environment: jinja2.Environment, name: str) -> Any:
    return bound(environment, "test", name)


PORTABLE: Mapping[str, Form] = MappingProxyType(
    {
        "attr": Form(lookup_filters.attr, "getattr"),
        "center": Form(text_filters.center),
        "dictsort": Form(sequence_filters.dictsort),
        "e": Form(text_filters.escape_),
        "escape": Form(text_filters.escape_),
        "first": Form(sequence_filters.first),
        "forceescape": Form(text_filters.forceescape),
        "format": Form(text_filters.format),
        "groupby": Form(sequence_filters.groupby, "getitem"),
        "indent": Form(text_filters.indent),
        "items": Form(sequence_filters.items),
        "join": Form(sequence_filters.join, "getitem"),
        "last": Form(sequence_filters.last),
        "list": Form(sequence_filters.list_),
        "map": Form(choice_filters.mapping(_filter), "getitem"),
        "max": Form(sequence_filters.extreme(max, filters.do_max), "getitem"),
        "min": Form(sequence_filters.extreme(min, filters.do_min), "getitem"),
        "reject": Form(choice_filters.choosing("reject", _test)),
        "rejectattr": Form(choice_filters.choosing("rejectattr", _test), "getitem"),
        "replace": Form(text_filters.replace),
        "safe": Form(text_filters.safe),
        "select": Form(choice_filters.choosing("select", _test)),
        "selectattr": Form(choice_filters.choosing("selectattr", _test), "getitem"),
        "sort": Form(sequence_filters.sort, "getitem"),
        "striptags": Form(text_filters.striptags),
        "sum": Form(sequence_filters.sum_, "getitem"),
        "title": Form(text_filters.title),
        "tojson": Form(text_filters.tojson),
        "unique": Form(sequence_filters.unique, "getitem"),
        "urlencode": Form(text_filters.urlencode),
        "urlize": Form(link_filters.urlize),
        "wordcount": Form(text_filters.wordcount),
        "wordwrap": Form(text_filters.wordwrap),
        "xmlattr": Form(text_filters.xmlattr),
    }
)
PORTABLE_TESTS: Mapping[str, Function] = value_tests.TESTS
# of those for which it makes a difference, what a sandboxed environment with Jinja2's own lookups has
SAFE: Mapping[str, Function] = MappingProxyType({"attr": lookup_filters.safe_attr})


_TESTS: dict[str, Any] = {**tests.TESTS}


def _synchronous(name: str) -> Function:
    return getattr(filters.FILTERS[name], "__wrapped__", filters.FILTERS[name])  # type: ignore[no-any-return]


for _name, _form in PORTABLE.items():
    named(_synchronous(_name).__qualname__, _form.function, _synchronous(_name).__module__)
for _name, _function in PORTABLE_TESTS.items():
    named(tests.TESTS[_name].__qualname__, _function, tests.TESTS[_name].__module__)
named("do_attr", lookup_filters.safe_attr)


def _fastest() -> tuple[Mapping[str, Form], Mapping[str, Function]]:
    """Return what there is in the end, in C where that is."""
    found = dict(PORTABLE)
    others = {name: _synchronous(name) for name in filters.FILTERS} | {
        name: form.function for name, form in PORTABLE.items()
    }
    for name, function in quick_functions("filter", others).items():
        found[name] = Form(function, found[name].looks if name in found else "")
    return MappingProxyType(found), MappingProxyType({**PORTABLE_TESTS, **quick_functions("test", _TESTS)})


FASTER, FASTER_TESTS = _fastest()
