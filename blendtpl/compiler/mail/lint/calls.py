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


def looked_up(found: Any, key: Any, node: nodes.Node, scope: Scope, default: Any = MISSING) -> Any:
    """Return what stands under a key."""
    if isinstance(found, Space):
        return found.values.get(key, unknown(f"{found.name}.{key}")) if isinstance(key, str) else unknown(found.name)
    if isinstance(found, dict) and isinstance(key, Unknown):
        if len(found) <= _KEYS and all(isinstance(each, (str, int)) for each in found):
            for part, each in enumerate(found):
                if scope.run.decide(f"{key.name} == {each!r}", node, scope, part):
                    return found[each]
        return unknown(f"{named(found)}[{key.name}]", found, key) if default is MISSING else default
    if isinstance(found, (dict, list, tuple, str)) and is_known(key):
        try:
            return found[key]
        except (KeyError, IndexError, TypeError):
            return unknown(f"{named(found)}[{key!r}]") if default is MISSING else default
    spelt = f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{named(key)}]"
    return Unknown(f"{named(found)}{spelt}", names_in([found, key]))


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
            found = _global(function, args, kwargs)
            if found is not None:
                return found
    if isinstance(node.node, nodes.Getattr) and node.node.attr in ("items", "values", "keys"):
        return unknown(f"{named(called)}()", called)
    return unknown(f"{named(called)}({', '.join(map(named, [*args, *kwargs.values()]))})", called, args, kwargs)


def _global(function: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if function == "range" and args and all(isinstance(each, int) for each in args):
        return list(range(*args))[:_RANGE]
    if function == "dict" and all(isinstance(each, dict) for each in args):
        return dict(*args, **kwargs)
    if function == "namespace":
        return Space("namespace", dict(*(each for each in args if isinstance(each, dict)), **kwargs))
    return None


def _translated(node: nodes.Call, function: str, args: list[Any], kwargs: dict[str, Any], scope: Scope) -> Any:
    at = _GETTEXT[function]
    texts = args[at : at + 1 + function.startswith("n")]
    if not texts or not all(isinstance(each, str) for each in texts):
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
        for found in _FIELD.finditer(piece.text):
            before, behind = piece.text[behind : found.start()], found.end()
            pieces.append(Piece(before, piece.template, piece.line, piece.names))
            if found.group() == "%%":
                pieces.append(Piece("%", template, line))
            elif found[1] is None:
                given = positional.pop(0) if positional and not isinstance(values, dict) else unknown(found.group())
                pieces += pieces_of(given, template, line, escaping=markup)
            else:
                given = values.get(found[1]) if isinstance(values, dict) else None
                given = unknown(found[1], values) if given is None else given
                pieces += pieces_of(given, template, line, escaping=markup)
        pieces.append(Piece(piece.text[behind:], piece.template, piece.line, piece.names))
    kept = tuple(piece for piece in pieces if piece.text)
    if any(piece.names or piece.text == HOLE for piece in kept):
        return Rendered(kept, markup)
    plain = "".join(piece.text for piece in kept)
    return Markup(plain) if markup else plain  # noqa: S704


def attributes(found: dict[Any, Any], template: str, line: int) -> Rendered:
    """Return what `xmlattr` makes of a dict of which not all is known; what is not known may well be there."""
    pieces: list[Piece] = []
    for key, each in found.items():
        if each is not None:
            pieces.append(Piece(f' {key}="', template, line))
            pieces += pieces_of(each, template, line, escaping=True)
            pieces.append(Piece('"', template, line))
    return Rendered(tuple(pieces))


def _method(node: nodes.Call, method: Method, args: list[Any], kwargs: dict[str, Any], scope: Scope) -> Any:
    of, name = method.of, method.name
    if isinstance(of, dict) and name == "get" and args:
        return looked_up(of, args[0], node, scope, args[1] if len(args) > 1 else None)
    if (isinstance(of, dict) and name in _DICT_METHODS) or (isinstance(of, list) and name in _LIST_METHODS):
        return _called(of, name, args, kwargs)
    if isinstance(of, str) and name == "join" and len(args) == 1 and isinstance(args[0], (list, tuple)):
        parts = [part for each in args[0] for part in (of, each)][1:]
        return joined(parts, scope.template, node.lineno)
    if isinstance(of, str) and name in _TEXT_METHODS and is_known([args, kwargs]):
        return _called(of, name, args, kwargs)
    return unknown(f"{named(of)}.{name}({', '.join(map(named, args))})", of, args, kwargs)


def _called(of: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        found = getattr(of, name)(*args, **kwargs)
    except Exception:  # rendering raises it too
        return unknown(f"{named(of)}.{name}", of, args)
    return list(found) if isinstance(of, dict) and name != "copy" and found is not None else found
