"""Diagnostics: one function for each mistake that a template can have. All the prose of compile errors stands here.

Enters: the place and what was found. Leaves: a `Fault`. Nothing here looks for mistakes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from blendtpl.compiler.frontend.positions import Spot
from blendtpl.errors import Fault, described, did_you_mean
from blendtpl.printable import one_line

_REPEATED = "keyword argument repeated"  # what Python begins with

# the kinds that lie in how templates fit together; every other kind lies in one source
LINK_KINDS = frozenset({"missing-reference", "reference-cycle"})

BINARY = "binary"  # the kind of what is no mistake unless something refers to it


def bad_name(name: str, problem: str) -> Fault:
    """A name that `blendtpl.bundle.names` refuses."""
    return Fault(one_line(name), 0, 0, "bad-name", f"the template name `{one_line(name)}` {problem}", "rename the file")


def name_clash(name: str, others: Sequence[str]) -> str:
    """Names that a file system which folds case or Unicode forms would mix up: not wrong, but seldom meant."""
    listed = ", ".join(f"`{one_line(other)}`" for other in others)
    return (
        f"the template name `{one_line(name)}` differs from {listed} only by case, or by how Unicode writes the same"
        " character, which some file systems mix up"
    )


def unreadable(name: str, problem: str) -> Fault:
    """A file that the operating system, or a loader, does not give."""
    return Fault(name, 0, 0, "unreadable", f"cannot read the template: {problem}")


def undecodable(name: str, data: bytes, error: UnicodeDecodeError) -> Fault:
    """A file that is not in the encoding of templates, which is UTF-8 but for some loaders."""
    encoding = error.encoding.upper()
    before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = before + data[error.start :]
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    start = before.rfind(b"\n") + 1
    line = re.split(rb"[\r\n]", data[start:], maxsplit=1)[0].decode("utf-8", "replace")
    byte = data[len(before)]
    return Fault(
        name=name,
        line=before.count(b"\n") + 1,
        column=len(before[start:].decode("utf-8", "replace")) + 1,
        kind="undecodable",
        message=f"the template is not {encoding}: byte 0x{byte:02x} at offset {error.start}",
        hint=f"{'it looks like UTF-16: ' if wide else ''}save it as {encoding},"
        " or keep files that are no templates in another folder",
        source_line="" if b"\0" in data else line,
    )


def binary(name: str, data: bytes, error: UnicodeDecodeError) -> Fault:
    """A file that is no text and not meant to be one: a mistake where a template refers to it."""
    return Fault(
        name,
        0,
        0,
        BINARY,
        f"the file is no text: byte 0x{data[error.start]:02x} at offset {error.start} is not {error.encoding.upper()}",
    )


def binary_reference(name: str, spot: Spot, other: Fault) -> Fault:
    """A constant name in an extends, include or import that is a file which is no text."""
    message = f"`{other.name}` is no template: {other.message}"
    hint = "link to it, or give what it is to be as a variable, such as a `data:` URL"
    return _at(name, spot, "undecodable", message, hint)


def unencodable(name: str) -> Fault:
    """A text with half a surrogate pair, which no file can hold."""
    return Fault(name, 0, 0, "undecodable", "the template's text has a lone surrogate and cannot be encoded in UTF-8")


def no_text(name: str, value: object) -> Fault:
    """A mapping whose value is not a string."""
    return Fault(name, 0, 0, "undecodable", f"the template's text is a {type(value).__name__}, not a string")


def syntax(name: str, spot: Spot, message: str, hint: str) -> Fault:
    """What Jinja2's lexer, parser or generator refuses, in its words."""
    return _at(name, spot, "syntax", message, hint)


def too_much(name: str, spot: Spot, problem: str) -> Fault:
    """A template that Python cannot hold: nested too deeply, or with a number of too many digits."""
    message = f"the template cannot be compiled: {problem}"
    return _at(name, spot, "syntax", message, "make it simpler, or split it into several templates")


def refused(name: str, spot: Spot, problem: str) -> Fault:
    """What Python's compiler refuses in the code of a template, in its words."""
    if problem.startswith(_REPEATED):
        return _at(name, spot, "syntax", f"the template cannot be compiled: {problem}", "pass it once")
    return too_much(name, spot, problem)


def unexpected(name: str, spot: Spot, error: BaseException, origin: str) -> Fault:
    """Anything else that was raised: by an extension, a callable of the environment, or by a mistake of ours."""
    message = f"the template cannot be compiled: {described(error)}"
    ours = origin.split(".")[0] == __name__.split(".")[0]
    hint = "this is a mistake in blendtpl, please report it" if ours else f"it was raised in `{origin}`"
    fault = _at(name, spot, "unexpected", message, hint)
    return replace(fault, error=error)


def second_extends(name: str, spot: Spot, first: int) -> Fault:
    """A template that would always fail, since it surely extends a second one."""
    return _at(
        name, spot, "second-extends", f"the template extends another already, in line {first}", "keep one of them"
    )


def unknown_callable(name: str, spot: Spot, what: str, word: str, available: Iterable[str]) -> Fault:
    """A filter or test (`what`) that the environment does not have."""
    hint = did_you_mean(word, available) or f"add it to the environment's {what}s, and give that as `environment`"
    return _at(name, spot, f"unknown-{what}", f"unknown {what} `{word}`", hint)


def missing_reference(name: str, spot: Spot, names: Sequence[str], existing: Iterable[str]) -> Fault:
    """A constant name in an extends, include or import that no template has."""
    listed = ", ".join(f"`{one_line(listed)}`" for listed in names)
    message = f"no template {listed}" if len(names) == 1 else f"none of the templates {listed} exists"
    existing = tuple(existing)
    hints = (did_you_mean(written, existing) for written in names)
    return _at(name, spot, "missing-reference", message, next(filter(None, hints), ""))


def reference_cycle(name: str, spot: Spot, path: Sequence[str]) -> Fault:
    """Templates that reach themselves again with no condition in between."""
    return _at(
        name,
        spot,
        "reference-cycle",
        f"references run in a circle: {' -> '.join(path)}",
        "break it, or guard one of the references by an `if`",
    )


def _at(name: str, spot: Spot, kind: str, message: str, hint: str) -> Fault:
    return Fault(name, spot.line, spot.column, kind, message, hint, spot.width, spot.source_line)
