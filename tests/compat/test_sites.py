"""Each call site warns once, and a report says which are left."""

import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from blendtpl.compat import IncludeShim
from testkit import ROOT
from tests.compat.support import shim_for

TEMPLATES = {"email/alert.html": "{{ user }}{{ changes|default(0) }}", "page.html": "page"}


def told(call: object) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        call()  # type: ignore[operator]
    return found


def test_each_site_warns_once_at_its_own_line_with_the_new_call_spelt_out() -> None:
    shim, _ = shim_for(TEMPLATES, roots="templates")

    def calls() -> None:
        user = "Ada"
        for _ in range(3):
            shim.include("templates/email/alert.php")
            shim.include("templates/email/alert.php", {"user": user})

    found = told(calls)
    first = calls.__code__.co_firstlineno + 3
    assert [(warning.category, warning.filename, warning.lineno) for warning in found] == [
        (DeprecationWarning, __file__, first),
        (DeprecationWarning, __file__, first + 1),
    ]
    beginning = '`include("templates/email/alert.php")` is served by a shim, which is there for the time of moving: '
    assert [str(warning.message) for warning in found] == [
        beginning + "call `registry.render('email/alert.html', user=user)`",
        beginning + 'call `registry.render("email/alert.html", …)`',
    ]


def test_a_call_in_a_template_warns_at_its_line_and_is_to_be_an_include() -> None:
    shim, _ = shim_for({"a.html": "\n{{ shim.include('page.php') }}", **TEMPLATES})
    _, found = told(lambda: shim.fetch("a.php", {"shim": shim}))
    assert (found.filename, found.lineno) == ("a.html", 2)
    assert str(found.message).endswith('call `{% include "page.html" %}`')


def test_a_warning_that_is_an_error_leaves_the_next_call_in_order() -> None:
    shim, stream = shim_for(TEMPLATES)

    def call() -> None:
        shim.include("page.php", {})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeprecationWarning):
            call()
        call()
    assert stream.getvalue() == "page"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_report_counts_calls_by_site_and_template() -> None:
    shim, _ = shim_for(TEMPLATES)
    for name in ("page.php", "email/alert.php", "no.php", "page.php"):
        shim.include(name, {"user": 1})
    shim.fetch("page.php", {})
    line = test_a_report_counts_calls_by_site_and_template.__code__.co_firstlineno + 4
    report = shim.report()
    assert [(row.calls, row.call, row.template, row.site) for row in report.rows] == [
        (2, "include", "page.html", f"{__file__}:{line}"),
        (1, "include", "email/alert.html", f"{__file__}:{line}"),
        (1, "include", "no.html", f"{__file__}:{line}"),
        (1, "fetch", "page.html", f"{__file__}:{line + 1}"),
    ]
    assert shim.report() == report
    assert str(report).splitlines()[:2] == [
        "calls  call     template          site",
        f"    2  include  page.html         {__file__}:{line}",
    ]
    loaded = json.loads(report.to_json())
    assert (loaded["calls"], loaded["others"]) == (5, 0)
    assert loaded["rows"][0] == {"calls": 2, "call": "include", "template": "page.html", "site": f"{__file__}:{line}"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_memory_for_sites_is_bounded_and_no_call_is_lost() -> None:
    shim, _ = shim_for(TEMPLATES, sites=3)
    for number in range(10):
        exec(compile("shim.include('page.php', {})", f"<{number}>", "exec"), {"shim": shim})
    for _ in range(10):  # of new code each time, at one place
        exec(compile("shim.include('page.php', {})", "<0>", "exec"), {"shim": shim})
    report = shim.report()
    assert [(row.calls, row.site) for row in report.rows] == [(11, "<0>:1"), (1, "<1>:1"), (1, "<2>:1")]
    assert (report.others, report.calls) == (7, 20)
    assert str(report).splitlines()[-1] == "    7  calls from further sites"
    assert len(shim._sites._by_instruction) == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_threads_make_it_lose_no_call() -> None:
    shim, _ = shim_for(TEMPLATES)

    def calls() -> None:
        for _ in range(2000):
            shim.fetch("page.php", {})

    threads = [threading.Thread(target=calls) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.calls for row in shim.report().rows] == [8000]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_report_can_be_logged(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("shim")
    shim, _ = shim_for(TEMPLATES, log=logger)
    shim.include("page.php", {})
    with caplog.at_level(logging.INFO, "shim"):
        del shim
    (record,) = caplog.records
    assert record.getMessage().startswith("1 include-style calls from 1 sites\ncalls  call     template   site\n")
    assert record.report.calls == 1  # type: ignore[attr-defined]


def test_the_report_is_logged_when_the_process_ends(tmp_path: Path) -> None:
    program = tmp_path / "old.py"
    program.write_text(
        "import logging, blendtpl\n"
        "from blendtpl.compat import IncludeShim\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "registry = blendtpl.load(blendtpl.compile({'a.html': 'a'}))\n"
        "shim = IncludeShim(registry, log=logging.getLogger('old'))\n"
        "shim.include('a.php')\n"
    )
    root = str(ROOT)
    ran = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert ran.stdout == "a"
    assert "INFO:old:1 include-style calls from 1 sites" in ran.stderr
    assert 'old.py:6: DeprecationWarning: `include("a.php")`' in ran.stderr


def test_no_frame_and_no_scope_outlives_a_call() -> None:
    import gc
    import weakref

    class Value:
        pass

    shim, _ = shim_for({"a.html": "{{ value is defined }}{% set other = value %}"})

    def call(shim: IncludeShim) -> "weakref.ref[Value]":
        value = Value()
        shim.fetch("a.php")
        shim.fetch("a.php", {"value": value})
        return weakref.ref(value)

    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert call(shim)() is None
    finally:
        gc.enable()
