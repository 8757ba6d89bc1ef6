"""Finding: what a rule has found, before it is a warning."""

from dataclasses import dataclass

from blendtpl.compiler.mail.lint.document import Place


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong by which rule, and where; `needle` is what to mark in that line."""

    rule: str
    place: Place
    needle: str
    message: str
    hint: str
