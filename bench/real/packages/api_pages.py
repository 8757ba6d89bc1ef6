"""Reference pages: pdoc of a module, json-schema-for-humans of a schema."""

import json
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import module, words, write


def _pdoc(folder: Path, stack: ExitStack) -> None:
    import pdoc

    write(folder, {f"shopdocs/part{number}.py": "".join(module(number)) for number in range(4)})
    write(folder, {"shopdocs/__init__.py": "".join(module(9))})
    stack.callback(setattr, sys, "path", list(sys.path))
    sys.path.insert(0, str(folder))
    pdoc.pdoc("shopdocs", output_directory=folder / "out")


def _schema(folder: Path, stack: ExitStack) -> None:
    from json_schema_for_humans.generate import generate_from_filename
    from json_schema_for_humans.generation_configuration import GenerationConfiguration

    kinds: list[dict[str, Any]] = [
        {"type": "string", "pattern": "^a"},
        {"type": "integer", "minimum": 1},
        {"type": "array", "items": {}},
    ]
    kinds += [{"enum": ["a", "<b>"]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}]
    fields = {f"field{at}": {**kinds[at % 5], "description": words(at, 12)} for at in range(20)}
    inner = {"type": "object", "properties": fields, "required": ["field1"]}
    schema = {**inner, "title": "Shop & co", "properties": {**fields, "one": inner, "two": inner}}
    write(folder, {"shop.json": json.dumps(schema)})
    for template in ("js", "md", "flat"):
        config = GenerationConfiguration(template_name=template, copy_css=False, copy_js=False)
        generate_from_filename(folder / "shop.json", str(folder / f"out.{template}"), config=config)


def _without_date(text: str) -> str:
    return re.sub(r" on \d{4}-\d\d-\d\d at \d\d:\d\d:\d\d", " on that day", text)


PACKAGES = (
    Package(
        "pdoc",
        "the reference of five modules",
        {"pdoc module": "module.html.jinja2", "pdoc index": "index.html.jinja2"},
        _pdoc,
        ("pdoc",),
    ),
    Package(
        "json-schema-for-humans",
        "a schema of 62 fields",
        {
            "schema as pages": lambda render: "<script" in render.text,
            "schema flat": lambda render: "<script" not in render.text and "<html" in render.text,
            "schema as Markdown": lambda render: "<html" not in render.text,
        },
        _schema,
        ("json-schema-for-humans",),
        same=_without_date,
    ),
)
