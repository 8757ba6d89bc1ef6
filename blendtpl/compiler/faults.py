"""Faults: one function for each mistake that a template can have. All the prose of compile errors stands here.

Enters: the place and what was found. Leaves: a `Fault`. Nothing here looks for mistakes.
"""

from collections.abc import Iterable, Sequence

from blendtpl.compiler.positions import Spot
from blendtpl.errors import Fault, did_you_mean

# the kinds that lie in how templates fit together; every other kind lies in one source
LINK_KINDS = frozenset({"missing-reference", "reference-cycle"})


def bad_name(name: str, problem: str) -> Fault:
    """A name that the whitelist of `blendtpl.names` does not have."""
    return Fault(shown(name), 0, 0, "bad-name", f"the template name `{shown(name)}` {problem}", "rename the file")


def name_clash(name: str, others: Sequence[str]) -> Fault:
    """Names that a file system which folds case would mix up."""
    listed = ", ".join(f"`{other}`" for other in others)
    return Fault(
        name,
        0,
        0,
        "name-clash",
        f"the template name `{name}` differs from {listed} by case only",
        "rename one of them",
    )


def unreadable(name: str, problem: str) -> Fault:
    """A file that the operating system, or a loader, does not give."""
    return Fault(name, 0, 0, "unreadable", f"cannot read the template: {problem}")


def undecodable(name: str, data: bytes, error: UnicodeDecodeError) -> Fault:
    """A file that is not UTF-8."""
    before = data[: error.start]
    start = before.rfind(b"\n") + 1
    line = data[start:].partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    return Fault(
        name=name,
        line=before.count(b"\n") + 1,
        column=len(data[start : error.start].decode("utf-8", "replace")) + 1,
        kind="undecodable",
        message=f"the template is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
        hint="save it as UTF-8, or keep files that are no templates in another folder",
        source_line=line,
    )


def unencodable(name: str) -> Fault:
    """A text with half a surrogate pair, which no file can hold."""
    return Fault(name, 0, 0, "undecodable", "the template's text has a lone surrogate and cannot be encoded in UTF-8")


def no_text(name: str, found: object) -> Fault:
    """A mapping whose value is not a string."""
    return Fault(name, 0, 0, "undecodable", f"the template's text is a {type(found).__name__}, not a string")


def syntax(name: str, spot: Spot, message: str, tag: str, tags: Iterable[str]) -> Fault:
    """What Jinja2's lexer, parser or generator refuses, in its words; `tag` is the unknown tag, if that is it."""
    hint = did_you_mean(tag, tags) if tag else ""
    return _at(name, spot, "syntax", message, hint)


def unknown_callable(name: str, spot: Spot, what: str, word: str, known: Iterable[str]) -> Fault:
    """A filter or test (`what`) that the environment does not have."""
    hint = did_you_mean(word, known) or f"add it to the environment's {what}s, and give that as `environment`"
    return _at(name, spot, f"unknown-{what}", f"unknown {what} `{word}`", hint)


def missing_reference(name: str, spot: Spot, names: Sequence[str], known: Iterable[str]) -> Fault:
    """A constant name in an extends, include or import that no template has."""
    wanted = ", ".join(f"`{shown(wanted)}`" for wanted in names)
    message = f"no template {wanted}" if len(names) == 1 else f"none of the templates {wanted} exists"
    return _at(name, spot, "missing-reference", message, did_you_mean(names[0], known))


def reference_cycle(name: str, spot: Spot, path: Sequence[str]) -> Fault:
    """Templates that reach themselves again with no condition in between."""
    return _at(
        name,
        spot,
        "reference-cycle",
        f"references run in a circle: {' -> '.join(path)}",
        "break it, or guard one of the references by an `if`",
    )


def shown(name: str) -> str:
    """Return the name with everything that would upset a terminal or a log as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in name
    )


def _at(name: str, spot: Spot, kind: str, message: str, hint: str) -> Fault:
    return Fault(name, spot.line, spot.column, kind, message, hint, spot.width, spot.source_line)
