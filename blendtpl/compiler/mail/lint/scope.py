"""Scope: what names mean while a template is followed, and what a run of it does for those who follow expressions."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import jinja2
from jinja2 import nodes

from blendtpl.compiler.mail.lint.values import BlockCall, Macro

MISSING: Any = object()


class Runner(Protocol):
    """What runs a template."""

    environment: jinja2.Environment
    is_newstyle: bool  # whether `gettext` fills its variables in

    def decide(self, name: str, node: nodes.Node, scope: "Scope", part: int = 0) -> bool: ...  # noqa: D102
    def macro(self, macro: Macro, args: list[Any], kwargs: dict[str, Any]) -> Any: ...  # noqa: D102
    def block(self, call: BlockCall, line: int) -> Any: ...  # noqa: D102
    def read(self, name: str) -> None: ...  # noqa: D102
    def is_global(self, name: str) -> bool: ...  # noqa: D102


@dataclass(slots=True)
class Scope:
    """Names in one template, and around it; `page` is the page whose blocks are printed there."""

    template: str
    run: Runner
    page: Any
    values: dict[str, Any] = field(default_factory=dict)
    around: "Scope | None" = None
    repeated: bool = False  # whether it is the body of a loop that is run once for all rounds

    def find(self, name: str) -> Any:
        """Return what a name means, or `MISSING` where nothing here sets it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.around
        return MISSING

    def inner(self, *, repeated: bool = False, **values: Any) -> "Scope":
        """Return a scope inside of this one."""
        return Scope(self.template, self.run, self.page, values, self, repeated or self.repeated)
