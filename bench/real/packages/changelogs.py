"""Changelogs: commitizen, git-changelog, towncrier and python-semantic-release, of sixty commits."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from bench.real.package import Package
from bench.real.projects import COUNT, words, write

_DAY = {"GIT_AUTHOR_DATE": "2026-01-02T03:04:05", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05"}
_WHO = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}


def _history(folder: Path) -> None:
    """Make a repository of three releases and sixty commits."""
    committer = {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org", "HOME": str(folder)}
    settings: Any = {
        "cwd": folder,
        "check": True,
        "capture_output": True,
        "env": {**_DAY, **_WHO, **committer, "PATH": "/usr/bin:/bin"},
    }
    subprocess.run(["git", "init", "--initial-branch", "main"], **settings)
    subprocess.run(["git", "remote", "add", "origin", "https://github.com/shop/shop.git"], **settings)
    for number in range(2 * COUNT):
        kind = ("feat", "fix", "fix(core)", "perf", "docs")[number % 5]
        write(folder, {"file.txt": str(number)})
        subprocess.run(["git", "add", "-A"], **settings)
        subprocess.run(
            ["git", "commit", "-m", f"{kind}: {words(number, 6)} <{number}>\n\n{words(number, 20)}"], **settings
        )
        if number % 20 == 19:
            subprocess.run(["git", "tag", f"v0.{number // 20 + 1}.0"], **settings)


def _git_changelog(folder: Path, stack: ExitStack) -> None:
    from git_changelog.cli import build_and_render

    _history(folder)
    for template in ("keepachangelog", "angular"):
        build_and_render(repository=str(folder), template=template, convention="angular", output=str(folder / "out.md"))


def _commitizen(folder: Path, stack: ExitStack) -> None:
    from commitizen.cli import main

    _history(folder)
    for kind, ending in (("markdown", "md"), ("restructuredtext", "rst")):
        settings = '[tool.commitizen]\nname = "cz_conventional_commits"\ntag_format = "v$version"\n'
        write(folder, {"pyproject.toml": f'{settings}changelog_format = "{kind}"\nchangelog_file = "out.{ending}"\n'})
        with mock.patch("sys.argv", ["cz", "changelog"]):
            main()


def _towncrier(folder: Path, stack: ExitStack) -> None:
    from click.testing import CliRunner
    from towncrier._shell import cli

    kinds = ("feature", "bugfix", "doc", "removal", "misc")
    fragments = {f"news/{number}.{kinds[number % 5]}": words(number, 20) + "." for number in range(COUNT)}
    write(folder, {"pyproject.toml": '[tool.towncrier]\ndirectory = "news"\nname = "Shop"\n', **fragments})
    for name in ("NEWS.rst", "NEWS.md"):
        write(folder, {"pyproject.toml": f'[tool.towncrier]\ndirectory = "news"\nfilename = "{name}"\nname = "Shop"\n'})
        outcome = CliRunner().invoke(cli, ["build", "--draft", "--version", "1.2", "--date", "2026-01-02"])
        assert not outcome.exception, outcome.output


def _semantic_release(folder: Path, stack: ExitStack) -> None:
    from click.testing import CliRunner
    from semantic_release.cli.commands.main import main

    _history(folder)
    outcome = CliRunner().invoke(main, ["changelog"], catch_exceptions=False)
    assert not outcome.exception, outcome.output


PACKAGES = (
    Package(
        "git-changelog",
        "a history of 60 commits",
        {
            "git-changelog: keep": lambda render: "Keep a Changelog" in render.text and render.name is None,
            "git-changelog: angular": lambda render: "Keep a Changelog" not in render.text and render.name is None,
        },
        _git_changelog,
        ("git-changelog",),
    ),
    Package(
        "commitizen",
        "a history of 60 commits",
        {"commitizen Markdown": "CHANGELOG.md.j2", "commitizen reStructuredText": "CHANGELOG.rst.j2"},
        _commitizen,
        ("commitizen",),
    ),
    Package(
        "towncrier",
        "thirty news fragments",
        {
            "towncrier reStructuredText": lambda render: "===" in render.text,
            "towncrier Markdown": lambda render: render.text.startswith("#") or "\n##" in render.text,
        },
        _towncrier,
        ("towncrier",),
    ),
    Package(
        "python-semantic-release",
        "a history of 60 commits",
        {"semantic-release changelog": "CHANGELOG.md.j2"},
        _semantic_release,
        ("python-semantic-release",),
    ),
)
