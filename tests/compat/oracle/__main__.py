"""Runs the cases through PHP and through the shim, and says where they differ: ``python -m tests.compat.oracle``.

``--record`` writes what PHP prints into the files, and for cases that differ on purpose what the shim prints; read the
difference before you keep it. Parts of names choose cases. Exits 1 when anything is not as it should be.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.compat.oracle import php
from tests.compat.oracle.cases import FOLDER, Case, Output, every_case, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.compat.oracle", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of cases; all when left out")
    parser.add_argument("--record", action="store_true", help="write down what is printed")
    parser.add_argument("--php-only", action="store_true", help="leave the shim out")
    given = parser.parse_args(arguments)
    if php.PHP is None:
        parser.error(php.NOT_INSTALLED)
    cases = [case for case in every_case() if not given.names or any(part in case.name for part in given.names)]
    if not cases:
        parser.error("no case has such a name")
    bad = 0
    for case in cases:
        told = list(_trial(case, given.record, given.php_only))
        bad += bool(told)
        print("".join(f"{case.name}: {line}\n" for line in told), end="", flush=True)
    print(f"{len(cases)} cases, {bad} of them with something to look at")
    return 1 if bad else 0


def _trial(case: Case, record: bool, php_only: bool) -> Iterator[str]:
    """Run a case; yield what is not as it should be."""
    with TemporaryDirectory() as folder:
        printed, complaints = php.run(case, Path(folder))
    if complaints:
        yield f"PHP complains: {complaints}"
    if not record and printed != case.recorded:
        yield _difference("PHP prints", printed, "it is recorded that it prints", case.recorded)
    ours = None
    if not php_only:
        from tests.compat.oracle import ours as shim

        ours, failure = shim.run(case)
        wanted = case.ours if case.differs and not record else None if case.differs else printed
        if wanted and ours != wanted:
            yield _difference("the shim prints", ours, "and should print", wanted) + (f"\n  {failure!r}" if failure else "")
        if case.differs and ours == printed:
            yield "it does not differ"
    if record:
        write(FOLDER / f"{case.name}.txt", printed, (ours or case.ours) if case.differs else None)


def _difference(what: str, first: Output, other: str, second: Output | None) -> str:
    return f"{what}\n  {first}\n{other}\n  {second}"


if __name__ == "__main__":
    sys.exit(main())
