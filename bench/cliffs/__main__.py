"""What a harmless edit of a template costs: ``python -m bench.cliffs``.

Each pair of `bench/cliffs/pairs` is a set of templates and an edit of it that changes neither its output nor what a
person would have to do. Both sides are compared with Jinja2 to the byte; then the instructions of a render are counted,
which is the same on a busy machine: by valgrind's callgrind, or else, from Python 3.12 on, as events of bytecode in
code that is compiled with `portable`. The exit status is 1 when an edit costs more than the limit and is not named in
`bench/cliffs/exceptions.toml`.
"""

import argparse
import fnmatch
import json
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cliffs import exceptions
from bench.cliffs.child import jinja2_of
from bench.cliffs.counting import CALLGRIND, EVENTS, UNITS, CountingError, Rounds, Subject, count, counter
from bench.cliffs.pair import Pair, Scene
from bench.cliffs.pairs import PAIRS
from bench.cliffs.proof import DifferenceError, Proven, prove
from bench.cliffs.report import LIMIT, Row, as_data, missing, table, verdict
from bench.memory.arguments import count as count_of

_INTERRUPTED = 130


def chosen(patterns: Sequence[str]) -> list[Pair]:
    """Return the pairs whose name has one of the patterns in it; all when there is none."""
    return [
        pair
        for pair in PAIRS
        if not patterns or any(fnmatch.fnmatch(pair.name, f"*{pattern}*") for pattern in patterns)
    ]


def stored(
    pairs: Sequence[Pair], folder: Path, *, portable: bool, beside_jinja2: bool
) -> dict[tuple[Scene, str], Subject]:
    """Prove each pair, and store what is to be counted, each scene once; raises `DifferenceError`."""
    subjects: dict[tuple[Scene, str], Subject] = {}
    known: dict[Scene, Proven] = {}
    for pair in pairs:
        proven = prove(pair, known, portable=portable)
        for side, scene in pair.sides().items():
            if (scene, "blendtpl") in subjects:
                continue
            bundle = folder / f"{len(subjects)}.blend"
            proven[side].bundle.write(bundle)
            subjects[scene, "blendtpl"] = Subject(pair.name, side, "blendtpl", str(bundle))
            if beside_jinja2:
                compiled = bundle.with_suffix("")
                compiled.mkdir()
                environment = jinja2_of(scene, compiled)
                for name in scene.templates:
                    environment.get_template(name)
                subjects[scene, "jinja2"] = Subject(pair.name, side, "jinja2", str(compiled))
    return subjects


def rows_of(
    pairs: Sequence[Pair], costs: Mapping[tuple[Scene, str], float], excused: Mapping[str, exceptions.Excused]
) -> list[Row]:
    """Return a row for each pair."""
    sides: dict[Scene, dict[str, float]] = {}
    for (scene, engine), cost in costs.items():
        sides.setdefault(scene, {})[engine] = cost
    return [
        Row(pair.name, pair.differs, sides[pair.before], sides[pair.after], excused.get(pair.name)) for pair in pairs
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, print the table and the verdict."""
    parser = argparse.ArgumentParser(prog="python -m bench.cliffs", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="PATTERN", help="parts of names; `*` and `?` stand for others"
    )
    parser.add_argument("--limit", type=float, default=LIMIT, help=f"how many times as much an edit may cost [{LIMIT}]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as data, too")
    parser.add_argument("--gate", action="store_true", help="count blendtpl alone, and print no table but the verdict")
    parser.add_argument("--counter", choices=list(UNITS), help="[callgrind where valgrind is, else events]")
    parser.add_argument("--jobs", type=count_of, default=2, help="processes that share the renders [2]")
    options = parser.parse_args(arguments)
    pairs = chosen(options.only)
    if not pairs:
        parser.error(f"no edit has `{'` or `'.join(options.only)}` in its name")
    try:
        return _report(pairs, options)
    except (CountingError, DifferenceError, exceptions.ExceptionsError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _report(pairs: Sequence[Pair], options: Any) -> int:
    kind = counter(options.counter)
    excused = exceptions.read(frozenset(pair.name for pair in PAIRS))
    with tempfile.TemporaryDirectory() as name:
        subjects = stored(pairs, Path(name), portable=kind == EVENTS, beside_jinja2=not options.gate)
        counts = count(kind, list(subjects.values()), Rounds(), options.jobs, Path(name))
    rows = rows_of(pairs, {scene: counts[subject] for scene, subject in subjects.items()}, excused)
    if options.json:
        facts = {"counter": kind, "python": platform.python_version(), "limit": options.limit}
        options.json.write_text(json.dumps(as_data(rows, facts), indent=1) + "\n", encoding="utf-8")
    print(f"{UNITS[kind]} of a render, Python {platform.python_version()}")
    for line in (
        *(() if options.gate else table(rows, options.limit)),
        *verdict(rows, options.limit, figures=kind == CALLGRIND),
    ):
        print(line)
    return 1 if missing(rows, options.limit) else 0


if __name__ == "__main__":
    sys.exit(main())
