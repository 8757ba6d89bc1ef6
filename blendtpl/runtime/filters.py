"""Filters: some of Jinja2's own in less time.

Enters: what Jinja2's filter of that name takes. Leaves: what that returns, or raises. Attributes of plain names are
looked up without a call of `Environment.getitem` for each; anything else is left to Jinja2's function. Only
environments with Jinja2's own `getitem` are given these.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from types import MappingProxyType
from typing import Any

import jinja2
from jinja2 import filters, nodes

from blendtpl.bundle.environment import is_own
from blendtpl.runtime import text_filters
from blendtpl.runtime.attributes import NO_ITEM
from blendtpl.runtime.causes import named, named_here
from blendtpl.runtime.exceptions import trace_of

_NUMBERS = frozenset((int, float))
_COMPARED = _NUMBERS | {bool}
_TEXTS = frozenset((str,))
_DICTS = frozenset((dict,))
_ALIKE = ({str}, {int})  # the kinds of keys that are equal or not, and one less than the other, by themselves


def subscript(undefined: Any, value: Any, key: Any) -> Any:
    """Return ``value[key]`` as `jinja2.Environment.getitem` does (L5)."""
    try:
        return value[key]
    except NO_ITEM as error:
        return _attribute_or_undefined(undefined, value, key, named_here(key, value, error))


def no_item(undefined: Any, value: Any, key: Any, error: BaseException | None = None) -> Any:
    """Return what `subscript` does where there is no such item; `error` says so, where that came from inside."""
    name = key if error is None else named(key, value, error, trace_of(error))
    del error  # lest it, and this function, wait for each other
    return _attribute_or_undefined(undefined, value, key, name)


def _attribute_or_undefined(undefined: Any, value: Any, key: Any, name: Any) -> Any:
    """Return what `subscript` does where there is no such item; `name` is that of what is undefined."""
    if isinstance(key, str):
        try:
            attr = str(key)
        except Exception:
            return undefined(obj=value, name=key)
        try:
            return getattr(value, attr)
        except AttributeError as error:
            if name is key:
                name = named_here(key, value, error)
    return undefined(obj=value, name=name)


def _named(name: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Return a function whose iterators print as those of Jinja2's function of that name do."""
    function.__name__ = function.__qualname__ = name
    return function


def _values_of(undefined: Any, items: Iterable[Any], attr: str) -> Iterator[Any]:
    """Return an iterator over an attribute of each item."""
    return (_value_of(undefined, attr, item) for item in items)


def _value_of(undefined: Any, attr: Any, item: Any) -> Any:
    """Return an attribute of an item, looked up as ``item[attr]`` is (L5)."""
    try:
        return item[attr]
    except NO_ITEM as error:
        return _attribute_or_undefined(undefined, item, attr, named_here(attr, item, error))


def _attributes_of(undefined: Any, attr: Any, items: Iterable[Any]) -> list[Any]:
    """Return an attribute of each item, as `_value_of` does, without a call for each."""
    values = []
    for item in items:
        try:
            value = item[attr]
        except NO_ITEM as error:
            value = _attribute_or_undefined(undefined, item, attr, named_here(attr, item, error))
        values.append(value)
    return values


def _is_plain(attribute: Any) -> bool:
    """Return whether an attribute is the name of one, rather than a path, several, or a number."""
    return type(attribute) is str and attribute.isidentifier()


def _keys(environment: jinja2.Environment, items: list[Any], attribute: str | None, *, fold: bool) -> list[Any]:
    """Return what each item is compared by: an attribute, or itself, in lower case when texts are to be folded."""
    values = items if attribute is None else _attributes_of(environment.undefined, attribute, items)
    return _lowered(values) if fold else list(values)


def _lowered(values: Iterable[Any]) -> list[Any]:
    return [value.lower() if isinstance(value, str) else value for value in values]


def _sort(
    environment: jinja2.Environment,
    value: Iterable[Any],
    reverse: bool = False,
    case_sensitive: bool = False,
    attribute: str | int | None = None,
) -> list[Any]:
    if not (attribute is None or _is_plain(attribute)):
        return filters.do_sort(environment, value, reverse, case_sensitive, attribute)
    items = list(value)
    keys = _keys(environment, items, attribute, fold=not case_sensitive)  # type: ignore[arg-type]  # no number is plain
    kinds = set(map(type, keys))
    if kinds != {str} and not kinds <= _NUMBERS:
        keys = [[key] for key in keys]  # as Jinja2 compares them
    # the keys stand ready, and `sorted` asks for each by the number of its item
    return [items[at] for at in sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)]


def _groupby(
    environment: jinja2.Environment,
    value: Iterable[Any],
    attribute: str | int,
    default: Any = None,
    case_sensitive: bool = False,
) -> list[Any]:
    items = list(value)
    if default is not None or not _is_plain(attribute) or set(map(type, items)) != _DICTS:
        return filters.sync_do_groupby(environment, items, attribute, default, case_sensitive)
    attributes_of = partial(_attributes_of, environment.undefined, attribute)
    values = attributes_of(items)
    keys = values if case_sensitive else _lowered(values)
    groups: dict[Any, list[int]] = {}
    if set(map(type, keys)) in _ALIKE:
        for at, key in enumerate(keys):
            groups.setdefault(key, []).append(at)
        order = [at for key in sorted(groups) for at in groups[key]]
    else:
        order = sorted(range(len(items)), key=keys.__getitem__)
    # Jinja2 asks each once more, in this order, which a key with an == of its own may tell; and the first of each group
    ordered = [items[at] for at in order]
    again = attributes_of(ordered)
    if groups and set(map(type, again)) in _ALIKE and again == [values[at] for at in order]:
        pairs = [(key, [items[at] for at in groups[key]]) for key in sorted(groups)]
    else:
        by_key = groupby(zip(again if case_sensitive else _lowered(again), ordered, strict=True), _first)
        pairs = [(key, [item for _, item in group]) for key, group in by_key]
    names = [key for key, _ in pairs] if case_sensitive else attributes_of([group[0] for _, group in pairs])
    return [filters._GroupTuple(name, group) for name, (_, group) in zip(names, pairs, strict=True)]


def _unique(
    environment: jinja2.Environment,
    value: Iterable[Any],
    case_sensitive: bool = False,
    attribute: str | int | None = None,
) -> Iterator[Any]:
    if not (attribute is None or _is_plain(attribute)):
        yield from filters.sync_do_unique(environment, value, case_sensitive, attribute)
        return
    seen = set()
    for item in value:
        key = item if attribute is None else subscript(environment.undefined, item, attribute)
        if not case_sensitive and isinstance(key, str):
            key = key.lower()
        if key not in seen:
            seen.add(key)
            yield item


def _sum(
    environment: jinja2.Environment, iterable: Iterable[Any], attribute: str | int | None = None, start: Any = 0
) -> Any:
    if type(iterable) is list and _is_plain(attribute):
        value_of = partial(_value_of, environment.undefined, attribute)
        return sum(map(value_of, iterable), start)
    return filters.sync_do_sum(environment, iterable, attribute, start)


def _extreme(choose: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does what `min` or `max` does."""

    def extreme(
        environment: jinja2.Environment,
        value: Iterable[Any],
        case_sensitive: bool = False,
        attribute: str | int | None = None,
    ) -> Any:
        if type(value) is list and value:  # what has effects as it is looped over is left to Jinja2
            if attribute is None:
                kinds = set(map(type, value))
                if kinds <= _COMPARED:
                    return choose(value)
                if kinds == _TEXTS:
                    return choose(value, key=None if case_sensitive else str.lower)
            elif _is_plain(attribute):
                # a key for each item as it is reached, since comparing those before may raise
                return choose(value, key=_key(environment.undefined, attribute, fold=not case_sensitive))
        return theirs(environment, value, case_sensitive, attribute)

    return extreme


def _key(undefined: Any, attr: Any, *, fold: bool) -> Callable[[Any], Any]:
    """Return what gives an attribute of an item, as `_value_of` does, in lower case when texts are to be folded."""

    def key(item: Any) -> Any:
        try:
            value = item[attr]
        except NO_ITEM as error:
            value = _attribute_or_undefined(undefined, item, attr, named_here(attr, item, error))
        return value.lower() if fold and isinstance(value, str) else value

    return key


def _join(eval_ctx: nodes.EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    if attribute is None and type(d) is str and (eval_ctx.autoescape or type(value) is list):
        value = list(value)  # as Jinja2 does, where output is escaped
        if set(map(type, value)) <= _TEXTS:
            return d.join(value)
    return filters.sync_do_join(eval_ctx, value, d, attribute)


def _dictsort(value: Mapping[Any, Any], case_sensitive: bool = False, by: Any = "key", reverse: bool = False) -> Any:
    if type(value) is dict and by == "key" and set(map(type, value)) == {str}:
        return sorted(value.items(), key=_first if case_sensitive else _folded, reverse=reverse)
    return filters.do_dictsort(value, case_sensitive, by, reverse)


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def _folded(pair: tuple[str, Any]) -> str:
    return pair[0].lower()


def applied(function: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """Return what yields what ``map`` does with a filter."""

    def apply(value: Any, arguments: tuple[Any, ...]) -> Iterator[Any]:
        if value:
            for item in value:
                yield function(item, *arguments)

    return _named("sync_do_map", apply)


def mapped(undefined: Any, value: Any, attr: str) -> Iterator[Any]:
    """Yield what ``map(attribute=attr)`` does."""
    if value:
        yield from _values_of(undefined, value, attr)


def _choosing(test: Callable[..., Any], expected: bool) -> Callable[..., Iterator[Any]]:
    """Return what `select`, or `reject` when `expected` is not true, yields for a test; with an attribute it is
    `selectattr`, or `rejectattr`.
    """

    def choose(undefined: Any, value: Any, attr: str | None, arguments: tuple[Any, ...]) -> Iterator[Any]:
        if value:
            for item in value:
                if bool(test(item if attr is None else subscript(undefined, item, attr), *arguments)) is expected:
                    yield item

    return _named("select_or_reject", choose)


def bind_choice(
    environment: jinja2.Environment, name: str, test: str | None = None
) -> Callable[..., Iterator[Any]] | None:
    """Return what does what Jinja2's `select` and its like do with one of Jinja2's own tests, or with none; `None` when
    the environment has others by these names.
    """
    if not is_own(environment, "filter", name) or not (test is None or is_own(environment, "test", test)):
        return None
    chosen: Any = bool if test is None else environment.tests[test]
    return _choosing(chosen, name.startswith("select"))


_named("sync_do_map", mapped)
_named("sync_do_unique", _unique)

_FASTER: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "join": _join,
        "sort": _sort,
        "sum": _sum,
        "min": _extreme(min, filters.do_min),
        "max": _extreme(max, filters.do_max),
        "groupby": _groupby,
        "unique": _unique,
        "format": text_filters.format,
        "dictsort": _dictsort,
        "wordwrap": text_filters.wordwrap,
        "xmlattr": text_filters.xmlattr,
        "urlencode": text_filters.urlencode,
        "urlize": text_filters.urlize,
    }
)
for _name, _function in _FASTER.items():
    _named(getattr(filters.FILTERS[_name], "__wrapped__", filters.FILTERS[_name]).__qualname__, _function)


def faster(environment: jinja2.Environment, name: str) -> Callable[..., Any] | None:
    """Return what does what Jinja2's own filter of a name does, in less time, when there is such a function."""
    plain = type(environment).getitem is jinja2.Environment.getitem and not environment.is_async
    return _FASTER.get(name) if plain else None
