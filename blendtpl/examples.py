"""Examples: contexts kept beside a template, for checks, previews and benchmarks.

An examples file is a JSON object from an example's name to a context. `pages/home.examples.json` belongs to
`pages/home.html`; `emails/alert/examples.json` to every template of that folder that has none of its own.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blendtpl.errors import ConfigError

_FILE = "examples.json"


def is_examples(name: str) -> bool:
    """Return whether a file of that name holds examples, and so is no template."""
    file = name.rpartition("/")[2]
    return file == _FILE or file.endswith("." + _FILE)


def read_examples(folder: Path, name: str) -> Mapping[str, dict[str, Any]]:
    """Return the examples of the template `name` in a template folder, by name; empty when it has none.

    Raises `ConfigError` when the file is not a JSON object of objects.
    """
    template = folder / name
    stem = template.name.partition(".")[0]
    for path in (template.with_name(f"{stem}.{_FILE}"), template.with_name(_FILE)):
        if path.is_file():
            try:
                examples = json.loads(path.read_text(encoding="utf-8"))
            except (ValueError, RecursionError) as error:
                raise ConfigError(f"{path}: no valid JSON: {error}") from error
            if not isinstance(examples, dict) or not all(isinstance(found, dict) for found in examples.values()):
                raise ConfigError(f"{path}: must be an object from example names to contexts, which are objects")
            return examples
    return {}
