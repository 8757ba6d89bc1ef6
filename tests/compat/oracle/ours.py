"""The Python half of a case: its steps run through the shim, with the templates compiled into a bundle.

Enters: a case. Leaves: what it printed, and the exception that ended it, if one did.

The steps see `shim`, `registry`, `IncludeShim`, `here` (the folder that the old paths may begin with, where there is
no file), `request` (its number) and `echo`, which prints through the shim what PHP's `echo` prints. The templates are
compiled as old ones are best moved: as with PHP's ``?>``, the newline behind a tag is not printed, and the last is.
"""

import io
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout

import jinja2

import blendtpl
from blendtpl.compat import IncludeExtension, IncludeShim, IncludeWarning
from tests.compat.oracle.cases import Case, Output

HERE = "/srv/old"  # nothing is there
FAILED = 255  # the exit status of PHP after an exception that nobody caught

_ECHO = "echo.txt"
_ROOTS = ("templates", f"{HERE}/templates")


def environment() -> jinja2.Environment:
    """Return blendtpl's defaults, with `return` and PHP's newlines."""
    made = blendtpl.default_environment()
    made.add_extension(IncludeExtension)
    made.policies["include.roots"] = _ROOTS
    made.trim_blocks = made.keep_trailing_newline = True
    return made


def run(case: Case) -> tuple[Output, Exception | None]:
    """Return what the case's Python printed, and the exception that it ended with."""
    registry = _registry(case)
    shim = IncludeShim(registry, roots=_ROOTS)
    code = compile(case.python, f"{case.name}/main.py", "exec")
    stream, failure = io.StringIO(), None
    with warnings.catch_warnings(record=True) as told, redirect_stdout(stream):
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", IncludeWarning)
        for request in range(1, case.requests + 1):
            given = {"registry": registry, "here": HERE, "request": request, "echo": _echo(shim)}
            space = {"__name__": "__main__", "IncludeShim": IncludeShim, "shim": shim, **given}
            try:
                with shim.request():
                    exec(code, space)
            except Exception as error:
                failure = error
    return Output(stream.getvalue(), FAILED if failure else 0, len(told)), failure


def _registry(case: Case) -> blendtpl.Registry:
    templates = {_ECHO: "{{ text }}"}
    templates |= {name.removeprefix("templates/"): text for name, text in case.templates.items()}
    return blendtpl.load(blendtpl.compile(templates, environment=environment), environment=environment)


def _echo(shim: IncludeShim) -> Callable[[object], None]:
    def echo(*values: object) -> None:
        for value in values:
            shim.require(f"templates/{_ECHO}", {"text": str(value)})

    return echo
