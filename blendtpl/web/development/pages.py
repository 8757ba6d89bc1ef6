"""Pages: what a browser shows in place of a document that cannot be made.

Enters: the fault of a registry, or an exception. Leaves: an HTML document in UTF-8, of templates that are in this
package, and are compiled with `blendtpl.compile` when an application begins, as those of any application are.
"""

import traceback
from collections.abc import Sequence
from pathlib import Path

import jinja2
from jinja2.lexer import newline_re

from blendtpl import compile as compile_templates
from blendtpl import load
from blendtpl.bundle.environment import with_defaults
from blendtpl.errors import BlendError, CompileError, Fault, by_place
from blendtpl.printable import printable
from blendtpl.web.development.failures import Line, excerpt_of, failures_of, marked

_HERE = Path(__file__).parent


class Pages:
    """Makes the pages. `style` is what all of them look like."""

    def __init__(self) -> None:
        environment = with_defaults(jinja2.Environment, {"trim_blocks": True, "lstrip_blocks": True})
        bundle = compile_templates(_HERE / "templates", environment=environment)
        self._templates = load(bundle, environment=environment)
        self._style = (_HERE / "static" / "development.css").read_text(encoding="utf-8")

    def fault(self, fault: BlendError, folders: Sequence[Path], script: bytes) -> bytes:
        """Return the page for templates that are wrong, with the sources as they are in their folders now."""
        faults = by_place(fault.faults) if isinstance(fault, CompileError) else []
        shown = [(each, _around(each, folders)) for each in faults]
        text = "" if faults else str(fault)
        return self._page("fault.html", script, faults=shown, text=text, kind=type(fault).__name__)

    def error(self, error: BaseException, request: str, script: bytes) -> bytes:
        """Return the page for an exception that came out of an application; `request` says what was asked for."""
        plain = printable("".join(traceback.format_exception(error)))
        return self._page("error.html", script, failures=failures_of(error), request=request, plain=plain)

    def _page(self, name: str, script: bytes, **variables: object) -> bytes:
        return self._templates.render_bytes(name, variables, style=self._style).replace(_PLACE, script + _PLACE)


_PLACE = b"</body>"


def _around(fault: Fault, folders: Sequence[Path]) -> tuple[Line, ...]:
    for folder in folders:
        path = folder / fault.name
        try:
            if path.resolve().is_relative_to(folder.resolve()):
                lines = newline_re.split(path.read_text(encoding="utf-8", errors="replace"))[::2]
                # what has been saved again since is not what the fault is about
                if 0 < fault.line <= len(lines) and lines[fault.line - 1].strip() == fault.source_line.strip():
                    return excerpt_of(lines, fault.line, fault.column, fault.width)
        except (OSError, ValueError):
            continue
    if fault.line and fault.source_line:
        return (marked(fault.line, fault.source_line, fault.column, fault.width),)
    return ()
