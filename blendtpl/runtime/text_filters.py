"""Text filters: those of Jinja2's own filters that make a text of a text, or of a dict, in less time.

Enters: what Jinja2's filter of that name takes. Leaves: what that returns, or raises. Each looks at what is common, and
leaves all other values to Jinja2's function. Only `blendtpl.runtime.filters` gives them to anybody.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

import jinja2
from jinja2 import Undefined, filters, nodes
from jinja2.utils import url_quote
from markupsafe import Markup

from blendtpl.runtime.output import escape_any, escape_str

_TEXTS = frozenset((str,))
_MARKED = frozenset((str, Markup))
_NEW = str.__new__


def format(value: Any, *args: Any, **kwargs: Any) -> str:
    """Return what `do_format` does; a text with `%` of a dict is left to it, as is one of a class of its own."""
    if type(value) is str and not kwargs:
        return value % args
    return filters.do_format(value, *args, **kwargs)


def center(value: Any, width: int = 80) -> Any:
    """Return what `do_center` does."""
    return value.center(width) if type(value) is str else filters.do_center(value, width)


def replace(eval_ctx: nodes.EvalContext, s: Any, old: Any, new: Any, count: int | None = None) -> str:
    """Return what `do_replace` does."""
    if type(s) is str and type(old) is str and type(new) is str:
        return s.replace(old, new, -1 if count is None else count)
    return filters.do_replace(eval_ctx, s, old, new, count)


_BEGINNINGS = re.compile(r"[-\t-\r\x1c-\x1f({\[<]")  # beside the blank, of what Jinja2 has a word begin behind in ASCII


def title(s: Any) -> str:
    """Return what `do_title` does; nearly all texts are of words with blanks between."""
    if type(s) is str and s.isascii() and not _BEGINNINGS.search(s):
        return " ".join(map(str.capitalize, s.split(" ")))
    return filters.do_title(s)


def safe(value: Any) -> Markup:
    """Return what `do_mark_safe` does."""
    return _NEW(Markup, value) if type(value) in _MARKED else Markup(value)  # noqa: S704  # so is what Jinja2 returns


def escape_(s: Any, /) -> Markup:
    """Return what `markupsafe.escape` does."""
    return _NEW(Markup, escape_any(s))


def forceescape(value: Any) -> Markup:
    """Return what `do_forceescape` does."""
    if type(value) not in _MARKED:
        return filters.do_forceescape(value)
    return _NEW(Markup, escape_str(value if type(value) is str else str.__str__(value)))


def indent(s: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str:
    """Return what `do_indent` does."""
    if type(s) is not str or (type(width) is not str and type(width) is not int):
        return filters.do_indent(s, width, first, blank)
    indention: str = width if type(width) is str else " " * width  # type: ignore[operator]  # a number, then
    lines = (s + "\n").splitlines()
    if blank or "" not in lines[1:]:
        text = f"\n{indention}".join(lines)
    else:
        text = "\n".join([lines[0], *[indention + line if line else line for line in lines[1:]]])
    return indention + text if first else text


def striptags(value: Any) -> str:
    """Return what `do_striptags` does, where there is no comment."""
    if type(value) not in _MARKED or "<!--" in value:
        return filters.do_striptags(value)
    text = str.__str__(value)
    end = text.rfind(">") + 1  # behind which a `<` begins nothing, and would be looked for over and over
    if end and "<" in text:
        text = _TAGS.sub("", text[:end]) + text[end:]
    text = " ".join(text.split())
    return unescape(text) if "&" in text else text


_TAGS = re.compile(r"<[^>]*>")


_DIVIDES = bytes(byte if chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(128)) + bytes(128)


def wordcount(s: Any) -> int:
    """Return what `do_wordcount` does; in ASCII it is known what divides words."""
    if type(s) is str and s.isascii():
        return len(s.encode("ascii").translate(_DIVIDES).split())
    return filters.do_wordcount(s)


# what `json.dumps` makes anew for each call with Jinja2's own arguments
_SORTING = json.JSONEncoder(sort_keys=True)
_DUMPS, _SORTED = json.dumps, {"sort_keys": True}


def tojson(eval_ctx: nodes.EvalContext, value: Any, indent: int | None = None) -> Markup:
    """Return what `do_tojson` does, unless the environment has a function or arguments of its own for that."""
    policies = eval_ctx.environment.policies
    if (
        indent is not None
        or policies["json.dumps_function"] is not None
        or policies["json.dumps_kwargs"] != _SORTED
        or json.dumps is not _DUMPS
        or json.JSONEncoder is not type(_SORTING)
    ):
        return filters.do_tojson(eval_ctx, value, indent)
    text = _SORTING.encode(value)
    for character, escaped in _UNSAFE:
        if character in text:
            text = text.replace(character, escaped)
    return _NEW(Markup, text)


_UNSAFE = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027"))


def wordwrap(
    environment: jinja2.Environment,
    s: str,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> str:
    """Return what `do_wordwrap` does, line by line: `textwrap` is asked for those that it has rules for."""
    if type(s) is not str or type(width) is not int or width < 1 or type(break_on_hyphens) is not bool:
        return filters.do_wordwrap(environment, s, width, break_long_words, wrapstring, break_on_hyphens)
    joint = environment.newline_sequence if wrapstring is None else wrapstring
    wrapped = []
    for line in s.splitlines():
        text = line.rstrip(" ")
        words = text.split(" ")
        if 0 < len(text) <= width and not text[-1].isspace():
            wrapped.append(text)
        elif (
            (break_on_hyphens and "-" in line)
            or line.split() != words  # which `textwrap` has rules for, as for what is too long
            or max(map(len, words)) > width
        ):
            wrapped.append(filters.do_wordwrap(environment, line, width, break_long_words, joint, break_on_hyphens))
        else:
            wrapped.append(joint.join(_filled(words, width)))
    return joint.join(wrapped)


def _filled(words: list[str], width: int) -> Iterator[str]:
    """Yield lines of as many words as there is room for."""
    begin, length = 0, -1
    for at, word in enumerate(words):
        length += 1 + len(word)
        if length > width:
            yield " ".join(words[begin:at])
            begin, length = at, len(word)
    yield " ".join(words[begin:])


def xmlattr(eval_ctx: nodes.EvalContext, d: Mapping[str, Any], autospace: bool = True) -> str:
    """Return what `do_xmlattr` does, where all names are those of attributes."""
    if type(d) is not dict or set(map(type, d)) != _TEXTS or not "".join(d).replace("-", "").isalnum():
        return filters.do_xmlattr(eval_ctx, d, autospace)
    attributes = [
        f'{escape_str(key)}="{escape_any(value)}"'
        for key, value in d.items()
        if value is not None and not isinstance(value, Undefined)
    ]
    text = " ".join(["", *attributes] if autospace and attributes else attributes)
    return str.__new__(Markup, text) if eval_ctx.autoescape else text


# what `urllib.parse.quote` leaves as it is, in a path and in a query
_SAFE = re.compile(r"[\w.~/-]*", re.ASCII).fullmatch, re.compile(r"[\w.~-]*", re.ASCII).fullmatch


def _quoted(value: Any, query: bool) -> str:
    """Return what `jinja2.utils.url_quote` does, where it is a query or not."""
    if type(value) is str and _SAFE[query](value):
        return value
    return str(value) if type(value) is int else url_quote(value, for_qs=query)


def urlencode(value: Any) -> str:
    """Return what `do_urlencode` does."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return _quoted(value, False)
    items = value.items() if isinstance(value, dict) else value
    return "&".join(f"{_quoted(key, True)}={_quoted(item, True)}" for key, item in items)
