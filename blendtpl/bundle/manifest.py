"""The manifest: the index of a bundle, and the one thing that both halves agree on.

Enters: records, or the JSON of an opened bundle, which may come from an attacker. Leaves: frozen records, or
canonical JSON, the same bytes for the same records. Nothing here reads a file or unmarshals anything.
"""

import io
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import MAGIC_NUMBER
from types import MappingProxyType
from typing import Any

import jinja2

from blendtpl._version import __version__
from blendtpl.errors import BundleError
from blendtpl.reprs import brief, counted, sized

_BEGIN, _END = b'"templates": {\n', b"}}\n"  # around the lines of the templates
_STR = frozenset((str,))
_DEPTH = 32  # of an option's value, such as a policy


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, repr=False)
class Reference:
    """One `extends`, `include`, `import` or `from` of a template.

    `names` are the constant template names it may resolve to, in order; empty for a name made at run time.
    """

    kind: str
    names: tuple[str, ...]
    line: int

    def __repr__(self) -> str:
        return f"Reference(kind={self.kind!r}, names={brief(self.names)}, line={self.line})"


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """What the manifest knows of one template.

    `digest` is the SHA-256 of its source in hexadecimal; `variables` are the names it and all it refers to read
    from the context, beyond what they set themselves and what the environment has as globals; `size` counts the
    bytes of its marshalled code, taken by itself. `root` is the beginning of its name behind which that is a path,
    which may be spelt otherwise (`blendtpl.bundle.names.Spellings`); `None` where it is none. `referred` are the fields
    of its references, one after the other: a registry has thousands of them, and is seldom asked for one.
    """

    digest: str
    autoescape: bool
    blocks: tuple[str, ...]
    referred: tuple[Any, ...]
    variables: tuple[str, ...]
    size: int
    root: str | None

    def __repr__(self) -> str:
        parts = (
            sized(self.size),
            counted(len(self.blocks), "block"),
            counted(len(self.referred) // 3, "reference"),
            counted(len(self.variables), "variable"),
        )
        return f"<Entry of {', '.join(parts)}, sha256 {self.digest[:12]}>"

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it extends, includes and imports, in the order in which that stands in it."""
        fields = iter(self.referred)
        return tuple(map(Reference, fields, fields, fields))


@dataclass(frozen=True, slots=True, repr=False)
class MessageEntry:
    """What the manifest knows of one message.

    `parts` are the names of the templates that are its `subject`, `text` and `html`, those that it has; or of the
    blocks of `template`, where one template has all. `fields` are those of `blendtpl.Message` that each such message
    has, and `headers` its own headers. `images` are names, media types, and from where to where the bundle's files have
    each. `unsubscribe` says whether a way to unsubscribe has to be given, `category` what its writer calls its kind.
    """

    parts: Mapping[str, str]
    template: str | None = None
    fields: Mapping[str, Any] = field(default_factory=_nothing)
    headers: Mapping[str, str] = field(default_factory=_nothing)
    images: tuple[tuple[str, str, int, int], ...] = ()
    unsubscribe: bool = False
    category: str | None = None

    def __repr__(self) -> str:
        return f"<MessageEntry of {', '.join(self.parts)}>"


@dataclass(frozen=True, slots=True)
class Versions:
    """What emitted code fits: other versions of any of these need another compile."""

    blendtpl: str
    python: str
    bytecode: str
    jinja2: str


@dataclass(frozen=True, slots=True, repr=False)
class Needs:
    """What templates use of their environment: filters and tests by name, with what each asks to be passed
    (`context`, `eval_context`, `environment` or nothing), and globals.
    """

    filters: Mapping[str, str]
    tests: Mapping[str, str]
    globals: tuple[str, ...]

    def __repr__(self) -> str:
        kinds = (("filter", self.filters), ("test", self.tests), ("global", self.globals))
        return f"<Needs of {', '.join(counted(len(names), what) for what, names in kinds)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """The index of a bundle. `environment` is the fingerprint of the options it was compiled for; `speedups`: whether
    its code was made for installations that have the functions in C of `blendtpl.runtime.speedups`, and is slower
    elsewhere. `catalogues` are the languages, and from where to where the bundle's files have the translations of each.
    """

    versions: Versions
    environment: Mapping[str, Any]
    speedups: bool
    needs: Needs
    templates: Mapping[str, Entry]
    messages: Mapping[str, MessageEntry] = field(default_factory=_nothing)
    catalogues: Mapping[str, tuple[int, int]] = field(default_factory=_nothing)

    def __repr__(self) -> str:
        by = self.versions
        return (
            f"<Manifest of {counted(len(self.templates), 'template')}, compiled by"
            f" blendtpl {by.blendtpl}, {by.python}, Jinja2 {by.jinja2}>"
        )


def this_process() -> Versions:
    """Return the versions that code emitted or run by this process has."""
    python = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
    return Versions(__version__, python, MAGIC_NUMBER.hex(), jinja2.__version__)


def to_json(manifest: Manifest) -> bytes:
    """Return the manifest as canonical JSON, one line per template."""
    head = {
        "versions": asdict(manifest.versions),
        "environment": thaw(manifest.environment),
        "speedups": manifest.speedups,
        "needs": {
            "filters": dict(manifest.needs.filters),
            "tests": dict(manifest.needs.tests),
            "globals": list(manifest.needs.globals),
        },
        "messages": {name: _message_row(entry) for name, entry in manifest.messages.items()},
        **({"catalogues": thaw(manifest.catalogues)} if manifest.catalogues else {}),
    }
    rows = [f"{_dump(name)}: {_dump(_row(entry))}" for name, entry in sorted(manifest.templates.items())]
    body, templates = _dump(head).removesuffix("}").encode("ascii"), ",\n".join(rows).encode("ascii")
    return b"%b, %b%b\n%b" % (body, _BEGIN, templates, _END)


def read_versions(data: bytes) -> Versions:
    """Return what the manifest of that JSON says of versions, whatever else a manifest of those has in it.

    Raises `BundleError` when it says nothing.
    """
    try:
        return _versions(_read(_opened(data[: data.find(b"\n") + 1])))
    except _MALFORMED as error:
        raise _malformed("versions", error) from None


def from_json(data: bytes) -> Manifest:
    """Return the manifest of that JSON; raises `BundleError` when it is not one, naming the part.

    It is read line by line, as `to_json` writes it: that of thousands of templates, taken apart at once, would leave
    holes in the memory of a process for good.
    """
    lines = io.BytesIO(data)
    shared: dict[tuple[Any, ...], tuple[Any, ...]] = {}  # thousands of templates say the same of themselves
    part = "head"
    try:
        loaded = _read(_opened(next(lines, b"")))
        part = "versions"
        versions = _versions(loaded)
        part = "environment"
        environment = _freeze(_table(loaded[part]))
        part = "speedups"
        speedups = _truth(loaded[part])
        part = "needs"
        needs = Needs(
            filters=MappingProxyType(_texts(loaded[part]["filters"])),
            tests=MappingProxyType(_texts(loaded[part]["tests"])),
            globals=_list_of_texts(loaded[part]["globals"]),
        )
        part = "messages"
        messages = {name: _message(_table(message)) for name, message in _table(loaded[part]).items()}
        part = "catalogues"
        spans = {name: (_count(start), _count(end)) for name, (start, end) in _table(loaded.get(part, {})).items()}
        templates = {}
        for line in lines:
            if line == _END:
                break
            part = "templates"
            for name, entry in _read(b"{%b}" % line.strip().removesuffix(b",")).items():
                part = name
                if name in templates:
                    raise ValueError("it is there twice")
                templates[sys.intern(name)] = _entry(name, entry, shared)
        else:
            raise ValueError("its end is missing")
        if lines.read():
            raise ValueError("there is something behind its end")
    except _MALFORMED as error:
        raise _malformed(part, error) from None
    indexes = MappingProxyType(templates), MappingProxyType(messages), MappingProxyType(spans)
    return Manifest(versions, environment, speedups, needs, *indexes)


_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


def _malformed(part: str, error: Exception) -> BundleError:
    if isinstance(error, json.JSONDecodeError):
        return BundleError(f"the manifest's {part!r} is no JSON: {error}")
    return BundleError(f"the manifest's {part!r} is malformed: {type(error).__name__}: {error}")


def _versions(loaded: Any) -> Versions:
    return Versions(**{field: _text(value) for field, value in loaded["versions"].items()})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError(f"it has a name twice, among {', '.join(repr(name) for name, _ in pairs[:5])}")
    return mapping


def _whole(text: str) -> int:
    if text == "-0":
        raise ValueError("it has a number that nobody writes so: -0")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or repr(number) != text:
        raise ValueError(f"it has a number that nobody writes so: {text[:100]}")
    return number


def _no_number(text: str) -> Any:
    raise ValueError(f"it has {text}, which JSON has not")


# of what readers of JSON disagree on nothing may come in: what two of them read must be the same manifest
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_int=_whole, parse_float=_fraction, parse_constant=_no_number)


def _read(data: bytes) -> Any:
    return _DECODER.decode(data.decode("ascii"))


def _opened(head: bytes) -> bytes:
    """Return the first line, which ends where the templates begin, as JSON of its own."""
    if not head.endswith(_BEGIN):
        raise ValueError("its first line does not end where the templates begin")
    return head + b"}}"


def _entry(name: str, loaded: dict[str, Any], shared: dict[tuple[Any, ...], tuple[Any, ...]]) -> Entry:
    def names(values: object) -> tuple[str, ...]:
        texts = _list_of_texts(values)
        return shared.setdefault(texts, texts)

    return Entry(
        digest=_text(loaded["digest"]),
        autoescape=_truth(loaded["autoescape"]),
        blocks=names(loaded["blocks"]),
        referred=tuple(
            field
            for reference in _list(loaded["references"])
            for field in (sys.intern(_text(reference["kind"])), names(reference["names"]), _count(reference["line"]))
        ),
        variables=names(loaded["variables"]),
        size=_count(loaded["size"]),
        root=_beginning(name, loaded["root"]),
    )


def _message(loaded: dict[str, Any]) -> MessageEntry:
    template, category = loaded["template"], loaded["category"]
    return MessageEntry(
        parts=MappingProxyType(_texts(loaded["parts"])),
        template=None if template is None else _text(template),
        fields=_freeze(_table(loaded["fields"])),
        headers=MappingProxyType(_texts(loaded["headers"])),
        images=tuple(
            (_text(name), _text(kind), _count(start), _count(end)) for name, kind, start, end in _list(loaded["images"])
        ),
        unsubscribe=_truth(loaded["unsubscribe"]),
        category=None if category is None else _text(category),
    )


def _message_row(entry: MessageEntry) -> dict[str, Any]:
    return {field: thaw(getattr(entry, field)) for field in MessageEntry.__slots__}


def _row(entry: Entry) -> dict[str, Any]:
    # not `asdict`, which copies every value deeply: three times as slow
    row = {field: getattr(entry, field) for field in Entry.__slots__ if field != "referred"}
    row["references"] = [
        {field: getattr(reference, field) for field in Reference.__slots__} for reference in entry.references
    ]
    return row


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is no string")
    return value


def _beginning(name: str, value: object) -> str | None:
    if value is not None and not name.startswith(_text(value)):
        raise TypeError(f"{value!r} is not how its name begins")
    return None if value is None else sys.intern(_text(value))


def _truth(value: object) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{value!r} is no truth value")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is no count")
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError(f"{value!r} is no list")
    return value


def _list_of_texts(values: object) -> tuple[str, ...]:
    texts = _list(values)
    if not _STR.issuperset(map(type, texts)):  # once for all: there are some thousand lists in a manifest
        raise TypeError(f"{texts!r} are no strings")
    return tuple(map(sys.intern, texts))


def _table(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise TypeError(f"{value!r} is no object")
    return value


def _texts(values: object) -> dict[str, str]:
    return {name: _text(value) for name, value in _table(values).items()}


def _freeze(value: Any, depth: int = 0) -> Any:
    if depth > _DEPTH:
        raise ValueError(f"it is nested more than {_DEPTH} deep")
    if isinstance(value, dict):
        return MappingProxyType({name: _freeze(inner, depth + 1) for name, inner in value.items()})
    return tuple(_freeze(inner, depth + 1) for inner in value) if isinstance(value, list) else value


def thaw(value: Any) -> Any:
    """Return the plain dicts and lists that a frozen JSON value was made of."""
    if isinstance(value, Mapping):
        return {name: thaw(inner) for name, inner in value.items()}
    return [thaw(inner) for inner in value] if isinstance(value, (list, tuple)) else value
