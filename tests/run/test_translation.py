"""Translations print what Jinja2 prints, whatever the functions behind them give."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.runtime import Context
from markupsafe import Markup

from blendtpl.bundle.abi import Translation
from blendtpl.runtime import gettext, speedups
from blendtpl.runtime.translations import translated_otherwise
from testkit.oracle import MakeEnvironment, load, outcome, stock_environment

TEXTS = {
    "main.html": "{{ _('Save') }}|{{ _('100%%') }}|{{ gettext('%(x)s & <%(y)s> %(x)s', x=v, y='&') }}"
    "|{{ gettext('%(x)s', x=v)|upper }}|{{ _('%(x)d', x=v) }}|{{ _('100% of') }}|{{ _('%(z)s', x=v) }}",
    "plural.html": "{% trans x=v, n=count %}{{ x }} of {{ n }}{% pluralize n %}{{ x }} of <{{ n }}>{% endtrans %}"
    "|{{ ngettext('one', '%(num)s', count) }}|{{ npgettext('c', '%(context)s', '%(num)s %(context)s', count) }}",
    "context.html": "{{ pgettext('c<', '%(context)s %(x)s', x=v) }}|{{ pgettext(v, 'x') }}"
    "|{% trans 'c' %}in {{ v }}{% endtrans %}|{% set a = _('<a>') %}{{ a }}",
    "loop.html": "{% for i in [1, 2] %}{% trans %}Row {{ i }}{% endtrans %}{{ _('Row %(n)s', n=v) }}"
    "{% macro m() %}{{ _('in %(v)s', v=v) }}{% endmacro %}{{ m() }}{% endfor %}",
    "variables.html": "{% for text in ['a', '<%(x)s>', '%', '%(x)d', '%(y)s %%'] %}{{ _(text, x=v)|lower }}"
    "{% set a = gettext(text, x=v, y=text) %}{{ a }}{% if pgettext(text, text, x=v) %}!{% endif %}{% endfor %}",
    "plurals.html": "{% for n in [1, 2] %}{% set n = n %}{% trans n=n, x=v %}{{ x }}{% pluralize %}{{ n }} {{ x }}"
    "{% endtrans %}{{ npgettext('c', '%(x)s', '%(num)s %(context)s', n, x=v)|length }}"
    "{{ ngettext('%(num)s', '%(num)s', n, num='<') }}{% endfor %}{{ _('%(ä)s', ä=v) }}",
    "unlike.html": "{% for i in [1] %}{{ gettext('a', 'b') }}{{ _(i) }}{% endfor %}",
    "own.html": "{% set gettext = shout %}{{ _('a', x=v) }}{{ gettext('b') }}",
    "off.html": "{% autoescape false %}{{ _('<%(x)s>', x=v) }}{% endautoescape %}{{ _('<%(x)s>', x=v) }}",
    "base.html": "{% block a %}{{ _('In a %(x)s', x=v) }}{% endblock %}{{ gettext('end') }}",
    "child.html": "{% extends 'base.html' %}{% block a %}{{ super() }}"
    "{% trans v %}mine {{ v }}{% endtrans %}{% endblock %}",
}


class Shown:
    """Something with two faces."""

    def __html__(self) -> str:
        return "<h>"

    def __str__(self) -> str:
        return "<s>"


class Text(str):
    """A string of another type."""

    __slots__ = ()


@jinja2.pass_context
def of_context(context: Context, *texts: Any) -> str:
    return f"{context.name}: {texts[0]}"


def stop(*texts: Any) -> str:
    raise StopIteration


def fail(*texts: Any) -> str:
    raise LookupError(texts[0])


VALUES = ("<v>", 3, Markup("<m>"), Shown(), 1.5, None, Text("<t>"))

BEHIND: dict[str, Callable[..., Any]] = {
    "the text itself": lambda *texts: texts[-2] if len(texts) > 2 and texts[-1] == 1 else texts[-1],
    "a translation": lambda *texts: "über <%(x)s> & %%",
    "markup": lambda *texts: Markup("<b>%(x)s</b>"),
    "a subclass": lambda *texts: Text(texts[0]),
    "a number": lambda *texts: 7,
    "nothing": lambda *texts: None,
    "what a context says": of_context,
    "no more": stop,
    "an error": fail,
}


def _ngettext(function: Callable[..., Any]) -> Callable[..., Any]:
    if function is not BEHIND["the text itself"]:
        return function
    return lambda *texts: texts[-3] if texts[-1] == 1 else texts[-2]


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("newstyle", [True, False], ids=["new style", "old style"])
@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "not escaped"])
def test_a_translation_is_what_jinja2_makes_of_it(behind: str, newstyle: bool, escaped: bool) -> None:
    function = BEHIND[behind]

    def make() -> jinja2.Environment:
        environment = jinja2.Environment(
            autoescape=escaped, extensions=["jinja2.ext.i18n"], undefined=jinja2.StrictUndefined
        )
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension
            function, _ngettext(function), newstyle=newstyle, pgettext=function, npgettext=_ngettext(function)
        )
        environment.globals["shout"] = lambda text, **variables: text.upper() + "!"
        return environment

    check(make, [{}, *({"v": value, "count": count} for value in VALUES for count in (1, 2))])


def test_a_function_of_a_render_goes_before_the_installed_one() -> None:
    def make() -> jinja2.Environment:
        environment = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
        environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # of the extension
        return environment

    def gettext(text: str, **variables: Any) -> str:
        return f"<{text}>"

    check(make, [{"v": "<v>", "count": 2, "gettext": gettext, "ngettext": lambda *texts, **variables: 5}])


def check(make: MakeEnvironment, contexts: list[dict[str, Any]]) -> None:
    stock, ways = stock_environment(TEXTS, make), [load(TEXTS, make, portable=portable) for portable in (False, True)]
    for name in TEXTS:
        template = stock.get_template(name)
        for context in contexts:
            expected = outcome(partial(template.render, context))
            for registry in ways:
                assert outcome(partial(registry.render, name, context)) == expected, name


PIECES = st.sampled_from(
    ["%(a)s", "%(ä)s", "%(num)s", "%(context)s", "%(b)s", "%%", "%", "%(a)d", "%(a", "%(", "s)", "<", "ä", "字", "🎈"]
)
SOME = st.sampled_from(["", "<v>", "字", 3, -1.5, None, Markup("<ä>"), Shown(), Text("<t>")])


@given(
    st.lists(PIECES, max_size=8).map("".join) | st.just("%(a)s" * 40) | SOME,
    st.permutations(["a", "ä", "num"]).flatmap(lambda names: st.integers(0, 3).map(lambda count: names[:count])),
    st.tuples(SOME, SOME, SOME),
    st.integers(0, 2 * Translation.SCOPED - 1),
)
@settings(max_examples=150)
def test_functions_in_c_make_the_same_of_it(text: Any, names: list[str], values: tuple[Any, ...], flags: int) -> None:
    translator = [None, lambda *texts: text, jinja2.Undefined, translated_otherwise]
    how = (flags, *names)
    given = [*([None] * 2 if flags & Translation.SCOPED else []), "<c>", 7, *values[: len(names)]]

    expected = outcome(lambda: gettext.translation(translator, None, how, *given))

    found = outcome(lambda: speedups.translation(translator, None, how, *given))
    assert found == expected
    assert [*map(type, found)] == [*map(type, expected)]


@pytest.mark.parametrize(
    "given",
    [
        (),
        ([None] * 4, None, (1,)),
        ([None] * 3, None, (1,), "a"),
        ((None,) * 4, None, (1,), "a"),
        ([None] * 4, None, [1], "a"),
        ([None] * 4, None, (), "a"),
        ([None] * 4, None, ("1",), "a"),
        ([None] * 4, None, (1 << 80,), "a"),
        ([None] * 4, None, (-1,), "a"),
        ([None] * 4, None, (1, 2), "a", "b"),
        ([None] * 4, None, (1, "a", "b"), "a", "b"),
        ([None] * 4, None, (Translation.SCOPED,), "a", "b"),
    ],
)
@pytest.mark.skipif(not speedups.ACTIVE, reason="there are no functions in C")
def test_what_is_no_translation_is_refused(given: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="a translator"):
        speedups.translation(*given)
