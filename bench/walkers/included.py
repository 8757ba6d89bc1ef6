"""The old style: an e-mail includes template files, each of which is run anew and stays in memory, as it was in PHP.

Enters: templates, and later the folder with the files made of them. Leaves: a Jinja2 loader that includes. The files
are Python, written by Jinja2's compiler, so that they print the same bytes as the templates. What a template extends
or includes is read and run at every use, as PHP's `include` does it. Macros are functions; a PHP file of functions can
be included but once, and so are these.
"""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import jinja2

_LIBRARIES = "macros/"


def write_files(folder: Path, environment: jinja2.Environment, sources: Mapping[str, str]) -> None:
    """Write the file of each template into `folder`."""
    for name, source in sources.items():
        file = _file(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(environment.compile(source, name, name, raw=True), encoding="utf-8")


class IncludeLoader(jinja2.BaseLoader):
    """Includes a file at each call; `included` is the table in which all that was included stays."""

    has_source_access = False

    def __init__(self, folder: Path) -> None:
        self.included: list[dict[str, Any]] = []
        self._folder = folder
        self._libraries: dict[str, jinja2.Template] = {}

    def load(
        self, environment: jinja2.Environment, name: str, globals: MutableMapping[str, Any] | None = None
    ) -> jinja2.Template:
        """Return the template of a file that was just run, or of a library."""
        if name in self._libraries:
            return self._libraries[name]
        template = environment.template_class.from_module_dict(
            environment, self._include(environment, name), globals or {}
        )
        if name.startswith(_LIBRARIES):
            self._libraries[name] = template
        return template

    def _include(self, environment: jinja2.Environment, name: str) -> dict[str, Any]:
        file = _file(self._folder, name)
        try:
            source = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise jinja2.TemplateNotFound(name) from None
        namespace: dict[str, Any] = {"environment": environment, "__name__": name, "__file__": str(file)}
        exec(compile(source, str(file), "exec"), namespace)
        self.included.append(namespace)
        return namespace


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.py"
