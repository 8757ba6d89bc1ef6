"""The environment check: whether an environment is one that a bundle's code can run with.

Enters: a manifest and an environment. Leaves: nothing, or one `BundleError` with everything that does not fit.
"""

from collections.abc import Iterator

import jinja2

from blendtpl.bundle.environment import autoescape_of, fingerprint, passed_argument
from blendtpl.bundle.manifest import Manifest, thaw
from blendtpl.errors import BundleError

_UNKNOWN = "unknown"  # shown for an option that only one side has
_SHOWN = 5  # templates named when many differ in the same way


def check_environment(manifest: Manifest, environment: jinja2.Environment) -> None:
    """Raise `BundleError` when `environment` differs from what the bundle was compiled for, or lacks what it uses."""
    problems = [*_differences(manifest, environment), *_missing(manifest, environment)]
    if problems:
        raise BundleError(
            "the environment does not fit the bundle; load it with the one that it was compiled with"
            " (`environment=`), or compile it again:\n  " + "\n  ".join(problems)
        )


def _differences(manifest: Manifest, environment: jinja2.Environment) -> Iterator[str]:
    here = fingerprint(environment)
    for option in sorted({*manifest.environment, *here}):
        compiled, actual = thaw(manifest.environment.get(option, _UNKNOWN)), here.get(option, _UNKNOWN)
        if compiled != actual:
            yield f"option `{option}`: {compiled!r} when compiled, {actual!r} here"
    for compiled in (True, False):
        names = [
            name
            for name, entry in manifest.templates.items()
            if entry.autoescape is compiled and autoescape_of(environment, name) is not compiled
        ]
        if names:
            shown = ", ".join(f"`{name}`" for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            yield f"autoescape: {_switch(compiled)} when compiled, {_switch(not compiled)} here, for {shown}"


def _missing(manifest: Manifest, environment: jinja2.Environment) -> Iterator[str]:
    for kind, needed, present in (
        ("filter", manifest.needs.filters, environment.filters),
        ("test", manifest.needs.tests, environment.tests),
    ):
        for name, passed in needed.items():
            if name not in present:
                yield f"{kind} `{name}` is missing"
            elif passed_argument(present[name]) != passed:
                yield (
                    f"{kind} `{name}` was passed {_passed(passed)} when compiled,"
                    f" here it asks for {_passed(passed_argument(present[name]))}"
                )
    for name in manifest.needs.globals:
        if name not in environment.globals:
            yield f"global `{name}` is missing"


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _passed(kind: str) -> str:
    return f"the {kind} first" if kind else "nothing extra"
