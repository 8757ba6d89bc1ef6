"""Gettext: what Jinja2's new-style `gettext` functions do, without the objects that they make on the way.

Enters: such a function, made by the `i18n` extension around a function of the application, and what a template calls it
with. Leaves: the translated text with its variables in it, to the letter as `jinja2.ext` gives it.
"""

import re
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from jinja2 import ext
from markupsafe import Markup

from blendtpl.bundle.abi import Translation, Translator

# a text in which every `%` is a ``%(name)s``, as nearly all are
_SIMPLE = re.compile(r"(?:[^%]|%\(\w+\)s)*")


def formatted(text: Any, variables: Mapping[str, Any], escaped: bool, escape_str: Callable[[str], str]) -> Any:
    """Return ``text % variables`` as Jinja2 does it (T2, T3): what is not markup is escaped where output is.

    Plain strings and integers in a simple text need no object that escapes what is asked of it.
    """
    if type(text) is str:
        if "%" not in text:
            return Markup(text) if escaped else text
        plain = {}
        for name, value in variables.items():
            kind = type(value)
            if kind is not str and kind is not int and kind is not Markup:
                break
            plain[name] = escape_str(value) if escaped and kind is str else value
        else:
            if _SIMPLE.fullmatch(text):
                translation = text % plain
                return Markup(translation) if escaped else translation
    return (Markup(text) if escaped else text) % variables


Shape = tuple[int, bool, bool]  # how many texts a function takes, whether the first is `context`, and the last `num`


def _jinja_shapes() -> dict[int, Shape]:
    """Return the shapes of Jinja2's functions, by the `id` of their code: to make a hash of that itself takes long."""
    shapes = {}
    for maker, shape in (
        ("_make_new_gettext", (1, False, False)),
        ("_make_new_ngettext", (3, False, True)),
        ("_make_new_pgettext", (2, True, False)),
        ("_make_new_npgettext", (4, True, True)),
    ):
        translator = getattr(ext, maker, lambda function: function)(str)
        if isinstance(translator, FunctionType) and translator.__code__.co_freevars == ("func",):
            shapes[id(translator.__code__)] = shape  # which lives as long as the function that makes them
    return shapes


_SHAPES = _jinja_shapes()


def shape_of(function: Any) -> Shape | None:
    """Return the shape of one of Jinja2's functions, `None` for any other (T1)."""
    return _SHAPES.get(id(function.__code__)) if type(function) is FunctionType else None


def translation(translator: list[Any], frame: Any, how: tuple[Any, ...], /, *arguments: Any) -> Any:
    """Return what a function that translates makes of texts: what is behind a new-style one gives one, into which
    variables are put. `how` has flags (`blendtpl.bundle.abi.Translation`), and the names of variables. `arguments` are
    what is set around, if flags say so, the texts with what else is behind them, and the variables.
    """
    translate, otherwise = translator[Translator.TRANSLATE], translator[Translator.OTHERWISE]
    given = [translator, frame, how, *arguments]
    if translate is None:
        return otherwise(given)
    first = 2 if how[0] & Translation.SCOPED else 0
    try:
        text = translate(*arguments[first : len(arguments) - len(how) + 1])
    except StopIteration:
        return otherwise(given)
    return otherwise(given, text)
