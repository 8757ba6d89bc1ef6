"""Cascade: which declarations apply to an element, of its attributes, the style sheets and its `style`.

Enters: a document. Leaves: for an element its properties, or `None` where a variable or a selector that is not
understood may change them. Queries and what is for a state, such as `:hover`, are passed over.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from blendtpl.compiler.mail.lint.css import Declaration, Reader, Rule, has_hole
from blendtpl.compiler.mail.lint.document import Document, Element
from blendtpl.compiler.mail.lint.values import HOLES

_COMPOUND = re.compile(r"(?P<tag>\*|[a-zA-Z][\w-]*)?(?P<names>(?:[.#][\w-]+)*)")
_STATE = re.compile(
    r":(?:hover|active|focus[\w-]*|visited|target|:?before|:?after|:?placeholder|:?first-l\w+|:?selection)\b"
)
_FOR_OTHERS = re.compile(r"\[data-og|#outlook|\.ExternalClass|\bu\s*\+|#MessageView|\.moz-text|x-apple|\.dark")
_LOOKS = {
    *("background", "background-color", "background-image", "color", "display", "filter", "font", "font-size"),
    *("font-weight", "height", "line-height", "max-height", "mix-blend-mode", "mso-hide", "opacity", "visibility"),
}


@dataclass(frozen=True, slots=True)
class _Selector:
    """Compound selectors, the innermost last; `child` says of each but the first whether it is right below."""

    compounds: tuple[tuple[str, frozenset[str], frozenset[str]], ...]
    child: tuple[bool, ...]

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much it weighs."""
        ids = sum(len(compound[2]) for compound in self.compounds)
        classes = sum(len(compound[1]) for compound in self.compounds)
        return ids, classes, sum(compound[0] not in ("", "*") for compound in self.compounds)


class Styles:
    """The style sheets of a document."""

    def __init__(self, document: Document, css: Reader) -> None:
        self._rules: list[tuple[_Selector, Rule]] = []
        self._css = css
        self._certain = not any("stylesheet" in link.attributes.get("rel", "") for link in document.root.all("link"))
        for element in document.root.all("style"):
            for child in element.children:
                if not isinstance(child, Element):
                    self._read(child.data)

    def _read(self, text: str) -> None:
        rules, _ = self._css.sheet(text)
        for rule in rules:
            names = {declaration.name for declaration in rule.declarations}
            if rule.media or names.isdisjoint(_LOOKS) or _FOR_OTHERS.search(rule.selector):
                continue
            for text_of_one in rule.selector.split(","):
                if _STATE.search(text_of_one):
                    continue
                selector = _selector(text_of_one.strip())
                if selector is None:
                    self._certain = False
                else:
                    self._rules.append((selector, rule))
        outside = re.sub(r"\{[^{}]*\}", "", text)
        self._certain = self._certain and not (has_hole(outside) and any(hole in outside for hole in HOLES))

    def of(self, element: Element) -> dict[str, str] | None:
        """Return the properties of an element."""
        style, names = element.attributes.get("style", ""), element.attributes.get("class", "")
        own = self._css.declarations(style)
        if not self._certain or not element.is_certain or _loose_holes(style, own):
            return None
        if has_hole(names) and any("." in rule.selector for _, rule in self._rules):
            return None
        applied = [(selector.weight, at, rule.declarations) for at, (selector, rule) in enumerate(self._rules)
                   if _matches(element, selector)]  # fmt: skip
        properties: dict[str, str] = dict(_presentational(element))
        ordered = [block for _, _, block in sorted(applied, key=lambda entry: entry[:2])]
        for important in (False, True):
            for block in (*ordered, own):
                for declaration in block:
                    if declaration.important == important:
                        _put(properties, declaration)
        return properties


def _put(properties: dict[str, str], declaration: Declaration) -> None:
    text = declaration.text.lower()
    if declaration.name == "background":
        properties.pop("background-color", None)
        properties.pop("background-image", None)
        if "url(" in text or "gradient" in text:
            properties["background-image"] = text
            return
    if declaration.name == "font":
        properties["font-size"] = "var"  # it is in there
    properties[declaration.name] = text


def _loose_holes(style: str, own: Sequence[Declaration]) -> bool:
    """Return whether a variable in a `style` may be more than a value."""
    inside = sum(
        declaration.text.count(hole) for declaration in own if not has_hole(declaration.name) for hole in HOLES
    )
    return sum(style.count(hole) for hole in HOLES) != inside


def _presentational(element: Element) -> Iterator[tuple[str, str]]:
    attributes = element.attributes
    if attributes.get("bgcolor"):
        yield "background-color", attributes["bgcolor"].lower()
    if attributes.get("background"):
        yield "background-image", "url()"
    if element.tag == "font" and attributes.get("color"):
        yield "color", attributes["color"].lower()
    if element.tag == "body" and attributes.get("text"):
        yield "color", attributes["text"].lower()


def _selector(text: str) -> _Selector | None:
    compounds, child, direct = [], [], False
    for part in re.sub(r"\s*>\s*", " > ", text).split():
        if part == ">":
            direct = True
            continue
        match = _COMPOUND.fullmatch(part)
        if match is None:
            return None
        words = re.findall(r"[.#][\w-]+", match["names"])
        classes = frozenset(word[1:] for word in words if word[0] == ".")
        ids = frozenset(word[1:] for word in words if word[0] == "#")
        compounds.append(((match["tag"] or "").lower(), classes, ids))
        child.append(direct)
        direct = False
    return _Selector(tuple(compounds), tuple(child)) if compounds else None


def _matches(element: Element, selector: _Selector) -> bool:
    return _is(element, selector.compounds[-1]) and _under(element, selector, len(selector.compounds) - 1)


def _under(element: Element, selector: _Selector, at: int) -> bool:
    """Return whether what is around an element is what the selector wants of it from `at` on outwards."""
    if at == 0:
        return True
    for above in element.above():
        if _is(above, selector.compounds[at - 1]) and _under(above, selector, at - 1):
            return True
        if selector.child[at]:
            return False
    return False


def _is(element: Element, compound: tuple[str, frozenset[str], frozenset[str]]) -> bool:
    tag, classes, ids = compound
    return (
        tag in ("", "*", element.tag)
        and classes <= set(element.attributes.get("class", "").split())
        and ids <= {element.attributes.get("id", "")}
        and element.tag != ""
    )
