# ruff: noqa: E501  # template texts and tables are easier to read in one line
"""A bundle loads only with an environment that its code can run with; all that does not fit is in one error."""

from collections.abc import Callable
from typing import Any, ClassVar

import jinja2
import pytest
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

import blendtpl
from blendtpl.bundle.environment import fingerprint

Change = Callable[[jinja2.Environment], object]


def changed(change: Change) -> jinja2.Environment:
    environment = blendtpl.default_environment()
    change(environment)
    return environment


def misfit(bundle: blendtpl.Bundle, environment: jinja2.Environment | None) -> str:
    with pytest.raises(blendtpl.BundleError, match="does not fit the bundle") as caught:
        blendtpl.load(bundle, environment=environment)
    return str(caught.value)


def plain(value: object) -> object:
    return value


def other(value: object) -> object:
    return value


class OtherContext(jinja2.runtime.Context):
    """Looks nothing up in a way of its own."""


class Extra(Extension):
    tags: ClassVar[set[str]] = {"extra"}  # type: ignore[misc]  # an instance has it, for Jinja2


class OtherEnvironment(jinja2.Environment):
    pass


class Intercepting(SandboxedEnvironment):
    intercepted_binops = frozenset(("*",))


CHANGES: dict[str, Change] = {
    **{
        option: lambda environment, option=option: setattr(environment, option, "?!")  # type: ignore[misc]
        for option in (
            *("block_start_string", "block_end_string", "variable_start_string", "variable_end_string"),
            *("comment_start_string", "comment_end_string", "line_statement_prefix", "line_comment_prefix"),
        )
    },
    "trim_blocks": lambda environment: setattr(environment, "trim_blocks", True),
    "lstrip_blocks": lambda environment: setattr(environment, "lstrip_blocks", True),
    "keep_trailing_newline": lambda environment: setattr(environment, "keep_trailing_newline", True),
    "newline_sequence": lambda environment: setattr(environment, "newline_sequence", "\r\n"),
    "sandboxed": lambda environment: setattr(environment, "sandboxed", True),
    "is_async": lambda environment: setattr(environment, "is_async", True),
    "context_class": lambda environment: setattr(environment, "context_class", OtherContext),
    "undefined": lambda environment: setattr(environment, "undefined", jinja2.ChainableUndefined),
    "finalize": lambda environment: setattr(environment, "finalize", plain),
    "extensions": lambda environment: environment.add_extension(Extra),
    "policies": lambda environment: environment.policies.update({"truncate.leeway": 7}),
}


@pytest.mark.parametrize("option", CHANGES)
def test_another_option_is_a_misfit_that_names_the_option_both_ways(option: str) -> None:
    ours, theirs = blendtpl.default_environment(), changed(CHANGES[option])
    bundle = blendtpl.compile({"a.html": "x"}, environment=ours)

    message = misfit(bundle, theirs)

    assert [line for line in message.splitlines()[1:] if not line.startswith(f"  option `{option}`: ")] == []
    assert repr(fingerprint(theirs)[option]) in message
    if option != "is_async":
        back = blendtpl.compile({"a.html": "x"}, environment=theirs)
        assert f"option `{option}`" in misfit(back, ours)
        blendtpl.load(back, environment=changed(CHANGES[option]))


def test_every_option_of_the_fingerprint_is_among_the_changes_tried() -> None:
    assert set(fingerprint(blendtpl.default_environment())) == {*CHANGES, "class", "intercepted"}


def test_another_class_or_other_intercepted_operators_are_a_misfit() -> None:
    bundle = blendtpl.compile({"a.txt": "x"}, environment=OtherEnvironment())
    assert "option `class`: " in misfit(bundle, jinja2.Environment())

    sandbox = blendtpl.compile({"a.txt": "{{ 1 * 1 }}"}, environment=Intercepting())
    message = misfit(sandbox, SandboxedEnvironment())
    assert "option `intercepted`: ['*'] when compiled, [] here" in message


def test_a_missing_extension_is_a_misfit() -> None:
    bundle = blendtpl.compile({"a.txt": "x"}, environment=jinja2.Environment(extensions=[Extra, "jinja2.ext.do"]))
    message = misfit(bundle, jinja2.Environment(extensions=[Extra]))
    assert "option `extensions`" in message
    assert "jinja2.ext.ExprStmtExtension" in message


def test_autoescape_on_against_off_is_a_misfit_both_ways_that_names_templates() -> None:
    templates = {f"{letter}.html": "{{ x }}" for letter in "abcdefg"}
    on, off = jinja2.Environment(autoescape=True), jinja2.Environment(autoescape=False)
    compiled_on = blendtpl.compile(templates, environment=on)
    compiled_off = blendtpl.compile(templates, environment=off)

    assert "autoescape: on when compiled, off here, for `a.html`, `b.html`" in misfit(compiled_on, off)
    assert "`e.html`, …" in misfit(compiled_on, off)
    assert "autoescape: off when compiled, on here, for `a.html`" in misfit(compiled_off, on)
    assert "option" not in misfit(compiled_off, on).partition("\n")[2]


def test_autoescape_by_a_function_counts_by_what_it_says_of_each_template() -> None:
    templates = {"a.html": "{{ x }}", "b.txt": "{{ x }}"}
    bundle = blendtpl.compile(templates, environment=jinja2.Environment(autoescape=jinja2.select_autoescape()))
    same = jinja2.Environment(autoescape=lambda name: name == "a.html")

    assert blendtpl.load(bundle, environment=same).render("a.html", x="<") == "&lt;"
    message = misfit(bundle, jinja2.Environment(autoescape=True))
    assert "autoescape: off when compiled, on here, for `b.txt`" in message
    assert "a.html" not in message


def test_all_that_is_missing_is_listed_in_one_error() -> None:
    environment = jinja2.Environment()
    environment.filters |= {"f1": plain, "f2": plain}
    environment.tests |= {"t1": plain}
    environment.globals |= {"g1": 1, "g2": 2, "unused": 3}
    bundle = blendtpl.compile({"a.txt": "{{ g1 | f1 }}", "b.txt": "{{ g2 | f2 is t1 }}"}, environment=environment)

    lines = misfit(bundle, jinja2.Environment(trim_blocks=True)).splitlines()[1:]

    assert lines == [
        "  option `trim_blocks`: False when compiled, True here",
        "  filter `f1` is missing",
        "  filter `f2` is missing",
        "  test `t1` is missing",
        "  global `g1` is missing",
        "  global `g2` is missing",
    ]


@pytest.mark.parametrize(
    ("mark", "label"),
    [
        (jinja2.pass_context, "context"),
        (jinja2.pass_eval_context, "eval_context"),
        (jinja2.pass_environment, "environment"),
    ],
)
def test_a_callable_that_asks_for_something_else_is_a_misfit(mark: Callable[..., Any], label: str) -> None:
    def passed(first: object, value: object) -> object:
        return value

    marked = jinja2.Environment()
    marked.filters["f"] = marked.tests["t"] = mark(passed)
    unmarked = jinja2.Environment()
    unmarked.filters["f"], unmarked.tests["t"] = plain, plain
    templates = {"a.txt": "{{ x | f }}{{ x is t }}"}

    there = misfit(blendtpl.compile(templates, environment=marked), unmarked)
    back = misfit(blendtpl.compile(templates, environment=unmarked), marked)

    for kind in ("filter `f`", "test `t`"):
        assert f"{kind} was passed the {label} first when compiled, here it asks for nothing extra" in there
        assert f"{kind} was passed nothing extra when compiled, here it asks for the {label} first" in back


def test_another_function_of_the_same_kind_fits() -> None:
    ours, theirs = jinja2.Environment(), jinja2.Environment()
    ours.filters["f"], theirs.filters["f"] = plain, other
    bundle = blendtpl.compile({"a.txt": "{{ 1 | f }}"}, environment=ours)
    assert blendtpl.load(bundle, environment=theirs).render("a.txt") == "1"


def test_the_defaults_fit_what_was_compiled_with_the_defaults_and_nothing_else() -> None:
    bundle = blendtpl.compile({"a.html": "{{ x }}{% trans %}t{% endtrans %}{% do [] %}"})
    assert blendtpl.load(bundle).render("a.html", x="<") == "&lt;t"
    assert "option `undefined`" in misfit(bundle, jinja2.Environment())
    assert "option `undefined`" in misfit(blendtpl.compile({"a": ""}, environment=jinja2.Environment()), None)


def test_the_defaults_miss_no_variable_in_silence_and_escape_by_name() -> None:
    registry = blendtpl.load(
        blendtpl.compile({f"a.{end}": "{{ x }}" for end in ("html", "HTM.j2", "svg", "xml.jinja", "txt", "js")})
    )
    assert {name for name in registry if registry.render(name, x="<") == "&lt;"} == {
        "a.html",
        "a.HTM.j2",
        "a.svg",
        "a.xml.jinja",
    }
    with pytest.raises(blendtpl.UndefinedError):
        registry.render("a.txt")


def test_an_environment_may_be_a_callable_or_a_name_of_one() -> None:
    bundle = blendtpl.compile({"a.txt": "x"}, environment=jinja2.Environment)
    assert blendtpl.load(bundle, environment="jinja2:Environment").render("a.txt") == "x"
    for wrong in ("jinja2", "jinja2:", ":x", "no_such_module_anywhere:x", "jinja2:nope", "jinja2:__version__", dict, 5):
        with pytest.raises(blendtpl.ConfigError):
            blendtpl.load(bundle, environment=wrong)  # type: ignore[arg-type]


def test_what_becomes_of_the_environment_after_load_has_no_effect() -> None:
    environment = SandboxedEnvironment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.filters["f"] = lambda value: "old"
    environment.tests["t"] = lambda value: True
    environment.globals["g"] = "old"
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True}  # Jinja2's own one is shared by all environments
    environment.install_null_translations()  # type: ignore[attr-defined]
    text = "{{ 1 | f }}{{ 1 is t }}{{ g }}{% trans %}x{% endtrans %}{{ {'a': 1, 'b': '<'} | tojson }}{{ 7 % 4 }}{{ nope }}{{ range }}"
    registry = blendtpl.load(blendtpl.compile({"a.txt": text}, environment=environment), environment=environment)
    before = registry.render("a.txt")

    environment.filters["f"] = environment.tests["t"] = lambda value: False
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    environment.policies["json.dumps_kwargs"]["indent"] = 8
    environment.policies.clear()
    environment.binop_table.clear()
    environment.unop_table.clear()
    environment.extensions.clear()
    environment.undefined = jinja2.StrictUndefined
    environment.autoescape = False
    environment.finalize = str

    assert registry.render("a.txt") == before


def test_loading_changes_nothing_of_the_environment() -> None:
    environment = blendtpl.default_environment()
    before = {name: dict(value) if isinstance(value, dict) else value for name, value in vars(environment).items()}
    extensions = {name: vars(found).copy() for name, found in environment.extensions.items()}

    blendtpl.load(blendtpl.compile({"a.txt": "x"}, environment=environment), environment=environment).render("a.txt")

    assert vars(environment) == before
    assert {name: vars(found) for name, found in environment.extensions.items()} == extensions


def test_one_environment_serves_two_registries_and_stays_usable_itself() -> None:
    environment = blendtpl.default_environment()
    environment.loader = jinja2.DictLoader({"a.txt": "stock"})
    one = blendtpl.load(
        blendtpl.compile({"a.txt": "{% include 'b.txt' %}", "b.txt": "1"}, environment=environment),
        environment=environment,
    )
    two = blendtpl.load(
        blendtpl.compile({"a.txt": "{% include 'b.txt' %}", "b.txt": "2"}, environment=environment),
        environment=environment,
    )

    assert (one.render("a.txt"), two.render("a.txt"), one.render("a.txt")) == ("1", "2", "1")
    assert environment.get_template("a.txt").render() == "stock"
    assert environment.from_string("{% include 'a.txt' %}").render() == "stock"


def test_two_registries_never_see_each_others_globals_and_filters() -> None:
    def made(word: str) -> blendtpl.Registry:
        environment = jinja2.Environment()
        environment.globals["word"] = lambda: word
        environment.filters["word"] = lambda value: f"{word} {value}"
        templates = {
            "a.txt": "{{ word() }} {{ 1 | word }}{% set word = 5 %}{% import 'm.txt' as m %} {{ m.f() }}",
            "m.txt": "{% macro f() %}{{ word() }}{% endmacro %}",
        }
        return blendtpl.load(blendtpl.compile(templates, environment=environment), environment=environment)

    one, two = made("one"), made("two")

    for _ in range(2):
        assert one.render("a.txt") == "one one 1 one"
        assert two.render("a.txt") == "two two 1 two"


def test_a_global_that_a_template_sets_or_a_caller_passes_is_its_own_afterwards() -> None:
    environment = jinja2.Environment()
    environment.globals["g"] = "global"
    templates = {"a.txt": "{{ g }}{% set g = 'set' %}{{ g }}{% include 'b.txt' %}", "b.txt": "{{ g }}"}
    registry = blendtpl.load(blendtpl.compile(templates, environment=environment), environment=environment)

    assert registry.render("a.txt") == "globalsetset"
    assert registry.render("a.txt", g="passed") == "passedsetset"
    assert registry.render("b.txt") == "global"


def test_a_filter_that_asks_for_the_environment_gets_one_with_the_registrys_templates_only() -> None:
    seen: list[jinja2.Environment] = []

    @jinja2.pass_context
    def look(context: Context) -> str:
        seen.append(context.environment)
        return context.environment.get_template("b.txt").render()

    environment = jinja2.Environment(loader=jinja2.DictLoader({"b.txt": "stock", "c.txt": "stock"}))
    environment.globals["look"] = look
    registry = blendtpl.load(
        blendtpl.compile({"a.txt": "{{ look() }}", "b.txt": "ours"}, environment=environment), environment=environment
    )

    assert registry.render("a.txt") == "ours"
    assert isinstance(seen[0], jinja2.Environment)
    assert seen[0].loader is None
    with pytest.raises(blendtpl.TemplateNotFound):
        seen[0].get_template("c.txt")
