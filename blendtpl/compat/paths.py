"""Paths: what template an old path means.

Enters: a path as it stands in old code, and the folder of the template that it stands in. Leaves: names of templates
that it may be, the likeliest first. Nothing here touches a file: paths are taken apart as text, and what leaves the
roots is refused.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from blendtpl.errors import PathError

Aliases = Mapping[str, str | Sequence[str]]

PHP: Aliases = {".php": (".html", ".txt")}

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE = re.compile(r"[A-Za-z]:/")


@dataclass(frozen=True, slots=True)
class Found:
    """A template: its name, the folder, under a root, of the old path that led to it, and whether there is one."""

    name: str
    folder: str
    exists: bool


class Paths:
    """Where old paths begin, and what becomes of them.

    `known` are the templates that there are. `roots` are folders, absolute or as old paths begin with them. `aliases`
    say what a suffix (``".php"``), a folder (``"email/"``) or a whole path (``"email/alert.php"``) is now: one name, or
    several of which the first that there is is meant. `ignore_case`: roots, aliases and names are compared without
    regard to case. `backslashes`: they are taken for slashes.
    """

    __slots__ = ("_backslashes", "_exact", "_fold", "_folders", "_known", "_roots", "_suffixes")

    def __init__(
        self,
        roots: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
        aliases: Aliases = PHP,
        known: Iterable[str] = (),
        *,
        ignore_case: bool = False,
        backslashes: bool = False,
    ) -> None:
        paths = (roots,) if isinstance(roots, (str, os.PathLike)) else roots
        self._fold: Callable[[str], str] = str.casefold if ignore_case else str
        names = tuple(known)
        # a name that is spelt exactly goes before one that is not
        self._known = {**{self._fold(name): name for name in sorted(names)}, **dict(zip(names, names, strict=True))}
        self._backslashes = backslashes
        split = {tuple(self._parts(self._slashes(os.fspath(root)), os.fspath(root))) for root in paths}
        self._roots = sorted(split, key=lambda parts: (-len(parts), parts))  # the innermost first
        self._exact: dict[str, tuple[str, ...]] = {}
        self._folders: dict[str, tuple[str, ...]] = {}
        self._suffixes: dict[str, tuple[str, ...]] = {}
        for old, new in aliases.items():
            renamed = (new,) if isinstance(new, str) else tuple(new)
            if old.startswith(".") and "/" not in old:
                self._suffixes[self._fold(old)] = renamed
            elif old.endswith("/"):
                self._folders[self._key(old)] = tuple(name.rstrip("/") for name in renamed)
            else:
                self._exact[self._key(old)] = renamed

    def find(self, path: str | os.PathLike[str], folder: str = "") -> Found:
        """Return what a path means: the first that there is of the names that it may be.

        `folder` is where the template stands that includes: the old folder, under a root. Raises `PathError` for
        what is no path, or leaves the roots.
        """
        first = None
        for under in self._under(path, folder):
            for name in self._renamed(under):
                exact = self._known.get(name) or self._known.get(self._fold(name))
                if exact is not None:
                    return Found(exact, under.rpartition("/")[0], exists=True)
                first = first or Found(name, under.rpartition("/")[0], exists=False)
        assert first is not None  # noqa: S101  # every path is at least under the roots
        return first

    def joined(self, path: str, parent: str) -> str:
        """Return the name that a path means in the template `parent`; of several, one that ends as that does.

        What is a name as it stands, and what leaves the roots, is left as it is.
        """
        old = path.startswith(("./", "../", "/")) or self._fold(path[path.rfind(".") :]) in self._suffixes
        try:
            under = next(iter(self._under(path, parent.rpartition("/")[0])))
        except PathError:
            return path
        if not old and self._fold(under) not in self._exact:
            return path
        names = list(self._renamed(under))
        return next((name for name in names if name.endswith(parent[parent.rfind(".") :])), names[0])

    def _under(self, path: str | os.PathLike[str], folder: str) -> Iterable[str]:
        """Yield the paths under a root that a path may be."""
        shown = _text(path)
        text = self._slashes(shown)
        parts = self._parts(text, shown)
        absolute = text.startswith("/") or _DRIVE.match(text) is not None
        for root in self._roots:
            if _begins(parts, root, self._fold):
                yield _inside(parts[len(root) :], shown)
                if absolute:
                    return
        if absolute:
            # `..` may lead into a root, or out of one and back in
            resolved = list(_resolved(parts[1:], shown))
            for root in self._roots:
                if _begins([parts[0], *resolved], root, self._fold):
                    yield "/".join(resolved[len(root) - 1 :])
                    return
            raise PathError(shown, "lies outside the roots")
        if text.startswith(("./", "../")):
            yield _inside([*folder.split("/"), *parts], shown)
            return
        yield _inside(parts, shown)
        if folder:  # as PHP does, after the folders of `include_path`
            yield _inside([*folder.split("/"), *parts], shown)

    def _renamed(self, under: str) -> Iterable[str]:
        key = self._fold(under)
        if key in self._exact:
            yield from self._exact[key]
            return
        for folder in _folders_of(under):
            if self._fold(folder) in self._folders:
                for new in self._folders[self._fold(folder)]:
                    yield from self._suffixed(f"{new}/{under[len(folder) + 1 :]}" if new else under[len(folder) + 1 :])
                return
        yield from self._suffixed(under)

    def _suffixed(self, name: str) -> Iterable[str]:
        stem, dot, suffix = name.rpartition(".")
        new = self._suffixes.get(self._fold(dot + suffix))
        yield from (name,) if new is None else (stem + end for end in new)

    def _key(self, old: str) -> str:
        """Return how an alias is looked for: as a path under a root."""
        return self._fold(next(iter(self._under(old.rstrip("/"), ""))))

    def _slashes(self, text: str) -> str:
        return text.replace("\\", "/") if self._backslashes else text

    def _parts(self, text: str, shown: str) -> list[str]:
        """Return the parts of a path; an absolute one begins with an empty part or a drive."""
        if not text:
            raise PathError(shown, "is empty")
        if "\0" in text:
            raise PathError(shown, "has a NUL character")
        if "\\" in text:
            raise PathError(shown, "has a back slash; `backslashes=True` takes those for slashes")
        if _SCHEME.match(text):
            raise PathError(shown, "is a URL or names a stream, not a file under the roots")
        parts = [part for part in text.split("/") if part not in {"", "."}]
        return ["", *parts] if text.startswith("/") else parts


def _text(path: object) -> str:
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise PathError(repr(path), f"is no path, but of type {type(path).__name__}")
    return text


def _begins(parts: Sequence[str], root: Sequence[str], fold: Callable[[str], str]) -> bool:
    return len(parts) >= len(root) and all(fold(a) == fold(b) for a, b in zip(parts, root, strict=False))


def _inside(parts: Iterable[str], shown: str) -> str:
    return "/".join(_resolved(parts, shown))


def _resolved(parts: Iterable[str], shown: str) -> list[str]:
    """Return the parts without `..`; raises `PathError` where that leaves what they are under."""
    resolved: list[str] = []
    for part in parts:
        if part != "..":
            if part:
                resolved.append(part)
        elif resolved:
            resolved.pop()
        else:
            raise PathError(shown, "leaves the roots")
    return resolved


def _folders_of(under: str) -> Iterable[str]:
    """Yield the folders that a path is in, the innermost first."""
    while (at := under.rfind("/")) > 0:
        under = under[:at]
        yield under
