"""Which template names are allowed: a whitelist, since a name ends up in code, in messages and in file systems.

A hostile name ran code in a template compiler before (CVE-2024-56201). Nothing here touches a file.
"""

import unicodedata

_OTHERS = "_.+@=,~()[]&$#!%^-"
_SEGMENT_BYTES = 255  # the longest file name that common file systems hold


def name_problem(name: str) -> str:
    """Return why `name` may not be a template's name, or an empty string when it may."""
    if not name:
        return "is empty"
    if "\\" in name:
        return "has a back slash; names are separated by `/`"
    for segment in name.split("/"):
        if not segment:
            return "has an empty segment; names are relative to the template folder"
        if segment in {".", ".."}:
            return f"has a `{segment}` segment; names never leave the template folder"
        if odd := next((character for character in segment if not _is_allowed(character)), ""):
            return f"has the character {odd!r}; letters, digits, spaces and `{_OTHERS}` are allowed"
        if segment[-1] in ". ":
            return "has a segment that ends in a dot or a space, which some file systems drop"
        if segment[0] == " " or _is_mark(segment[0]):
            return "has a segment that begins with a space or with a mark that belongs on a letter"
        if len(segment.encode()) > _SEGMENT_BYTES:
            return f"has a segment of more than {_SEGMENT_BYTES} bytes"
    return ""


def _is_allowed(character: str) -> bool:
    return character.isalnum() or character == " " or character in _OTHERS or _is_mark(character)


def _is_mark(character: str) -> bool:
    # such as accents, which some file systems write apart from their letter, and the vowels of many scripts
    return unicodedata.category(character).startswith("M")


def clash_key(name: str) -> str:
    """Return what two names share when a file system that folds case or Unicode forms would mix them up."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
