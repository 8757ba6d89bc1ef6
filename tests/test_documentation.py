"""The documentation: every block of every page runs, and every page is one that a reader can get to."""

from pathlib import Path

import pytest

from testkit import ROOT
from tests.blocks import Block, blocks_of, run_in_order, run_page

DOCS = ROOT / "docs"
# those whose own tests run or compare every block and what it makes
_ELSEWHERE = {"deploying.md", "codegen.md", "docs/queues.md"}
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if not {page.name, page.relative_to(ROOT).as_posix()} & _ELSEWHERE]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_block_of_a_page_runs_and_prints_what_the_page_says(page: Path, guide_folder: Path) -> None:
    run_page(page, guide_folder)


def a_page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```\nx\n```\n", "page.md:1: a block that has no language"),
        ("\n```ruby\nx\n```\n", "page.md:3: nothing runs or reads a block of `ruby`"),
        ("```python linenums\n```\n", "page.md:1: what is ` linenums`?"),
        ("```text\nnever printed\n```\n", "page.md:2: it is not printed before"),
        ("```console\n$ echo 1\n2\n```\n", "page.md:2: `echo 1` prints\n1"),
        ("```console\necho 1\n```\n", "page.md:2: begin with a command"),
        ("```python\nassert 1 == 2, 'wrong'\n```\n", "wrong"),
    ],
)
def test_a_block_that_is_wrong_fails_with_its_place(text: str, told: str, guide_folder: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        run_page(a_page(guide_folder, text), guide_folder)
    assert told in str(caught.value)


def test_blocks_share_names_files_and_what_is_printed(guide_folder: Path) -> None:
    page = a_page(
        guide_folder,
        '```python title="given.py"\nvalue = 7\n```\n'
        "```python\nfrom given import value\n```\n```python\nprint(value)\n```\n```text\n7\n```\n"
        "```sh\npython -c 'import given; print(given.value + 1)'\n```\n"
        "```console\n$ echo one two three\none ... three\n$ false\n```\n",
    )
    assert run_page(page, guide_folder) == "7\n8\n"


def test_a_block_keeps_its_indent_but_for_that_of_its_fence(guide_folder: Path) -> None:
    text = "```python\n    a = 1\n```\n\n1. item\n\n    ```python\n    if 1:\n        a = 1\n    ```\n```sh\n```\n"
    found = [block.text for block in blocks_of(a_page(guide_folder, text))]
    assert found == ["    a = 1\n", "if 1:\n    a = 1\n", ""]


def test_what_a_page_says_is_not_run_is_not_run_and_only_that(guide_folder: Path) -> None:
    page = a_page(
        guide_folder, '<!-- skip: next "as it fails" -->\n```python\nassert False\n```\n```python\nprint(1)\n```\n'
    )
    assert run_page(page, guide_folder) == "1\n"
    assert blocks_of(page)[0] == Block("page.md", "python", "", "assert False\n", 3)
    with pytest.raises(AssertionError):
        run_in_order(blocks_of(page), guide_folder)
