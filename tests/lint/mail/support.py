"""Support: messages for the lint, and what it says of them."""

from collections.abc import Mapping
from typing import Any

import blendtpl
from blendtpl.errors import TemplateWarning

WORDS = "<p>Words of which there are enough</p>"
HIDDEN = '<div style="display:none">Read this first</div>'


def message(body: str, style: str = "", folder: str = "m", **more: str) -> dict[str, str]:
    """Return a message with nothing wrong but what is in the body, which begins in line 2."""
    page = f'<html lang="en"><head><style>{style}</style></head><body>{HIDDEN}\n{body}\n{WORDS}</body></html>'
    parts = {"subject": "Subject", "text": "Text", **more}
    return {
        f"{folder}/subject.txt": parts["subject"],
        f"{folder}/body.txt": parts["text"],
        f"{folder}/body.html": page,
    }


def warnings(templates: Mapping[str, str], **options: Any) -> tuple[TemplateWarning, ...]:
    """Return the warnings of these templates."""
    return blendtpl.compile(templates, lint=True, **options).warnings


def told(templates: Mapping[str, str], **options: Any) -> list[str]:
    """Return the warnings as ``name line:column``, with the template where that is not the body of `m`."""
    return [shown(each) for each in warnings(templates, **options)]


def shown(each: TemplateWarning) -> str:
    """Return a warning as ``name line:column``, with the template where that is not the body of `m`."""
    where = "" if each.name == "m/body.html" else f"{each.name} "
    return f"{where}{each.kind} {each.line}:{each.column}"


def told_of_each(cases: Mapping[str, Mapping[str, str]], **options: Any) -> dict[str, list[str]]:
    """Return the warnings of each case, whose templates are those of a message `m`; all are compiled in one go."""
    texts, names = {}, {}
    for number, (case, templates) in enumerate(cases.items()):
        for name, text in templates.items():
            key = f"m{number}/{name.removeprefix('m/')}" if name.startswith("m/") else name
            texts[key], names[key] = text, (case, name)
    found: dict[str, list[str]] = {case: [] for case in cases}
    for each in warnings(texts, **options):
        case, name = names[each.name]
        where = "" if name == "m/body.html" else f"{name} "
        found[case].append(f"{where}{each.kind} {each.line}:{each.column}")
    return found
