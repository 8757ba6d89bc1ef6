"""Catalogues of translations as gettext has them compiled (GNU gettext's manual, 10.3)."""

import struct
from collections.abc import Mapping
from pathlib import Path

PLURAL = "nplurals=2; plural=(n != 1);"


def write_catalogue(file: Path, texts: Mapping[str, str]) -> None:
    """Write a ``.mo`` file. A context stands before its text and ``\\4``, a plural behind and ``\\0``."""
    head = f"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: {PLURAL}\n"
    pairs = sorted((key.encode(), text.encode()) for key, text in {"": head, **texts}.items())
    at = 7 * 4 + 16 * len(pairs)
    tables, data = [], b""
    for column in zip(*pairs, strict=True):
        for text in column:
            tables += [len(text), at + len(data)]
            data += text + b"\0"
    file.parent.mkdir(parents=True, exist_ok=True)
    numbers = (0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at, *tables)
    file.write_bytes(struct.pack(f"<{len(numbers)}I", *numbers) + data)


def locale_folder(root: Path, languages: Mapping[str, Mapping[str, str]], domain: str = "messages") -> Path:
    """Return a folder of catalogues, as Babel lays it out."""
    for name, texts in languages.items():
        write_catalogue(root / name / "LC_MESSAGES" / f"{domain}.mo", texts)
    return root
