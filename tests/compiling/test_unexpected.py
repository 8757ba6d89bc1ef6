"""Whatever is raised while one template is compiled is a fault of its place, and the others are still reported."""

import pickle
from typing import Any, NoReturn

import jinja2
import pytest
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

import blendtpl
from blendtpl import Fault
from blendtpl.bundle.environment import default_environment
from tests.compiling.support import build
from tests.compiling.test_faults import faults_of

_NO_LOOP = "a macro, a `call` body, a block and the `else` of a loop are not in the loop that they stand in"


@pytest.mark.parametrize("word", ["break", "continue"])
@pytest.mark.parametrize(
    "text",
    [
        "{% WORD %}",
        "{% if a %}{% WORD %}{% endif %}",
        "{% for x in y %}{% call f() %}{% WORD %}{% endcall %}{% endfor %}",
        "{% for x in y %}{% macro f() %}{% WORD %}{% endmacro %}{% endfor %}",
        "{% for x in y %}{% block b %}{% WORD %}{% endblock %}{% endfor %}",
        "{% for x in y %}{% else %}{% WORD %}{% endfor %}",
        "{% for x in y recursive %}{% else %}{% WORD %}{% endfor %}",
        "{% for z in y %}{% for x in y recursive %}{% else %}{% WORD %}{% endfor %}{% endfor %}",
        "{% filter upper %}{% WORD %}{% endfilter %}",
        "{% set a %}{% WORD %}{% endset %}",
        "{% with %}{% WORD %}{% endwith %}",
        "{% extends 'p' %}{% WORD %}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% for x in y %}{% call m() %}{% WORD %}{% endcall %}{% endfor %}",
    ],
)
def test_what_leaves_a_loop_has_to_be_in_one_and_else_is_a_fault_of_its_place(text: str, word: str) -> None:
    text = "\n" + text.replace("WORD", word)
    with pytest.raises(SyntaxError):
        default_environment().from_string(text)

    (fault,) = faults_of({"a": text, "p": ""})

    assert (fault.line, fault.column, fault.width) == (2, text.index(word), len(word))
    assert (fault.message, fault.hint) == (f"not in a loop: {word!r}", _NO_LOOP)
    live = blendtpl.Environment(extensions=["jinja2.ext.loopcontrols"])
    with pytest.raises(jinja2.TemplateSyntaxError, match="not in a loop") as caught:
        live.from_string(text)
    assert caught.value.lineno == 2


def test_what_leaves_a_loop_may_stand_in_all_that_is_no_function_of_its_own() -> None:
    parts = ("filter upper", "set y", "with a=1", "if x", "autoescape true")
    text = "".join(
        f"{{% for x in [1, 2] %}}a{{% {part} %}}b{{% {word} %}}c{{% end{part.split()[0]} %}}{{{{ x }}}}{{% endfor %}}|"
        for part in parts
        for word in ("break", "continue")
    )
    text += "{% for z in [1, 2] %}z{% for x in [] %}{% else %}{% break %}{% endfor %}w{% endfor %}"
    expected = default_environment().from_string(text).render()

    assert blendtpl.load(blendtpl.compile({"a": text})).render("a") == expected


class Failing(Extension):
    """An extension with tags that raise: what `raising` says, when that tag is parsed."""

    tags = {"raising", "constant"}  # noqa: RUF012  # as Jinja2 has it

    def parse(self, parser: Parser) -> nodes.Node:
        token = next(parser.stream)
        if token.value == "constant":
            odd: Any = nodes.NSRef("a", "b", lineno=token.lineno)  # for which there is no code but as a target
            return nodes.Output([odd], lineno=token.lineno)
        raise RAISED[str(parser.parse_expression().as_const())]


class Strange(Exception):
    """One that cannot be pickled, and cannot be shown."""

    def __init__(self, first: object, second: object) -> None:
        super().__init__()

    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("it stays here")  # whatever somebody else has taught `pickle`


RAISED: dict[str, Exception] = {
    "type": TypeError("an odd type"),
    "value": ValueError("an odd value"),
    "recursion": RecursionError("too deep"),
    "memory": MemoryError(),
    "key": KeyError("k"),
    "stop": StopIteration("stopped"),
    "strange": Strange(1, 2),
    "overflow": OverflowError("too large"),
    "syntax": SyntaxError("odd syntax"),
}


def failing() -> jinja2.Environment:
    return jinja2.Environment(extensions=[Failing])


@pytest.mark.parametrize("jobs", [1, 3])
def test_whatever_is_raised_for_one_template_is_a_fault_of_its_place_and_the_others_are_reported(jobs: int) -> None:
    templates = {f"{name}.html": f"ok\n{{% raising {name!r} %}}" for name in RAISED}
    templates |= {"constant.html": "\n\n{% constant %}", "fine.html": "fine", "unknown.html": "{{ a|uper }}"}

    with pytest.raises(blendtpl.SourceError) as caught:
        build(templates, environment=failing, jobs=jobs)

    found = {fault.name: fault for fault in caught.value.faults}
    assert found.keys() == templates.keys() - {"fine.html"}
    assert {name: fault.line for name, fault in found.items()} == {
        name: {"constant.html": 3, "unknown.html": 1}.get(name, 2) for name in found
    }
    assert found["type.html"].message == "the template cannot be compiled: TypeError: an odd type"
    assert found["type.html"].hint == "it was raised in `tests.compiling.test_unexpected.Failing.parse`"
    assert found["strange.html"].message == "the template cannot be compiled: Strange"
    assert found["constant.html"].message.startswith("the template cannot be compiled: KeyError")
    assert found["constant.html"].hint == "this is a mistake in blendtpl, please report it"
    assert found["recursion.html"].message == "the template cannot be compiled: it is nested too deeply"
    assert isinstance(found["type.html"].error, TypeError)
    assert caught.value.__cause__ is next(fault.error for fault in caught.value.faults if fault.error is not None)
    assert str(caught.value)


def test_a_callable_of_the_environment_that_raises_is_a_fault_of_each_template_that_asks_it() -> None:
    def autoescape(name: str | None) -> bool:
        if name == "bad.html":
            raise LookupError("no such place")
        return True

    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(
            {"bad.html": "x", "b.html": "{{ a|nope }}"}, environment=jinja2.Environment(autoescape=autoescape)
        )

    assert [fault.name for fault in caught.value.faults] == ["b.html", "bad.html"]
    assert isinstance(caught.value.__cause__, LookupError)


def test_a_loader_that_raises_for_one_template_is_a_fault_of_that() -> None:
    class Odd(jinja2.DictLoader):
        def get_source(self, environment: jinja2.Environment, template: str) -> Any:
            if template == "bad.html":
                raise ZeroDivisionError("nothing there")
            return super().get_source(environment, template)

    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(Odd({"bad.html": "", "b.html": "{{ a|nope }}"}))

    assert [fault.name for fault in caught.value.faults] == ["b.html", "bad.html"]
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_fault_travels_to_another_process_with_its_error_or_with_what_that_said() -> None:
    fault = Fault("a", 1, 2, "unexpected", "m", error=TypeError("t"))
    odd = Fault("a", 1, 2, "unexpected", "m", error=Strange(1, 2))

    there, odd_there = pickle.loads(pickle.dumps((fault, odd)))

    assert there == fault == odd_there
    assert (type(there.error), str(there.error)) == (TypeError, "t")
    assert (type(odd_there.error), str(odd_there.error)) == (RuntimeError, "Strange")


def test_a_live_environment_raises_what_its_extension_raises() -> None:
    live = blendtpl.Environment(extensions=[Failing])
    with pytest.raises(TypeError, match="an odd type"):
        live.from_string("{% raising 'type' %}")
    with pytest.raises(KeyError) as caught:
        live.from_string("{% constant %}")
    assert caught.value.__cause__ is None


def test_too_many_loops_in_each_other_are_a_fault_of_the_line_where_that_is() -> None:
    (fault,) = faults_of({"a": "{% for a in b %}\n" * 30 + "{% endfor %}" * 30})
    assert fault.message == "the template cannot be compiled: too many statically nested blocks"
    assert fault.line > 15


def test_what_jinja2_can_nest_so_deeply_is_compiled_and_rendered() -> None:
    def nested(begin: str, end: str) -> str:
        opened = "".join(begin.replace("N", str(number)) for number in range(200))
        return f"{opened}x{end * 200}"

    blocks = nested("{% block bN %}", "{% endblock %}")
    sets = {
        "blocks": {"a": blocks},
        "child": {"a": "{% extends 'b' %}{% block b7 %}c{{ super() }}{% endblock %}", "b": blocks},
        "both": {"a": "{% extends 'b' %}" + blocks, "b": blocks},
        "loop": {"a": "{% for i in [1, 2] %}{% include 'b' %}{% endfor %}", "b": blocks},
    }
    for title, templates in sets.items():
        environment = default_environment()
        environment.loader = jinja2.DictLoader(templates)
        expected = environment.get_template("a").render()
        registry = blendtpl.load(blendtpl.compile(templates))
        assert registry.render("a") == "".join(registry["a"].stream()) == expected, title
