"""The inner loop: ``nox -s fast`` and the rest of ``nox --list``.

Sessions run in the environment that nox is installed in, so that they begin at once.
"""

import re
import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["fast"]

# What finds most for the time it takes: some 1,700 tests. A new file of tests is none of them until it is named here,
# as most are about one thing; what is asked of every template, in every way to render, belongs here.
FAST = (
    "tests/run/test_rows.py",  # loops in C, of which each kind of value takes a way of its own; the longest is first
    "tests/run/test_equality.py",  # the cases, beside Jinja2
    "tests/run/test_failures.py",  # what fails: type, message and place
    "tests/run/test_blocks.py",
    "tests/run/test_imports.py",
    "tests/run/test_filters.py",
    "tests/run/test_speedups.py",  # and what is there in Python and in C
    "tests/run/test_registry.py",
    "tests/run/test_growth.py",  # memory
    "tests/run/test_message.py",
    "tests/mail/test_fields.py",  # and what messages are made of
    "tests/mail/test_definitions.py",
    "tests/mail/test_transfer.py",
    "tests/compiling/test_emitter.py",
    "tests/compiling/test_faults.py",
    "tests/compat/test_shim.py",
    "tests/migrate/test_aliases.py",
    "tests/fuzz/test_found.py",  # what was ever found
)
CASES = ("tests/run/test_equality.py", "tests/run/test_garbage.py", "tests/compiling/test_faults.py")
ALL = ("tests", "bench/tests")
PARALLEL = ("-n", "auto", "--dist", "worksteal")


def _pytest(session: nox.Session, *arguments: str) -> None:
    session.run(sys.executable, "-m", "pytest", *arguments)


@nox.session
def fast(session: nox.Session) -> None:
    """Run the tests that find most, in less than a minute."""
    _pytest(session, *PARALLEL, *FAST, *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run what the second command of the README runs: all that is not slow."""
    _pytest(session, *PARALLEL, *session.posargs)


@nox.session
def everything(session: nox.Session) -> None:
    """Run the slow tests too, and those of the tools for benchmarks."""
    _pytest(session, *PARALLEL, "-m", "", *ALL, *session.posargs)


@nox.session
def case(session: nox.Session) -> None:
    """Run one case, or those whose names have these words in them: ``nox -s case -- NAME``."""
    words = [word for name in session.posargs for word in re.findall(r"[^\W_]+", Path(name).stem)]
    if not words:
        session.error("which case? `nox -s case -- NAME`: a file of tests/cases without `.txt`, or words of a title")
    plain = (word for word in words if word not in {"and", "or", "not"})
    _pytest(session, "-n0", "-m", "", "-k", " and ".join(plain), *CASES)


@nox.session
def emit(session: nox.Session) -> None:
    """Print the code that is made of a template: ``nox -s emit -- FILE``; options are those of `blendtpl explain`."""
    if not session.posargs or not Path(session.posargs[0]).is_file():
        session.error("of which file? `nox -s emit -- FILE`: a template in templates/, or beside what it needs")
    file, options = Path(session.posargs[0]).resolve(), session.posargs[1:]
    templates = Path("templates").resolve()
    folder = templates if file.is_relative_to(templates) else file.parent
    session.run(sys.executable, "-m", "blendtpl", "explain", str(folder), file.relative_to(folder).as_posix(), *options)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure rendering beside Jinja2 and the stored run; words choose: ``nox -s bench -- -k macros``."""
    compared = ("--benchmark-only", "--benchmark-compare=bench/baseline.json")
    _pytest(session, "bench/test_render.py", "bench/test_memory.py", *compared, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    session.run(sys.executable, "-m", "ruff", "check", ".")
    session.run(sys.executable, "-m", "ruff", "format", "--check", ".")
    session.run(sys.executable, "-m", "mypy")
