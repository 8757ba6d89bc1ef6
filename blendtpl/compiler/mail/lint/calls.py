"""Calls: what a function, a macro or a method gives, as far as that is known without variables.

Translations give the text that stands in the template, which is what is sent in its own language.
"""

import re
from typing import Any

from jinja2 import nodes
from markupsafe import Markup

from blendtpl.compiler.mail.lint.scope import MISSING, Scope
from blendtpl.compiler.mail.lint.values import (
    HOLE,
    BlockCall,
    Macro,
    Piece,
    Rendered,
    Space,
    Unknown,
    is_known,
    joined,
    named,
    names_in,
    pieces_of,
    unknown,
)

_KEYS = 8  # of a known dict, each of which is tried for a key that is not known
_RANGE = 200  # numbers of a range that are followed

_GETTEXT = {"_": 0, "gettext": 0, "ngettext": 0, "pgettext": 1, "npgettext": 1}  # which argument is the text
_TEXT_METHODS = {
    *("capitalize", "endswith", "find", "format", "join", "lower", "lstrip", "replace", "rsplit", "rstrip"),
    *("split", "splitlines", "startswith", "strip", "title", "upper"),
}
_LIST_METHODS = {"append", "copy", "count", "extend", "index", "insert"}
_DICT_METHODS = {"copy", "items", "keys", "update", "values"}
_FIELD = re.compile(r"%\((\w+)\)[#0\- +]*[\d.]*[a-zA-Z]|%[sdr]|%%")


class Method:
    """A method of a value that is known, before it is called."""

    def __init__(self, of: Any, name: str) -> None:
        self.of, self.name = of, name


def looked_up(container: Any, key: Any, node: nodes.Node, scope: Scope, default: Any = MISSING) -> Any:
    """Return what stands under a key."""
    if isinstance(container, Space):
        return (
            container.values.get(key, unknown(f"{container.name}.{key}"))
            if isinstance(key, str)
            else unknown(container.name)
        )
    if isinstance(container, dict) and isinstance(key, Unknown):
        if len(container) <= _KEYS and all(isinstance(candidate, (str, int)) for candidate in container):
            for part, candidate in enumerate(container):
                if scope.run.decide(f"{key.name} == {candidate!r}", node, scope, part):
                    return container[candidate]
        return unknown(f"{named(container)}[{key.name}]", container, key) if default is MISSING else default
    if isinstance(container, (dict, list, tuple, str)) and is_known(key):
        try:
            return container[key]
        except (KeyError, IndexError, TypeError):
            return unknown(f"{named(container)}[{key!r}]") if default is MISSING else default
    spelt = f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{named(key)}]"
    return Unknown(f"{named(container)}{spelt}", names_in([container, key]))


def call(node: nodes.Call, args: list[Any], kwargs: dict[str, Any], scope: Scope, *, certain: bool, called: Any) -> Any:
    """Return what a call gives; `certain`: whether these are all of its arguments."""
    if isinstance(called, Macro):
        return scope.run.macro(called, args, kwargs)
    if isinstance(called, BlockCall):
        return scope.run.block(called, node.lineno)
    if isinstance(called, Method):
        return _method(node, called, args, kwargs, scope)
    if isinstance(called, Space) and called.again is not None and args:
        return called.again(args[0])
    if isinstance(called, Unknown) and called.markup:
        return called
    function = node.node.name if isinstance(node.node, nodes.Name) else ""
    if isinstance(called, Unknown) and function == called.name and certain:
        if function in _GETTEXT:
            return _translated(node, function, args, kwargs, scope)
        if scope.run.is_global(function):
            created = _global(function, args, kwargs)
            if created is not None:
                return created
    if isinstance(node.node, nodes.Getattr) and node.node.attr in ("items", "values", "keys"):
        return unknown(f"{named(called)}()", called)
    return unknown(f"{named(called)}({', '.join(map(named, [*args, *kwargs.values()]))})", called, args, kwargs)


def _global(function: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if function == "range" and args and all(isinstance(argument, int) for argument in args):
        return list(range(*args))[:_RANGE]
    if function == "dict" and all(isinstance(argument, dict) for argument in args):
        return dict(*args, **kwargs)
    if function == "namespace":
        return Space("namespace", dict(*(argument for argument in args if isinstance(argument, dict)), **kwargs))
    return None


def _translated(node: nodes.Call, function: str, args: list[Any], kwargs: dict[str, Any], scope: Scope) -> Any:
    at = _GETTEXT[function]
    texts = args[at : at + 1 + function.startswith("n")]
    if not texts or not all(isinstance(text, str) for text in texts):
        return unknown(f"{function}({', '.join(map(named, args))})", args, kwargs)
    count = args[at + 2] if len(args) > at + 2 else None
    several = function.startswith("n") and len(texts) > 1
    if several and isinstance(count, int):
        chosen = texts[count != 1]
    elif several:
        chosen = texts[not scope.run.decide(f"{named(count)} == 1", node, scope)]
    else:
        chosen = texts[0]
    if not scope.run.is_newstyle:
        return chosen
    if several:
        kwargs.setdefault("num", count)
    return filled(Markup(chosen), kwargs, scope.template, node.lineno)  # noqa: S704  # as Jinja2 does


def filled(text: Any, values: Any, template: str, line: int) -> Any:
    """Return what ``text % values`` is."""
    markup = isinstance(text, Markup) or (isinstance(text, Rendered) and text.markup)
    pieces: list[Piece] = []
    positional = list(values) if isinstance(values, (list, tuple)) else [values]
    for piece in pieces_of(text, template, line, escaping=False):
        behind = 0
        for field in _FIELD.finditer(piece.text):
            before, behind = piece.text[behind : field.start()], field.end()
            pieces.append(Piece(before, piece.template, piece.line, piece.names))
            if field.group() == "%%":
                pieces.append(Piece("%", template, line))
            elif field[1] is None:
                value = positional.pop(0) if positional and not isinstance(values, dict) else unknown(field.group())
                pieces += pieces_of(value, template, line, escaping=markup)
            else:
                value = values.get(field[1]) if isinstance(values, dict) else None
                value = unknown(field[1], values) if value is None else value
                pieces += pieces_of(value, template, line, escaping=markup)
        pieces.append(Piece(piece.text[behind:], piece.template, piece.line, piece.names))
    nonempty = tuple(piece for piece in pieces if piece.text)
    if any(piece.names or piece.text == HOLE for piece in nonempty):
        return Rendered(nonempty, markup)
    plain = "".join(piece.text for piece in nonempty)
    return Markup(plain) if markup else plain  # noqa: S704


def attributes(mapping: dict[Any, Any], template: str, line: int) -> Rendered:
    """Return what `xmlattr` makes of a dict of which not all is known; what is not known may well be there."""
    pieces: list[Piece] = []
    for key, value in mapping.items():
        if value is not None:
            pieces.append(Piece(f' {key}="', template, line))
            pieces += pieces_of(value, template, line, escaping=True)
            pieces.append(Piece('"', template, line))
    return Rendered(tuple(pieces))


def _method(node: nodes.Call, method: Method, args: list[Any], kwargs: dict[str, Any], scope: Scope) -> Any:
    of, name = method.of, method.name
    if isinstance(of, dict) and name == "get" and args:
        return looked_up(of, args[0], node, scope, args[1] if len(args) > 1 else None)
    if (isinstance(of, dict) and name in _DICT_METHODS) or (isinstance(of, list) and name in _LIST_METHODS):
        return _called(of, name, args, kwargs)
    if isinstance(of, str) and name == "join" and len(args) == 1 and isinstance(args[0], (list, tuple)):
        parts = [part for item in args[0] for part in (of, item)][1:]
        return joined(parts, scope.template, node.lineno)
    if isinstance(of, str) and name in _TEXT_METHODS and is_known([args, kwargs]):
        return _called(of, name, args, kwargs)
    return unknown(f"{named(of)}.{name}({', '.join(map(named, args))})", of, args, kwargs)


def _called(of: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        result = getattr(of, name)(*args, **kwargs)
    except Exception:  # rendering raises it too
        return unknown(f"{named(of)}.{name}", of, args)
    return list(result) if isinstance(of, dict) and name != "copy" and result is not None else result
