"""Texts: what a template asks to have translated, as `jinja2.ext.babel_extract` finds it.

Enters: a tree and its source. Leaves: calls of functions that translate, each with the comments that are for whoever
translates. Nothing here knows what a catalogue is.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import GETTEXT_FUNCTIONS, extract_from_ast

from blendtpl.compiler.frontend.reader import Source

FUNCTIONS = tuple(dict.fromkeys(("_", "gettext", "ngettext", "pgettext", "npgettext", *GETTEXT_FUNCTIONS)))

_COMMENTS = ("comment", "linecomment")
Token = tuple[int, str, str]  # line, kind and text


@dataclass(frozen=True, slots=True)
class Text:
    """A call of a function that translates, with its arguments in order; `None` is one that is no constant text."""

    line: int
    function: str
    arguments: tuple[str | None, ...]
    comments: tuple[str, ...]


def texts(
    tree: nodes.Template,
    source: Source,
    environment: jinja2.Environment,
    functions: Sequence[str] = FUNCTIONS,
    tags: Collection[str] = (),
) -> list[Text]:
    """Return what is to be translated in a template, by lines. `tags` are what comments for translators begin with."""
    comments = _Comments(environment, source, tags)
    found = []
    for line, function, message in extract_from_ast(tree, functions):
        arguments = message if isinstance(message, tuple) else (message,)
        found.append(Text(line, function, arguments, tuple(comments.before(line))))
    return sorted(found, key=lambda text: text.line)


class _Comments:
    """The comments of a template that are for translators. Each is for what comes next, in its line or below."""

    def __init__(self, environment: jinja2.Environment, source: Source, tags: Collection[str]) -> None:
        self._tags, self._tokens, self._at = tags, list[Token](), 0
        if tags:
            try:
                self._tokens = list(environment.lex(environment.preprocess(source.text, source.name), source.name))
            except TemplateSyntaxError:  # of a source that an extension reads otherwise
                self._tags = ()

    def before(self, line: int) -> Iterator[str]:
        """Yield the last comment up to the end of a line, of those behind the last that was asked for."""
        if not self._tags:
            return
        rest = range(self._at, len(self._tokens))
        end = next((at for at in rest if self._tokens[at][0] > line), len(self._tokens))
        passed, self._at = self._tokens[self._at : end], end
        for _, kind, text in reversed(passed):
            tag, *comment = text.split(None, 1) if kind in _COMMENTS else ("",)
            if comment and tag in self._tags:
                yield comment[0].rstrip()
                return
