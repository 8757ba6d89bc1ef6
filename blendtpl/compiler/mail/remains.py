"""Remains: what stays in a `<style>` when rules have gone onto elements.

Enters: a sheet as it stands in its source, and what of it is no longer needed. Leaves: the edit of the source.
"""

import re
from collections.abc import Mapping, Sequence, Set

import jinja2

from blendtpl.compiler.mail.edits import Edit
from blendtpl.compiler.mail.flat import FIRST, LAST
from blendtpl.compiler.mail.marked import Marked
from blendtpl.compiler.mail.rewriting import delimiters_of, runs_of
from blendtpl.compiler.mail.scanning import HOLE
from blendtpl.compiler.mail.sheets import Rule, holes

_HOLES = re.compile(f"{FIRST}(\\d+){LAST}")
_COMMENTS = re.compile(r"/\*.*?\*/|<!--|-->|\s", re.DOTALL)


def sheet_edit(
    source: Marked,
    number: int,
    raw: str,
    rules: Sequence[Rule],
    kept: Set[int],
    inlined: Mapping[int, Set[int]],
    environment: jinja2.Environment,
) -> Edit | None:
    """Return the edit that leaves of a sheet what is needed, or `None` where it cannot be told from its source.

    `raw` is its text with all holes numbered, `kept` are the rules that stay as they are, and of the others those
    selectors are left out that are `inlined`.
    """
    element = source.elements[number]
    start, end = element.content
    runs, numbers = runs_of(source, start, end), list(holes(raw))
    text = "".join(
        _without(rule, inlined.get(index, set()) if index not in kept else set()) for index, rule in enumerate(rules)
    )
    spans = dict(zip(numbers, runs, strict=False)) if len(runs) == len(numbers) else {}
    needed = set(holes(text))
    if not needed <= spans.keys() or any(sign in text for sign in delimiters_of(environment)):
        return None
    if not _COMMENTS.sub("", text):
        closed = re.compile(r"</style[^>]*>", re.IGNORECASE).match(source.text, end)
        if closed and HOLE not in source.masked[element.start : start]:
            start, end, text = element.start, closed.end(), ""
    lines = source.text.count("\n", start, end)
    parts = {number_of_hole: source.text[slice(*spans[number_of_hole])] for number_of_hole in needed}
    filled = _filled(text, parts)
    if filled.count("\n") > lines:
        filled = _filled(text.replace("\n", " "), parts)
    missing = lines - filled.count("\n")
    if missing < 0:
        return None
    behind = f"{environment.comment_start_string}{chr(10) * missing}{environment.comment_end_string}" if missing else ""
    return Edit(start, end, filled + behind)


def _filled(text: str, parts: Mapping[int, str]) -> str:
    return _HOLES.sub(lambda match: parts[int(match[1])], text)


def _without(rule: Rule, inlined: Set[int]) -> str:
    if not inlined or not rule.selectors:
        return rule.text
    remaining = [selector.text for number, selector in enumerate(rule.selectors) if number not in inlined]
    if not remaining:
        return ""
    blank = rule.text[: len(rule.text) - len(rule.text.lstrip())]
    return f"{blank}{', '.join(remaining)}{rule.block}"
