"""What `render` is given: what `dict` takes, as in Jinja2, and else an error that says what is wanted."""

import gc
import pickle
import weakref
from collections import ChainMap, OrderedDict
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import jinja2
import pytest

import blendtpl

TEMPLATES = {
    "alone.html": "[{{ a }}]",
    "set.html": "{% set b = a %}[{% block x %}{{ b }}{% endblock %}]",
    "context.html": "{% include name|default('alone.html') %}",
    "emails/x/subject.txt": "[{{ a }}]",
    "emails/x/body.txt": "[{{ a }}]",
}


class Request:
    """As of most frameworks: an object with attributes."""

    method = "GET"
    headers: dict[str, str] = {}  # noqa: RUF012


class LinesOfBody(Request):
    """As Django's: it gives the lines of its body, of which there are none."""

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


class Keyed:
    def keys(self) -> list[str]:
        return ["a"]

    def __getitem__(self, name: str) -> str:
        return "value"


class Pairs:
    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter([("a", "value")])


class Numbered:
    def __getitem__(self, index: int) -> tuple[str, str]:
        return [("a", "value")][index]


WRONG: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "a value of type int": lambda: 5,
    "a value of type bool": lambda: False,
    "a value of type list": lambda: [1, 2],
    "a value of type tuple": lambda: ("a", "value", 3),
    "a value of type set": lambda: {1},
    "a value of type str": lambda: "a=value",
    "a value of type bytes": lambda: b"ab",
    "a value of type Request": Request,
    "a value of type LinesOfBody": LinesOfBody,
    "a value of type object": object,
    "a value of type function": lambda: WRONG["None"],
    "the class dict": lambda: dict,
    "the class Request": lambda: Request,
}
TAKEN_FOR_PAIRS: dict[str, Callable[[], Any]] = {
    "texts of two characters": lambda: ["ab"],
    "dicts of two members": lambda: [{"a": 1, "b": 2}],
    "sets of two": lambda: [{"a", "b"}],
}
RIGHT: dict[str, Callable[[], Any]] = {
    "a dict": lambda: {"a": "value"},
    "a subclass": lambda: OrderedDict(a="value"),
    "a view": lambda: MappingProxyType({"a": "value"}),
    "a chain": lambda: ChainMap({}, {"a": "value"}),
    "what has keys": Keyed,
    "pairs": lambda: [("a", "value")],
    "pairs as lists": lambda: (["a", "value"],),
    "items": lambda: {"a": "value"}.items(),
    "a generator": lambda: (pair for pair in [("a", "value")]),
    "an iterable of pairs": Pairs,
    "what gives pairs by number": Numbered,
    "the first of two pairs is written over": lambda: [("a", 0), ("a", "value")],
    "no pairs": list,
    "no text": str,
    "no pairs from a generator": lambda: iter(()),
}


@pytest.fixture(scope="module", params=["bundle", "portable"])
def registry(request: pytest.FixtureRequest) -> blendtpl.Registry:
    return blendtpl.load(blendtpl.compile(TEMPLATES, portable=request.param == "portable"))


def ways(registry: blendtpl.Registry, name: str) -> dict[str, Callable[[Any], object]]:
    template = registry[name]
    live = blendtpl.Environment(loader=jinja2.DictLoader(TEMPLATES)).get_template(name)
    found: dict[str, Callable[[Any], object]] = {
        "registry": lambda given: registry.render(name, given),
        "template": template.render,
        "with a keyword": lambda given: template.render(given, other=1),
        "behind another": lambda given: template.render({"other": 1}, given),
        "stream": lambda given: list(template.stream(given)),
        "live": live.render,
        "live, streamed": lambda given: list(live.generate(given)),
    }
    if template.blocks:
        found["block"] = lambda given: template.render_block("x", given)
    return found


@pytest.mark.parametrize("name", ["alone.html", "set.html", "context.html"])
@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_mapping_is_told_by_its_type_with_what_is_wanted(
    registry: blendtpl.Registry, name: str, kind: str
) -> None:
    for way, render in ways(registry, name).items():
        if kind.endswith("LinesOfBody") and way.startswith("live"):
            continue  # Jinja2 takes it for no pairs
        with pytest.raises(blendtpl.ContextError) as caught:
            render(WRONG[kind]())
        assert str(caught.value) == (
            f"`{name}` cannot be rendered with {kind}: give a mapping from names to values, such as"
            " `{'user': user}`, or keywords, such as `user=user`"
        ), way
        assert isinstance(caught.value, TypeError)
        assert isinstance(caught.value, ValueError)
        assert caught.value.name == name
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("kind", TAKEN_FOR_PAIRS)
def test_lists_that_dict_would_take_for_pairs_by_chance_are_refused_by_a_registry(
    registry: blendtpl.Registry, kind: str
) -> None:
    with pytest.raises(blendtpl.ContextError, match="a value of type list"):
        registry.render("alone.html", TAKEN_FOR_PAIRS[kind]())


def test_a_message_tells_of_its_first_template(registry: blendtpl.Registry) -> None:
    with pytest.raises(blendtpl.ContextError, match=r"`emails/x/subject\.txt` cannot be rendered with None"):
        registry.message("emails/x", None, to=["a@example.org"], sender="b@example.org")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", RIGHT)
def test_what_dict_takes_is_rendered_as_jinja2_renders_it(registry: blendtpl.Registry, kind: str) -> None:
    stock = jinja2.Environment(loader=jinja2.DictLoader(TEMPLATES))
    expected = stock.get_template("set.html").render(RIGHT[kind](), a="value")

    for name in ("alone.html", "set.html", "context.html"):
        template = registry[name]
        live = blendtpl.Environment(loader=jinja2.DictLoader(TEMPLATES)).get_template(name)
        assert template.render({"a": "value"}, RIGHT[kind]()) == expected
        assert template.render(RIGHT[kind](), a="value") == expected
        assert "".join(template.stream({"a": "value"}, RIGHT[kind]())) == expected
        assert live.render(RIGHT[kind](), a="value") == expected
    assert registry["set.html"].render_block("x", {"a": "value"}, RIGHT[kind]()) == "value"


class Hostile:
    """A mapping, or an iterable, whose own code raises."""

    def __init__(self, *, keyed: bool) -> None:
        if keyed:
            self.keys = self._raise

    def _raise(self) -> Any:
        raise ValueError("of the application")

    def __iter__(self) -> Iterator[Any]:
        yield "a", 1
        raise TypeError("of the application")


@pytest.mark.parametrize("keyed", [True, False])
def test_what_the_code_of_a_mapping_raises_comes_out_as_it_is(registry: blendtpl.Registry, keyed: bool) -> None:
    for render in ways(registry, "alone.html").values():
        with pytest.raises(ValueError if keyed else TypeError, match=r"^of the application$") as caught:
            render(Hostile(keyed=keyed))
        assert not isinstance(caught.value, blendtpl.ContextError)


def test_keys_that_are_no_text_are_no_names_and_are_passed_over(registry: blendtpl.Registry) -> None:
    given: Any = {"a": "value", 1: 2, None: 3, (4,): 5}

    for name in ("alone.html", "set.html", "context.html"):
        assert registry.render(name, given) == registry.render(name, given, b=1) == "[value]"
        assert "".join(registry[name].stream(given)) == "[value]"
    for environment in (jinja2.Environment(), blendtpl.Environment()):
        with pytest.raises(TypeError, match="keywords must be strings"):
            environment.from_string("[{{ a }}]").render(given)


def test_a_live_environment_takes_one_mapping_as_jinja2_does() -> None:
    template = blendtpl.Environment().from_string("x")

    with pytest.raises(TypeError, match="dict expected at most 1 argument, got 2"):
        template.render({}, {})


def test_nothing_holds_what_was_refused(registry: blendtpl.Registry) -> None:
    gc.collect()
    gc.disable()
    try:
        given = Request()
        watch = weakref.ref(given)
        try:
            registry.render("alone.html", given)  # type: ignore[arg-type]
        except blendtpl.ContextError as error:
            kept = error.with_traceback(None)
        del given
        assert watch() is None
        assert kept.given == "a value of type Request"
        assert gc.collect() == 0
    finally:
        gc.enable()
