"""Rewriting: styles are written into start tags, and what stays is left of sheets.

Enters: marked sources, what is to be written and what is kept. Leaves: sources of as many lines as before. Which style
an element gets beside the one that it has is the work of `css-inline`.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import css_inline
import jinja2
from jinja2 import nodes

from blendtpl.compiler.mail.choices import Assumed, Choices, branched
from blendtpl.compiler.mail.edits import Edit
from blendtpl.compiler.mail.flat import FIRST, LAST, Hole
from blendtpl.compiler.mail.marked import Marked
from blendtpl.compiler.mail.scanning import HOLE, Attribute, Element
from blendtpl.compiler.mail.sheets import touches
from blendtpl.compiler.mail.tree import nodes_of

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)
_KEY, _PLACE = "blendtpl-key", "blendtplhole"
_HOLES = re.compile(f"{FIRST}(\\d+){LAST}")
_PLACES = re.compile(f"{_PLACE}(\\d+)x")

Declared = tuple[str, str, bool, tuple[int, int, int]]  # name, value, whether it is important, specificity
Branch = tuple[tuple[tuple[str, bool], ...], tuple[Declared, ...]]  # what is declared where which conditions hold


@dataclass(frozen=True, slots=True)
class StyledElement:
    """A start tag, and the declarations that go onto it, as they stand in the sheets. `own` is the style that it has,
    in which holes have numbers that do not always print the same; in `raw` all of them have. Both are empty where it
    has none. `branches` are one for each way in which the `tag` is printed.
    """

    source: Marked
    element: Element
    own: str
    raw: str
    branches: tuple[Branch, ...]
    tag: tuple[Choices, ...]
    holes: Sequence[Hole]


def edits(elements: Sequence[StyledElement], environment: jinja2.Environment) -> list[Edit | None]:
    """Return the edit that gives each element its style; `None` where it cannot be given one."""
    plans = [_plan(element) for element in elements]
    pairs = [
        (own, declared) for (own, _), element in zip(plans, elements, strict=True) for _, declared in element.branches
    ]
    styles = iter(zip(_styled(pairs), _styled([("", branch) for _, branch in pairs]), strict=True))
    results: list[Edit | None] = []
    for element, (own, runs) in zip(elements, plans, strict=True):
        branches = {frozenset(assumed): next(styles) for assumed, _ in element.branches}
        results.append(_edit(element, own, runs, branches, environment))
    return results


def delimiters_of(environment: jinja2.Environment) -> tuple[str, ...]:
    """Return what begins a tag of Jinja2."""
    starts = (
        environment.block_start_string,
        environment.variable_start_string,
        environment.comment_start_string,
        environment.line_statement_prefix,
        environment.line_comment_prefix,
    )
    return tuple(start for start in starts if start)


def runs_of(source: Marked, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of what Jinja2 prints between two offsets; neighbours are one."""
    return [(start + match.start(), start + match.end()) for match in re.finditer(f"{HOLE}+", source.masked[start:end])]


def _value(source: Marked, attribute: Attribute) -> tuple[int, int, str]:
    """Return where a value is without its quotes, and the quote."""
    text = source.text[attribute.value : attribute.end]
    if len(text) > 1 and text[0] in {'"', "'"} and text[-1] == text[0]:
        return attribute.value + 1, attribute.end - 1, text[0]
    return attribute.value, attribute.end, ""


def _plan(styled: StyledElement) -> tuple[str | None, list[str]]:
    """Return an element's own style with names for its holes, and what these stand for; no style where a hole may print
    more than a value, or is not told from others.
    """
    numbers = [int(match[1]) for match in _HOLES.finditer(styled.own)]
    if not numbers:
        return styled.own, []
    attribute = styled.element.attribute("style")
    if attribute is None:
        return None, []
    start, end, _ = _value(styled.source, attribute)
    runs = runs_of(styled.source, start, end)
    every = [int(match[1]) for match in _HOLES.finditer(styled.raw)]
    if len(runs) != len(every) or any(not isinstance(styled.holes[number].node, nodes.Expr) for number in numbers):
        return None, []
    spans = dict(zip(every, runs, strict=True))
    texts = [styled.source.text[slice(*spans[number])] for number in numbers]
    counted = iter(range(len(texts)))
    named = _HOLES.sub(lambda match: f"{_PLACE}{next(counted)}x", styled.own)
    for declaration in _declarations(named):
        name, colon, _ = declaration.partition(":")
        if _PLACE in declaration and (not colon or _PLACE in name):
            return None, []
    return named, texts


def _declarations(style: str) -> Iterator[str]:
    depth, quote, start = 0, "", 0
    for at, sign in enumerate(style):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == ";" and depth <= 0:
            yield style[start:at]
            start = at + 1
    yield style[start:]


def _styled(pairs: Sequence[tuple[str | None, tuple[Declared, ...]]]) -> list[str | None]:
    """Return the styles that elements get which have one each and are to be given declarations."""
    unique = dict.fromkeys(pair for pair in pairs if pair[0] is not None)
    styles: dict[tuple[str | None, tuple[Declared, ...]], str | None] = {}
    distinct = list(unique)
    try:
        styles = dict(zip(distinct, _inlined(distinct), strict=True))
    except css_inline.InlineError:
        for pair in distinct:
            try:
                styles[pair] = _inlined([pair])[0]
            except css_inline.InlineError:
                styles[pair] = None
    return [styles.get(pair) for pair in pairs]


def _inlined(pairs: Sequence[tuple[str | None, tuple[Declared, ...]]]) -> list[str | None]:
    sheet, body = [], []
    for number, (own, declared) in enumerate(pairs):
        ranks = sorted({specificity for *_, specificity in declared})
        for name, value, important, specificity in declared:
            selector = f'[{_KEY}="{number}"]' * (ranks.index(specificity) + 1)
            sheet.append(f"{selector}{{{name}:{value}{' !important' if important else ''}}}")
        style = f' style="{html.escape(own)}"' if own else ""
        body.append(f'<p {_KEY}="{number}"{style}></p>')
    page = f"<html><head><style>{''.join(sheet)}</style></head><body>{''.join(body)}</body></html>"
    styles = {node.attributes.get(_KEY): node.attributes.get("style") for node in nodes_of(_INLINER.inline(page), "")}
    return [_in_order(styles.get(str(number)), own or "", declared) for number, (own, declared) in enumerate(pairs)]


def _in_order(style: str | None, own: str, declared: tuple[Declared, ...]) -> str | None:
    """Return a style whose declarations stand as the cascade has them where that matters: the inliner leaves one where
    it stood first, also if another sets it anew, and what came between would win then.
    """
    if not style:
        return style
    stated = [
        (name.lower(), important) for name, _, important, _ in sorted(declared, key=lambda declaration: declaration[3])
    ]
    ranks = {key: rank for rank, key in enumerate([*stated, *map(_kind, _declarations(own))])}
    written = [declaration for declaration in _declarations(style) if declaration.strip()]
    kinds = [_kind(declaration) for declaration in written]
    values = [declaration.partition(":")[2].strip() for declaration in written]
    for at, first in enumerate(kinds):
        for behind, then in enumerate(kinds[at + 1 :], at + 1):
            touching = first[1] is then[1] and touches(first[0], then[0])
            if touching and values[at] != values[behind] and ranks.get(first, -1) > ranks.get(then, len(ranks)):
                return ";".join(sorted(written, key=lambda declaration: ranks.get(_kind(declaration), -1))) + ";"
    return style


def _kind(declaration: str) -> tuple[str, bool]:
    """Return the name of a declaration, and whether it is important."""
    name, _, value = declaration.partition(":")
    return name.strip().lower(), value.replace(" ", "").lower().endswith("!important")


def _edit(
    styled: StyledElement,
    own: str | None,
    texts: list[str],
    branches: Mapping[frozenset[tuple[str, bool]], tuple[str | None, str | None]],
    environment: jinja2.Environment,
) -> Edit | None:
    """Return the edit that gives an element a style, which is told by branch, with what it has itself and alone."""
    attribute, source = styled.element.attribute("style"), styled.source
    for style, alone in branches.values():
        if any(sign in (style or "") + (alone or "") for sign in delimiters_of(environment)):
            return None
    if any(
        alone is None for (_, alone), (_, declared) in zip(branches.values(), styled.branches, strict=True) if declared
    ):
        return None

    def choose(make: Callable[[str, str], str]) -> str:
        def text(assumed: Assumed) -> str:
            style, alone = branches[frozenset(assumed.items())]
            return make(style or "", alone or "")

        return branched(styled.tag, text, (environment.block_start_string, environment.block_end_string))

    if attribute is None:
        if HOLE in styled.element.name:
            return None
        added = choose(lambda _, alone: f' style="{_quoted(alone)}"' if alone else "")
        return Edit(styled.element.named, styled.element.named, added)
    start, end, quote = _value(source, attribute)
    if own is not None and all(style is not None for style, _ in branches.values()):
        text = choose(lambda style, _: _PLACES.sub(lambda match: texts[int(match[1])], _quoted(style)))
        lines = source.text.count("\n", attribute.value, attribute.end) - text.count("\n")
        return Edit(attribute.value, attribute.end, f'"{text}"' + "\n" * lines) if lines >= 0 else None
    quote = quote or '"'
    first = choose(
        lambda _, alone: "".join(
            f"{_quoted(declaration, quote)};" for declaration in _of_weight(alone, important=False)
        )
    )
    last = choose(
        lambda _, alone: "".join(f";{_quoted(declaration, quote)}" for declaration in _of_weight(alone, important=True))
    )
    return Edit(attribute.value, attribute.end, f"{quote}{first}{source.text[start:end]}{last}{quote}")


def _of_weight(style: str, *, important: bool) -> Iterator[str]:
    """Yield the declarations of a style that are important, or those that are not."""
    for declaration in _declarations(style):
        if declaration.strip() and declaration.rstrip().endswith("!important") is important:
            yield declaration


def _quoted(text: str, quote: str = '"') -> str:
    return text.replace("&", "&amp;").replace(quote, "&quot;" if quote == '"' else "&#39;")
