"""Reduce: from a case that fails to a smaller one that fails in the same way."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.fuzz.cases import Case, differences

_PIECES = re.compile(r"(\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\})", re.DOTALL)
_INNERMOST = re.compile(r"\(([^()]*)\)")

Failure = tuple[str, str, str]


def failure(case: Case) -> Failure | None:
    """Return the kind of the first difference."""
    found = differences(case)
    if not found:
        return None
    return (found[0].side.partition(",")[0], found[0].expected[0], found[0].found[0])


def reduce(case: Case, seconds: float) -> Case:
    """Return the smallest case that this can find in so many seconds."""
    wanted, end = failure(case), time.monotonic() + seconds
    shrunk = True
    while shrunk:
        shrunk = False
        for smaller in _smaller(case):
            if time.monotonic() > end:
                return case
            if failure(smaller) == wanted:
                case, shrunk = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    if len(case.contexts) > 1:
        for context in case.contexts:
            yield replace(case, contexts=(context,))
    for name in case.templates:
        if name != "main.html":
            yield replace(case, templates=_without(case.templates, name))
    for name, text in case.templates.items():
        for shorter in _shorter(text):
            yield replace(case, templates={**case.templates, name: shorter})
    for index, context in enumerate(case.contexts):
        for name in context:
            contexts = (*case.contexts[:index], _without(context, name), *case.contexts[index + 1 :])
            yield replace(case, contexts=contexts)
    options = case.options
    for plainer in (
        replace(options, finalize=""),
        replace(options, context=""),
        replace(options, base="plain"),
        replace(options, trim=False),
        replace(options, newstyle=True),
    ):
        if plainer != options:
            yield replace(case, options=plainer)


def _without(mapping: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in mapping.items() if key != name}


def _shorter(text: str) -> Iterator[str]:
    pieces = [piece for piece in _PIECES.split(text) if piece]
    size = len(pieces)
    while size:
        for start in range(0, len(pieces) - size + 1, max(size // 2, 1)):
            yield "".join((*pieces[:start], *pieces[start + size :]))
        size = size // 2 if size > 8 else size - 1
    for start in range(len(pieces)):  # a tag and its end, with what is between them left
        for end in range(start + 1, min(start + 9, len(pieces))):
            if pieces[start].startswith("{%") and pieces[end].startswith("{%"):
                yield "".join((*pieces[:start], *pieces[start + 1 : end], *pieces[end + 1 :]))
    for found in _INNERMOST.finditer(text):
        for other in ("1", "x", found[1]):
            yield text[: found.start()] + other + text[found.end() :]
