"""Sphinx: a manual of thirty pages in five themes, as an e-book, and as texts to translate."""

import re
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench.real.package import Package, Which
from bench.real.projects import COUNT, module, rst, write


def _build(
    folder: Path, stack: ExitStack, theme: str, builder: str = "html", pages: int = COUNT, **options: Any
) -> None:
    from sphinx.application import Sphinx

    names = [f"part{number}" for number in range(pages)]
    toc = "\n   ".join(names)
    index = f"Shop\n====\n\n.. toctree::\n   :caption: Parts\n   :maxdepth: 2\n\n   {toc}\n"
    write(folder, {f"src/{name}.rst": rst(number) for number, name in enumerate(names)})
    write(folder, {"src/index.rst": index, "src/conf.py": "", "lib/shop.py": "".join(module())})
    stack.callback(setattr, sys, "path", list(sys.path))
    sys.path.insert(0, str(folder / "lib"))
    overrides = {"project": "Shop & co", "html_theme": theme, "version": "1.2", "release": "1.2.3", **options}
    app = Sphinx(
        folder / "src",
        folder / "src",
        folder / "out",
        folder / "doctrees",
        builder,
        confoverrides=overrides,
        status=None,
        warning=None,
        freshenv=True,
    )
    app.build(force_all=True)


_DESCRIBED = ".. autosummary::\n   :toctree: made\n   :recursive:\n\n   shop\n"


def _summary(folder: Path, stack: ExitStack) -> None:
    write(folder, {"src/reference.rst": f"Reference\n=========\n\n{_DESCRIBED}"})
    extensions = ["sphinx.ext.autosummary", "sphinx.ext.autodoc", "numpydoc"]
    _build(folder, stack, "alabaster", pages=3, extensions=extensions)


def _autoapi(folder: Path, stack: ExitStack) -> None:
    options: dict[str, Any] = {"extensions": ["autoapi.extension"], "autoapi_dirs": [str(folder / "lib")]}
    _build(folder, stack, "alabaster", pages=3, **options)


def _without_numbers(text: str) -> str:
    """Return a page without the numbers that make its ids unique in a build."""
    return re.sub(r"(pst-nav-more-links|pst-page-navigation-heading|searchbox)-\d+", r"\1", text)


def _themed(theme: str, distribution: str, pages: dict[str, Which]) -> Package:
    run, needs = partial(_build, theme=theme), ("sphinx", distribution)
    return Package(theme, "a manual of 31 pages", pages, run, needs, same=_without_numbers)


PACKAGES = (
    _themed(
        "alabaster",
        "alabaster",
        {
            "alabaster page": "page.html",
            "alabaster index": "genindex.html",
            "alabaster modules": "domainindex.html",
            "alabaster search": "search.html",
        },
    ),
    _themed("furo", "furo", {"furo page": "page.html", "furo index": "genindex.html"}),
    _themed("sphinx_rtd_theme", "sphinx-rtd-theme", {"rtd page": "page.html", "rtd index": "genindex.html"}),
    _themed("pydata_sphinx_theme", "pydata-sphinx-theme", {"pydata page": "page.html"}),
    _themed("sphinx_book_theme", "sphinx-book-theme", {"book page": "page.html"}),
    Package(
        "sphinx-epub",
        "a manual of 31 pages as an e-book",
        {
            "epub contents": lambda render: "<package" in (render.source or ""),
            "epub page": "page.html",
        },
        partial(_build, theme="epub", builder="epub"),
        ("sphinx",),
    ),
    Package(
        "sphinx-gettext",
        "the texts of a manual of 31 pages",
        {"gettext catalogue": lambda render: "message.pot" in str(render.name)},
        partial(_build, theme="alabaster", builder="gettext"),
        ("sphinx",),
    ),
    Package(
        "sphinx-autosummary",
        "the reference of a module with four classes",
        {
            "autosummary module": lambda render: "module.rst" in str(render.name),
            "numpydoc docstring": lambda render: "numpydoc" in str(render.name),
        },
        _summary,
        ("sphinx", "numpydoc"),
    ),
    Package(
        "sphinx-autoapi",
        "the reference of a module with four classes",
        {"autoapi module": lambda render: "module.rst" in str(render.name)},
        _autoapi,
        ("sphinx", "sphinx-autoapi"),
    ),
)
