"""What inlining the rendered HTML gives, and what is compared of two texts.

`as_inlined` and `as_written` have the same form: what `css-inline` writes for its parser's tree, read as a list of tags
with sorted attributes, texts and comments. Left out are the texts of `<style>`, since rules which are gone from one may
be in the other. A `style` is a list of declarations, of which one that a later one of the same name overrides is left
out: `css-inline` does so too where it writes a style, but not where no rule matches an element.
"""

from html.parser import HTMLParser

import css_inline

_SHORTHANDS = ("border", "margin")

_INLINER = css_inline.CSSInliner(keep_style_tags=True, remove_inlined_selectors=True, load_remote_stylesheets=False)
_PARSER = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True)


def as_inlined(html: str) -> list[object]:
    """Return what inlining a text gives."""
    return _read(_INLINER.inline(html), by_family=False)


def as_written(html: str) -> list[object]:
    """Return a text as it is."""
    return _read(_PARSER.inline(html), by_family=False)


def effective(html: str) -> list[object]:
    """Return what inlining a text gives, with the declarations in an order in which only those that touch each other
    keep theirs: what is inlined in two goes is the same then, if the cascade is.
    """
    return _read(_INLINER.inline(html), by_family=True)


def declarations(style: str) -> list[tuple[str, str]]:
    """Return the declarations of a style."""
    found, current, quote, depth = [], "", "", 0
    for sign in style + ";":
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == ";" and depth == 0:
            name, _, value = current.partition(":")
            if name.strip():
                found.append((name.strip().lower(), value.strip()))
            current = ""
            continue
        current += sign
    return found


def _style(style: str, *, by_family: bool) -> list[tuple[str, str]]:
    kept: dict[str, str] = {}
    for name, value in declarations(style):
        value = value.replace(" !important", "!important")
        if kept.get(name, "").endswith("!important") and not value.endswith("!important"):
            continue
        kept.pop(name, None)
        kept[name] = value
    found = list(kept.items())
    if by_family:
        important = [each for each in found if each[1].endswith("!important")]
        found = [each for each in found if each not in important] + important
        found = [each for each in found if not _overridden(each, found)]
        found.sort(key=lambda each: each[0].partition("-")[0] if each[0].startswith(_SHORTHANDS) else each[0])
    return found


def _overridden(each: tuple[str, str], found: list[tuple[str, str]]) -> bool:
    """Return whether a shorthand that stands behind it sets a property anew."""
    return any(
        each[0].startswith(f"{name}-") and each[1].endswith("!important") <= value.endswith("!important")
        for name, value in found[found.index(each) + 1 :]
    )


class _Reader(HTMLParser):
    def __init__(self, *, by_family: bool) -> None:
        super().__init__()
        self.found: list[object] = []
        self.by_family, self.in_style = by_family, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        if not self.in_style:
            each = sorted(
                (name, _style(value or "", by_family=self.by_family) if name == "style" else value)
                for name, value in attrs
            )
            self.found.append((tag, [pair for pair in each if pair[1] != []]))

    def handle_endtag(self, tag: str) -> None:
        if tag != "style":
            self.found.append(f"/{tag}")
        self.in_style = False

    def handle_data(self, data: str) -> None:
        if self.in_style or not data:
            return
        if self.found and isinstance(self.found[-1], list):
            self.found[-1][0] += data
        else:
            self.found.append([data])

    def handle_comment(self, data: str) -> None:
        self.found.append(f"!{data}")


def _read(html: str, *, by_family: bool) -> list[object]:
    reader = _Reader(by_family=by_family)
    reader.feed(html)
    reader.close()
    return reader.found
