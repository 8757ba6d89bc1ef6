"""What is written of runs: the samples as JSON, the pictures, and a summary in Markdown.

Enters: runs, and the plan that they were made by. Leaves: files in one folder, and the rows of the tables, which the
command prints too.
"""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from bench.walkers.checks import Check, checks, figures
from bench.walkers.pictures import draw
from bench.walkers.run import Plan, Run
from bench.walkers.styles import STYLES

HEADINGS = (
    *("style", "e-mails", "per s, start", "end", "change", "per s of processor, start", "end", "change"),
    *(
        "PSS warm, MiB",
        "end",
        "growth",
        "RSS end, MiB",
        "private dirty over bare, MiB",
        "other work",
        "same work takes",
    ),
)
CHECK_HEADINGS = ("style", "promise", "found", "kept")

_Rows = list[tuple[str, ...]]


def facts(plan: Plan) -> dict[str, object]:
    """Return what was run, on what."""
    return {
        "walkers": plan.walkers,
        "seconds of each style": plan.seconds,
        "e-mails due in a second": plan.rate or "no end of them",
        "collector": "on" if plan.collector else "off",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: version(name) for name in ("blendtpl", "jinja2", "aiosmtpd")},
        "system": platform.platform(),
        "processors": os.cpu_count(),
    }


def write(runs: Sequence[Run], plan: Plan, folder: Path) -> list[Path]:
    """Write everything that there is; return the files."""
    samples, summary = folder / "samples.json", folder / "summary.md"
    described = facts(plan)
    document = {
        "facts": described,
        "runs": [asdict(run) for run in runs],
        "checks": [asdict(check) for check in all_checks(runs)],
    }
    samples.write_text(json.dumps(document) + "\n", encoding="utf-8")
    drawn = [run for run in runs if len(run.samples) > 1]
    pictures = draw(drawn, folder) if drawn else []
    summary.write_text(_summary(runs, described, pictures), encoding="utf-8")
    return [summary, samples, *pictures]


def all_checks(runs: Sequence[Run]) -> list[Check]:
    """Return the checks of all runs."""
    return [check for run in runs for check in checks(run)]


def rows(runs: Sequence[Run]) -> _Rows:
    """Return a row under `HEADINGS` for each run."""
    return [_row(run) for run in runs]


def check_rows(judged: Sequence[Check]) -> _Rows:
    """Return a row under `CHECK_HEADINGS` for each check."""
    words: Mapping[bool | None, str] = {True: "pass", False: "FAIL", None: "not judged"}
    return [(STYLES[check.style].title, check.promise, check.found, words[check.kept]) for check in judged]


def _row(run: Run) -> tuple[str, ...]:
    title, measured = STYLES[run.style].title, figures(run)
    if measured is None:
        return (title, f"{run.sent:,}", *("" for _ in HEADINGS[2:]))
    mebibytes = [
        f"{kib / 1024:,.1f}" for kib in (measured.pss_warm, measured.pss_end, measured.rss_end, measured.dirty)
    ]
    return (
        *(title, f"{run.sent:,}"),
        *(f"{measured.throughput_start:,.0f}", f"{measured.throughput_end:,.0f}", f"{measured.throughput_change:+.1%}"),
        *(f"{measured.effort_start:,.0f}", f"{measured.effort_at_one_pace:,.0f}", f"{measured.effort_change:+.1%}"),
        *(*mebibytes[:2], f"{measured.pss_growth:+.1%}", *mebibytes[2:]),
        *(f"{measured.others:.0%}", f"{measured.pace_change:+.1%}"),
    )


def _summary(runs: Sequence[Run], described: Mapping[str, object], pictures: Sequence[Path]) -> str:
    lines = ["# Walkers", "", f"`python -m bench.walkers {' '.join(sys.argv[1:])}`".replace(" `", "`"), ""]
    lines += [f"- {name}: {_words(value)}" for name, value in described.items()]
    lines += [f"- {STYLES[run.style].title}: {STYLES[run.style].explanation}" for run in runs]
    lines += [f"- {STYLES[run.style].title} ended early, {run.ended}" for run in runs if run.ended]
    lines += ["", *_table(HEADINGS, rows(runs)), "", *_table(CHECK_HEADINGS, check_rows(all_checks(runs))), ""]
    lines += [f"![{file.stem}]({file.name})\n" for file in pictures if file.suffix == ".svg"]
    return "\n".join(lines)


def _words(value: object) -> str:
    return ", ".join(f"{name} {item}" for name, item in value.items()) if isinstance(value, dict) else str(value)


def _table(headings: Sequence[str], body: _Rows) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (headings, ["---"] * len(headings), *body)]
