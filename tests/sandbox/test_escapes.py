"""What a sandbox allows, and refuses, is what Jinja2's does: live, bundled, with a budget and without."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jinja2
import pytest
from jinja2 import ext, sandbox

import blendtpl
from tests.sandbox.escapes import ALLOWED, ESCAPES, variables

EXTENSIONS = (ext.i18n, ext.do, ext.loopcontrols)
OPTIONS: tuple[dict[str, Any], ...] = (
    {"undefined": jinja2.Undefined, "autoescape": False},
    {"undefined": jinja2.StrictUndefined, "autoescape": True},
)
KINDS = {
    "sandbox": (sandbox.SandboxedEnvironment, blendtpl.SandboxedEnvironment),
    "immutable": (sandbox.ImmutableSandboxedEnvironment, blendtpl.ImmutableSandboxedEnvironment),
}
AMPLE = blendtpl.Budget(seconds=None)
SECRET = "hunter2"
_NAME = "main"
_SEEN = ("<class", "&lt;class", "__builtins__", "<frame", "&lt;frame", "<code", "&lt;code", "mappingproxy", "uid=")

Outcome = tuple[str, object]


def made(kind: type[jinja2.Environment], options: Mapping[str, Any], **more: Any) -> jinja2.Environment:
    environment = kind(extensions=EXTENSIONS, **options, **more)
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return environment


def outcome(render: Callable[[], str]) -> Outcome:
    """Return what a render gives: its text, or the class of Jinja2's, or Python's, that its error has, and what that
    says.
    """
    try:
        return "text", render()
    except Exception as error:
        kinds = (kind for kind in type(error).__mro__ if not kind.__module__.startswith("blendtpl"))
        message = getattr(error, "message", None) or str(error)
        return next(kinds).__name__, message


def live(environment: jinja2.Environment, source: str) -> str:
    environment.loader = jinja2.DictLoader({_NAME: source})
    return environment.get_template(_NAME).render(variables())


def bundled(environment: jinja2.Environment, source: str) -> str:
    bundle = blendtpl.compile({_NAME: source}, environment=environment)
    return blendtpl.load(bundle, environment=environment).render(_NAME, variables())


def forms(kind: type[jinja2.Environment], options: Mapping[str, Any], source: str) -> Iterator[tuple[str, Outcome]]:
    for title, budget in (("", {}), (" with a budget", {"budget": AMPLE})):
        yield f"live{title}", outcome(lambda given=budget: live(made(kind, options, **given), source))  # type: ignore[misc]
        yield f"bundled{title}", outcome(lambda given=budget: bundled(made(kind, options, **given), source))  # type: ignore[misc]


def without_address(result: Outcome) -> Outcome:
    kind, said = result
    return kind, str(said).partition(" at 0x")[0]


@pytest.mark.parametrize("options", OPTIONS, ids=("lenient", "strict"))
@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("title", [*ALLOWED, *ESCAPES])
def test_what_is_allowed_is_what_jinja2_allows(
    title: str, kinds: tuple[type[jinja2.Environment], type[jinja2.Environment]], options: dict[str, Any]
) -> None:
    source = {**ALLOWED, **ESCAPES}[title]
    expected = without_address(outcome(lambda: live(made(kinds[0], options), source)))
    found = {form: without_address(result) for form, result in forms(kinds[1], options, source)}
    assert found == dict.fromkeys(found, expected)


@pytest.mark.parametrize("title", ESCAPES)
def test_no_escape_gets_at_what_is_hidden(title: str) -> None:
    for kind in (blendtpl.SandboxedEnvironment, blendtpl.ImmutableSandboxedEnvironment):
        for options in OPTIONS:
            for form, (found, said) in forms(kind, options, ESCAPES[title]):
                shown = f"{form}: {found}: {said}"
                assert SECRET not in str(said), shown
                assert found != "text" or not any(mark in str(said) for mark in _SEEN), shown
