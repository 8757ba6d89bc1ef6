"""What a template calls is given what it asks to be passed first, and gives what it gives in Jinja2: in a row, in other
code of a template, and by the functions in C and in Python.
"""

from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import jinja2
import pytest
from jinja2.utils import Cycler, Joiner, pass_context, pass_environment, pass_eval_context
from markupsafe import Markup

from blendtpl.runtime import calls, speedups
from testkit.oracle import MakeEnvironment, load, outcome, stock_environment


def plain(*arguments: Any, **keywords: Any) -> str:
    return f"{arguments}{sorted(keywords)}"


@pass_context
def of_context(context: Any, *arguments: Any) -> str:
    return f"{context.get('x')}{context.name}{arguments}"


@pass_environment
def of_environment(environment: Any, *arguments: Any) -> str:
    return f"{isinstance(environment, jinja2.Environment)}{arguments}"


@pass_eval_context
def of_evaluation(evaluation: Any, *arguments: Any) -> str:
    return f"{evaluation.autoescape}{arguments}"


def stops(*arguments: Any) -> Any:
    raise StopIteration(arguments)


def fails(*arguments: Any) -> Any:
    raise KeyError(arguments)


def marked_otherwise(*arguments: Any) -> str:
    return f"marked {arguments}"


marked_otherwise.jinja_pass_arg = None  # type: ignore[attr-defined]


class Thing:
    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __str__(self) -> str:
        return f"thing of {self.arguments}"

    def method(self, *arguments: Any, **keywords: Any) -> str:
        return f"{arguments}{keywords}"

    stopping = stops
    of_context = pass_context(lambda self, context, *arguments: f"{arguments}")
    of_type = classmethod(plain)
    alone = staticmethod(plain)


class Called:
    def __call__(self, *arguments: Any) -> str:
        return f"called {arguments}"


class CalledWithContext:
    @pass_context
    def __call__(self, context: Any, *arguments: Any) -> str:
        return f"{context.get('x')}{arguments}"


class Asked:
    """Is asked for its mark, once for each time that Jinja2 asks."""

    def __init__(self) -> None:
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += name == "jinja_pass_arg"
        raise AttributeError(name)

    def __call__(self, *arguments: Any) -> str:
        return f"{self.asked}"


def itself(value: Any) -> Any:
    return value


def method(name: str) -> Any:
    return getattr(Thing(), name)


def macro() -> Any:
    module = jinja2.Environment().from_string("{% macro m(a) %}{{ a }}{{ varargs }}{% endmacro %}").module
    return vars(module)["m"]


FUNCTIONS = (plain, of_context, of_environment, of_evaluation, stops, fails)
CALLED: dict[str, Callable[[], Any]] = {
    **{function.__name__: partial(itself, function) for function in FUNCTIONS},
    **{f"method {name}": partial(method, name) for name in ("method", "of_context", "stopping", "of_type", "alone")},
    "a function with a mark of nothing": lambda: marked_otherwise,
    "built in": lambda: repr,
    "method of a text": lambda: "a-{}".format,
    "method of what ends": lambda: iter(()).__next__,
    "a class of Python": lambda: range,
    "a class": lambda: Thing,
    "what has a call": Called,
    "what has a call with context": CalledWithContext,
    "what is asked": Asked,
    "partial": lambda: partial(plain, "first"),
    "partial of what stops": lambda: partial(stops),
    "macro": macro,
    "cycler": lambda: Cycler("a", "b").next,
    "joiner": lambda: Joiner("|"),
    "nothing to call": lambda: 3,
    "undefined": lambda: jinja2.Undefined(name="f"),
}
PLACES = (
    "{{ f(1) }}",
    "{{ f() }}{{ f(1, a=2) }}",
    "{% for x in xs %}[{{ f(x) }}]{% endfor %}",
    "{% for x in xs %}{{ f(x, b=x) }}{% endfor %}",
    "{% for x in xs %}{{ f() }}{{ o.f(x) }}{% endfor %}",
    "{% for x in xs %}{% set z = f(x) %}{{ z }}{{ z|upper }}{% endfor %}",
    "{% macro m(y) %}{{ f(y) }}{% endmacro %}{% for x in xs %}{{ m(x) }}{% endfor %}",
)


def check_all(
    texts: Iterable[str],
    variables: Mapping[str, Callable[[], Mapping[str, Any]]],
    make: MakeEnvironment = jinja2.Environment,
    ending: str = ".html",
) -> None:
    """Assert that each text renders as in Jinja2, with each of the values, which are made anew for each render."""
    templates = {f"{number}{ending}": text for number, text in enumerate(texts)}
    environment, registry = stock_environment(templates, make), load(templates, make)
    for name, text in templates.items():
        template = environment.get_template(name)
        for which, made in variables.items():
            found = outcome(lambda: registry.render(name, made()))  # noqa: B023  # called here
            assert found == outcome(lambda: template.render(made())), (text, which)  # noqa: B023


def test_what_is_called_gives_what_it_gives_in_jinja2() -> None:
    def variables(made: Callable[[], Any]) -> dict[str, Any]:
        return {"f": made(), "o": {"f": made()}, "xs": ["<", 2], "x": "x"}

    check_all(PLACES, {what: partial(variables, made) for what, made in CALLED.items()})


@pytest.mark.parametrize("what", CALLED)
def test_what_is_called_is_the_same_in_c_and_in_python(what: str) -> None:
    template = jinja2.Environment().from_string("")
    context = template.new_context({"x": "x"})
    for function in (speedups.invoked, calls.invoked):
        found = [outcome_of(function, context, None, None, CALLED[what](), *given, **named) for given, named in GIVEN]
        assert found == [by_jinja2(context, CALLED[what](), *given, **named) for given, named in GIVEN], function
    for function in (speedups.callee, calls.callee):
        found = [outcome_of(called_with, function, context, CALLED[what](), given) for given, _ in GIVEN]
        assert found == [outcome_of(called_with, calls.callee, context, CALLED[what](), given) for given, _ in GIVEN]


GIVEN: list[tuple[tuple[Any, ...], dict[str, Any]]] = [((), {}), ((1,), {}), ((1, 2, 3), {}), ((1,), {"a": 2})]


def by_jinja2(context: Any, function: Any, *arguments: Any, **keywords: Any) -> Any:
    return outcome_of(context.call, function, *arguments, **keywords)


def called_with(callee: Any, context: Any, function: Any, given: tuple[Any, ...]) -> Any:
    return callee(context, function, _loop_vars={"x": "y"})(*given)


def outcome_of(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """Return the text of a value, or an error and what it arose from."""
    try:
        value = function(*arguments, **keywords)
        return type(value), str(value)
    except Exception as error:
        return type(error), str(error), type(error.__context__)


class OwnItems(dict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        return f"own {key}" if key == "a" else super().__getitem__(key.lower())


class OwnMissing(dict[str, Any]):
    def __missing__(self, key: str) -> Any:
        if key == "z":
            raise KeyError(key)
        return f"missing {key}"


class OwnAttributes(dict[str, Any]):
    c = "of the class"
    d = property(lambda self: self["a"])
    e = property(lambda self: self.nothing)
    __slots__ = ("__dict__", "s")


class OwnLookup(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        if name == "z":
            raise AttributeError(name)
        return f"looked up {name}"


def filled(made: Any) -> Any:
    made["a"], made["b"], made["items"] = "<", 2, 3
    return made


def of_kind(kind: type[Any]) -> Any:
    return filled(kind())


def with_attributes() -> Any:
    made = filled(OwnAttributes(c="not seen"))
    made.b, made.o = "of the object", 1
    return made


KINDS = (OrderedDict, Counter, OwnItems, OwnMissing, OwnLookup, UserDict, ChainMap, dict)
DICTS: dict[str, Callable[[], Any]] = {
    **{kind.__name__: partial(of_kind, kind) for kind in KINDS},
    "defaultdict": lambda: filled(defaultdict(str)),
    "defaultdict of none": lambda: filled(defaultdict()),
    "OwnAttributes": with_attributes,
}


@pytest.mark.parametrize("undefined", [jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined])
def test_classes_of_dicts_have_what_they_have_in_jinja2(undefined: type[jinja2.Undefined]) -> None:
    texts = []
    for name in ("a", "b", "c", "d", "e", "o", "s", "z", "items", "popitem", "maps", "default_factory"):
        places = ["{{ x.% is defined }}", "{{ x.% is callable }}", "{{ x['%'] is defined }}", "{{ x.%.z }}"]
        places += [] if name in {"items", "popitem"} else ["{{ x.% }}", "{{ x['%'] }}"]
        places = [place.replace("%", name) for place in places]
        texts += ["{% for x in xs %}" + place + "{% endfor %}" for place in places]
        texts += [place.replace("x", "xs[0]", 1) for place in places]

    def variables(made: Callable[[], Any]) -> dict[str, Any]:
        return {"xs": [made(), made()]}

    check_all(
        texts,
        {kind: partial(variables, made) for kind, made in DICTS.items()},
        partial(jinja2.Environment, undefined=undefined),
    )


TILDES = ("a", "<", "€", 1, -7, 2**70, 1.5, float("nan"), True, None, Markup("<i>"))


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize("ending", [".html", ".txt"])
def test_a_tilde_in_a_row_joins_as_in_jinja2(ending: str) -> None:
    environment = partial(jinja2.Environment, autoescape=jinja2.select_autoescape())
    text = "{% for a in xs %}{% for b in xs %}{{ a ~ '-<' ~ b }}{{ (b ~ a)|upper }};{% endfor %}{% endfor %}"
    values = [*TILDES, Thing(), Text("<"), jinja2.Undefined(name="u")]
    check_all([text], {"all": lambda: {"xs": values}}, environment, ending)
