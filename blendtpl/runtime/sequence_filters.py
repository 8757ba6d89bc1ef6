"""Sequence filters: those of Jinja2's own filters that put items in order, count, choose or join them, in less time.

Enters: what Jinja2's filter of that name takes. Leaves: what that returns, or raises. Each looks at what is common, and
leaves all else to Jinja2's function. Only `blendtpl.runtime.filters` gives them to anybody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby as runs
from operator import itemgetter
from typing import Any

import jinja2
from jinja2 import filters, nodes
from markupsafe import Markup

from blendtpl.runtime.items import Get
from blendtpl.runtime.lookup_filters import key_of, keys_of
from blendtpl.runtime.output import escape_any, escape_str

_NUMBERS = frozenset((int, float))
_COMPARED = _NUMBERS | {bool}
_TEXTS = frozenset((str,))
_PRINTED = frozenset((str, int, float, bool, type(None)))  # what has no `__html__`, and a text that is always the same
_ALIKE = ({str}, {int})  # the kinds of keys that are equal or not, and one less than the other, by themselves
_INDEXED = frozenset((list, tuple, str))


def sort(
    environment: jinja2.Environment,
    value: Iterable[Any],
    reverse: Any = False,
    case_sensitive: bool = False,
    attribute: str | int | None = None,
) -> list[Any]:
    """Return what `do_sort` does."""
    if type(reverse) is not bool:  # which is refused before anything is looked up
        return filters.do_sort(environment, value, reverse, case_sensitive, attribute)
    if type(attribute) is not str and isinstance(attribute, str):  # or says so
        return filters.do_sort(environment, value, reverse, case_sensitive, attribute)
    if type(attribute) is str and "," in attribute:
        return sorted(value, key=keys_of(environment, attribute, fold=not case_sensitive), reverse=reverse)
    get = key_of(environment, attribute, fold=not case_sensitive)
    items = list(value)
    keys = [get(item) for item in items]  # a `StopIteration` is to come through
    kinds = set(map(type, keys))
    if kinds != {str} and not kinds <= _NUMBERS:
        keys = [[key] for key in keys]  # as Jinja2 compares them
    # the keys stand ready, and `sorted` asks for each by the number of its item
    return [items[at] for at in sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)]


def lowered(values: Iterable[Any]) -> list[Any]:
    """Return values of which texts are in lower case."""
    return [value.lower() if isinstance(value, str) else value for value in values]


def groupby(
    environment: jinja2.Environment,
    value: Iterable[Any],
    attribute: str | int,
    default: Any = None,
    case_sensitive: Any = False,
) -> list[Any]:
    """Return what `do_groupby` does."""
    if type(case_sensitive) is not bool:  # which is asked several times, and may tell
        return filters.sync_do_groupby(environment, value, attribute, default, case_sensitive)
    get = key_of(environment, attribute, default=default)
    items = list(value)
    if set(map(type, items)) != {dict}:  # what may tell how often it is asked
        key = key_of(environment, attribute, default=default, fold=not case_sensitive)
        found = [(key, list(group)) for key, group in runs(sorted(items, key=key), key)]
        return [_group(key if case_sensitive else get(group[0]), group) for key, group in found]
    return _grouped(get, items, case_sensitive)


def _grouped(get: Get, items: list[Any], case_sensitive: bool) -> list[Any]:
    """Return the groups of dicts, which are asked once more only where that may make a difference."""
    values = [get(item) for item in items]
    keys = values if case_sensitive else lowered(values)
    groups: dict[Any, list[int]] = {}
    if set(map(type, keys)) in _ALIKE:
        for at, key in enumerate(keys):
            groups.setdefault(key, []).append(at)
        order = [at for key in sorted(groups) for at in groups[key]]
    else:
        order = sorted(range(len(items)), key=keys.__getitem__)
    # Jinja2 asks each once more, in this order, which a key with an == of its own may tell; and the first of each group
    ordered = [items[at] for at in order]
    again = [get(item) for item in ordered]
    if groups and set(map(type, again)) in _ALIKE and again == [values[at] for at in order]:
        pairs = [(key, [items[at] for at in groups[key]]) for key in sorted(groups)]
    else:
        by_key = runs(zip(again if case_sensitive else lowered(again), ordered, strict=True), itemgetter(0))
        pairs = [(key, [item for _, item in group]) for key, group in by_key]
    names = [key for key, _ in pairs] if case_sensitive else [get(group[0]) for _, group in pairs]
    return [_group(name, group) for name, (_, group) in zip(names, pairs, strict=True)]


def _group(name: Any, group: list[Any]) -> Any:
    return tuple.__new__(filters._GroupTuple, (name, group))  # as the class makes one, by a call less


def unique(
    environment: jinja2.Environment,
    value: Iterable[Any],
    case_sensitive: bool = False,
    attribute: str | int | None = None,
) -> Iterator[Any]:
    """Yield what `do_unique` does."""
    get = key_of(environment, attribute, fold=not case_sensitive)
    seen = set()
    for item in value:
        key = get(item)
        if key not in seen:
            seen.add(key)
            yield item


def sum_(
    environment: jinja2.Environment, iterable: Iterable[Any], attribute: str | int | None = None, start: Any = 0
) -> Any:
    """Return what `do_sum` does."""
    return sum(iterable if attribute is None else map(key_of(environment, attribute), iterable), start)


def extreme(choose: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does what `min` or `max` does."""

    def extreme(
        environment: jinja2.Environment,
        value: Iterable[Any],
        case_sensitive: bool = False,
        attribute: str | int | None = None,
    ) -> Any:
        # what has effects as it is looped over, or is asked whether it is true, is left to Jinja2
        if type(value) is not list or not value or type(case_sensitive) is not bool:
            return theirs(environment, value, case_sensitive, attribute)
        if attribute is None:
            kinds = set(map(type, value))
            if kinds <= _COMPARED:
                return choose(value)
            if kinds == _TEXTS:
                return choose(value, key=None if case_sensitive else str.lower)
        # a key for each item as it is reached, since comparing those before may raise
        return choose(value, key=key_of(environment, attribute, fold=not case_sensitive))

    return extreme


def join(eval_ctx: nodes.EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """Return what `do_join` does."""
    if type(d) is not str:
        return filters.sync_do_join(eval_ctx, value, d, attribute)
    if attribute is not None:
        value = map(key_of(eval_ctx.environment, attribute), value)
    if not eval_ctx.autoescape:
        return d.join(value if type(value) is list and set(map(type, value)) <= _TEXTS else map(str, value))
    items = list(value)
    kinds = set(map(type, items))
    if kinds <= _TEXTS:
        return d.join(items)
    if kinds <= _PRINTED:
        return d.join(map(str, items))
    if Markup in kinds and kinds <= _PRINTED | {Markup}:
        return str.__new__(Markup, escape_str(d).join(map(escape_any, items)))
    return filters.sync_do_join(eval_ctx, items, d)


def dictsort(value: Mapping[Any, Any], case_sensitive: bool = False, by: Any = "key", reverse: bool = False) -> Any:
    """Return what `do_dictsort` does."""
    if type(value) is dict and type(by) is str and type(case_sensitive) is type(reverse) is bool:
        if by == "key" and set(map(type, value)) == _TEXTS:
            names = sorted(value, key=None if case_sensitive else str.lower, reverse=reverse)
            return [(name, value[name]) for name in names]
        if by == "value":
            kinds = set(map(type, value.values()))
            if kinds <= _COMPARED or (case_sensitive and kinds == _TEXTS):
                return sorted(value.items(), key=itemgetter(1), reverse=reverse)
    return filters.do_dictsort(value, case_sensitive, by, reverse)


def first(environment: jinja2.Environment, seq: Any) -> Any:
    """Return what `do_first` does."""
    return seq[0] if type(seq) in _INDEXED and seq else filters.sync_do_first(environment, seq)


def last(environment: jinja2.Environment, seq: Any) -> Any:
    """Return what `do_last` does."""
    return seq[-1] if type(seq) in _INDEXED and seq else filters.do_last(environment, seq)


def list_(eval_ctx: nodes.EvalContext, *value: Any, **named: Any) -> list[Any]:
    """Return what `do_list` does, which is given how output is escaped, for the sake of async."""
    return list(value[0]) if len(value) == 1 and not named else filters.sync_do_list(*value, **named)


def items(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what `do_items` does."""
    yield from value.items() if type(value) is dict else filters.do_items(value)
