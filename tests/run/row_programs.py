"""Programs that write rows, drawn at random, and values for them that note what is asked of them."""

import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jinja2
from hypothesis import strategies as st
from jinja2.utils import missing
from markupsafe import Markup

from blendtpl.bundle.row_ops import FIRST_STATEMENT, GIVEN, KEEPS_PREVIOUS, Comparison, Opcode, Operator

FIXED = 8  # inputs with values; behind them are registers that programs set
SPARE = 6

Log = list[str]


class Noting:
    """A value that notes what it is asked, and may fail at one of that."""

    def __init__(self, log: Log, name: str, fails: str = "", error: type[Exception] = ValueError) -> None:
        self._log, self._name, self._fails, self._error = log, name, fails, error

    def _note(self, what: str) -> None:
        self._log.append(f"{self._name}.{what}")
        if what == self._fails:
            raise self._error(f"{self._name} fails at {what}")

    @property
    def a(self) -> str:
        self._note("a")
        return f"<{self._name}.a>"

    @property
    def b(self) -> list[int]:
        self._note("b")
        return [1, 2]

    def __html__(self) -> str:
        self._note("html")
        return f"<b>{self._name}</b>"

    def __str__(self) -> str:
        self._note("str")
        return f"<{self._name}>"

    def __bool__(self) -> bool:
        self._note("bool")
        return len(self._name) % 2 == 0

    def __eq__(self, other: object) -> Any:
        self._note("eq")
        return "equal" if other == self._name else ""

    def __hash__(self) -> int:
        self._note("hash")
        return hash(self._name)

    def __lt__(self, other: object) -> bool:
        self._note("lt")
        return True

    def __add__(self, other: object) -> str:
        self._note("add")
        return self._name

    __radd__ = __add__

    def __neg__(self) -> str:
        self._note("neg")
        return f"-{self._name}"

    def __contains__(self, other: object) -> bool:
        self._note("contains")
        return True

    def __getitem__(self, key: object) -> str:
        self._note("getitem")
        if key in {0, "a"}:
            return f"[{self._name}]"
        raise IndexError(key)

    def __len__(self) -> int:
        self._note("len")
        return 1

    def __iter__(self) -> Iterator[Any]:
        self._note("iter")
        for number in range(2):
            self._note("next")
            yield number

    def __call__(self, *values: object, **named: object) -> str:
        self._note(f"call {len(values)} {sorted(named)}")
        self._note("call")
        return f"{self._name}()"


ASKED = [
    "a",
    "b",
    "html",
    "str",
    "bool",
    "eq",
    "hash",
    "lt",
    "add",
    "neg",
    "contains",
    "getitem",
    "len",
    "iter",
    "next",
]
ERRORS = [ValueError, TypeError, KeyError, AttributeError, StopIteration, RecursionError]
Make = Callable[[Log], Any]


class Growing(list[Any]):
    """A list of a type of its own."""


def changing(log: Log) -> list[Any]:
    """Return a list that changes while it is gone through: an item adds one, and one takes one away."""
    items: list[Any] = []

    class Adds:
        def __html__(self) -> str:
            if len(items) < 5:
                items.append("new")
            return "adds"

        __str__ = __html__

    class Takes:
        def __html__(self) -> str:
            if len(items) > 2:
                items.pop()
            return "takes"

        __str__ = __html__

    items += [Adds(), "x", Takes(), Adds()]
    return items


plain: st.SearchStrategy[Make] = st.one_of(
    st.sampled_from(["", "a", "<", "ü&", "€", "\U0001f600", "ab"]),
    st.sampled_from([0, 1, -1, 2, 7, 2**70, -(2**70)]),
    st.sampled_from([True, False, None, 0.0, 1.5, float("inf"), Markup("<i>"), missing]),
    st.sampled_from([(), (1, 2), (1, (2, 3)), "xy"]),
).map(lambda value: lambda log: value)
noting: st.SearchStrategy[Make] = st.builds(
    lambda name, fails, error: lambda log: Noting(log, name, fails, error),
    st.sampled_from(["n", "no", "not"]),
    st.sampled_from(["", "", "", *ASKED, "call"]),
    st.sampled_from(ERRORS),
)
others: st.SearchStrategy[Make] = st.sampled_from(
    [
        lambda log: SimpleNamespace(a="<a>", b=[3, "<"]),
        lambda log: jinja2.Undefined(name="gone"),
        lambda log: jinja2.StrictUndefined(name="strictly"),
        lambda log: iter([1, 2, (3, 4)]),
        lambda log: (number for number in (1, 2)),
        lambda log: {1: 2, "a": "<", "b": {"a": [1]}},
        lambda log: {"b": 1}.items(),
        lambda log: Growing(["a", 1]),
        lambda log: str,
        lambda log: len,
        changing,
    ]
)


def containers(inner: st.SearchStrategy[Make]) -> st.SearchStrategy[Make]:
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda makes: lambda log: [make(log) for make in makes]),
        st.lists(inner, min_size=2, max_size=3).map(lambda makes: lambda log: tuple(make(log) for make in makes)),
        st.dictionaries(st.sampled_from(["a", "b", "items"]), inner, max_size=2).map(
            lambda makes: lambda log: {key: make(log) for key, make in makes.items()}
        ),
    )


VALUES: st.SearchStrategy[Make] = st.recursive(st.one_of(plain, noting, others), containers, max_leaves=5)
ITEMS = st.one_of(
    st.lists(VALUES, max_size=4).map(lambda makes: lambda log: [make(log) for make in makes]),
    st.lists(st.tuples(VALUES, VALUES), max_size=3).map(
        lambda makes: lambda log: [(one(log), other(log)) for one, other in makes]
    ),
    st.dictionaries(st.sampled_from(["a", "b"]), VALUES).map(
        lambda makes: lambda log: {key: make(log) for key, make in makes.items()}.items()
    ),
    st.just(changing),
)

PLACES = st.one_of(st.none(), st.integers(0, 5))
NAMES = st.sampled_from(["a", "b", "gone"])


class Programs:
    """What draws a well-formed program; `seen` are the registers that may be read at the place at hand."""

    def __init__(self, draw: st.DrawFn, own: int) -> None:
        self.draw, self.seen = draw, list(range(own + FIXED))
        self.numbers = itertools.count(own + FIXED)
        self.last = own + FIXED + SPARE

    def place(self) -> int | None:
        return self.draw(PLACES)

    def register(self) -> int:
        return self.draw(st.sampled_from(self.seen))

    def new(self) -> int:
        number = next(self.numbers)
        return number if number < self.last else self.last - 1

    def many(self, depth: int, loops: list[int], least: int = 0, most: int = 3) -> list[Any]:
        return [self.expression(depth, loops) for _ in range(self.draw(st.integers(least, most)))]

    def expression(self, depth: int, loops: list[int]) -> Any:
        kinds = [0, Opcode.ATTR, Opcode.CHECKED]
        if depth > 0:
            kinds += range(Opcode.ATTR, FIRST_STATEMENT)
        kind = self.draw(st.sampled_from([kind for kind in kinds if loops or not 14 <= kind <= 22]))

        def x() -> Any:
            return self.expression(depth - 1, loops)

        match kind:
            case 0:
                return self.register()
            case Opcode.ATTR:
                return (kind, self.place(), x() if depth > 0 else self.register(), self.draw(NAMES))
            case Opcode.METHOD:
                return (kind, self.place(), x(), self.draw(st.sampled_from(["items", "keys", "get", "a"])))
            case Opcode.ITEM:
                return (kind, self.place(), x(), x())
            case Opcode.CALL:
                return (kind, self.place(), x(), *self.many(depth - 1, loops))
            case Opcode.CALLKW:
                names = self.draw(st.sampled_from([("a",), ("a", "b")]))
                return (kind, self.place(), x(), names, *self.many(depth - 1, loops, len(names), 3))
            case Opcode.BINARY:
                return (kind, self.place(), self.draw(st.integers(0, Operator.MOD)), x(), x())
            case Opcode.UNARY:
                return (kind, self.place(), self.draw(st.sampled_from([Operator.POS, Operator.NEG])), x())
            case Opcode.COMPARE:
                return (kind, self.place(), self.draw(st.integers(0, Comparison.NOTIN)), x(), x())
            case Opcode.NOT:
                return (kind, self.place(), x())
            case Opcode.AND | Opcode.OR:
                return (kind, self.place(), x(), x())
            case Opcode.CHOOSE:
                return (kind, self.place(), x(), x(), x())
            case Opcode.CONCAT:
                return (kind, self.place(), *self.many(depth - 1, loops))
            case Opcode.COUNTER:
                return (kind, self.draw(st.integers(0, 4)))
            case Opcode.PREVITEM if not loops[-1]:
                return (Opcode.NEXTITEM, self.place())
            case Opcode.CHANGED:
                return (kind, self.place(), *self.many(depth - 1, loops))
            case Opcode.CYCLE:
                return (kind, *self.many(depth - 1, loops, 1))
            case Opcode.TUPLE | Opcode.LIST:
                return (kind, *self.many(depth - 1, loops))
            case Opcode.SLICE:
                ends = [(self.draw(st.one_of(st.none(), st.just(0))) is not None and x()) or None for _ in range(3)]
                return (kind, self.place(), x(), *(end if type(end) is tuple else None for end in ends))
            case Opcode.CHECKED:
                return (kind, self.register(), self.draw(NAMES))
            case Opcode.TEXT | Opcode.MARKUP:
                return (kind, self.body(depth - 1, loops, leaves=False))
            case Opcode.DICT:
                pairs = self.many(depth - 1, loops)
                return (kind, self.place(), *(part for key in pairs for part in (key, x())))
            case Opcode.GUARDED:
                return (kind, x(), x())
            case Opcode.AWAIT:
                return (kind, self.place(), self.register(), x())
            case Opcode.BEHIND:
                return (kind, self.body(depth - 1, loops, leaves=False), x())
            case _:
                return (kind, self.place())

    def body(self, depth: int, loops: list[int], *, leaves: bool) -> Any:
        if depth <= 0 or self.draw(st.integers(0, 3)) == 0:
            return self.draw(st.sampled_from(["", "<p>", "ü", "€"]))
        kinds = ["text", "print", "print", "print", "str", "words", "if", "set", "loop", "do", "guard"]
        kinds += ["break", "continue"] * leaves
        statements = self.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4))
        return tuple(self.statement(kind, depth, loops, leaves=leaves) for kind in statements)

    def statement(self, kind: str, depth: int, loops: list[int], *, leaves: bool) -> Any:
        def x() -> Any:
            return self.expression(depth - 1, loops)

        def body() -> Any:
            return self.body(depth - 1, loops, leaves=leaves)

        match kind:
            case "print":
                return (Opcode.PRINT, self.place(), x())
            case "str":
                return (Opcode.PRINTSTR, self.place(), x())
            case "words":
                return (Opcode.PRINTTEXT, self.draw(st.sampled_from([(Opcode.TEXT, "<words>"), self.register()])))
            case "if":
                return (Opcode.IF, self.place(), x(), body(), body())
            case "set":
                value, number = x(), self.new()
                self.seen.append(number)
                return (Opcode.SET, number, value)
            case "do":
                return (Opcode.DO, x())
            case "guard":
                return (Opcode.GUARD, self.place(), self.body(depth - 1, loops, leaves=False), x())
            case "loop":
                return self.loop(self.place(), x(), depth, loops, leaves=leaves)
            case "break":
                return (Opcode.IF, self.place(), x(), ((Opcode.BREAK,),), "")
            case "continue":
                return (Opcode.IF, self.place(), x(), ("-", (Opcode.CONTINUE,)), "")
            case _:
                return self.draw(st.sampled_from(["", "\n", "text<"]))

    def loop(
        self, place: int | None, items: Any, depth: int, loops: list[int], *, leaves: bool, target: Any = None
    ) -> Any:
        """Return a loop. Its target is not read behind it, as no template does."""
        before = list(self.seen)
        if target is None:
            one, two = self.new(), self.new()
            target = self.draw(st.sampled_from([one, one, (one, two), (one, (two, one))]))
            self.seen += [one, two]
        test = self.draw(st.one_of(st.none(), st.just(0)))
        if test is not None:
            test = self.expression(depth - 1, loops)
        flags = self.draw(st.sampled_from([0, KEEPS_PREVIOUS]))
        body = self.body(depth - 1, [*loops, flags], leaves=True)
        self.seen = before
        otherwise = self.body(depth - 2, loops, leaves=leaves)
        return (Opcode.LOOP, place, items, target, test, body, otherwise, flags)


@st.composite
def programs(draw: st.DrawFn) -> Any:
    """Return a well-formed program, which is to be given `FIXED` values and `SPARE` times `None`."""
    target = draw(st.sampled_from([0, 0, 0, (0, 1), (0, (1, 2))]))
    own = {0: 1, (0, 1): 2}.get(target, 3)
    return Programs(draw, own).loop(draw(PLACES), GIVEN, 4, [], leaves=False, target=target)


CHANGES: tuple[Any, ...] = (None, -1, 0, 1, 2, 63, 64, 2**40, 2**70, True, 1.5, "", "a", b"", (), (0,), ("a",), [], {})


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a program of which something is another, is gone, or is there twice."""
    return _mutated(draw, draw(programs()), draw(st.integers(1, 3)))


def _mutated(draw: st.DrawFn, part: Any, times: int) -> Any:
    for _ in range(times):
        part = _change(draw, part, draw(st.integers(0, 6)))
    return part


def _change(draw: st.DrawFn, part: Any, depth: int) -> Any:
    if type(part) is not tuple or not part:
        return draw(st.sampled_from(CHANGES))
    at = draw(st.integers(0, len(part) - 1))
    if depth > 0:
        return (*part[:at], _change(draw, part[at], depth - 1), *part[at + 1 :])
    new = draw(st.one_of(st.sampled_from(CHANGES), st.integers(0, 40)))
    return draw(
        st.sampled_from([(*part[:at], new, *part[at + 1 :]), (*part[:at], *part[at + 1 :]), (*part, new), part[::-1]])
    )
