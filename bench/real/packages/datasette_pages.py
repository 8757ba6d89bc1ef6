"""Datasette: a database of thirty articles, with facets."""

import asyncio
import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.flask_pages import values
from bench.real.package import Package
from bench.real.projects import COUNT


def _run(folder: Path, stack: ExitStack) -> None:
    from datasette.app import Datasette

    with sqlite3.connect(folder / "shop.db") as database:
        for table in ("article", "order", "user", "note", "tag"):
            database.execute(f'create table "{table}" (id integer primary key, name, note, price, sold)')
            rows = [(number, *values(number).values()) for number in range(COUNT)]
            database.executemany(f'insert into "{table}" values (?, ?, ?, ?, ?)', rows)
    database.close()
    shown: Any = Datasette([str(folder / "shop.db")])

    async def visit() -> None:
        for path in ("/", "/shop", "/shop/article?_facet=sold&_size=50", "/shop/article/3"):
            answer = await shown.client.get(path)
            assert answer.status_code == 200, (path, answer.text[:500])

    asyncio.run(visit())


PACKAGES = (
    Package(
        "datasette",
        "a database of five tables of 30 rows",
        {
            "datasette index": "index.html",
            "datasette database": "database.html",
            "datasette table": "table.html",
            "datasette row": "row.html",
        },
        _run,
        ("datasette",),
    ),
)
