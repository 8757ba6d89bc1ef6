"""nbconvert: a notebook of sixty cells with outputs, as a page, as slides, and as texts."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import COUNT, markdown, words


def _notebook() -> Any:
    from nbformat import v4

    cells: list[Any] = []
    for number in range(COUNT):
        cells.append(v4.new_markdown_cell(markdown(number)[:600], id=f"text{number}"))
        output = v4.new_output("stream", text=f"<{words(number, 30)}>\n")
        value = v4.new_output("execute_result", {"text/plain": f"'{number} & more'"}, execution_count=number)
        source = f"for at in range({number}):\n    print(at, '<&>')\n"
        cells.append(
            v4.new_code_cell(source, id=f"code{number}", execution_count=number, outputs=[output, value][: number % 3])
        )
    return v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "", "language": ""}}
    )


def _run(folder: Path, stack: ExitStack) -> None:
    from nbconvert.exporters import (
        HTMLExporter,
        LatexExporter,
        MarkdownExporter,
        PythonExporter,
        RSTExporter,
        SlidesExporter,
    )

    notebook = _notebook()
    HTMLExporter(template_name="classic").from_notebook_node(notebook)
    for exporter in (HTMLExporter, MarkdownExporter, PythonExporter, SlidesExporter):
        exporter().from_notebook_node(notebook)
    # filters that call that program, or read what it gives
    pandoc = ["markdown2latex", "markdown2rst", "convert_pandoc", "resolve_references"]
    pandoc.append("convert_explicitly_relative_paths")
    for kind in (LatexExporter, RSTExporter):
        kind(filters=dict.fromkeys(pandoc, _as_it_is)).from_notebook_node(notebook)


def _as_it_is(source: str, *rest: object, **more: object) -> str:
    return source


def _of(folder: str) -> Any:
    return lambda render: f"/{folder}/" in str(render.environment.get_template(render.name).filename)


PACKAGES = (
    Package(
        "nbconvert",
        "a notebook of 60 cells, in each format",
        {
            "notebook as lab": _of("lab"),
            "notebook as classic": _of("classic"),
            "notebook as slides": _of("reveal"),
            "notebook as Markdown": _of("markdown"),
            "notebook as LaTeX": _of("latex"),
            "notebook as Python": _of("python"),
            "notebook as reStructuredText": _of("rst"),
        },
        _run,
        ("nbconvert",),
    ),
)
