"""Projects: texts of a realistic length that modules of `bench.real.packages` write into files."""

from collections.abc import Iterator
from pathlib import Path

COUNT = 30  # of whatever a package has lists of

_WORDS = [
    "feeds",
    "pages",
    "watches",
    "changes",
    "alerts",
    "digests",
    "walkers",
    "bundles",
    "loaders",
    "renders",
    "markup",
    "tables",
    "rows",
]


def words(number: int, count: int) -> str:
    """Return so many words, other ones for another number."""
    return " ".join(_WORDS[(number * 7 + at * (number % 5 + 1)) % len(_WORDS)] for at in range(count))


def title(number: int) -> str:
    """Return a title with characters in it that HTML escapes."""
    return f"{words(number, 2).capitalize()} & <more> {number}"


def markdown(number: int) -> str:
    """Return a page with sections, code and a table."""
    parts = [f"# {title(number).replace('<', '&lt;')}", words(number, 40)]
    for section in range(6):
        parts += [f"## {words(number + section, 3).capitalize()} {section}", words(section, 60)]
        parts += [f"### Detail {section}", f"```python\nprint({section})\n```", "| a | b |\n|---|---|\n| 1 | 2 |"]
    return "\n\n".join(parts) + "\n"


def rst(number: int) -> str:
    """Return the same kind of page for Sphinx, with functions that its index has."""
    heading = words(number, 3).capitalize() + f" {number}"
    parts = [f"{heading}\n{'=' * len(heading)}", words(number, 40), f".. py:module:: shop{number}"]
    for section in range(4):
        inner = f"{words(number + section, 2).capitalize()} {section}"
        parts += [f"{inner}\n{'-' * len(inner)}", words(section, 60)]
        parts += [f".. py:function:: shop{number}.call_{section}(a, b)\n\n   {words(section, 12)}"]
    return "\n\n".join(parts) + "\n"


def module(number: int = 0, classes: int = 4, methods: int = 6) -> Iterator[str]:
    """Yield the lines of a module of Python, with docstrings in Google's style."""
    yield f'"""{words(number, 8).capitalize()}."""\n\nfrom __future__ import annotations\n'
    yield f'LIMIT: int = {number}\n"""{words(number, 5).capitalize()}."""\n'
    for kind in range(classes):
        base = f"(Kind{kind - 1})" if kind else ""
        text = f"{words(kind, 9).capitalize()}.\n\n    {words(kind + 1, 30)}"
        yield f'\nclass Kind{kind}{base}:\n    """{text}\n    """\n'
        yield f'    field: str = "<{kind}>"\n    """{words(kind, 4)}"""\n'
        for method in range(methods):
            yield (
                f"    def method_{method}(self, first: int, second: list[str] | None = None) -> dict[str, int]:\n"
                f'        """{words(method, 6).capitalize()}.\n\n        Args:\n            first: {words(kind, 5)}\n'
                f"            second: {words(method, 6)}\n\n        Returns:\n            {words(method + 2, 5)}\n"
                f'        """\n        return {{"{method}": first}}\n'
            )
    for function in range(methods):
        text = words(function, 12).capitalize()
        yield f'\ndef function_{function}(a: int = 1, b: str = "&") -> str:\n    """{text}."""\n    return b * a\n'


def write(folder: Path, files: dict[str, str]) -> None:
    """Write texts into files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
