"""Ways: one captured render, as Jinja2, a bundle and a live environment of blendtpl do it.

Each has an environment of its own, an overlay of the package's, which shares its filters, tests and globals with it:
Jinja2 without reloading and with an unlimited cache, the bundle with all templates of the environment's loader where
that lists them, and the package's class made one of blendtpl's, as in the guide to frameworks.
"""

import functools
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2 import meta, sandbox

import blendtpl
from bench.real.capture import Captured

Render = Callable[[], str]

LARGEST = 400  # templates of a loader that are compiled together; of more, only those that the render reaches
_TEXT = "<text>"  # what a template without a name is called in a bundle

_LIVE: dict[type[jinja2.Environment], type[jinja2.Environment]] = {
    jinja2.Environment: blendtpl.Environment,
    sandbox.SandboxedEnvironment: blendtpl.SandboxedEnvironment,
    sandbox.ImmutableSandboxedEnvironment: blendtpl.ImmutableSandboxedEnvironment,
}


@dataclass(frozen=True, slots=True)
class Ways:
    """The renders, and what of the package's templates had to be left out of the bundle: why, and all their texts."""

    theirs: Render
    bundle: Render | None
    live: Render
    texts: Mapping[str, str]
    environment: jinja2.Environment
    compiled: blendtpl.Bundle | None
    whole: bool
    refused: str


def ways(captured: Captured, compiled: blendtpl.Bundle | None = None) -> Ways:
    """Return the renders of `captured`, none of which is in the package's own state; with a bundle that is there."""
    stock = _overlay(captured)
    theirs = _render(stock, captured)
    captured.within.run(theirs)  # so that all that it reaches is loaded
    texts = _reached(stock, captured)
    environment = _overlay(captured)
    compiled, whole, refused = _compiled(environment, texts) if compiled is None else (compiled, True, "")
    bundle = None
    if compiled is not None:
        registry = blendtpl.load(compiled, environment=environment)
        name = _TEXT if captured.name is None else captured.name
        bundle = functools.partial(registry[name].render, _variables(captured, registry.__getitem__))
    return Ways(theirs, bundle, _render(_live(captured), captured), texts, stock, compiled, whole, refused)


def _variables(captured: Captured, get: Callable[[str], Any]) -> dict[str, Any]:
    """Return the variables, with templates that the application hands over being of the same kind."""
    return {
        name: get(value.name) if isinstance(value, jinja2.Template) and value.name else value
        for name, value in captured.variables.items()
    }


def _overlay(captured: Captured) -> jinja2.Environment:
    environment = captured.environment.overlay(cache_size=-1, auto_reload=False, enable_async=False)
    environment.bytecode_cache = None  # in which each would find what the other has compiled
    if captured.globals:
        environment.globals = {**environment.globals, **captured.globals}
    return environment


def _live(captured: Captured) -> jinja2.Environment:
    environment, kind = _overlay(captured), type(captured.environment)
    sandboxed = next((ours for theirs, ours in reversed(_LIVE.items()) if issubclass(kind, theirs)))
    environment.__class__ = _LIVE.get(kind) or type(kind.__name__, (kind, sandboxed), {})
    return environment


def _render(environment: jinja2.Environment, captured: Captured) -> Render:
    if captured.name is None:
        template = environment.from_string(captured.source or "")
    else:
        template = environment.get_template(captured.name)
    return functools.partial(template.render, _variables(captured, environment.get_template))


def _reached(environment: jinja2.Environment, captured: Captured) -> dict[str, str]:
    """Return the texts that the environment has loaded, and of all that they refer to by a constant name."""
    assert environment.cache is not None
    assert captured.source is not None or environment.loader is not None
    texts: dict[str, str] = {}
    waiting: list[str | None] = [name for _, name in environment.cache]
    if captured.source is not None:
        texts[_TEXT] = captured.source
        waiting += meta.find_referenced_templates(environment.parse(captured.source))
    while waiting:
        name = waiting.pop()
        if name is not None and name not in texts:
            with suppress(jinja2.TemplateNotFound):  # a reference that is never followed
                texts[name] = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
                waiting += meta.find_referenced_templates(environment.parse(texts[name], name))
    return texts


def _compiled(environment: jinja2.Environment, texts: Mapping[str, str]) -> tuple[blendtpl.Bundle | None, bool, str]:
    """Return the bundle, whether it has all of the loader's templates, and why it has not, or why there is none."""
    sources: list[Any] = [{_TEXT: texts[_TEXT]}] if _TEXT in texts else []
    refused = ""
    try:
        names = environment.list_templates() if environment.loader else []
    except TypeError:
        refused = "its loader lists no names"
    else:
        if len(names) <= LARGEST:
            try:
                parts = [*sources, environment.loader] if environment.loader else sources
                return _bundle(parts, environment), True, ""
            except blendtpl.BlendError as error:
                refused = str(error)
        else:
            refused = f"it has {len(names)} templates"
    try:
        return _bundle([texts], environment), False, refused
    except blendtpl.BlendError as error:
        return None, False, f"{refused}\n{error}".strip()


def _bundle(sources: list[Any], environment: jinja2.Environment) -> blendtpl.Bundle:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", blendtpl.BuildWarning)  # what others wrote
        return blendtpl.compile(sources, environment=environment)


def text_of(render: Callable[[], Any], captured: Captured) -> str:
    """Return what a render gives, where the captured one was."""
    return str(captured.within.run(render))
