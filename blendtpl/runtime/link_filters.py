"""Link filters: `urlize`, which makes links of the addresses in a text.

Enters: what Jinja2's filter of that name takes. Leaves: what that returns, or raises. Jinja2 takes every word of a text
apart; here that is done with those alone that may be an address, for arguments of the usual types. What an address is
like is known to the patterns of `jinja2.utils`, which are used here too.
"""

import re
from collections.abc import Iterable

from jinja2 import filters, nodes, utils
from markupsafe import Markup

from blendtpl.runtime.output import escape_str

# a word that may be an address: one of any kind has one of these in it
_MAY_LINK = re.compile(r"(?<!\S)[^\s@:.]*[@:.]\S*")
_IS_URL, _IS_MAIL = utils._http_re.match, utils._email_re.match
_MARKED = frozenset((str, Markup))
_WORDS = frozenset((str, type(None)))
_LIMITS = frozenset((int, type(None)))
_POLICIES, _UNKNOWN = ("urlize.rel", "urlize.target", "urlize.extra_schemes"), (0, 0, 0)
_OPENING, _CLOSING = ("(", "<", "&lt;"), (")", ">", "&gt;")


def urlize(
    eval_ctx: nodes.EvalContext,
    value: str,
    trim_url_limit: int | None = None,
    nofollow: bool = False,
    target: str | None = None,
    rel: str | None = None,
    extra_schemes: Iterable[str] | None = None,
) -> str:
    """Return what `do_urlize` does."""
    policies = eval_ctx.environment.policies
    usual_rel, usual_target, schemes = map(policies.get, _POLICIES, _UNKNOWN)
    if (
        type(value) not in _MARKED
        or extra_schemes is not None
        or schemes is not None
        or type(nofollow) is not bool
        or type(trim_url_limit) not in _LIMITS
        or not _WORDS.issuperset(map(type, (target, rel, usual_rel, usual_target)))
    ):
        return filters.do_urlize(eval_ctx, value, trim_url_limit, nofollow, target, rel, extra_schemes)

    attributes: str | None = None  # until there is a link

    def linked(match: re.Match[str]) -> str:
        nonlocal attributes
        word = match[0]
        if "@" not in word and ":" not in word and "." not in word.rstrip(").,>"):
            return word  # which ends a sentence
        if attributes is None:
            attributes = _attributes(rel, usual_rel, nofollow, usual_target if target is None else target)
        return _linked(word, attributes, trim_url_limit)

    text = _MAY_LINK.sub(linked, str.__str__(value) if type(value) is Markup else escape_str(value))
    return str.__new__(Markup, text) if eval_ctx.autoescape else text


def _attributes(rel: str | None, more: str | None, nofollow: bool, target: str | None) -> str:
    """Return the attributes that all links have."""
    words = {*(rel or "").split(), *(more or "").split()}
    if nofollow:
        words.add("nofollow")
    relation = f' rel="{escape_str(" ".join(sorted(words)))}"' if words else ""
    return f'{relation} target="{escape_str(target)}"' if target else relation


def _linked(word: str, attributes: str, limit: int | None) -> str:
    """Return a word in which an address is a link, if there is one between what opens and closes."""
    begin, end = 0, len(word)
    while word.startswith(_OPENING, begin):
        begin += 4 if word[begin] == "&" else 1
    while end > begin:
        if word[end - 1] in ").,>":
            end -= 1
        elif word.endswith("&gt;", begin, end):
            end -= 4
        else:
            break
    address, behind = word[begin:end], word[end:]
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        opened = address.count(opening)
        if opened and opened > address.count(closing):  # what is opened within an address is closed there
            for _ in range(min(opened, behind.count(closing))):
                cut = behind.index(closing) + len(closing)
                address, behind = address + behind[:cut], behind[cut:]
    link = _link(address, attributes, limit)
    return word if link is None else f"{word[:begin]}{link}{behind}"


def _link(address: str, attributes: str, limit: int | None) -> str | None:
    """Return a link to an address, if it is one."""
    if _IS_URL(address):
        shown = address if limit is None or len(address) <= limit else f"{address[:limit]}..."
        scheme = "" if address.startswith(("https://", "http://")) else "https://"
        return f'<a href="{scheme}{address}"{attributes}>{shown}</a>'
    if address.startswith("mailto:"):
        mail = address[7:]
        return f'<a href="{address}">{mail}</a>' if _IS_MAIL(mail) else None
    if "@" not in address or ":" in address or address.startswith(("www.", "@")) or not _IS_MAIL(address):
        return None
    return f'<a href="mailto:{address}">{address}</a>'
