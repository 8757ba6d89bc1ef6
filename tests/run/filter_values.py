"""Values and arguments of many kinds for filters and tests, and what comes of a call, in words that can be compared.

A value is drawn as what makes it: each side gets one of its own, so that neither sees what the other has done to it.
"""

import re
from collections import UserDict, namedtuple
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import jinja2
from hypothesis import strategies as st
from markupsafe import Markup

from testkit.filter_calls import always

Make = Callable[[], Any]

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.IGNORECASE)


class Text(str):
    """A text of a class of its own, which has another lower case."""

    __slots__ = ()

    def lower(self) -> str:
        return f"{super().lower()}!"

    def __str__(self) -> str:
        return f"str of {str.__str__(self)}"


class OtherMarkup(Markup):
    __slots__ = ()


class Number(int):
    def __str__(self) -> str:
        return "<number>"


class Html:
    def __html__(self) -> str:
        return "<b>"

    def __str__(self) -> str:
        return "<str>"

    def __repr__(self) -> str:
        return "<html>"


class Wordless:
    """What fails by whatever it is asked for."""

    def __str__(self) -> str:
        raise ArithmeticError("no words")

    def __repr__(self) -> str:
        return "<wordless>"

    def __bool__(self) -> bool:
        raise BufferError("no truth")

    def __eq__(self, other: object) -> bool:
        raise ChildProcessError("no likeness")

    def __lt__(self, other: object) -> bool:
        raise LookupError("no order")

    def __hash__(self) -> int:
        raise EOFError("no hash")

    def __len__(self) -> int:
        raise StopIteration("no length")

    def __iter__(self) -> Iterator[Any]:
        raise StopIteration("no items")


class Telling:
    """What has attributes and items of each kind, and notes what it is asked."""

    item = "<item>"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.own = 5

    def __repr__(self) -> str:
        return f"<telling {self.asked}>"

    @property
    def a(self) -> str:
        self.asked.append("a")
        return "<a>"

    @property
    def b(self) -> str:
        self.asked.append("b")
        raise AttributeError("inside")

    @property
    def stopping(self) -> str:
        self.asked.append("stopping")
        raise StopIteration

    @property
    def failing(self) -> str:
        self.asked.append("failing")
        raise TypeError("inside")

    def method(self) -> str:
        return "called"


class Itemized(Telling):
    def __getitem__(self, key: Any) -> Any:
        self.asked.append(f"[{key!r}]")
        if key == "b":
            return "<item b>"
        if key == "failing":
            raise AttributeError("an item")
        raise KeyError(key)


class Dynamic(Telling):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.asked.append(f".{name}")
        if name == "c":
            return "<dynamic>"
        raise AttributeError(name)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = "<slot>"

    def __repr__(self) -> str:
        return "<slotted>"


class Pretending:
    """What says that it is of another class."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    @property  # type: ignore[misc]  # as proxies do
    def __class__(self) -> Any:
        return self.kind

    def __repr__(self) -> str:
        return f"<pretending {self.kind.__name__}>"


Pair = namedtuple("Pair", "a b")  # once: free-threaded Python 3.13 keeps something of each class that was made


class Once:
    """An iterator that prints the same each time; it fails behind its items if there is an error."""

    def __init__(self, items: list[Any], error: Exception | None = None) -> None:
        self.items, self.error = iter(items), error

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        for item in self.items:
            return item
        raise self.error or StopIteration

    def __repr__(self) -> str:
        return "<once>"


def halting() -> Iterator[Any]:
    """Yield some items, and fail."""
    yield "a"
    yield {"a": 1}
    raise OSError(5, "half-way")


TEXT = st.one_of(
    st.text("aAbB<ß ", max_size=4),
    st.sampled_from(
        ["a", "b", "Ab-cd (ef)", "10", " 7.5 ", "nan", "-3", "x" * 300, "<p>a <b>b</b></p>", "<!-- a -->&lt;"]
    ),
    st.sampled_from(["a\n\nb\r\nc", "http://a.com/b?c=d", "%s", "%(a)s", "é€", "\ud800", "", "1_0", "infinity", "ﬁ n"]),
)
LEAF: Any = st.one_of(
    *(st.integers(-3, 300).map(always), st.booleans().map(always), st.just(always(None)), TEXT.map(always)),
    *(st.floats(-9, 9).map(lambda number: always(round(number, 2))), TEXT.map(always)),
    st.sampled_from([float("nan"), float("inf"), -0.0, 2**70, -(2**70), 1 + 2j, Decimal("2.5"), b"ab", Number(3)]).map(
        always
    ),
    *(TEXT.map(Markup).map(always), TEXT.map(Text).map(always), st.just(always(OtherMarkup("<i>")))),
    st.sampled_from([Html, Wordless, Telling, Itemized, Dynamic, Slotted]),
    st.sampled_from([jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined]).map(
        lambda kind: lambda: kind(name="u")
    ),
    st.sampled_from([jinja2.Undefined, str, dict, type, Telling]).map(lambda kind: lambda: Pretending(kind)),
    st.sampled_from([Telling, len, "".format, Telling.method, Markup("{}").format]).map(always),
)


def _list(makers: list[Make]) -> Make:
    return lambda: [make() for make in makers]


def _of(kind: Callable[[Any], Any], make: Make) -> Make:
    return lambda: kind(make())


def _record(pairs: dict[str, Make]) -> Make:
    return lambda: {name: make() for name, make in pairs.items()}


NAMES = st.sampled_from(["a", "b", "items", "own", "A"])
RECORD = st.dictionaries(NAMES, LEAF, max_size=3).map(_record)
OBJECT = RECORD.map(lambda make: lambda: SimpleNamespace(**make()))
NESTED = st.dictionaries(NAMES, RECORD, max_size=2).map(_record)
ITEM = st.one_of(LEAF, RECORD, OBJECT, NESTED, st.just(lambda: Pair("<", 2)), st.lists(LEAF, max_size=2).map(_list))
ALIKE = st.one_of(
    *(st.lists(st.integers(0, 3).map(always), max_size=6), st.lists(TEXT.map(always), max_size=6)),
    *(st.lists(RECORD, max_size=4), st.lists(OBJECT, max_size=4), st.lists(NESTED, max_size=3)),
    st.lists(st.sampled_from(["x", "X", "y"]).map(lambda name: lambda: {"a": name, "b": {"a": name}}), max_size=5),
    st.lists(st.sampled_from([Telling, Itemized, Dynamic, Slotted]), max_size=3),
)
SEVERAL = st.one_of(ALIKE, ALIKE, st.lists(ITEM, max_size=4)).map(_list)
VALUE = st.one_of(
    *(LEAF, LEAF, SEVERAL, SEVERAL, SEVERAL.map(lambda make: _of(tuple, make)), RECORD, NESTED, OBJECT),
    *(
        SEVERAL.map(lambda make: _of(Once, make)),
        st.just(lambda: Once(["a", {"a": 1}], OSError(5, "half-way"))),
        RECORD.map(lambda make: _of(UserDict, make)),
    ),
    *(
        st.just(lambda: {1: 2, "a": 3}),
        st.just(lambda: {"a", 1}),
        st.just(lambda: range(5)),
        st.just(lambda: Pair(1, 2)),
    ),
)
ATTRIBUTE = st.sampled_from(
    [
        *(
            "a",
            "b",
            "c",
            "own",
            "items",
            "item",
            "a.b",
            "b.a",
            "a,b",
            "0",
            "a.0",
            "",
            ".",
            "²",
            "__class__",
            "_x",
            "mro",
        ),
        *("method", "append", "failing", "stopping", "asked", "upper", "format", 0, 1, None, 1.5, ("a",), b"a"),
        *(Markup("a"), Text("a")),
    ]
).map(always)
SMALL = st.sampled_from([0, 1, 2, 3, 5, -1, True, False, None, 2.0, "2", "", " ", ", ", "<", Markup("<"), "a"]).map(
    always
)
WORD = st.sampled_from(
    [
        *("upper", "attr", "join", "replace", "default", "list", "string", "no such", "odd", "in", "eq", "gt"),
        *("divisibleby", "defined", "none", "mapping", "key", "value", "floor", "ceil", "common", "safe", "tojson"),
        *("sameas", "map"),
    ]
).map(always)
ARGUMENT = st.one_of(ATTRIBUTE, SMALL, WORD, LEAF)


def described(value: Any, depth: int = 0) -> Any:
    """Return a value in words: its type, what it prints, and of what is undefined all that it knows."""
    kind = type(value)
    if issubclass(kind, jinja2.Undefined):
        inside = described(value._undefined_obj, depth + 1) if depth < 3 else ""
        return (
            kind.__name__,
            value._undefined_hint,
            inside,
            str(value._undefined_name),
            value._undefined_exception.__name__,
        )
    if kind in {list, tuple} and depth < 4:
        return (kind.__name__, *(described(item, depth + 1) for item in value))
    if kind is dict and depth < 4:
        return ("dict", *((described(key, 4), described(item, depth + 1)) for key, item in value.items()))
    if issubclass(kind, tuple):
        return (kind.__name__, *(described(item, depth + 1) for item in tuple(value)))
    name = getattr(value, "__qualname__", "") if callable(value) else ""
    shown = str.__repr__(value) if issubclass(kind, str) else repr(value)
    return (kind.__name__, name, _ADDRESS.sub("0x", shown))


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    """Return what comes of a call: what it returns, or what it raises and when, after which items."""
    items: list[Any] = []
    try:
        made = call()
        if not isinstance(made, Iterator):
            return "value", described(made)
        items.append((type(made).__name__, getattr(made, "__qualname__", "")))
        items.extend(described(item) for item in made)
    except Exception as error:
        cause, context = type(error.__cause__).__name__, type(error.__context__).__name__
        return "error", type(error).__name__, _ADDRESS.sub("0x", str(error)), cause, context, items
    return "items", items
