"""A report's sections as Markdown, and as one HTML page that needs nothing else.

Enters: sections of text, tables and pictures. Leaves: text. A table's cells are plain text; columns after the first
are numbers, or as short.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #1d2329; --soft: #5d6670; --paper: #ffffff; --line: #d9dee3; --shade: #f4f6f8; --good: #1d7f45; --bad: #b3361b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e3e8ed; --soft: #a4aeb8; --paper: #12161b; --line: #303841; --shade: #1a2027;
    --good: #5fca8a; --bad: #f0806a;
  }
}
body {
  background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  margin: 0 auto; max-width: 84rem; padding: 1.5rem;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { border-top: 1px solid var(--line); font-size: 1.3rem; margin: 2.5rem 0 0.75rem; padding-top: 1.5rem; }
p { max-width: 62rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; margin: 0.75rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.7rem; text-align: right; vertical-align: top; }
td { white-space: nowrap; }
th { background: var(--shade); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
td.words, th.words { text-align: left; white-space: normal; }
td.yes, td.flat { color: var(--good); }
td.no, td.grows { color: var(--bad); }
tbody tr:hover { background: var(--shade); }
summary { color: var(--soft); cursor: pointer; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { height: auto; max-width: 100%; min-width: 44rem; }
figure svg text { fill: var(--soft) !important; }
code { font-size: 0.9em; }
"""
_MARKED = ("yes", "no", "flat", "grows")  # cells that have a colour

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. `words` are the columns, counted from 0, that hold more than a number."""

    headings: Row
    rows: Sequence[Row]
    words: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report. `more` is a long table that few will read, with a line that says what it is."""

    title: str
    text: Sequence[str] = ()
    picture: str = ""
    table: Table | None = None
    more: tuple[str, Table] | None = None


def to_markdown(title: str, sections: Sequence[Section]) -> str:
    """Return a report as Markdown; pictures are files beside it."""
    parts = [f"# {title}"]
    for section in sections:
        parts += [f"## {section.title}", *section.text]
        if section.picture:
            parts.append(f"![{section.title}]({section.picture}.svg)")
        if section.table:
            parts.append(_markdown_table(section.table))
        if section.more:
            parts += [f"<details><summary>{section.more[0]}</summary>", _markdown_table(section.more[1]), "</details>"]
    return "\n\n".join(parts) + "\n"


def to_html(title: str, sections: Sequence[Section], folder: Path) -> str:
    """Return a report as one HTML page, with the pictures of a folder in it."""
    body = "\n".join(_html_section(section, folder) for section in sections)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>\n{STYLE}</style>\n</head>\n<body>\n'
        f"<h1>{html.escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _markdown_table(table: Table) -> str:
    lines = [table.headings, [":--" if at == 0 or at in table.words else "--:" for at in range(len(table.headings))]]
    return "\n".join(f"| {' | '.join(map(_markdown_cell, row))} |" for row in [*lines, *table.rows])


def _markdown_cell(text: str) -> str:
    """Return a cell that stays one, in one line; what is between backticks is code, in which there is no markup."""
    parts = re.split(r"(`[^`]+`)", " ".join(text.split()))
    plain = [part if at % 2 else re.sub(r"([<>&*_\\]|(?<=\])\()", r"\\\1", part) for at, part in enumerate(parts)]
    return "".join(plain).replace("|", "\\|")


def _html_section(section: Section, folder: Path) -> str:
    parts = [f"<h2>{html.escape(section.title)}</h2>"]
    parts += [f"<p>{_marked(text)}</p>" for text in section.text]
    if section.picture:
        parts.append(f"<figure>{_inline(section.picture, folder)}</figure>")
    if section.table:
        parts.append(_html_table(section.table))
    if section.more:
        summary, table = section.more
        parts.append(f"<details><summary>{html.escape(summary)}</summary>{_html_table(table)}</details>")
    return "\n".join(parts)


def _marked(text: str) -> str:
    """Return a paragraph as HTML: what is between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def _html_table(table: Table) -> str:
    def line(row: Row, tag: str) -> str:
        return "<tr>" + "".join(_cell(cell, tag, at in table.words) for at, cell in enumerate(row)) + "</tr>"

    head, body = line(table.headings, "th"), "\n".join(line(row, "td") for row in table.rows)
    return f'<div class="wide"><table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def _cell(text: str, tag: str, words: bool) -> str:
    kinds = [*(["words"] if words else []), *([text] if text in _MARKED and tag == "td" else [])]
    attribute = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<{tag}{attribute}>{_marked(text)}</{tag}>"


def _inline(name: str, folder: Path) -> str:
    """Return a picture for inside of a page: without prolog and metadata, and with names that no other picture has."""
    text = (folder / f"{name}.svg").read_text(encoding="utf-8")
    svg = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    return re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg).strip()
