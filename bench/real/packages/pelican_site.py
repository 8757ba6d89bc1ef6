"""Pelican: a site of thirty articles in its own theme."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import COUNT, markdown, words, write


def _run(folder: Path, stack: ExitStack) -> None:
    from pelican import Pelican
    from pelican.settings import read_settings

    for number in range(COUNT):
        head = f"Title: {words(number, 3)} & {number}\nDate: 2026-01-{number % 28 + 1:02} 10:00\n"
        head += (
            f"Category: c{number % 4}\nTags: {words(number, 3).replace(' ', ', ')}\nAuthor: Ada\nSlug: post{number}\n\n"
        )
        write(folder, {f"content/post{number}.md": head + markdown(number).partition("\n")[2]})
    options: dict[str, Any] = {
        "PATH": str(folder / "content"),
        "OUTPUT_PATH": str(folder / "out"),
        "SITENAME": "Shop & co",
    }
    options |= {"SITEURL": "https://shop.example.org", "TIMEZONE": "UTC", "DEFAULT_PAGINATION": 30, "PLUGINS": []}
    Pelican(read_settings(override={**options, "CACHE_PATH": str(folder / "cache")})).run()


PACKAGES = (
    Package(
        "pelican",
        "a site of 30 articles",
        {
            "pelican index": "index.html",
            "pelican article": "article.html",
            "pelican archives": "archives.html",
            "pelican tags": "tags.html",
        },
        _run,
        ("pelican", "markdown"),
    ),
)
