"""Read: from folders, a mapping, a loader or an environment to named texts.

Enters: what a user calls their templates. Leaves: sources in the order of their names, and a fault for each that
cannot be one. This is the only module that knows of paths.
"""

import hashlib
import mimetypes
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

import jinja2
from jinja2.exceptions import TemplateNotFound

from blendtpl.bundle.archive import CERTIFICATE, is_bundle
from blendtpl.bundle.names import clash_key, name_problem
from blendtpl.compiler.frontend import diagnostics
from blendtpl.compiler.frontend.examples import is_examples
from blendtpl.compiler.frontend.exclusion import Exclusion, exclusion
from blendtpl.compiler.frontend.listing import listed
from blendtpl.errors import ConfigError, Fault, described
from blendtpl.printable import one_line

_MARK = "\ufeff"  # of the order of bytes, which editors put before a text
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # the same in UTF-16 and UTF-32
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")  # bytes that are in no text
_TYPES = mimetypes.MimeTypes()  # what Python itself knows, whatever the system says
_NO_TEXT = ("image/", "audio/", "video/", "font/")


@dataclass(frozen=True, slots=True)
class Source:
    """A template's text, and the SHA-256 of it in hexadecimal. `root` is what `blendtpl.bundle.names.Rooted` says."""

    name: str
    text: str = field(repr=False)
    digest: str
    root: str | None = None


OneSource = str | os.PathLike[str] | Mapping[str, str | bytes] | jinja2.BaseLoader | jinja2.Environment | Source
SourceSet = OneSource | Sequence[OneSource]


def read(
    templates: SourceSet,
    environment: jinja2.Environment,
    output: Path | None = None,
    exclude: str | Iterable[str] = (),
) -> tuple[list[Source], list[Fault]]:
    """Return every template of `templates`, sorted by name, and a fault for each that cannot be one.

    Of several sets the first that has a name gives it. In a folder every file is a template but for: names that begin
    with a dot or end in ``~``, examples, bundles, and `output`. From a loader come all that it lists but for examples,
    bundles, and hidden files that are no text. What `exclude` is about is none, wherever it comes from.
    Raises `ConfigError` when there is nothing to look through.
    """
    without = exclusion(exclude)
    sources: dict[str, Source] = {}
    wrong: list[Fault] = []
    seen: set[str] = set()
    for part in templates if isinstance(templates, (list, tuple)) else (templates,):
        new = list(_from(part, environment, output, without, seen))
        seen.update(entry.name for entry in new)
        wrong += [entry for entry in new if isinstance(entry, Fault)]
        sources |= {entry.name: entry for entry in new if isinstance(entry, Source)}
    return [sources[name] for name in sorted(sources)], wrong


def file_reader(templates: object) -> Callable[[str], bytes | None]:
    """Return what reads a file beside the templates by its name, such as an image, and gives `None` for one that is not
    there: of folders, of loaders that have folders, and of mappings whose values are bytes.
    """
    if isinstance(templates, (list, tuple)):
        readers = [file_reader(part) for part in templates]
        return lambda name: next((data for read_one in readers if (data := read_one(name)) is not None), None)
    if isinstance(templates, jinja2.Environment):
        return file_reader(templates.loader)
    if isinstance(templates, jinja2.ChoiceLoader):
        return file_reader(list(templates.loaders))
    if isinstance(templates, jinja2.FileSystemLoader):
        return file_reader([Path(folder) for folder in templates.searchpath])
    if isinstance(templates, Mapping):
        return lambda name: data if isinstance(data := templates.get(name), bytes) else None
    if isinstance(templates, (str, os.PathLike)):
        folder = Path(templates)
        return lambda name: path.read_bytes() if (path := folder / name).is_file() else None
    return lambda name: None


def clashes(names: Iterable[str]) -> Iterator[str]:
    """Yield a warning for names that some file system would mix up."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[clash_key(name)].append(name)
    for group in alike.values():
        if len(group) > 1:
            first, *others = sorted(group)
            yield diagnostics.name_clash(first, others)


def _from(
    templates: object, environment: jinja2.Environment, output: Path | None, without: Exclusion, seen: Set[str]
) -> Iterator[Source | Fault]:
    """Return an iterator of what is in one set, but for what is known already."""
    if isinstance(templates, jinja2.Environment):
        if templates.loader is None:
            raise ConfigError("the environment has no loader, so it has no templates to compile")
        return _from_loader(templates.loader, templates, without, seen)
    if isinstance(templates, jinja2.BaseLoader):
        return _from_loader(templates, environment, without, seen)
    if isinstance(templates, Source):  # which was read before
        return iter([templates])
    if isinstance(templates, Mapping):
        return _from_mapping(templates, without, seen)
    if isinstance(templates, (str, os.PathLike)):
        return _from_folder(Path(templates), output, without, seen)
    raise ConfigError(
        f"cannot compile a {type(templates).__name__}: give a folder, a mapping from names to texts,"
        " a jinja2 loader or a jinja2.Environment, or a list of such"
    )


def _source(name: str, text: str, root: str | None) -> Source | Fault:
    if problem := name_problem(name):
        return diagnostics.bad_name(name, problem)
    text = text.removeprefix(_MARK)
    try:
        return Source(name, text, hashlib.sha256(text.encode()).hexdigest(), root)
    except UnicodeEncodeError:
        return diagnostics.unencodable(one_line(name))


def _undecodable(name: str, data: bytes, error: UnicodeDecodeError) -> Fault:
    fault = diagnostics.binary if _is_binary(name, data) else diagnostics.undecodable
    return fault(one_line(name), data, error)


def _is_binary(name: str, data: bytes) -> bool:
    """Return whether a file that is no text is not meant to be one either: by what its name says, or by its bytes."""
    kind, packed = _TYPES.guess_type(f"./{name.rpartition('/')[2]}")
    if packed or (kind or "").startswith(_NO_TEXT):
        return kind != "image/svg+xml" or packed is not None
    if (kind or "").startswith("text/") or data.startswith(_WIDE):
        return False
    return not _CONTROLS.isdisjoint(data)


def _from_mapping(templates: Mapping[str, str | bytes], without: Exclusion, seen: Set[str]) -> Iterator[Source | Fault]:
    for name, text in templates.items():
        if not isinstance(name, str):
            raise ConfigError(f"a template's name is a string, not {name!r}")
        if isinstance(text, bytes) and _is_binary(name, text):  # a file beside the templates, such as an image
            continue
        if name not in seen and not without.excludes(name):
            yield _source(name, str(text), None) if isinstance(text, str) else diagnostics.no_text(one_line(name), text)


def _from_loader(
    loader: jinja2.BaseLoader, environment: jinja2.Environment, without: Exclusion, seen: Set[str]
) -> Iterator[Source | Fault]:
    for name, root in listed(loader, environment).items():
        if name in seen or is_examples(name) or name.endswith(CERTIFICATE) or without.excludes(name):
            continue
        if problem := name_problem(name):
            yield diagnostics.bad_name(name, problem)
            continue
        try:
            text, _, _ = loader.get_source(environment, name)
        except UnicodeDecodeError as error:
            if not (is_bundle(error.object) or _is_hidden(name)):
                yield _undecodable(name, error.object, error)
        except (OSError, TemplateNotFound) as error:
            yield replace(diagnostics.unreadable(name, str(error)), error=error)
        except Exception as error:  # of a loader's own
            yield replace(diagnostics.unreadable(name, described(error)), error=error)
        else:
            yield _source(name, text, root)


def _from_folder(folder: Path, output: Path | None, without: Exclusion, seen: Set[str]) -> Iterator[Source | Fault]:
    if not os.path.isdir(folder):  # noqa: PTH112  # a path that is too long is no folder either
        exists = os.path.exists(folder)  # noqa: PTH110
        raise ConfigError(f"no folder `{folder}` to compile" + (": it is a file" if exists else ""))
    skipped = os.path.realpath(output) if output else None
    closed: list[OSError] = []
    for base, folders, files in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(
            name
            for name in folders
            if not (name.startswith(".") or name == "__pycache__")
            and not without.excludes(_name(Path(base, name), folder), folder=True)
        )
        for file in sorted(files):
            path = Path(base, file)
            name = _name(path, folder)
            if file.startswith(".") or file.endswith(("~", CERTIFICATE)) or is_examples(name):
                continue
            if name in seen or without.excludes(name):
                continue
            if skipped is None or os.path.realpath(path) != skipped:
                yield from _from_file(name, path)
    for error in closed:
        name = one_line(_name(Path(os.fsdecode(error.filename)), folder))
        yield diagnostics.unreadable(name, error.strerror or str(error))


def _name(path: Path, folder: Path) -> str:
    # file names are UTF-8 whatever the locale says, so that a bundle is the same under each
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "surrogateescape")


def _is_hidden(name: str) -> bool:
    """Return whether the name is one that editors and systems give to files of theirs."""
    return name.endswith("~") or any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))


def _from_file(name: str, path: Path) -> Iterator[Source | Fault]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return
        data = path.read_bytes()
    except OSError as error:
        yield diagnostics.unreadable(one_line(name), error.strerror or str(error))
        return
    if is_bundle(data):
        return
    try:
        # as a file opened for text, which is how Jinja2's own loader reads it
        text = data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        yield _undecodable(name, data, error)
    else:
        yield _source(name, text, "")
