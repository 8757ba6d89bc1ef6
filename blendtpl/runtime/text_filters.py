"""Text filters: those of Jinja2's own filters that make a text of a text, or of a dict, in less time.

Enters: what Jinja2's filter of that name takes. Leaves: what that returns, or raises. Each looks at what is common, and
leaves all other values to Jinja2's function. Only `blendtpl.runtime.filters` gives them to anybody.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import Undefined, filters, nodes
from jinja2.utils import url_quote
from markupsafe import Markup

from blendtpl.runtime.output import escape_any, escape_str

_TEXTS = frozenset((str,))
_MARKED = frozenset((str, Markup))


def format(value: Any, *args: Any, **kwargs: Any) -> str:
    """Return what `do_format` does; a text with `%` of a dict is left to it, as is one of a class of its own."""
    if type(value) is str and not kwargs:
        return value % args
    return filters.do_format(value, *args, **kwargs)


def wordwrap(
    environment: jinja2.Environment,
    s: str,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> str:
    """Return what `do_wordwrap` does, line by line: `textwrap` is asked for those that it has rules for."""
    if type(s) is not str or type(width) is not int or width < 1:
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


# a word that `jinja2.utils.urlize` may make a link of: an address of any kind has one of these in it
_MAY_LINK = re.compile(r"(?<!\S)[^\s@:.]*[@:.]\S*")
_OPTIONS = frozenset((str, type(None)))


def urlize(
    eval_ctx: nodes.EvalContext,
    value: str,
    trim_url_limit: int | None = None,
    nofollow: bool = False,
    target: str | None = None,
    rel: str | None = None,
    extra_schemes: Iterable[str] | None = None,
) -> str:
    """Return what `do_urlize` does, which is asked for words that may be addresses, and not for the others."""
    options = trim_url_limit, nofollow, target, rel, extra_schemes
    policies = eval_ctx.environment.policies
    if (
        type(value) not in _MARKED
        or extra_schemes is not None
        or policies["urlize.extra_schemes"]
        or type(nofollow) is not bool
        or not _OPTIONS.issuperset(map(type, (target, rel, policies["urlize.rel"])))
    ):
        return filters.do_urlize(eval_ctx, value, *options)

    def linked(match: re.Match[str]) -> str:
        word = match[0]
        if "@" in word or ":" in word or "." in word.rstrip(").,>"):  # of the others, that ends a sentence
            return filters.do_urlize(eval_ctx, Markup(word), *options)  # noqa: S704  # escaped already
        return word

    linked_text = _MAY_LINK.sub(linked, str(value) if type(value) is Markup else escape_str(value))
    return Markup(linked_text) if eval_ctx.autoescape else linked_text  # noqa: S704  # so is what Jinja2 returns
