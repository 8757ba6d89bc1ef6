"""The report: what was run, on what, and each figure with its spread, as Markdown and as one HTML page.

Enters: runs, and what many templates take. Leaves: `report.md`, `report.html` and the pictures in a folder.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.memory import pictures
from bench.memory.loaded import MEASURES, MOMENTS, OURS, THEIRS, Held
from bench.memory.markup import Section, Table, to_html, to_markdown
from bench.memory.registered import Family, Kind
from bench.memory.runs import Run, Slope, Verdict, in_order
from bench.memory.subjects import SUBJECTS
from bench.memory.summary import claims

__all__ = ["TITLE", "claims", "write"]

TITLE = "What rendering leaves in memory"

_HEADINGS = (
    *("subject", "collector", "renders", "verdict"),
    *("RSS, bytes per 1,000 renders [95 % interval]", "private dirty, the same"),
    *("blocks that stay", "bytes that stay", "objects for the collector, per 1,000", "most of them"),
)
_WORDS = frozenset({1, 3, 9})
_WORDS_BEHIND = frozenset({1, 2, 4, 10})  # where a column stands before them
_METHOD = (
    "Each line is a process of its own, a fork of an interpreter that has only imported, which renders one workload "
    "with one subject. It warms up, collects garbage, and then takes samples at even steps of renders: resident memory "
    "(RSS), its proportional part (PSS) and private dirty pages from `/proc/…/smaps_rollup`, what `malloc` has given "
    "out, `sys.getallocatedblocks()`, `sys.modules`, `linecache`, open files and threads.",
    "A slope is Theil and Sen's, the median of the slopes between all pairs of samples, with its 95 % confidence "
    "interval (`scipy.stats.theilslopes`), per 1,000 renders. Samples of one process depend on each other, so that an "
    "interval says how steady growth was in this run, and not how another run would be.",
    "`grows`: something stays that no collection takes away, and went on to come. `garbage`: cycles, which stay until "
    "the collector runs; with the collector off they pile up. `flat`: neither. With the collector on, a slope is what "
    "waits for a collection of the oldest generation, and what it leaves scattered. What stays is counted after a "
    "collection, against the count after one before; a few blocks, once, are the interpreter's own.",
    "Where a process renders in PHP, its own `memory_get_usage()` stands for the bytes that stay.",
)


def write(folder: Path, runs: Sequence[Run], held: Held | None, facts: Mapping[str, str]) -> None:
    """Write the report and its pictures."""
    drawn = pictures.draw(runs, held)
    pictures.save(drawn, folder)
    sections = list(_sections(runs, held, facts, set(drawn)))
    (folder / "report.md").write_text(to_markdown(TITLE, sections), encoding="utf-8")
    (folder / "report.html").write_text(to_html(TITLE, sections, folder), encoding="utf-8")


def _sections(runs: Sequence[Run], held: Held | None, facts: Mapping[str, str], drawn: set[str]) -> Iterator[Section]:
    def picture(name: str) -> str:
        return name if name in drawn else ""

    ended = [run for run in runs if run.samples]
    rows = claims(ended, held)
    if rows:
        yield Section("In short", table=Table(("what", "asked", "measured", "met"), rows, frozenset({1, 2, 3})))
    if chosen := [run for run in ended if run.kind is Kind.ALERT]:
        text = (
            "A layout, three includes, an imported macro and a loop of ten changes with an include each, 5 kB of text."
        )
        yield Section("The alert e-mail", [text], picture("alert"), _table(chosen))
        if picture("rates"):
            yield Section("Growth per render of the alert e-mail", (), "rates")
    if chosen := [run for run in ended if run.kind is Kind.MIXED]:
        text = "Every construct of the language, the alert e-mail and a failing render in turn."
        yield Section("The mixed workload", [text], picture("mixed"), _table(chosen))
    if chosen := [run for run in ended if run.kind in (Kind.CONSTRUCTS, Kind.ERRORS)]:
        yield _by_construct(chosen, picture("constructs"))
    if chosen := [run for run in ended if run.kind is Kind.PAGES]:
        text = "RSS in bytes per 1,000 renders with its 95 % interval, collector off."
        yield Section("Other mails and pages", [text], table=_matrix(chosen))
    if held:
        yield _held(held, picture("templates"))
    if missing := [run for run in runs if run.reason]:
        yield _not_run(missing)
    yield Section("The subjects", table=_subjects(runs))
    yield Section("How it was measured", _METHOD, table=Table(("", ""), list(facts.items()), frozenset({1})))


def _table(runs: Sequence[Run]) -> Table:
    return Table(_HEADINGS, [_row(run) for run in runs], _WORDS)


def _row(run: Run) -> list[str]:
    return [run.task.subject, *_columns(run)]


def _columns(run: Run) -> list[str]:
    python, ended = run.family is not Family.PHP, bool(run.end)
    types = {Verdict.GROWS: run.kept, Verdict.GARBAGE: run.waiting}.get(run.verdict, ()) if python else ()
    most = [f"{name.removeprefix('builtins.')} {run.per_thousand(count):,.0f}" for name, count in types[:3]]
    return [
        ("on" if run.task.collector else "off") if python else "–",
        f"{run.renders:,}",
        run.verdict,
        _interval(run.slope("rss")),
        _interval(run.slope("private_dirty")),
        f"{max(0, run.left('blocks')):,}" if python and ended else "–",
        f"{max(0, run.left('bytes')):,}" if ended else "–",
        _short(run.per_thousand(run.garbage)) if python and ended else "–",
        ", ".join(most),
    ]


def _interval(slope: Slope | None) -> str:
    """Return a slope with its interval."""
    return f"{_short(slope.middle)} [{_short(slope.low)}, {_short(slope.high)}]" if slope else "–"


def _short(number: float) -> str:
    """Return a number with three digits that count, and M or k for millions and thousands."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(number) >= size:
            return f"{number / size:,.3g} {unit}" if abs(number) < 1000 * size else f"{number / size:,.0f} {unit}"
    return f"{number:.3g}" if abs(number) >= 0.005 else "0"


def _by_construct(runs: Sequence[Run], picture: str) -> Section:
    groups: dict[tuple[str, Kind, bool], list[Run]] = {}
    for run in sorted(runs, key=in_order):
        groups.setdefault((run.task.subject, run.kind, run.task.collector), []).append(run)
    rows = []
    for (subject, kind, collector), chosen in groups.items():
        counts = [sum(run.verdict is verdict for run in chosen) for verdict in Verdict]
        renders, most = sum(run.renders for run in chosen), max(run.per_thousand(run.garbage) for run in chosen)
        switch = "on" if collector else "off"
        rows.append([subject, kind, switch, f"{renders:,}", *map(str, counts), _short(most)])
    verdicts = [str(verdict) for verdict in Verdict]
    headings = ("subject", "workloads", "collector", "renders", *verdicts, "most objects for the collector, per 1,000")
    worst = [run for run in runs if run.verdict is not Verdict.FLAT]
    worst.sort(key=lambda run: -run.per_thousand(run.garbage))
    listed = [[run.task.workload, *_row(run)] for run in worst]
    return Section(
        "Every construct and every error, one by one",
        ["One workload for each construct of the language and each kind of error."],
        picture,
        Table(headings, rows, frozenset({1, 2})),
        (f"the {len(worst)} that are not flat", Table(("workload", *_HEADINGS), listed, _WORDS_BEHIND))
        if worst
        else None,
    )


def _matrix(runs: Sequence[Run]) -> Table:
    subjects = list(dict.fromkeys(run.task.subject for run in runs))
    workloads = list(dict.fromkeys(run.task.workload for run in runs))
    cells = {(run.task.workload, run.task.subject): run for run in runs if not run.task.collector}

    def cell(workload: str, subject: str) -> str:
        run = cells.get((workload, subject))
        slope = run.slope("rss") if run else None
        if not run or not slope:
            return "–"
        return "flat" if run.verdict is Verdict.FLAT else f"{run.verdict}, {_interval(slope)}"

    rows = [[workload, *(cell(workload, subject) for subject in subjects)] for workload in workloads]
    return Table(("workload", *subjects), rows)


def _held(held: Held, picture: str) -> Section:
    rows = [
        [
            f"{moment}, {measure.replace('_', ' ')}",
            *(_spread(held.over(holder, moment, measure)) for holder in (OURS, THEIRS)),
            "{:.2f} [{:.2f}, {:.2f}]".format(*held.ratio(moment, measure)),
        ]
        for moment in MOMENTS
        for measure in MEASURES
    ]
    text = (
        f"{held.count:,} generated templates, {held.sources / 1e6:.1f} MB of text; the bundle is a file of "
        f"{held.bundle / 1e6:.1f} MB. MB over a process with the same imports that holds none: the median, the least "
        "and the most; the ratio is that of the medians. `rendered`: after each page and e-mail was rendered once."
    )
    return Section(f"{held.count:,} templates", [text], picture, Table(("", OURS, THEIRS, "ratio"), rows))


def _spread(values: tuple[float, float, float]) -> str:
    middle, low, high = (value / 1e6 for value in values)
    return f"{middle:.1f} [{low:.1f}, {high:.1f}]"


def _not_run(runs: Sequence[Run]) -> Section:
    reasons: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        reasons.setdefault((run.task.subject, run.reason), []).append(run.task.workload)
    rows = [
        [subject, reason, f"{len(titles)} workloads" if len(titles) > 3 else "; ".join(dict.fromkeys(titles))]
        for (subject, reason), titles in reasons.items()
    ]
    return Section(
        "What was not run, or not to its end", table=Table(("subject", "reason", "workloads"), rows, frozenset({1, 2}))
    )


def _subjects(runs: Sequence[Run]) -> Table:
    names = dict.fromkeys(run.task.subject for run in runs)
    rows = [[name, str(SUBJECTS[name].family), SUBJECTS[name].description] for name in names]
    return Table(("subject", "kind", "what it does"), rows, frozenset({1, 2}))
