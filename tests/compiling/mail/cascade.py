"""The cascade: which declarations win on each element, by the rules of CSS and not by those of an inliner.

Enters: HTML with sheets and styles. Leaves: its elements in order, each with the values that it gets. What hangs on a
width, a scheme or a pointer is left out, as it is in what was inlined.
"""

import cssselect2
import html5lib
import tinycss2

_SHORTHANDS = ("border", "margin", "padding")

Values = dict[str, str]


def cascaded(html: str) -> list[tuple[str, Values]]:
    """Return the elements of a text with what is declared for them and not overridden."""
    root = cssselect2.ElementWrapper.from_html_root(html5lib.parse(html))
    elements = list(root.iter_subtree())
    matcher = cssselect2.Matcher()
    for element in elements:
        if element.local_name == "style":
            for rule in tinycss2.parse_stylesheet(element.etree_element.text or ""):
                if rule.type == "qualified-rule":
                    _add(matcher, rule)
    return [
        (element.local_name, _winning(element, matcher))
        for element in elements
        if element.local_name not in {"head", "style", "title", "html"}
    ]


def _add(matcher: cssselect2.Matcher, rule: tinycss2.ast.QualifiedRule) -> None:
    declared = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    try:
        selectors = cssselect2.compile_selector_list(rule.prelude)
    except cssselect2.SelectorError:
        return
    for selector in selectors:
        if not selector.pseudo_element and not selector.never_matches:
            matcher.add_selector(selector, declared)


def _winning(element: cssselect2.ElementWrapper, matcher: cssselect2.Matcher) -> Values:
    declared = [each for *_, rule in matcher.match(element) for each in rule]
    own = element.etree_element.get("style", "")
    declared += tinycss2.parse_blocks_contents(own, skip_comments=True, skip_whitespace=True)
    found: Values = {}
    for important in (False, True):
        for each in declared:
            if each.type == "declaration" and bool(each.important) is important:
                if each.name in _SHORTHANDS:
                    for name in [name for name in found if name.startswith(f"{each.name}-")]:
                        del found[name]
                found[each.name] = tinycss2.serialize(each.value).strip()
    return found
