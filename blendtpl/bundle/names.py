"""Names of templates: which there may be, and which name is meant by another spelling of it.

A name is data. It is a value in emitted code, a key in tables and what tracebacks show, and never becomes source
text: a hostile name ran code in a template compiler before (CVE-2024-56201). So nearly all may be names; refused is
what no folder gives under that name everywhere, and what upsets whoever shows it. Nothing here touches a file.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Protocol

import jinja2
from jinja2.loaders import split_template_path

_NEVER_SHOWN = {
    "Cc": "which terminals and logs would obey",
    "Zl": "which ends a line",
    "Zp": "which ends a paragraph",
    "Cs": "half a pair, which no text can hold: where it is from a file, that has a name which is not UTF-8",
}
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # have other text read backwards


def name_problem(name: str) -> str:
    """Return why `name` may not be a template's name, or an empty string when it may."""
    if not name:
        return "is empty"
    if "\\" in name:
        return "has a back slash; names are separated by `/`, and no folder has such a one where a back slash does that"
    if ".." in name.split("/"):
        return "has a `..` segment; names never leave the template folder"
    for character in name:
        why = _NEVER_SHOWN.get(unicodedata.category(character))
        if character in _TURNING:
            why = "which has others read backwards"
        if why:
            return f"has the character {character!r}, {why}"
    return ""


def clash_key(name: str) -> str:
    """Return what two names share when a file system that folds case or Unicode forms would mix them up."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class Rooted(Protocol):
    """What is known of a template: the beginning of its name behind which that may be spelt in other ways, as paths
    may; `None` for a name that is found by itself only.
    """

    @property
    def root(self) -> str | None:
        """That beginning; an empty string for a name in a folder."""


class Spellings:
    """What names of a set of templates are meant by others, by the rules of the loaders that they came from.

    Jinja2's loaders of folders take a name apart as a path: ``/a.html``, ``./a.html`` and ``.//a.html`` are all
    ``a.html``, while those of a mapping find a name by itself. `roots` are all that templates have for their root.
    """

    __slots__ = ("_roots", "_templates")

    def __init__(self, templates: Mapping[str, Rooted], roots: Iterable[str]) -> None:
        self._templates, self._roots = templates, tuple(sorted(roots, key=lambda root: (-len(root), root)))

    def resolve(self, name: object) -> str | None:
        """Return the name of the template that is found by `name`, which is not its own, or `None`."""
        if not isinstance(name, str):
            return None
        for root in self._roots:
            if name.startswith(root):
                try:
                    resolved = root + "/".join(split_template_path(name[len(root) :]))
                except jinja2.TemplateNotFound:  # it leaves the folder
                    continue
                if resolved in self._templates and self._templates[resolved].root == root:
                    return resolved
        return None


def spellings(templates: Mapping[str, Rooted]) -> Spellings:
    """Return the other spellings of the names of a set of templates."""
    return Spellings(templates, {template.root for template in templates.values() if template.root is not None})
