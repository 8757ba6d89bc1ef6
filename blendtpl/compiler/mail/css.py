"""CSS: the rules of a message's sheets go onto its elements in the build.

Enters: all sources, and which of them are HTML of messages. Leaves: the sources that change, with as many lines as they
had, and notes on what stays in a `<style>`, and why.

A rule goes onto an element where it is certain, in each place where the element may stand, that it matches. What is not
certain stays in the sheet, and with it whatever it would have to win over. How the declarations are written is the work
of `css-inline`, so that an element gets the style that inlining the rendered HTML would give it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import jinja2

from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.mail.choices import Assumed, Choices, ways
from blendtpl.compiler.mail.edits import Edit, applied
from blendtpl.compiler.mail.flat import FIRST, FROZEN, Unreadable
from blendtpl.compiler.mail.flatten import Flattener
from blendtpl.compiler.mail.marked import Marked
from blendtpl.compiler.mail.marks import Marks, shared_with_others
from blendtpl.compiler.mail.messages import NUMBERED, Message, Sheet, read_message
from blendtpl.compiler.mail.remains import sheet_edit
from blendtpl.compiler.mail.rewriting import Branch, Declared, StyledElement, edits
from blendtpl.compiler.mail.selectors import MAYBE, NO, YES, key, matches, words
from blendtpl.compiler.mail.sheets import Rule, Selector, family
from blendtpl.compiler.mail.tree import Node

Where = tuple[str, int]  # a sheet's mark, and the number of a rule in it


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """What stays in a `<style>`, and why."""

    template: str
    line: int
    text: str


@dataclass(slots=True)
class Result:
    """What is found out about all messages: which rules have to stay, with the reasons, the edits of start
    tags, and which selectors match any element.
    """

    kept: dict[Where, Note] = field(default_factory=dict)
    edits: dict[str, list[Edit]] = field(default_factory=lambda: defaultdict(list))
    inlined: dict[Where, set[int]] = field(default_factory=lambda: defaultdict(set))


def inline(
    sources: Mapping[str, Source], messages: Iterable[str], environment: jinja2.Environment
) -> tuple[dict[str, Source], list[Note]]:
    """Return the sources that change, and the notes."""
    marked = Marks(sources, environment)
    flattener = Flattener(marked, environment, {name: source.text for name, source in sources.items()})
    readable, notes, others = [], [], []
    parsed: dict[str, tuple[Rule, ...] | None] = {}
    for name in sorted(messages):
        if name not in marked:  # what is wrong with it is told when it is parsed
            continue
        try:
            readable.append(read_message(name, flattener.flat(name), parsed))
        except Unreadable as error:
            notes.append(Note(error.template, error.line, f"no CSS of `{name}` is inlined: {error.why}"))
            others.append(name)
    reached = {name for message in readable for name in message.flat.reached}
    shared = shared_with_others(sources, marked, reached, others)
    result = Result()
    for message in readable:
        _keep_for_markup(message, result)
    _decide(readable, marked, shared, result)
    notes += _sheets(readable, marked, shared, result, environment)
    changed = {}
    for name, edits_of_source in result.edits.items():
        text = applied(marked[name].text, edits_of_source)
        changed[name] = replace(sources[name], text=text, digest=hashlib.sha256(text.encode()).hexdigest())
    return changed, sorted({*notes, *result.kept.values()})


def _sheets(
    messages: list[Message], marked: Marks, shared: Mapping[str, str], result: Result, environment: jinja2.Environment
) -> list[Note]:
    """Add the edits of the sheets; return a note for each that has to stay as it is."""
    notes = []
    every: dict[str, list[Sheet]] = defaultdict(list)
    for message in messages:
        for sheet in message.sheets:
            every[sheet.mark].append(sheet)
    for own, sheets in every.items():
        if not own:
            continue
        source, number = marked.owner(own)
        first, why = sheets[0], ""
        kept = {index for mark, index in result.kept if mark == own}
        inlined = {index: selectors for (mark, index), selectors in result.inlined.items() if mark == own}
        if first.rules is None or not (inlined.keys() - kept):
            continue
        if source.name in shared:
            why = f"`{shared[source.name]}` renders this sheet as well"
        elif any(sheet.text != first.text for sheet in sheets):
            why = "it is another sheet in another message"
        edit = None if why else sheet_edit(source, number, first.raw, first.rules, kept, inlined, environment)
        if edit is None:
            line = source.line(source.elements[number].start)
            notes.append(Note(source.name, line, f"the sheet stays whole: {why or 'it is mixed with tags of Jinja2'}"))
            continue
        within = [other for other in result.edits[source.name] if not edit.start <= other.start < edit.end]
        result.edits[source.name] = [*within, edit]
    return notes


def _keep_for_markup(message: Message, result: Result) -> None:
    """Keep all rules of a message in which markup is printed of which nothing is known."""
    for template, line in message.flat.markup[:1]:
        for sheet in message.sheets:
            for index, rule in enumerate(sheet.rules or ()):
                if rule.selectors:
                    _keep(result, sheet, index, Note(template, line, "what is printed here may hold elements"))


def _keep(result: Result, sheet: Sheet, index: int, note: Note) -> None:
    result.kept.setdefault((sheet.mark, index), note)


@dataclass(frozen=True, slots=True)
class _Match:
    """A rule that matches an element: how certainly, and where it stands in the cascade."""

    sheet: Sheet
    index: int
    rule: Rule
    certainty: int
    precedence: tuple[tuple[int, int, int], int, int]
    selectors: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """What a message says of an element: the rules that match it, what is to be written in each way in which its tag is
    printed, which conditions these depend on, and the style that it has.
    """

    message: Message
    matched: list[_Match]
    branches: tuple[Branch, ...]
    tag: tuple[Choices, ...]
    own: str
    raw: str


def _decide(messages: list[Message], marked: Marks, shared: Mapping[str, str], result: Result) -> None:
    """Find out what is written onto each element, and which rules have to stay for it."""
    by_mark: dict[str, list[_Occurrence]] = defaultdict(list)
    for message in messages:
        if any(sheet.rules is None for sheet in message.sheets):
            _keep_all(message, marked, result)
            continue
        for own, places in message.places.items():
            tag, assumptions = _ways(message, places)
            every = [(assumed, _matched(message, places, assumed)) for assumed in assumptions]
            if matched := [match for _, matched in every for match in matched]:
                branches = tuple(
                    (tuple(assumed.items()), _declared(message, matching, own, marked, result))
                    for assumed, matching in every
                )
                by_mark[own].append(_Occurrence(message, matched, branches, tag, *_style_of(message, places)))
        for node in message.unmarked:
            note = Note(message.name, 1, f"a `{node.name}` that has no start tag in a template cannot be given a style")
            for match in _matched(message, [node], {}):
                _keep(result, match.sheet, match.index, note)
    restyled: dict[str, StyledElement] = {}
    for own, occurrences in by_mark.items():
        source, number = marked.owner(own)
        first = occurrences[0]
        if why := _unwritable(source, number, own, occurrences, shared):
            _keep_for_all(result, source, number, occurrences, why)
        elif any(declared for _, declared in first.branches):
            element, holes = source.elements[number], first.message.knowledge.holes
            restyled[own] = StyledElement(source, element, first.own, first.raw, first.branches, first.tag, holes)
        for occurrence in occurrences:
            for match in occurrence.matched:
                result.inlined[match.sheet.mark, match.index] |= match.selectors
    environment = marked.environment
    for own, edit in zip(restyled, edits(list(restyled.values()), environment), strict=True):
        source, number = marked.owner(own)
        if edit is None:
            _keep_for_all(result, source, number, by_mark[own], "its `style` cannot be read")
        else:
            result.edits[source.name].append(edit)


def _keep_for_all(result: Result, source: Marked, number: int, occurrences: Iterable[_Occurrence], why: str) -> None:
    note = Note(source.name, source.line(source.elements[number].start), why)
    for occurrence in occurrences:
        for match in occurrence.matched:
            _keep(result, match.sheet, match.index, note)


def _style_of(message: Message, places: list[Node]) -> tuple[str, str]:
    """Return the style that an element has, without and with the holes that always print the same; `\\0` where it is
    not the same in all places.
    """
    raw = [node.attributes.get("style", "") for node in places]
    filled = {NUMBERED.sub(FIRST, message.knowledge.filled(style, unescape=True)) for style in raw}
    return (message.knowledge.filled(raw[0], unescape=True), raw[0]) if len(filled) == 1 else ("\0", "\0")


def _keep_all(message: Message, marked: Marks, result: Result) -> None:
    for sheet in message.sheets:
        source, number = marked.owner(sheet.mark) if sheet.mark else (None, 0)
        line = source.line(source.elements[number].start) if source else 1
        for index, rule in enumerate(sheet.rules or ()):
            if rule.selectors:
                note = Note(source.name if source else message.name, line, "another sheet is known in a render only")
                _keep(result, sheet, index, note)


def _ways(message: Message, places: list[Node]) -> tuple[tuple[Choices, ...], list[dict[str, bool]]]:
    """Return what an element's tag depends on, and the ways in which it is printed: one, if that matters to no rule."""
    tag = message.knowledge.tag(places[0])
    if not tag or any(message.knowledge.tag(node) != tag for node in places):
        return (), [{}]
    branches = ways(tag)
    if branches is None or all(match.certainty == YES for match in _matched(message, places, {})):
        return (), [{}]
    return tag, branches


def _matched(message: Message, places: list[Node], assumed: Assumed) -> list[_Match]:
    """Return the rules that match an element in any of its places, the least first, where these conditions hold."""
    matching = []
    for order, index in sorted(_candidates(message, places)):
        sheet = message.sheets[order]
        rule = (sheet.rules or ())[index]
        best = _best(message, rule, places, assumed, certain=sheet.certain)
        if best is not None:
            certainty, specificity, selectors = best
            matching.append(_Match(sheet, index, rule, certainty, (specificity, order, index), selectors))
    return sorted(matching, key=lambda match: match.precedence)


def _candidates(message: Message, places: list[Node]) -> set[tuple[int, int]]:
    """Return the rules that may match at all, as sheet and number."""
    if not message.index:
        for order, sheet in enumerate(message.sheets):
            for index, rule in enumerate(sheet.rules or ()):
                for selector in rule.selectors:
                    if selector.tree is not None:
                        message.index.setdefault(key(selector.tree), set()).add((order, index))
    candidates: set[tuple[int, int]] = set()
    for node in places:
        element_words = words(message.knowledge.facts_of(node))
        for word in message.index if element_words is None else element_words:
            candidates |= message.index.get(word, set())
    return candidates


def _best(
    message: Message, rule: Rule, places: list[Node], assumed: Assumed, *, certain: bool
) -> tuple[int, tuple[int, int, int], frozenset[int]] | None:
    sure: list[tuple[int, int, int]] = []
    maybe: list[tuple[int, int, int]] = []
    matching = set()
    for number, selector in enumerate(rule.selectors):
        if selector.tree is None:
            continue
        results = {_matches(message, selector, node, assumed) for node in places}
        if results == {NO}:
            continue
        matching.add(number)
        (sure if results == {YES} and rule.exact and certain else maybe).append(selector.specificity)
    if not matching:
        return None
    if sure and max(sure) >= max(maybe, default=(0, 0, 0)):
        return YES, max(sure), frozenset(matching)
    return MAYBE, max([*sure, *maybe]), frozenset(matching)


def _matches(message: Message, selector: Selector, node: Node, assumed: Assumed) -> int:
    if not assumed:
        return matches(selector.tree, node, message.knowledge.facts_of)
    own = message.knowledge.under(node, assumed)
    return matches(selector.tree, node, lambda other: own if other is node else message.knowledge.facts_of(other))


def _declared(message: Message, matched: list[_Match], own: str, marked: Marks, result: Result) -> tuple[Declared, ...]:
    """Return what is to be written onto an element; keep what cannot be, with what that would win over."""
    unsure = [match for match in matched if match.certainty == MAYBE]
    source, number = marked.owner(own)
    line = source.line(source.elements[number].start)
    for match in unsure:
        why = f"whether `{match.rule.selectors[min(match.selectors)].text}` matches is known in a render only"
        if not match.sheet.certain:
            why = "its sheet is not there in each render"
        elif not match.rule.exact:
            why = "its values are known in a render only"
        _keep(result, match.sheet, match.index, Note(source.name, line, why))
    declared: list[Declared] = []
    for match in sorted(matched, key=lambda match: match.precedence[1:]):  # as they stand in the sheets
        if match.certainty != YES:
            continue
        over = {
            (name, important)
            for other in unsure
            for name in other.rule.families
            for _, _, important in other.rule.declarations
            if other.precedence > match.precedence or any(declaration[2] for declaration in other.rule.declarations)
        }
        contested = {name for name, _ in over}
        for name, value, important in match.rule.declarations:
            if family(name) in contested or (contested and "all" in {family(name), *contested}):
                note = Note(source.name, line, "a rule that may win over it is known in a render only")
                _keep(result, match.sheet, match.index, note)
            else:
                declared.append((name, value, important, match.precedence[0]))
    return tuple(declared)


def _unwritable(
    source: Marked, number: int, own: str, occurrences: list[_Occurrence], shared: Mapping[str, str]
) -> str:
    """Return why an element cannot be given a style, empty where it can."""
    if source.name in shared:
        return f"`{shared[source.name]}` renders this template as well"
    if number in source.translated:
        return "it stands in a text that is translated"
    for message in (occurrence.message for occurrence in occurrences):
        for node in message.places[own]:
            facts = message.knowledge.facts_of(node)
            if facts.opaque or (("style" in facts.open or "style" in facts.values) and "style" not in node.attributes):
                return "what is printed in its tag may be a `style` of its own"
            above: Node | None = node
            while above is not None:
                if FROZEN in above.attributes:
                    return "it is printed by way of a filter"
                above = above.parent
    styles = {(occurrence.branches, occurrence.tag, NUMBERED.sub(FIRST, occurrence.own)) for occurrence in occurrences}
    if len(styles) > 1:
        return "messages with different sheets share it"
    return "its `style` is not the same wherever it is printed" if occurrences[0].own == "\0" else ""
