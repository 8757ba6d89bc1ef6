"""Ignores: which warnings somebody does not want to be told of, by settings or by a comment in the template.

Enters: the names and patterns of a project, and the comments of the sources. Leaves: the warnings that are to be told.
A comment ``{# blendtpl: ignore unknown-block #}`` is for its own line, or, when it is alone there, for the next;
without a name it is for every warning.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import jinja2
from jinja2.exceptions import TemplateSyntaxError

from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.lint import prose
from blendtpl.errors import ConfigError, TemplateWarning, did_you_mean

NamedPatterns = Mapping[str, tuple[str, ...]]

MARK = "blendtpl:"
_COMMENT = re.compile(rf"\s*{MARK}\s*ignore(?![^\s,])(?P<names>.*)", re.DOTALL)
_REASON = re.compile(r"\s--\s")  # behind which stands why


@dataclass(frozen=True, slots=True)
class Ignores:
    """The warnings that a project ignores: names for all templates, and names for those that match a pattern."""

    names: frozenset[str] = frozenset()
    patterns: tuple[tuple[str, frozenset[str]], ...] = ()

    def covers(self, warning: TemplateWarning) -> bool:
        """Return whether a warning is one of them."""
        return warning.kind in self.names or any(
            warning.kind in names and fnmatchcase(warning.name, pattern) for pattern, names in self.patterns
        )

    def joined(self, other: "Ignores | None") -> "Ignores":
        """Return what both ignore."""
        return self if other is None else Ignores(self.names | other.names, (*self.patterns, *other.patterns))


def ignores(names: Iterable[str] = (), patterns: NamedPatterns | None = None) -> Ignores:
    """Return the warnings to ignore; raises `ConfigError` for a name that no warning has."""
    names = (names,) if isinstance(names, str) else tuple(names)
    check_names(names)
    listed = []
    for pattern, named in (patterns or {}).items():
        check_names(named)
        listed.append((pattern, frozenset(named)))
    return Ignores(frozenset(names), tuple(listed))


def check_names(names: Iterable[str]) -> None:
    """Raise `ConfigError` for a name that no warning has."""
    for name in names:
        if name not in prose.WARNINGS:
            shown = name if isinstance(name, str) else repr(name)
            hint = did_you_mean(str(name), prose.WARNINGS) or f"warnings are {', '.join(prose.WARNINGS)}"
            raise ConfigError(f"there is no warning `{shown}` to ignore; {hint}")


def not_ignored(
    warnings: Iterable[TemplateWarning], ignored: Ignores, texts: Mapping[str, str], environment: jinja2.Environment
) -> list[TemplateWarning]:
    """Return the warnings that are to be told, and what is wrong with the comments that switch others off."""
    spans = {name: list(_spans(environment, name, text)) for name, text in texts.items() if MARK in text}
    remaining = [
        warning
        for warning in warnings
        if not any(span.covers(warning.line, warning.kind) for span in spans.get(warning.name, ()))
    ]
    for name, own in spans.items():
        for span in own:
            for word in sorted(span.names - set(prose.WARNINGS)):
                spot = Positions(environment, name, texts[name]).of_text(span.written, word)
                remaining.append(prose.unknown_warning(name, spot, word))
    return [warning for warning in remaining if not ignored.covers(warning)]


@dataclass(frozen=True, slots=True)
class _Span:
    """The lines that a comment is for, and the names in it; none of these for all. `written` is where it begins."""

    first: int
    last: int
    names: frozenset[str]
    written: int

    def covers(self, line: int, kind: str) -> bool:
        return self.first <= line <= self.last and (not self.names or kind in self.names)


def _spans(environment: jinja2.Environment, name: str, text: str) -> Iterator[_Span]:
    read = str(environment.preprocess(text, name, name))
    lines = re.split(r"\r\n|\r|\n", read)
    try:
        for line, kind, raw in environment.lexer.tokeniter(read, name, name):
            if kind in {"comment", "linecomment"} and (match := _COMMENT.fullmatch(raw)):
                last = line + raw.rstrip().count("\n")
                names = frozenset(re.split(r"[\s,]+", _REASON.split(match["names"] + " ")[0])) - {""}
                alone = _is_alone(lines, line, last, raw, environment)
                yield _Span(line, last + alone, names, line)
    except TemplateSyntaxError:
        return


def _is_alone(lines: list[str], first: int, last: int, raw: str, environment: jinja2.Environment) -> bool:
    """Return whether there is nothing but a comment in its lines."""
    text = "\n".join(lines[first - 1 : last]).strip()
    if environment.line_comment_prefix and text.startswith(environment.line_comment_prefix):
        return True
    begins, ends = environment.comment_start_string, environment.comment_end_string
    return text.startswith(begins) and text.endswith(ends) and text.count(begins) == 1
