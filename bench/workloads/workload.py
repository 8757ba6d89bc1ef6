"""What a workload is, and what the hand-written functions share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe._speedups import _escape_inner

escape: Callable[[str], str] = _escape_inner
"""MarkupSafe's C function for an exact `str`: what escaping costs at least. Its name is private."""

Context = Mapping[str, Any]
Sources = Mapping[str, str]
Others = Mapping[str, Sources | str]
"""By peer: its templates, or the reason why it has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """One thing to render, in the language of each peer.

    `kind` is which of the twelve it belongs to. `jinja2` is what Jinja2 and blendtpl render. The sources of another
    peer are those of its own language, or the reason why it cannot do the same; minijinja's are Jinja2's where there
    are none. `entry` is the name of the template that is rendered, with the peer's own suffix in place of `.html` where
    that matters to the peer.
    """

    name: str
    kind: str
    entry: str
    context: Context
    jinja2: Sources
    by_hand: Callable[[Context], str]
    minijinja: Sources | None = None
    others: Others = field(default_factory=dict)
