"""MkDocs: sites of thirty pages, in its own two themes and in Material's, with a blog and an API reference."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import COUNT, markdown, module, title, write


def _build(folder: Path, stack: ExitStack, theme: dict[str, Any], **more: Any) -> None:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    write(folder, {f"docs/part{number % 4}/page{number}.md": markdown(number) for number in range(COUNT)})
    write(folder, {"docs/index.md": markdown(0), "mkdocs.yml": "site_name: Shop & co\n", "shop.py": "".join(module())})
    config = load_config(
        str(folder / "mkdocs.yml"),
        site_url="https://shop.example.org/",
        repo_url="https://github.com/shop/shop",
        theme=theme,
        **more,
    )
    build(config)


def _material(folder: Path, stack: ExitStack) -> None:
    for number in range(COUNT):
        text = f"---\ndate: 2026-01-{number % 28 + 1:02}\ncategories: [c{number % 3}]\ntags: [t{number % 5}]\n---\n"
        excerpt = f"# {title(number).replace('<', '&lt;')}\n\nfirst words\n\n<!-- more -->\n\n"
        write(folder, {f"docs/blog/posts/post{number}.md": text + excerpt + markdown(number)})
    features = ["navigation.tabs", "navigation.footer", "toc.follow", "content.code.copy", "navigation.indexes"]
    plugins = ["blog", "tags", "search", {"mkdocstrings": {"handlers": {"python": {"paths": [str(folder)]}}}}]
    write(folder, {"docs/blog/index.md": "# Blog\n", "docs/reference.md": "# Reference\n\n::: shop\n"})
    _build(folder, stack, {"name": "material", "features": features}, plugins=plugins)


def _again(variables: dict[str, Any], stack: ExitStack) -> None:
    """Have the page marked as the one that is shown, in the navigation and all that it is part of."""
    page = variables.get("page")
    if page is not None:
        page.active = True
        stack.callback(setattr, page, "active", False)


PACKAGES = (
    Package(
        "mkdocs",
        "a site of 31 pages",
        {"mkdocs page": "main.html", "mkdocs not found": "404.html", "mkdocs sitemap": "sitemap.xml"},
        partial(_build, theme={"name": "mkdocs"}),
        ("mkdocs",),
        _again,
    ),
    Package(
        "mkdocs-readthedocs",
        "a site of 31 pages",
        {"readthedocs page": "main.html", "readthedocs search": "search.html"},
        partial(_build, theme={"name": "readthedocs"}),
        ("mkdocs",),
        _again,
    ),
    Package(
        "mkdocs-material",
        "a site of 33 pages, a blog of 30 posts, a reference of a module",
        {
            "material page": "main.html",
            "material not found": "404.html",
            "material blog": "blog.html",
            "material post": "blog-post.html",
            "mkdocstrings module": "module.html.jinja",
        },
        _material,
        ("mkdocs-material", "mkdocstrings-python"),
        _again,
    ),
)
