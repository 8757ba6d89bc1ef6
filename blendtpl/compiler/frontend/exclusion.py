"""Exclusion: which files beside templates are none.

Enters: patterns, as they stand in settings. Leaves: answers about names. A pattern without a slash is about any file or
folder of that name, one with a slash begins where the templates do: ``*`` is what stands between slashes, ``**`` any
number of folders. What excludes a folder excludes all that is in it; a slash at the end is about folders alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from blendtpl.errors import ConfigError


@dataclass(frozen=True, slots=True)
class _Pattern:
    segments: tuple[str, ...]
    folder: bool


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The patterns of what is excluded."""

    patterns: tuple[_Pattern, ...] = ()

    def excludes(self, name: str, *, folder: bool = False) -> bool:
        """Return whether a pattern is about that name, or about a folder that it is in."""
        parts = name.split("/")
        return any(
            _fits(parts[:end], pattern.segments)
            for pattern in self.patterns
            for end in range(1, len(parts) + 1)
            if folder or end < len(parts) or not pattern.folder
        )


def exclusion(patterns: str | Iterable[str]) -> Exclusion:
    """Return what these patterns exclude; raises `ConfigError` for one that can be about nothing."""
    return Exclusion(tuple(map(_pattern, (patterns,) if isinstance(patterns, str) else patterns)))


def _pattern(text: object) -> _Pattern:
    if not isinstance(text, str):
        raise ConfigError(f"a pattern of `exclude` is a string such as `*.md`, not {text!r}")
    segments = tuple(segment for segment in text.split("/") if segment not in {"", "."})
    if not segments:
        raise ConfigError(f"the pattern `{text}` of `exclude` is about nothing: give one such as `*.md`")
    if ".." in segments:
        raise ConfigError(
            f"the pattern `{text}` of `exclude` leads out of the folder: it begins where the templates do"
        )
    if text.startswith("!"):
        raise ConfigError(f"the pattern `{text}` of `exclude` takes nothing back: name what is excluded alone")
    anywhere = "/" not in text.removesuffix("/").removeprefix("./")
    return _Pattern(("**", *segments) if anywhere else segments, text.endswith("/"))


def _fits(parts: Sequence[str], segments: Sequence[str]) -> bool:
    """Return whether all parts fit all segments; `ends` are how many parts may stand before the next segment."""
    ends = {0}
    for segment in segments:
        if segment == "**":
            ends = set(range(min(ends), len(parts) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(parts) and fnmatchcase(parts[end], segment)}
        if not ends:
            return False
    return len(parts) in ends
