"""Examples: contexts kept beside a template, for checks, previews and benchmarks.

An examples file is a JSON object from an example's name to a context. `pages/home.examples.json` belongs to
`pages/home.html`; `emails/alert/examples.json` to every template of that folder that has none of its own.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from blendtpl.errors import ConfigError

_FILE = "examples.json"


def is_examples(name: str) -> bool:
    """Return whether a file of that name holds examples, and so is no template."""
    file = name.rpartition("/")[2]
    return file == _FILE or file.endswith("." + _FILE)


def read_examples(folders: Path | Iterable[Path], name: str) -> Mapping[str, dict[str, Any]]:
    """Return the examples of the template `name`, by name, in a template folder, or in the first of several that has
    any; empty when none has.

    Raises `ConfigError` when the file is not a JSON object of objects.
    """
    path = examples_file(folders, name)
    if path is None:
        return {}
    try:
        examples = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no valid JSON: {error}") from error
    if not isinstance(examples, dict) or not all(isinstance(example, dict) for example in examples.values()):
        raise ConfigError(f"{path}: must be an object from example names to contexts, which are objects")
    return examples


def examples_file(folders: Path | Iterable[Path], name: str) -> Path | None:
    """Return the file with the examples of the template `name`, in a template folder, or in the first of several that
    has one.
    """
    parents, _, file = name.rpartition("/")
    for folder in (folders,) if isinstance(folders, Path) else folders:
        for candidate in (f"{file.partition('.')[0]}.{_FILE}", _FILE):
            path = Path(folder, parents.lstrip("/"), candidate)  # a name that looks like an absolute path is in it, too
            if os.path.isfile(path):  # noqa: PTH113  # a name may be longer than that of any file
                return path
    return None
