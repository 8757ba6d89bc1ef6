"""What can go wrong, one class per kind, each with fields; the prose is made when somebody reads it.

Enters: the place (template, line, column) and what was found there. Leaves: one readable text. Nothing here
reads files or knows how templates are compiled or rendered.

An exception that Jinja2 has too is a subclass of Jinja2's, and its `message` is Jinja2's own to the letter;
`str()` adds the place and the remedy.
"""

import difflib
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import islice
from typing import Any

import jinja2

from blendtpl.printable import cells, one_line, printable
from blendtpl.reprs import brief, counted

_CHAIN_SHOWN, _NAMES_SHOWN = 10, 20

# how many names are looked at for a hint, how many of them are compared, and how long a word is that is
_LOOKED_AT, _COMPARED, _LONGEST_WORD = 20_000, 500, 256
_CUTOFF = 0.6
_LEAST = _CUTOFF / (2 - _CUTOFF)  # of two words that are so close the shorter is at least that much of the longer


def did_you_mean(word: str, candidates: Iterable[object], never: str = "") -> str:
    """Return ``did you mean `x`?`` for the closest of the candidates, or an empty string."""
    close = closest(word, candidates, never)
    return f"did you mean `{close}`?" if close else ""


def closest(word: str, candidates: Iterable[object], never: str = "") -> str:
    """Return the closest of the candidates, or an empty string when none is close; `never` is none of them.

    This is asked while an error is told, so there is a limit to what is looked at, however many there are. Names that
    are no text, or that a terminal cannot show, are passed over.
    """
    if not issubclass(type(word), str):
        return ""
    word = str.__str__(word)
    if not 0 < len(word) <= _LONGEST_WORD:
        return ""
    least, most = len(word) * _LEAST, len(word) / _LEAST
    comparable = (
        name
        for name in islice(iter(candidates), _LOOKED_AT)
        if type(name) is str and least <= len(name) <= most and name != never and name.isprintable()
    )
    likely = nsmallest(_COMPARED, comparable, key=lambda name: (name[0] != word[0], abs(len(name) - len(word)), name))
    return next(iter(difflib.get_close_matches(word, likely, n=1, cutoff=_CUTOFF)), "")


def _as_text(name: object) -> str:
    """Return the text of a name that should have been one, but may be whatever there was."""
    try:
        return str(name)
    except Exception:
        return object.__repr__(name)


def shown_chain(chain: Sequence[str]) -> str:
    """Return ``from a, from b``, and how many more there are when a recursion made them many."""
    more = f", and {len(chain) - _CHAIN_SHOWN} more" if len(chain) > _CHAIN_SHOWN else ""
    return f"from {', from '.join(map(one_line, chain[:_CHAIN_SHOWN]))}{more}"


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Fault:
    """One mistake in one template source.

    `line` and `column` count from 1, in lines and characters; 0 stands for unknown. `width` is the number of
    characters to underline. `kind` is a stable slug such as ``unknown-filter``. `error` is what was raised, where that
    was anything else than Jinja2's word on the source.
    """

    name: str
    line: int
    column: int
    kind: str
    message: str
    hint: str = ""
    width: int = 1
    source_line: str = ""
    error: BaseException | None = field(default=None, compare=False)

    def __reduce__(self) -> tuple[type["Fault"], tuple[Any, ...]]:
        fields = (getattr(self, name) for name in self.__slots__ if name != "error")
        return Fault, (*fields, None if self.error is None else _travelling(self.error))

    def __str__(self) -> str:
        shown = excerpt(self.name, self.line, self.column, self.width, self.source_line)
        text = f"error: {printable(self.message)}\n{shown}"
        return f"{text}\n  = help: {printable(self.hint)}" if self.hint else text

    def __repr__(self) -> str:
        place = f"{one_line(self.name)}:{self.line}:{self.column}"
        return f"<{type(self).__name__} {self.kind} in {place}: {brief(self.message)}>"


@dataclass(frozen=True, slots=True, order=True, repr=False)
class TemplateWarning(Fault):
    """What is no mistake of a template by itself, and is hardly meant. It has the fields of a `Fault`; its `kind` is
    what a comment, or a setting, switches it off by: ``{# blendtpl: ignore unknown-block #}``.
    """

    def __str__(self) -> str:
        text = f"warning[{self.kind}]: {printable(self.message)}\n"
        text += excerpt(self.name, self.line, self.column, self.width, self.source_line)
        return f"{text}\n  = help: {printable(self.hint)}" if self.hint else text


def by_place(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults and warnings in the order in which they stand in the templates."""
    return sorted(faults, key=lambda fault: (fault.name, fault.line, fault.column, fault.kind, fault.message))


def _travelling(error: BaseException) -> BaseException:
    """Return an exception that can go to another process: itself, or, where it cannot, one that says what it was."""
    try:
        same = type(pickle.loads(pickle.dumps(error))) is type(error)  # noqa: S301  # it has just been written
        return error if same else RuntimeError(described(error))
    except Exception:
        return RuntimeError(described(error))


def described(error: BaseException) -> str:
    """Return the name of an exception and what it says, which may take running code of somebody else."""
    name = type(error).__qualname__
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{name}: {text}" if text else name


def excerpt(name: str, line: int, column: int, width: int, source_line: str) -> str:
    """Return the place, the source line and a caret under it, as compilers print them."""
    place = ":".join([one_line(name), *(str(number) for number in (line, column) if number)])
    if not (line and source_line.strip()):
        return f"  --> {place}"
    gutter = " " * len(str(line))
    start = max(column - 1 - _BEFORE, 0)
    shown = source_line[start : start + _WINDOW]
    begins, ends = "…" if start else "", "…" if len(source_line) > start + _WINDOW else ""
    rows = [f"{gutter} --> {place}", f"{gutter} |", f"{line} | {begins}{_shown(shown)}{ends}"]
    if column:
        before, marked = shown[: column - 1 - start], shown[column - 1 - start :][: max(width, 1)]
        rows.append(f"{gutter} | {' ' * (len(begins) + cells(_shown(before)))}{'^' * max(cells(_shown(marked)), 1)}")
    return "\n".join(rows)


_BEFORE, _WINDOW = 79, 160  # characters of a long line that are shown before the caret, and in all


def _shown(text: str) -> str:
    """Return source text as it stands in an excerpt: a tab is a blank, and no line is begun."""
    return one_line(text.replace("\t", " "))


class BlendError(Exception):
    """The base of every error that blendtpl raises by itself.

    What it says is printable, whatever names, templates and values there were: applications log it. Its fields have
    these as they are.
    """

    def __str__(self) -> str:
        return printable(self._text())

    def _text(self) -> str:
        return super().__str__()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(brief, self.args))})"


class ConfigError(BlendError):
    """A setting, or an environment that a setting names, cannot be used."""


class CompileError(BlendError):
    """Templates that cannot be compiled: `faults` holds every mistake of every template, ordered by place, and
    `warnings` what is told beside them.
    """

    def __init__(self, faults: Iterable[Fault], warnings: Iterable[TemplateWarning] = ()) -> None:
        self.faults = tuple(sorted(set(faults)))
        self.warnings = tuple(warnings)
        super().__init__(self.faults, *([self.warnings] if self.warnings else []))

    def __repr__(self) -> str:
        templates = len({fault.name for fault in self.faults})
        counts = f"{counted(len(self.faults), 'fault')} in {counted(templates, 'template')}"
        first = f", first {self.faults[0]!r}" if self.faults else ""
        return f"<{type(self).__name__}: {counts}{first}>"

    def _text(self) -> str:
        return "\n\n".join(map(str, by_place((*self.faults, *self.warnings))))


class SourceError(CompileError):
    """At least one source is wrong by itself: unreadable, misnamed, or not valid template text."""


class LinkError(CompileError):
    """Each source is right by itself, but they do not fit together: missing references, cycles."""


class BuildWarning(UserWarning):
    """What is odd about a build that went well, such as a build cache that cannot be used."""


class BundleError(BlendError):
    """A bundle that must not or cannot be used; the message names the cause and the remedy."""


class BundleArgumentError(BundleError, TypeError):
    """What was given in place of a bundle, a key or a digest is of another type."""


class CertificateError(BlendError):
    """A file that should be the certificate of a soak and is none."""


class RenderError(BlendError):
    """Rendering failed for a reason that lies in the call or the template."""


class ContextError(RenderError, TypeError, ValueError):
    """What a template is to be rendered with is neither a mapping nor pairs. `name` is that of the template.

    A `TypeError` and a `ValueError`, as `dict` raises either. It holds nothing of what was given but its type's name.
    """

    def __init__(self, given: str, name: str | None) -> None:
        super().__init__(given, name)
        self.given, self.name = given, name

    def _text(self) -> str:
        template = "the template" if self.name is None else f"`{self.name}`"
        return (
            f"{template} cannot be rendered with {self.given}: give a mapping from names to values, such as"
            " `{'user': user}`, or keywords, such as `user=user`"
        )


class UndefinedError(RenderError, jinja2.UndefinedError):
    """A variable or attribute that the template needs is missing.

    `message` is Jinja2's; `name` and `line` say where in the templates, `chain` through which others
    (innermost first, as ``name:line``), `hint` what may have been meant, or what went wrong inside: an error that a
    property raised, say, which is then the `__cause__`.
    """

    name: str = ""
    line: int = 0
    chain: tuple[str, ...] = ()
    hint: str = ""

    def _text(self) -> str:
        if not self.name:
            return str(self.message)
        chain = f" ({shown_chain(self.chain)})" if self.chain else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{one_line(self.name)}:{self.line}: {self.message}{hint}{chain}"


class TemplateNotFound(RenderError, jinja2.TemplateNotFound, KeyError):
    """No template of that name is in the bundle. A `KeyError` too, as a registry is a Mapping."""

    _where = "in the bundle"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        jinja2.TemplateNotFound.__init__(self, name)
        self._candidates = known

    @property
    def hint(self) -> str:
        """What may have been meant; looked for when somebody asks, as `ignore missing` and `in` never do."""
        if not isinstance(self.name, str):
            return f"a template's name is a `str`, not `{type(self.name).__name__}`"
        return did_you_mean(self.name, self._candidates)

    def __reduce__(self) -> tuple[Any, ...]:
        candidates = (closest(self.name, self._candidates),) if isinstance(self.name, str) else ()
        return TemplateNotFound, (self.name,), {**vars(self), "_candidates": candidates}

    def _text(self) -> str:
        hint = self.hint
        return f"no template `{one_line(_as_text(self.name))}` {self._where}" + (f"; {hint}" if hint else "")


class NotLoadedError(TemplateNotFound):
    """The loader of a live environment does not find a template of that name."""

    _where = "where the environment's loader looks"

    def __reduce__(self) -> tuple[Any, ...]:
        _, arguments, state = super().__reduce__()
        return NotLoadedError, arguments, state


class BlockNotFound(RenderError, KeyError):
    """The template has no block of that name."""

    def __init__(self, name: str, block: str, known: Iterable[str]) -> None:
        super().__init__(name, block)
        self.name = name
        self.block = block
        self.known = tuple(known)

    def __reduce__(self) -> tuple[type["BlockNotFound"], tuple[str, str, tuple[str, ...]]]:
        return BlockNotFound, (self.name, self.block, self.known)

    def _text(self) -> str:
        hint = did_you_mean(self.block, self.known)
        if not hint:
            shown = ", ".join(f"`{one_line(name)}`" for name in self.known[:_NAMES_SHOWN])
            more = f", and {len(self.known) - _NAMES_SHOWN} more" if len(self.known) > _NAMES_SHOWN else ""
            hint = f"it has {shown or 'none'}{more}"
        return f"no block `{one_line(_as_text(self.block))}` in template `{one_line(_as_text(self.name))}`; {hint}"


class MessageError(BlendError, ValueError):
    """A rendered e-mail that must not be sent, such as one with a line break in a header."""


class WalkerError(BlendError, RuntimeError):
    """A walker, its cycle or its cache is asked for what cannot go on, such as an object that waits for itself."""


class IncludeError(RenderError):
    """An include-style call that cannot be served."""


class PathError(IncludeError, ValueError):
    """An old path that means no template: it leaves the roots, or is no path at all. `path` is it, as it was given."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def _text(self) -> str:
        return f"the path `{one_line(self.path)}` {self.problem}"


class IncludeNotFound(IncludeError, TemplateNotFound):
    """No template of the bundle is what an old path means. `path` is that path, `name` the template's."""

    def __init__(self, path: str, name: str, known: Iterable[str] = ()) -> None:
        TemplateNotFound.__init__(self, name, known)
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        _, (name,), state = super().__reduce__()
        return IncludeNotFound, (self.path, name), state

    def _text(self) -> str:
        return f"`{one_line(self.path)}`: {super()._text()}"


class ScopeError(IncludeError, TypeError):
    """A scope that is no mapping from names to values."""


class CaptureError(IncludeError):
    """A capture or request that is closed twice, out of order, or where it was not opened."""


class ReturnedError(IncludeError):
    """A template came to ``{% return %}``, and nobody includes it who takes `value`."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value

    def _text(self) -> str:
        return "`return` ends a template that is included through an `IncludeShim`: render it through one"


class IncludeWarning(RuntimeWarning):
    """An include of a template that is missing, which went on without it."""
