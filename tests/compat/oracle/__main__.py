"""Runs the cases through PHP and through the shim, and says where they differ: ``python -m tests.compat.oracle``.

``--record`` writes what PHP prints into the files, and for cases that differ on purpose what the shim prints; read the
difference before you keep it. Parts of names choose cases. Exits 1 when anything is not as it should be.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.compat.oracle import ours, php
from tests.compat.oracle.cases import FOLDER, Case, every_case, write


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Run the cases of a folder that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.compat.oracle", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of cases; all when left out")
    parser.add_argument("--record", action="store_true", help="write down what is printed")
    given = parser.parse_args(arguments)
    if php.PHP is None:
        parser.error(php.NOT_INSTALLED)
    cases = [case for case in every_case(folder) if not given.names or any(part in case.name for part in given.names)]
    if not cases:
        parser.error("no case has such a name")
    bad = 0
    for case in cases:
        told = list(_trial(case, folder / f"{case.name}.txt" if given.record else None))
        bad += bool(told)
        print("".join(f"{case.name}: {line}\n" for line in told), end="", flush=True)
    differ = sum(1 for case in cases if case.differs)
    print(f"{len(cases)} cases, {differ} of them differ on purpose; {bad} are not as they should be")
    return 1 if bad else 0


def _trial(case: Case, record: Path | None) -> Iterator[str]:
    """Run a case; yield what is not as it should be. With a file to record in, nothing is held against its outputs."""
    with TemporaryDirectory() as folder:
        printed, complaints = php.run(case, Path(folder))
    shown, failure = ours.run(case)
    if complaints:
        yield f"PHP complains: {complaints}"
    if record is None and printed != case.recorded:
        yield f"PHP prints\n  {printed}\n  and not what is recorded\n  {case.recorded}"
    if case.differs and shown == printed:
        yield "nothing differs any more"
    wanted = printed if not case.differs else shown if record else case.ours
    if shown != wanted:
        yield f"the shim prints\n  {shown}\n  ({failure!r}) and not\n  {wanted}"
    if record is not None:
        write(record, printed, shown if case.differs else None)


if __name__ == "__main__":
    sys.exit(main())
