"""Reports of tests and checks: pytest-html, junit2html, flake8-html, diff-cover, gcovr."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.package import Package
from bench.real.projects import COUNT, module, words, write

_TESTS = """\
import pytest
@pytest.mark.parametrize("number", range(30))
def test_it(number):
    print("<out>", number)
    assert number % 4
"""


def _pytest_html(folder: Path, stack: ExitStack) -> None:
    import pytest

    write(folder, {"test_it.py": _TESTS, "pytest.ini": "[pytest]\n"})
    options = ["--html=report.html", "--self-contained-html", "-q", "-p", "pytest_html", "-p", "pytest_metadata"]
    pytest.main([*options, "-p", "no:cacheprovider", str(folder)])


def _junit2html(folder: Path, stack: ExitStack) -> None:
    from junit2htmlreport import parser

    cases = "".join(
        f'<testcase classname="shop.Kind{at % 3}" name="test_{at} &lt;x&gt;" time="0.{at}">'
        + (f'<failure message="{words(at, 4)}">{words(at, 30)}</failure>' if at % 5 == 0 else "")
        + "</testcase>"
        for at in range(COUNT)
    )
    suite = f'<testsuite name="shop" tests="30" failures="6" errors="0" skipped="0" time="4">{cases}</testsuite>'
    write(folder, {"junit.xml": f"<testsuites>{suite}</testsuites>"})
    parser.Junit(str(folder / "junit.xml")).html()


def _flake8_html(folder: Path, stack: ExitStack) -> None:
    from flake8.api import legacy
    from flake8.main.application import Application

    files = {
        f"shop/part{number}.py": "import os, sys\nx=1\n" + "".join(module(number, 2, 3)) for number in range(COUNT)
    }
    write(folder, files)
    assert legacy
    Application().run(["--format=html", f"--htmldir={folder / 'out'}", str(folder / "shop")])


def _diff_cover(folder: Path, stack: ExitStack) -> None:
    from diff_cover.report_generator import HtmlReportGenerator, MarkdownReportGenerator
    from diff_cover.violationsreporters.base import BaseViolationReporter, Violation

    class Reporter(BaseViolationReporter):
        def violations(self, src_path: str) -> list[Any]:
            return [Violation(line, words(line, 5)) for line in range(2, 40, 3)]

        def measured_lines(self, src_path: str) -> Any:
            return range(60)

    class Diff:
        def name(self) -> str:
            return "main...HEAD"

        def src_paths_changed(self) -> list[str]:
            return [f"shop/part{number}.py" for number in range(COUNT)]

        def lines_changed(self, src_path: str) -> list[int]:
            return list(range(1, 50))

    write(folder, {f"shop/part{number}.py": "".join(module(number, 1, 4)) for number in range(COUNT)})
    for kind in (HtmlReportGenerator, MarkdownReportGenerator):
        with open(folder / "out", "wb") as out:
            kind(Reporter("coverage"), Diff()).generate_report(out)


def _gcovr(folder: Path, stack: ExitStack) -> None:
    from gcovr.__main__ import main

    source = "".join(f"int f{line}(int a) {{ return a < {line} ? 1 : 2; }}\n" for line in range(60))
    names = [f"src/part{number}.c" for number in range(COUNT)]
    write(folder, dict.fromkeys(names, source))
    lines = [
        {"line_number": line, "count": line % 3, "branches": [], "function_name": f"f{line}"} for line in range(1, 60)
    ]
    functions = [
        {"name": f"f{line}", "lineno": line, "execution_count": line % 3, "blocks_percent": 50.0}
        for line in range(1, 60, 12)
    ]
    files = [{"file": name, "lines": lines, "functions": functions} for name in names]
    write(folder, {"trace.json": json.dumps({"gcovr/format_version": "0.15", "files": files})})
    main(["-r", str(folder), "-a", str(folder / "trace.json"), "--html-details", str(folder / "out.html")])


PACKAGES = (
    Package("pytest-html", "a run of 30 tests", {"pytest report": "index.jinja2"}, _pytest_html, ("pytest-html",)),
    Package("junit2html", "a run of 30 tests", {"JUnit report": "report.html"}, _junit2html, ("junit2html",)),
    Package(
        "flake8-html",
        "faults of 30 modules",
        {"flake8 index": "index.html", "flake8 source": "annotated-source.html", "flake8 file": "file-report.html"},
        _flake8_html,
        ("flake8-html",),
    ),
    Package(
        "diff-cover",
        "a change of 30 modules",
        {"diff-cover report": "html_coverage_report.html", "diff-cover Markdown": "markdown_coverage_report.md"},
        _diff_cover,
        ("diff-cover",),
    ),
    Package(
        "gcovr",
        "the coverage of 30 files",
        {
            "gcovr index": "directory_page.html",
            "gcovr source": "source_page.html",
            "gcovr functions": "functions_page.html",
        },
        _gcovr,
        ("gcovr",),
    ),
)
