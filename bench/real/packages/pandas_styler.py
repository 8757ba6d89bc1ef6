"""pandas: a table of forty rows with styles, in three formats."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.package import Package
from bench.real.projects import words


def _run(folder: Path, stack: ExitStack) -> None:
    import pandas

    rows = [{"name": f"<{words(row, 2)}>", "price": row * 1.5, "count": row % 7, "sold": row * 3} for row in range(40)]
    table = pandas.DataFrame(rows).set_index(["name", "count"])
    styler = table.style.format(precision=2, escape="html").highlight_max(color="#eee").set_caption("Sold & left")
    styler.set_table_styles([{"selector": "th", "props": [("text-align", "left")]}], overwrite=False)
    styler.to_html(table_uuid="t", sparse_index=False)
    styler.to_latex()
    styler.to_string()


PACKAGES = (
    Package(
        "pandas",
        "a table of 40 rows with a few styles",
        {"table as HTML": "html.tpl", "table as LaTeX": "latex.tpl", "table as text": "string.tpl"},
        _run,
        ("pandas",),
    ),
)
