"""Scopes: the variables that an included template sees.

Enters: a mapping, or the frame of a caller, which is read and let go. Leaves: one dict of what the template reads.
"""

from collections.abc import ItemsView, Iterable, Mapping
from types import FrameType
from typing import Any

from jinja2.utils import missing

from blendtpl.errors import ScopeError
from blendtpl.runtime.compiled_template import CompiledTemplate

Scope = Mapping[str, Any]

_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})  # functions of their own up to Python 3.11


class Snapshot(dict[str, Any]):
    """What a template reads of a caller's variables, and the rest for whoever asks for all of them."""

    __slots__ = ("around",)

    around: tuple[dict[str, Any], ...]  # the innermost first

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # of another dict
        """Return all variables that the caller sees."""
        return {**_merged(self.around), **self}.items()


def from_mapping(scope: Scope, compiled: CompiledTemplate) -> dict[str, Any]:
    """Return what a template is given for a mapping. Raises `ScopeError` for what is none."""
    defaults = {} if compiled.plan is None else compiled.plan.defaults
    if type(scope) is dict:
        return {**defaults, **scope}
    if not isinstance(scope, Mapping):
        raise ScopeError(
            f"the scope is no mapping from names to values, but of type {type(scope).__name__}:"
            " give a dict, or leave it out for the variables around the call"
        )
    return {**defaults, **dict(scope)}


def seen_from(frame: FrameType, compiled: CompiledTemplate) -> dict[str, Any]:
    """Return what a template is given of the local variables of a frame, over the global ones."""
    around = (*_locals(frame), frame.f_globals)
    if compiled.plan is None:
        return _merged(around)
    snapshot = Snapshot(compiled.plan.defaults)
    snapshot.around = around
    for name in compiled.plan.defaults:
        for variables in around:
            value = variables.get(name, missing)
            if value is not missing:
                snapshot[name] = value
                break
    return snapshot


def seen_names(frame: FrameType, names: Iterable[str]) -> tuple[str, ...]:
    """Return which of some names are variables that a frame sees."""
    around = (*_locals(frame), frame.f_globals)
    return tuple(name for name in names if any(name in variables for variables in around))


def _locals(frame: FrameType) -> tuple[dict[str, Any], ...]:
    scopes = []
    at: FrameType | None = frame
    while at is not None:
        if at.f_locals is not at.f_globals:
            scopes.append(dict(at.f_locals))
        at = at.f_back if at.f_code.co_name in _COMPREHENSIONS else None
    return tuple(scopes)


def _merged(around: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for variables in reversed(around):
        merged.update(variables)
    return merged
