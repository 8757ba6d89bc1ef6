"""Read: from a folder, a mapping, a loader or an environment to named texts.

Enters: what a user calls their templates. Leaves: sources in the order of their names, and a fault for each that
cannot be one. This is the only module that knows of paths.
"""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from jinja2.exceptions import TemplateNotFound

from blendtpl.bundle import CERTIFICATE, is_bundle
from blendtpl.compiler import faults
from blendtpl.errors import ConfigError, Fault
from blendtpl.examples import is_examples
from blendtpl.names import clash_key, name_problem

SourceSet = str | os.PathLike[str] | Mapping[str, str] | jinja2.BaseLoader | jinja2.Environment


@dataclass(frozen=True, slots=True)
class Source:
    """A template's text, and the SHA-256 of it in hexadecimal."""

    name: str
    text: str = field(repr=False)
    digest: str


def read(
    templates: SourceSet, environment: jinja2.Environment, output: Path | None = None
) -> tuple[list[Source], list[Fault]]:
    """Return every template of `templates`, sorted by name, and a fault for each that cannot be one.

    In a folder every file is a template but for: names that begin with a dot or end in ``~``, examples, bundles,
    and `output`. From a loader come all that it lists but for examples, bundles, and hidden files that are no text.
    Raises `ConfigError` when there is nothing to look through.
    """
    if isinstance(templates, jinja2.Environment):
        if templates.loader is None:
            raise ConfigError("the environment has no loader, so it has no templates to compile")
        found = _from_loader(templates.loader, templates)
    elif isinstance(templates, jinja2.BaseLoader):
        found = _from_loader(templates, environment)
    elif isinstance(templates, Mapping):
        found = _from_mapping(templates)
    elif isinstance(templates, (str, os.PathLike)):
        found = _from_folder(Path(templates), output)
    else:
        raise ConfigError(
            f"cannot compile a {type(templates).__name__}: give a folder, a mapping from names to texts,"
            " a jinja2 loader or a jinja2.Environment"
        )
    return _sort_out(found)


def _sort_out(found: Iterator[Source | Fault]) -> tuple[list[Source], list[Fault]]:
    sources, wrong = [], []
    clashes: dict[str, list[str]] = defaultdict(list)
    for item in found:
        if isinstance(item, Fault):
            wrong.append(item)
        elif problem := name_problem(item.name):
            wrong.append(faults.bad_name(item.name, problem))
        else:
            clashes[clash_key(item.name)].append(item.name)
            sources.append(item)
    for names in clashes.values():
        if len(names) > 1:
            first, *others = sorted(names)
            wrong.append(faults.name_clash(first, others))
    return sorted(sources, key=lambda source: source.name), wrong


def _source(name: str, text: str) -> Source | Fault:
    try:
        return Source(name, text, hashlib.sha256(text.encode()).hexdigest())
    except UnicodeEncodeError:
        return faults.unencodable(faults.shown(name))


def _from_mapping(templates: Mapping[str, str]) -> Iterator[Source | Fault]:
    for name, text in templates.items():
        if not isinstance(name, str):
            raise ConfigError(f"a template's name is a string, not {name!r}")
        yield _source(name, str(text)) if isinstance(text, str) else faults.no_text(faults.shown(name), text)


def _from_loader(loader: jinja2.BaseLoader, environment: jinja2.Environment) -> Iterator[Source | Fault]:
    try:
        names = loader.list_templates()
    except TypeError as error:
        raise ConfigError(f"the loader {type(loader).__name__} cannot list its templates") from error
    for name in names:
        if is_examples(name) or name.endswith(CERTIFICATE):
            continue
        if problem := name_problem(name):
            yield faults.bad_name(name, problem)
            continue
        try:
            text, _, _ = loader.get_source(environment, name)
        except UnicodeDecodeError as error:
            if not (is_bundle(error.object) or _is_hidden(name)):
                yield faults.undecodable(name, error.object, error)
        except (OSError, TemplateNotFound) as error:
            yield faults.unreadable(name, str(error))
        else:
            yield _source(name, text)


def _from_folder(folder: Path, output: Path | None) -> Iterator[Source | Fault]:
    if not os.path.isdir(folder):  # noqa: PTH112  # a path that is too long is no folder either
        exists = os.path.exists(folder)  # noqa: PTH110
        raise ConfigError(f"no folder `{folder}` to compile" + (": it is a file" if exists else ""))
    skipped = os.path.realpath(output) if output else None
    closed: list[OSError] = []
    for base, folders, files in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for file in sorted(files):
            path = Path(base, file)
            name = _name(path, folder)
            if file.startswith(".") or file.endswith(("~", CERTIFICATE)) or is_examples(name):
                continue
            if skipped is None or os.path.realpath(path) != skipped:
                yield from _from_file(name, path)
    for error in closed:
        name = faults.shown(_name(Path(os.fsdecode(error.filename)), folder))
        yield faults.unreadable(name, error.strerror or str(error))


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
        yield faults.unreadable(faults.shown(name), error.strerror or str(error))
        return
    try:
        # as a file opened for text, which is how Jinja2's own loader reads it
        text = data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        if not is_bundle(data):
            yield faults.undecodable(faults.shown(name), data, error)
        return
    if not is_bundle(data):
        yield _source(name, text)
