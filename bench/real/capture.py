"""Capture: what a package gives to Jinja2 while it renders.

Enters: whatever a package does within `capturing`. Leaves: of each template the render with the longest text, with all
that is needed to do it again: the environment, the variables, and the context variables that held then, in which
frameworks have their request.
"""

import contextvars
import copy
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from itertools import cycle
from types import GeneratorType
from typing import Any
from unittest import mock

import jinja2

_ONCE = {GeneratorType, map, filter, zip}  # what can be read but once


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """One render. `name` is none where the template is no more than a text, which is the `source` then."""

    name: str | None
    source: str | None
    environment: jinja2.Environment
    globals: dict[str, Any] = field(repr=False)  # those of the template alone
    variables: dict[str, Any] = field(repr=False)
    within: contextvars.Context
    text: str = field(repr=False)


def _again(variables: dict[str, Any]) -> dict[str, Any]:
    """Return variables that can be rendered again: an iterator becomes a list."""
    return {name: list(value) if type(value) in _ONCE else value for name, value in variables.items()}


def _answering(variables: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what stands for functions that are waited for: what notes their answers, and what gives them again.

    For a template that waits cannot be compiled; all else that it does can.
    """
    waiting, answered = {}, {}
    for name, function in variables.items():
        if iscoroutinefunction(function):
            answers: list[Any] = []

            async def wait(*args: Any, _answers: list[Any] = answers, _function: Any = function, **kwargs: Any) -> Any:
                _answers.append(await _function(*args, **kwargs))
                return _answers[-1]

            again = cycle(answers)  # which looks at them when it is first asked

            def answer(*args: Any, _again: Iterator[Any] = again, **kwargs: Any) -> Any:
                return next(_again)

            waiting[name], answered[name] = wait, answer
    return waiting, answered


@contextmanager
def capturing(copied: bool = False) -> Iterator[list[Captured]]:
    """Have every render of Jinja2's own templates noted; with copies of its variables, if the package changes them."""
    found: dict[object, Captured] = {}
    sources: dict[jinja2.Template, str] = {}
    render, generate, from_string = jinja2.Template.render, jinja2.Template.generate, jinja2.Environment.from_string
    render_async = jinja2.Template.render_async

    def note(template: jinja2.Template, variables: dict[str, Any], within: contextvars.Context, text: str) -> None:
        source = sources.get(template)
        if copied:
            variables = copy.deepcopy(variables)
        key = (template.name, source, id(template.environment))
        if key not in found or len(found[key].text) < len(text):
            maps = getattr(template.globals, "maps", [{}])
            own = dict(maps[0]) if len(maps) > 1 else {}
            found[key] = Captured(template.name, source, template.environment, own, variables, within, text)

    @functools.wraps(render)
    def rendered(self: jinja2.Template, *args: Any, **kwargs: Any) -> str:
        variables, within = _again(dict(*args, **kwargs)), contextvars.copy_context()
        text = render(self, variables)
        note(self, variables, within, text)
        return text

    @functools.wraps(render_async)
    async def rendered_async(self: jinja2.Template, *args: Any, **kwargs: Any) -> str:
        variables, within = _again(dict(*args, **kwargs)), contextvars.copy_context()
        waiting, answered = _answering(variables)
        text = await render_async(self, {**variables, **waiting})
        note(self, {**variables, **answered}, within, text)
        return text

    @functools.wraps(generate)
    def generated(self: jinja2.Template, *args: Any, **kwargs: Any) -> Iterator[str]:
        variables, within = _again(dict(*args, **kwargs)), contextvars.copy_context()
        pieces = []
        for piece in generate(self, variables):
            pieces.append(piece)
            yield piece
        note(self, variables, within, "".join(pieces))

    @functools.wraps(from_string)
    def of_string(self: jinja2.Environment, source: Any, *args: Any, **kwargs: Any) -> jinja2.Template:
        template = from_string(self, source, *args, **kwargs)
        if isinstance(source, str):
            sources[template] = source
        return template

    renders: list[Captured] = []
    with (
        mock.patch.object(jinja2.Template, "render", rendered),
        mock.patch.object(jinja2.Template, "generate", generated),
        mock.patch.object(jinja2.Template, "render_async", rendered_async),
        mock.patch.object(jinja2.Environment, "from_string", of_string),
        mock.patch.object(jinja2.Template, "__deepcopy__", lambda self, memo: self, create=True),
        mock.patch.object(jinja2.Environment, "__deepcopy__", lambda self, memo: self, create=True),
    ):
        yield renders
    renders.extend(found.values())
