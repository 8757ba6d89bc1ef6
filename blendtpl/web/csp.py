"""A nonce for scripts and styles, for a Content-Security-Policy that lets no others run.

Enters: the source of a template. Leaves: the same with an attribute `nonce` in every `<script>` and `<style>`, or an
error that says what no nonce can reach. It is an extension of Jinja2's, so that it does the same in a bundle, in a live
environment and in Jinja2.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import jinja2
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import Extension

from blendtpl.bundle.environment import autoescape_of
from blendtpl.compiler.frontend.html_place import (
    NAME,
    RAW,
    TAG,
    TAG_NAME,
    TEXT,
    VALUES,
    Place,
    behind_hole,
    joined,
    steps,
)

ALLOWED = "blendtpl: allow inline"  # a comment that says so switches the errors of its line off

_LINES = re.compile(r"\r\n|\r|\n")
_SCRIPTS = ("javascript:", "vbscript:")
_BRANCHES = frozenset(("if", "for"))
_OWN = frozenset(("macro", "call"))


class NonceExtension(Extension):
    """Every ``<script>`` and ``<style>`` of a template gets an attribute ``nonce``, unless it has one.

    The environment's policies say how:

    - `csp.nonce` is the expression that gives the nonce of a response: ``csp_nonce()`` unless it is set. For
      django-csp it is ``request.csp_nonce``.
    - `csp.elements` are the elements: ``("script", "style")``. Without ``"style"`` styles are left alone.
    - `csp.exclude` are patterns of names of templates that are no pages, such as ``("emails/*",)``.

    Templates whose output is not escaped are left alone. What a nonce cannot allow is an error where it stands:
    handlers such as ``onclick``, ``javascript:`` addresses and attributes ``style``, tags in strings and in ``raw``
    blocks, and tags whose name is printed. ``{# blendtpl: allow inline #}`` in its line lets it be.
    """

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        environment.policies.setdefault("csp.nonce", "csp_nonce()")
        environment.policies.setdefault("csp.elements", ("script", "style"))
        environment.policies.setdefault("csp.exclude", ())

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the source with the attributes in it."""
        policies = self.environment.policies
        if not autoescape_of(self.environment, name) or any(
            fnmatchcase(name or "", pattern) for pattern in policies["csp.exclude"]
        ):
            return source
        text = "\n".join(_LINES.split(source))
        scan = _Scan(text, name, filename, tuple(policies["csp.elements"]))
        try:
            scan.run(self.environment.lexer.tokeniter(text, name, filename))
        except TemplateSyntaxError as error:
            if error.lineno in scan.wrong:
                raise
            return source  # what is wrong with it is told when it is parsed
        if not scan.insertions:
            return source
        attribute = f' nonce="{self.environment.variable_start_string} {policies["csp.nonce"]} '
        attribute += f'{self.environment.variable_end_string}"'
        pieces, at = [], 0
        for offset in scan.insertions:
            pieces += [text[at:offset], attribute]
            at = offset
        return "".join((*pieces, text[at:]))


@dataclass(slots=True)
class _Scan:
    """Where attributes go. `place` is where in HTML the text is, `None` where branches differ in that; `opened` the
    offset behind the name of the tag at hand, if that is to have a nonce; `around` are the branches around.
    """

    text: str
    name: str | None
    filename: str | None
    elements: Sequence[str]
    place: Place | None = field(default_factory=Place)
    opened: int | None = None
    insertions: list[int] = field(default_factory=list)
    around: list[tuple[str, Place | None, list[Place | None]]] = field(default_factory=list)
    wrong: set[int] = field(default_factory=set)
    allowed: frozenset[int] = frozenset()

    def run(self, tokens: Iterator[tuple[int, str, str]]) -> None:
        """Go through the tokens of the source."""
        lines = self.text.split("\n")
        self.allowed = frozenset(number for number, line in enumerate(lines, 1) if ALLOWED in line)
        behind, tag, in_raw = 0, "", False
        for line, kind, value in tokens:
            offset = max(self.text.find(value, behind), behind) if value else behind
            behind = offset + len(value)
            if kind == "data":
                self._data(value, offset, line, in_raw=in_raw)
            elif kind in {"raw_begin", "raw_end"}:
                in_raw = kind == "raw_begin"
            elif kind == "variable_begin":
                self._hole(line, opens=self.text.endswith("<", 0, offset))
            elif kind in {"block_begin", "linestatement_begin"}:
                tag = "?"
            elif kind == "name" and tag == "?":
                tag = value
                self._tag(value)
            elif kind == "string":
                self._string(value, line)

    def _data(self, data: str, offset: int, line: int, *, in_raw: bool) -> None:
        if self.place is None:
            if re.search(rf"<(?:{'|'.join(map(re.escape, self.elements))})\b", data, re.IGNORECASE):
                self._fail("branches before this tag end in different places of HTML: nobody can tell what it is", line)
            return
        for before, start, end, after in steps(self.place, data):
            at = line + data.count("\n", 0, start)
            if before.mode == TAG_NAME and after.mode != TAG_NAME and after.tag in self.elements:
                if in_raw:
                    self._fail(f"a `<{after.tag}>` in a `raw` block gets no nonce: end that before it", at)
                else:
                    self.opened = offset + end
            elif before.mode == NAME and after.mode != NAME:
                self._attribute(after, at)
            elif before.mode in VALUES and after.mode == TAG:
                self._value(before, before.value + data[start:end], at)
            elif before.mode == TAG and after.mode in {TEXT, RAW} and self.opened is not None:
                self.insertions.append(self.opened)
                self.opened = None
            self.place = after

    def _attribute(self, place: Place, line: int) -> None:
        if place.attribute == "nonce":
            self.opened = None
        elif place.attribute.startswith("on") and "script" in self.elements:
            self._fail(f"`{place.attribute}` is a script that no nonce allows: listen for the event in a script", line)
        elif place.attribute == "style" and "style" in self.elements:
            self._fail("an attribute `style` is one that no nonce allows: give it a class", line)

    def _value(self, place: Place, value: str, line: int) -> None:
        if value.strip().lower().startswith(_SCRIPTS) and "script" in self.elements:
            shown = value.strip().partition(":")[0].lower()
            self._fail(f"a `{shown}:` address is a script that no nonce allows: listen for the event in a script", line)

    def _hole(self, line: int, *, opens: bool) -> None:
        if self.place is None:
            return
        before = self.place
        self.place = behind_hole(before)
        named = before.mode == TAG_NAME and any(element.startswith(before.tag) for element in self.elements)
        if named or (opens and before.mode == TEXT):
            self._fail("the name of this tag is printed: if it is that of a script or a style, it gets no nonce", line)

    def _string(self, string: str, line: int) -> None:
        for element in self.elements:
            if f"<{element}" in string.lower():
                self._fail(f"a `<{element}>` in a string gets no nonce: write it as the template's own text", line)

    def _tag(self, tag: str) -> None:
        if tag in _BRANCHES:
            self.around.append((tag, self.place, [self.place] if tag == "for" else []))
        elif tag in _OWN:
            self.around.append((tag, self.place, []))
            self.place = Place()
        elif tag in {"elif", "else"} and self.around and self.around[-1][0] in _BRANCHES:
            _, start, ends = self.around[-1]
            ends.append(self.place)
            if tag == "else":
                self.around[-1] = (f"{self.around[-1][0]} else", start, ends)
            self.place = start
        elif tag.startswith("end") and self.around and self.around[-1][0].partition(" ")[0] == tag[3:]:
            kind, start, ends = self.around.pop()
            if kind in _OWN:
                self.place = start
            else:
                whole = "else" in kind or kind == "for"
                self.place = joined([*ends, self.place, *([] if whole else [start])])

    def _fail(self, message: str, line: int) -> None:
        if line not in self.allowed:
            self.wrong.add(line)
            raise TemplateSyntaxError(message, line, self.name, self.filename)
