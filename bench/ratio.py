"""One render beside another, as a ratio: ``python -m bench.ratio WORDS``.

Words choose among the cases of `tests/cases/render`, by the names of their files, and the workloads of
`bench/workloads`. Each is rendered by Jinja2 and by blendtpl in turn, round after round, and what is printed is the
median of the rounds' ratios with their quartiles: on a busy machine two runs then agree, which two times do not.
``--beside TREE`` compares with blendtpl as it is in another checkout, such as a `git worktree` of an older commit.
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

Render = Callable[[], object]
Turns = Callable[[int], float]  # the seconds of so many renders

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests/cases/render"

_SECONDS = 0.01  # that a turn takes at least, so that reading the clock is no part of it


def subjects(words: Sequence[str]) -> Iterator[tuple[str, Render, Render]]:
    """Yield what has one of these words in its name: a title, and what Jinja2 and what blendtpl does."""
    import blendtpl
    from bench.measure import jinja2_compile
    from bench.workloads import WORKLOADS
    from testkit.case_files import read_file
    from testkit.cases import NAMES
    from testkit.oracle import load, stock_environment

    paths = [path for path in sorted(CASES.glob("*.txt")) if any(word in path.stem for word in words)]
    workloads = [workload for workload in WORKLOADS if any(word in workload.name for word in words)]
    if not paths and not workloads:
        raise SystemExit(f"no case and no workload has `{'` or `'.join(words)}` in its name")
    for path in paths:
        for case in read_file(path, NAMES):
            stock, context = stock_environment(case.templates, case.make), dict(case.variables())
            ours, theirs = load(case.templates, case.make).render, stock.get_template("main.html").render
            if _succeeds(partial(theirs, context)):
                yield case.title, partial(theirs, context), partial(ours, "main.html", context)
    for workload in workloads:
        ours = blendtpl.load(blendtpl.compile(workload.jinja2)).render
        theirs = jinja2_compile(workload.jinja2).get_template(workload.entry).render
        yield workload.name, partial(theirs, workload.context), partial(ours, workload.entry, workload.context)


def _succeeds(render: Render) -> bool:
    try:
        render()
    except Exception:  # a case that is about an error
        return False
    return True


def turn(render: Render, count: int) -> float:
    """Return the seconds of processor time that so many renders take."""
    started = time.process_time()
    for _ in range(count):
        render()
    return time.process_time() - started


def serve(words: Sequence[str]) -> None:
    """Answer lines of a title and a count with the seconds of a turn, of the package that this process imports."""
    renders = {title: ours for title, _, ours in subjects(words)}
    gc.collect()
    gc.disable()
    print(*renders, sep="\t", flush=True)
    for line in sys.stdin:
        title, count = line.rstrip("\n").split("\t")
        print(turn(renders[title], int(count)), flush=True)


def asking(process: "subprocess.Popen[str]") -> tuple[list[str], Callable[[str, int], float]]:
    """Return the titles of a process that serves, and what has it take a turn."""
    assert process.stdin is not None
    assert process.stdout is not None
    questions, answers = process.stdin, process.stdout

    def seconds(title: str, count: int) -> float:
        print(title, count, sep="\t", file=questions, flush=True)
        return float(answers.readline())

    return answers.readline().rstrip("\n").split("\t"), seconds


def ratios(first: Turns, second: Turns, rounds: int) -> list[float]:
    """Return how many times as long the second takes in each round, in which the one that begins alternates."""
    count = 1
    while min(first(count), second(count)) < _SECONDS:
        count *= 2
    measured = []
    for number in range(rounds):
        if number % 2:
            before = first(count)
            measured.append(second(count) / before)
        else:
            after = second(count)
            measured.append(after / first(count))
    return measured


def report(title: str, measured: Sequence[float], what: str) -> str:
    """Return a line with the median of ratios, and the quartiles."""
    low, median, high = statistics.quantiles(measured, n=4)
    return f"{title[:60]:<60} {median:7.3f} times as long as {what} ({low:.3f} to {high:.3f})"


def beside(tree: Path, words: Sequence[str], rounds: int) -> Iterator[str]:
    """Yield a line for each subject that this tree and another have, and one for all."""
    processes = [_process(folder, words) for folder in (tree, ROOT)]
    try:
        (titles_there, other), (titles, ours) = map(asking, processes)
        medians = []
        for title in (title for title in titles if title in titles_there):
            measured = ratios(partial(other, title), partial(ours, title), rounds)
            medians.append(statistics.median(measured))
            yield report(title, measured, str(tree))
        yield f"geometric mean of {len(medians)}: {statistics.geometric_mean(medians):.3f}"
    finally:
        for process in processes:
            process.communicate()


def _process(tree: Path, words: Sequence[str]) -> "subprocess.Popen[str]":
    paths = os.pathsep.join(map(str, (tree.resolve(), tree.resolve() / "tests/shared")))
    return subprocess.Popen(
        [sys.executable, "-P", __file__, "--serve", *words],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each subject."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="+", help="parts of the names of cases' files, or of workloads")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--beside", type=Path, metavar="TREE", help="another checkout, in place of Jinja2")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.serve:
        serve(chosen.words)
        return
    if chosen.beside:
        for line in beside(chosen.beside, chosen.words, chosen.rounds):
            print(line, flush=True)
        return
    gc.disable()
    for title, theirs, ours in subjects(chosen.words):
        gc.collect()
        measured = ratios(partial(turn, theirs), partial(turn, ours), chosen.rounds)
        print(report(title, measured, "Jinja2"), flush=True)


if __name__ == "__main__":
    main()
