"""Language tags: how languages are written, and which of several is closest to one.

Enters: tags, as people, browsers and folders of translations write them. Leaves: one spelling of each.
"""

from collections.abc import Iterator

LONGEST = 64  # characters of a tag: no language has half as many


def normal(tag: str) -> str:
    """Return the one spelling of a tag: ``pt-br`` for ``pt_BR`` and ``pt_BR.UTF-8``."""
    return tag.partition(".")[0].replace("_", "-").lower()


def spellings(tag: str) -> tuple[str, ...]:
    """Return the spellings of a tag that are most."""
    dashed = tag.replace("_", "-")
    return tag, dashed, dashed.replace("-", "_"), dashed.lower(), dashed.lower().replace("-", "_")


def closest(tag: str) -> Iterator[str]:
    """Yield a tag in that spelling, and then what is left of it as its ends go (RFC 4647, 3.4)."""
    rest = normal(tag) if len(tag) <= LONGEST else ""
    while rest:
        yield rest
        rest = rest[: max(rest.rfind("-"), rest.rfind("@"), 0)]
