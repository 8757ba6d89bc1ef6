"""Jinja2's own filters in less time: what they give, or raise, is what Jinja2's give."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.filters import FILTERS
from jinja2.sandbox import SandboxedEnvironment
from jinja2.tests import TESTS
from markupsafe import Markup

from blendtpl.runtime.filters import FASTER, bound, faster, quick_choice
from blendtpl.runtime.namespace import bind_application, bind_choice, bind_map
from testkit.filter_calls import passed
from tests.run.filter_values import Pretending, Wordless

ENVIRONMENT = jinja2.Environment()
STRICT = jinja2.Environment(undefined=jinja2.StrictUndefined)


class Text(str):
    """A text whose lower case is another matter."""

    __slots__ = ()

    def lower(self) -> str:
        return f"{super().lower()}!"


class Html:
    def __html__(self) -> str:
        return "<b>"

    def __str__(self) -> str:
        return "<str>"


LEAVES = st.one_of(
    *(st.integers(-3, 3), st.booleans(), st.none(), st.just(float("nan")), st.floats(-2, 2).map(lambda f: round(f, 1))),
    *(st.text("aAbB<ß", max_size=3), st.text("ab", max_size=2).map(Markup), st.text("aB", max_size=2).map(Text)),
)
DICTS = st.dictionaries(st.sampled_from(["a", "b", "items"]), LEAVES, max_size=3)
ITEMS = st.one_of(LEAVES, DICTS, DICTS, DICTS.map(lambda found: SimpleNamespace(**found)), st.lists(LEAVES, max_size=2))
ALIKE = st.one_of(
    st.lists(st.integers(0, 2).map(lambda a: {"a": a, "b": "<"})),
    st.lists(st.sampled_from(["x", "X", "y"]).map(lambda a: {"a": a})),
    st.lists(st.text("aB", max_size=2)),
    st.lists(st.floats(0, 1)),
)
VALUES = st.one_of(st.lists(ITEMS, max_size=5), ALIKE, DICTS, LEAVES, st.lists(LEAVES, max_size=4).map(tuple))


def outcome(call: Callable[[], Any]) -> tuple[str, str]:
    try:
        made = call()
        if isinstance(made, Iterator):
            made = list(made)
        return "value", f"{type(made).__name__}: {made!r}"
    except Exception as error:
        return type(error).__name__, str(error)


def first(name: str, environment: jinja2.Environment, escaped: bool) -> tuple[Any, ...]:
    if name in {"join", "urlize", "xmlattr"}:
        eval_ctx = jinja2.nodes.EvalContext(environment)
        eval_ctx.autoescape = escaped
        return (eval_ctx,)
    return () if name in {"dictsort", "format"} else (environment,)


@given(
    found=st.one_of(
        LEAVES,
        st.dictionaries(
            st.one_of(st.text("aé-_ />=<\n1", max_size=4), st.sampled_from([1, None, Markup("a"), Text("a")])),
            st.one_of(LEAVES, *map(st.builds, (jinja2.Undefined, jinja2.StrictUndefined, Html))),
            max_size=4,
        ),
    ),
    autospace=st.booleans(),
    escaped=st.booleans(),
)
def test_attributes_are_alike(found: Any, autospace: bool, escaped: bool) -> None:
    ours = faster(ENVIRONMENT, "xmlattr")
    assert ours is not None
    (eval_ctx,) = first("xmlattr", ENVIRONMENT, escaped)
    expected = outcome(lambda: FILTERS["xmlattr"](eval_ctx, found, autospace))
    assert outcome(lambda: ours(eval_ctx, found, autospace)) == expected


@given(
    text=st.one_of(
        st.text("ab,.1 -\t\xa0\u2014\u2003\n\r", max_size=40),
        st.lists(st.text("abc,\u2014", min_size=1, max_size=7), max_size=12).map(" ".join),
        st.builds(Markup, st.text("a<b ", max_size=30)),
        LEAVES,
    ),
    width=st.one_of(st.integers(-1, 15), st.sampled_from([79, "5", 2.5, None, True])),
    long_words=st.booleans(),
    joint=st.sampled_from([None, "<br>", "", Markup("<br>"), 5]),
    hyphens=st.one_of(st.booleans(), st.booleans(), st.just(1), st.builds(Wordless)),
)
def test_texts_are_wrapped_alike(text: Any, width: Any, long_words: bool, joint: Any, hyphens: Any) -> None:
    ours = faster(ENVIRONMENT, "wordwrap")
    assert ours is not None
    given_all = (ENVIRONMENT, text, width, long_words, joint, hyphens)
    assert outcome(lambda: ours(*given_all)) == outcome(lambda: FILTERS["wordwrap"](*given_all))


ADDRESSES = "http:// https:// www. mailto: a.com foo.org example xn--a 1.2.3.4 [::1] /path?a=b#c localhost :80 x@y.zz"
WORDS = st.one_of(st.sampled_from([*ADDRESSES.split(), *'.,()<>&@: \n\t\u2003"']), st.text("ab.:@/()<>", max_size=4))


@given(
    text=st.one_of(
        st.lists(WORDS, max_size=9).map("".join),
        st.lists(WORDS, max_size=9).map("".join).map(Markup),
        st.lists(WORDS, max_size=9).map("".join).map(Text),
        LEAVES,
    ),
    limit=st.sampled_from([None, 0, 5, "x"]),
    nofollow=st.sampled_from([False, True, 1, None]),
    target=st.sampled_from([None, "_blank", '"', 5]),
    rel=st.sampled_from([None, "", "b a", 5]),
    schemes=st.sampled_from([None, (), ["tel:"], ["a b"]]),
    escaped=st.booleans(),
)
def test_links_are_made_alike(
    text: Any, limit: Any, nofollow: Any, target: Any, rel: Any, schemes: Any, escaped: bool
) -> None:
    ours = faster(ENVIRONMENT, "urlize")
    assert ours is not None
    given_all = (*first("urlize", ENVIRONMENT, escaped), text, limit, nofollow, target, rel, schemes)
    expected = outcome(lambda: FILTERS["urlize"](*given_all))
    assert outcome(lambda: ours(*given_all)) == expected


@given(
    found=st.one_of(
        st.text("ab/ +%&=~._-é\u20ac\ud800\n", max_size=12),
        st.text(max_size=8),
        st.text(max_size=4).map(Markup),
        st.text(max_size=4).map(Text),
        st.binary(max_size=4),
        LEAVES,
        DICTS,
        st.lists(st.tuples(LEAVES, LEAVES), max_size=3),
        st.lists(LEAVES, max_size=3),
    )
)
def test_addresses_are_quoted_alike(found: Any) -> None:
    ours = faster(ENVIRONMENT, "urlencode")
    assert ours is not None
    expected = outcome(lambda: FILTERS["urlencode"](found))
    assert outcome(lambda: ours(found)) == expected


@pytest.mark.parametrize(
    "given_all", [("upper",), ("string",), ("urlencode",), ("replace", "a", "b"), ("default", "<", True), ("upper", 1)]
)
@given(value=VALUES, strict=st.booleans(), lazy=st.booleans())
def test_filters_are_mapped_alike(given_all: tuple[Any, ...], value: Any, strict: bool, lazy: bool) -> None:
    environment = STRICT if strict else ENVIRONMENT
    context = environment.from_string("").new_context()
    lazy = lazy and isinstance(value, list)
    expected = outcome(lambda: FILTERS["map"](context, iter(value) if lazy else value, *given_all))
    apply = bind_application(environment, given_all[0])
    assert outcome(lambda: apply(context, iter(value) if lazy else value, given_all[1:])) == expected


def test_what_maps_by_its_own_rules_is_left_to_do_so() -> None:
    class Watching(jinja2.Environment):
        def call_filter(self, *given: Any, **named: Any) -> Any:
            return "watched"

    other = jinja2.Environment()
    other.filters["map"] = jinja2.pass_context(lambda context, value, name: [name, *value])

    def outcomes(environment: jinja2.Environment, name: str) -> tuple[Any, Any]:
        context = environment.from_string("").new_context()
        apply = bind_application(environment, name)
        theirs = environment.filters["map"]
        return outcome(lambda: apply(context, ["a"], ())), outcome(lambda: theirs(context, ["a"], name))

    for environment in (Watching(), other, ENVIRONMENT):
        for name in ("upper", "no_such"):
            found, expected = outcomes(environment, name)
            assert found == expected


@pytest.mark.parametrize("name", ["join", "max", "min", "sort", "urlencode", "urlize", "wordwrap", "xmlattr"])
def test_too_many_arguments_are_the_same_error(name: str) -> None:
    ours = faster(ENVIRONMENT, name)
    assert ours is not None
    theirs = getattr(FILTERS[name], "__wrapped__", FILTERS[name])  # some are written twice, for async
    expected = outcome(lambda: theirs(*range(9)))
    assert expected[0] == "TypeError"
    assert outcome(lambda: ours(*range(9))) == expected


class Counted(Pretending):
    """What says that it is a text, has a lower case as one has, and notes how often it says so."""

    def __init__(self, kind: type) -> None:
        super().__init__(kind)
        self.asked = 0

    @property  # type: ignore[misc]  # as proxies do
    def __class__(self) -> Any:
        self.asked += 1
        return self.kind

    def lower(self) -> str:
        return "a"

    def __repr__(self) -> str:
        return "<counted>"


@pytest.mark.parametrize("kind", [jinja2.Environment, SandboxedEnvironment])
@pytest.mark.parametrize("make", [Pretending, Counted])
@pytest.mark.parametrize(
    ("name", "given_all", "many"),
    [
        *((name, (), True) for name in ("unique", "sort", "min", "max", "join")),
        *((name, (False, "a"), True) for name in ("unique", "min", "max")),
        *(("sort", (False, False, attribute), True) for attribute in ("a", "a,a", "a.0", Text("a,a"), Pretending(str))),
        ("groupby", ("a",), True),
        ("groupby", (Pretending(str),), True),
        ("dictsort", (False, "value"), True),
        *((name, (), False) for name in ("urlencode", "string", "replace", "wordwrap", "upper", "escape", "title")),
    ],
)
def test_what_says_that_it_is_a_text_is_asked_as_one(
    name: str, given_all: tuple[Any, ...], many: bool, make: type[Pretending], kind: type[jinja2.Environment]
) -> None:
    environment = kind()

    def tried(function: Any) -> Any:
        texts = [make(str), "A", make(str), make(int), Text("A")]
        value: Any = [{"a": text} for text in texts] if given_all else texts
        if name == "dictsort":
            value = dict(enumerate(texts))
        if not many:
            value = texts[0]
        found = outcome(lambda: function(*passed(environment, FILTERS[name], escapes=True), value, *given_all))
        return found, [vars(text).get("asked") for text in texts if isinstance(text, Pretending)]

    theirs = getattr(FILTERS[name], "__wrapped__", FILTERS[name])
    assert tried(bound(environment, "filter", name)) == tried(theirs)


LINES = st.lists(
    st.sampled_from(["a", "b ", "\n", "\n", "\n\n", " ", "word", "\u00e9", "\u2028", "\r", "\x0b", "\x1c", "xyz"]),
    max_size=12,
).map("".join)
SIZES = st.sampled_from([0, 1, 2, 3, 5, 8, -1, 1001, 2**80, "ab", "5", "\u00e9", True, None, 2.0])
FLAGS = st.sampled_from([True, False, True, False, 1, None])


@given(
    text=LINES, named=st.fixed_dictionaries({}, optional={"width": SIZES, "first": FLAGS, "blank": FLAGS, "no": FLAGS})
)
def test_lines_are_indented_alike(text: str, named: dict[str, Any]) -> None:
    ours: Any = bound(ENVIRONMENT, "filter", "indent")
    for given_all, kept in ((list(named.values()), {}), ([], named)):
        expected = outcome(lambda: FILTERS["indent"](text, *given_all, **kept))  # noqa: B023  # it is called here
        assert outcome(lambda: ours(text, *given_all, **kept)) == expected  # noqa: B023


@given(
    text=LINES,
    named=st.fixed_dictionaries(
        {},
        optional={
            "length": SIZES,
            "killwords": FLAGS,
            "end": st.sampled_from(["", "...", "\u00e9", " [...]", None, Text("x")]),
            "leeway": SIZES,
            "no": FLAGS,
        },
    ),
)
def test_texts_are_cut_alike(text: str, named: dict[str, Any]) -> None:
    ours: Any = bound(ENVIRONMENT, "filter", "truncate")
    for given_all, kept in ((list(named.values()), {}), ([], named)):
        expected = outcome(lambda: FILTERS["truncate"](ENVIRONMENT, text, *given_all, **kept))  # noqa: B023
        assert outcome(lambda: ours(ENVIRONMENT, text, *given_all, **kept)) == expected  # noqa: B023


KEYS = st.one_of(
    *(
        st.sampled_from(found)
        for found in (["a", "B", "b", "A", "", "ß", "É", "é"], [1, 2, -5, 2**62], [1.5, -0.0, 0.0])
    ),
    st.sampled_from([1, 1.0, True, 2**70, float("nan"), None, "a", Markup("A"), Text("b")]),
)
KEYED = st.one_of(
    *(
        st.lists(st.sampled_from(found), max_size=20)
        for found in (["a", "B", "b", "A", "é"], [1, 2, -5], [1.5, -0.0, 0.0])
    ),
    st.lists(KEYS, max_size=4),
)


@given(
    keys=KEYED,
    make=st.sampled_from([list, tuple, iter]),
    spoilt=st.sampled_from([None, None, {}, {5: 1, "a": "a"}, SimpleNamespace(a="a", b=1)]),
    attribute=st.sampled_from([None, "a", "a", "a", "b", "a.b", "a,b", "0", 0, "items"]),
    flags=st.dictionaries(
        st.sampled_from(["case_sensitive", "reverse", "default", "start"]), st.booleans(), max_size=2
    ),
    safely=st.booleans(),
)
@pytest.mark.parametrize("name", ["groupby", "max", "min", "sort", "sum"])
def test_items_are_put_in_order_and_added_up_alike(
    name: str, keys: list[Any], make: Any, spoilt: Any, attribute: Any, flags: dict[str, Any], safely: bool
) -> None:
    items = [{"a": key, "b": at, "items": key} for at, key in enumerate(keys)] if attribute is not None else keys
    if spoilt is not None:
        items = [*items[:1], spoilt, *items[1:]]  # behind what looks like something usual
    environment = SandboxedEnvironment() if safely else ENVIRONMENT
    theirs = getattr(FILTERS[name], "__wrapped__", FILTERS[name])
    ours: Any = bound(environment, "filter", name)
    for given_all in ({"attribute": attribute, **flags}, flags):
        expected = outcome(lambda: theirs(environment, make(items), **given_all))  # noqa: B023  # it is called here
        assert outcome(lambda: ours(environment, make(items), **given_all)) == expected  # noqa: B023


@pytest.mark.parametrize("odd", [0, Wordless()], ids=repr)
@pytest.mark.parametrize(
    ("name", "value", "given_all"),
    [
        ("dictsort", {"b": 1, "A": 2}, {"reverse": Wordless()}),
        ("dictsort", {"b": 1, "A": 2}, {"by": "value", "reverse": 1}),
        *(("dictsort", {}, {"by": by}) for by in ("key", "value")),
        *((name, items, {}) for name in ("min", "max") for items in ([2, 1], ["b", "A"], [])),
        ("groupby", [{"a": "b"}, {"a": "A"}], {"attribute": "a"}),
        ("groupby", [{"a": "b"}], {"attribute": Wordless()}),
        ("sort", ["b", "A"], {"reverse": Wordless()}),
        ("unique", [], {}),
    ],
)
def test_what_says_whether_case_counts_is_asked_when_jinja2_asks_it(
    name: str, value: Any, given_all: dict[str, Any], odd: Any
) -> None:
    first = passed(ENVIRONMENT, FILTERS[name], escapes=True)
    theirs = getattr(FILTERS[name], "__wrapped__", FILTERS[name])
    ours: Any = bound(ENVIRONMENT, "filter", name)
    expected = outcome(lambda: theirs(*first, value, case_sensitive=odd, **given_all))
    assert outcome(lambda: ours(*first, value, case_sensitive=odd, **given_all)) == expected


@pytest.mark.parametrize("name", ["select", "reject", "selectattr", "rejectattr"])
@given(
    value=VALUES,
    test=st.sampled_from([None, ("none",), ("odd",), ("equalto", 1), ("in", [1, "a"]), ("defined",), ("gt", 0)]),
    strict=st.booleans(),
)
def test_choices_are_alike(name: str, value: Any, test: tuple[Any, ...] | None, strict: bool) -> None:
    environment = STRICT if strict else ENVIRONMENT
    context = environment.from_string("").new_context()
    choose = quick_choice(environment, name, *(test or ())[:1])
    assert choose is not None
    attr = "a" if name.endswith("attr") else None
    arguments = (*([attr] if attr else []), *(test or ()))
    expected = outcome(lambda: FILTERS[name](context, value, *arguments))
    assert outcome(lambda: choose(None, value, attr, tuple((test or ())[1:]))) == expected
    general = bind_choice(environment, name, *(test or ())[:1])
    assert outcome(lambda: general(context, value, attr, tuple((test or ())[1:]))) == expected
    if attr:
        expected = outcome(lambda: FILTERS["map"](context, value, attribute=attr))
        assert outcome(lambda: bind_map(environment)(context, value, attr)) == expected


def test_what_an_environment_has_of_its_own_is_not_replaced() -> None:
    environment = jinja2.Environment()
    environment.filters["select"] = lambda value: value
    environment.tests["odd"] = lambda value: True
    assert quick_choice(environment, "select", None) is None
    assert quick_choice(environment, "reject", "odd") is None
    assert quick_choice(environment, "reject", "even") is not None
    odd = bind_choice(environment, "reject", "odd")
    assert [*odd(environment.from_string("").new_context(), [1, 2], None, ())] == []
    assert bound(environment, "filter", "select") is environment.filters["select"]
    assert bound(environment, "test", "odd") is environment.tests["odd"]
    assert bound(environment, "filter", "no such") is None
    assert TESTS["odd"] is not environment.tests["odd"]


def _watching(method: str, kind: type[jinja2.Environment] = jinja2.Environment) -> jinja2.Environment:
    """Return an environment whose class has a method of its own."""

    def watch(self: Any, *given: Any, **named: Any) -> Any:
        return getattr(kind, method)(self, *given, **named)

    made: jinja2.Environment = type("Watching", (kind,), {method: watch})()
    return made


def _replaced(method: str) -> jinja2.Environment:
    """Return an environment that has a method itself, which its class does not know."""
    environment = jinja2.Environment()
    vars(environment)[method] = lambda *given: getattr(jinja2.Environment, method)(environment, *given)
    return environment


@pytest.mark.parametrize("kind", [jinja2.Environment, SandboxedEnvironment])
def test_an_environment_that_looks_things_up_by_itself_keeps_the_filters_that_ask_it(
    kind: type[jinja2.Environment],
) -> None:
    for method in ("getitem", "getattr"):
        asking = {name for name, form in FASTER.items() if form.looks == method}
        assert asking == {name for name in FASTER if faster(_watching(method, kind), name) is None}
        assert asking == {name for name in FASTER if faster(_replaced(method), name) is None}
    assert "attr" in asking


def test_an_environment_for_async_keeps_the_filters_that_are_written_twice() -> None:
    environment = jinja2.Environment(enable_async=True)
    twice = {name for name in FASTER if hasattr(FILTERS[name], "jinja_async_variant")}
    assert {name for name in FASTER if faster(environment, name) is None} == twice
    assert bound(environment, "filter", "list") is FILTERS["list"]


@pytest.mark.parametrize("method", ["call_filter", "call_test", "_filter_test_common"])
@pytest.mark.parametrize("call", [("map", "upper"), ("select", "odd"), ("rejectattr", "a", "none"), ("map", "no such")])
def test_an_environment_that_calls_by_itself_is_asked_for_each_item(method: str, call: tuple[str, ...]) -> None:
    noted: list[list[Any]] = []

    class Noting(jinja2.Environment):
        pass

    def note(self: Any, *given: Any, **named: Any) -> Any:
        noted[-1].append((given[0], given[1]))
        return getattr(jinja2.Environment, method)(self, *given, **named)

    setattr(Noting, method, note)
    environment, (name, *arguments) = Noting(), call
    context = environment.from_string("").new_context()
    outcomes = []
    for function in (FILTERS[name], bound(environment, "filter", name)):
        assert function is not None
        noted.append([])
        outcomes.append(outcome(lambda: function(context, [1, 2], *arguments)))  # noqa: B023  # it is called here
    assert outcomes[0] == outcomes[1]
    assert noted[0] == noted[1]


@pytest.mark.parametrize(
    ("policy", "value", "call"),
    [
        ("json.dumps_function", lambda value, **options: f"<{options}>", ("tojson", {"b": 1})),
        ("json.dumps_kwargs", {"indent": 1}, ("tojson", {"b": 1, "a": 2})),
        ("json.dumps_kwargs", {}, ("tojson", {"b": 1, "a": 2})),
        ("truncate.leeway", 0, ("truncate", "abcdefgh", 5)),
        ("truncate.leeway", 30, ("truncate", "abcdefgh" * 4, 5)),
        ("truncate.leeway", -1, ("truncate", "abcdefgh", 5)),
        ("truncate.leeway", "5", ("truncate", "abcdefgh", 5)),
        ("urlize.rel", "me", ("urlize", "https://example.org")),
        ("urlize.target", "_top", ("urlize", "https://example.org")),
        ("urlize.extra_schemes", ["tel:"], ("urlize", "tel:123 https://example.org")),
    ],
)
def test_policies_of_an_environment_hold(policy: str, value: Any, call: tuple[Any, ...]) -> None:
    environment, (name, *given_all) = jinja2.Environment(), call
    environment.policies[policy] = value
    usual = outcome(lambda: FILTERS[name](*_passed(jinja2.Environment(), name), *given_all))
    function = bound(environment, "filter", name)
    assert function is not None
    found = outcome(lambda: function(*_passed(environment, name), *given_all))
    assert found == outcome(lambda: FILTERS[name](*_passed(environment, name), *given_all))
    assert found != usual


def _passed(environment: jinja2.Environment, name: str) -> tuple[Any, ...]:
    return passed(environment, FILTERS[name], escapes=True)


def test_json_is_made_by_whatever_json_has(monkeypatch: pytest.MonkeyPatch) -> None:
    function = bound(ENVIRONMENT, "filter", "tojson")
    assert function is not None
    monkeypatch.setattr(json.JSONEncoder, "default", lambda self, value: "by the encoder")
    assert function(*_passed(ENVIRONMENT, "tojson"), {1, 2}) == '"by the encoder"'
    monkeypatch.setattr(json, "dumps", lambda value, **options: "by the module")
    assert function(*_passed(ENVIRONMENT, "tojson"), {1, 2}) == "by the module"


def test_an_error_that_python_makes_of_a_call_names_the_function_of_jinja2() -> None:
    bad: Any = 5
    for name in FASTER:
        theirs = getattr(FILTERS[name], "__wrapped__", FILTERS[name])
        ours = faster(ENVIRONMENT, name)
        assert ours is not None
        assert outcome(lambda: ours(**bad)) == outcome(lambda: theirs(**bad))  # noqa: B023  # it is called here
        assert (ours.__name__, ours.__qualname__, ours.__module__) == (
            *(theirs.__name__, theirs.__qualname__, theirs.__module__),
        )


def test_a_filter_map_that_is_missing_fails_where_it_is_used() -> None:
    environment = jinja2.Environment()
    del environment.filters["map"]
    made = bind_map(environment)
    # what stands in for a missing filter takes no keywords, in Jinja2 either
    with pytest.raises(TypeError, match="unexpected keyword argument 'attribute'"):
        made(environment.from_string("").new_context(), [], "a")
