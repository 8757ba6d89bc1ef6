"""A hundred thousand calls of every kind: ``python -m tests.compat.growth [-n 100000]``.

Each is made with the collector off and must leave nothing: see `tests.run.memory`. Prints what every kind of call
leaves; exits 1 when that is anything.
"""

import argparse
import sys
import warnings
from contextlib import suppress
from functools import partial

from tests.compat.calls import CALLS, a_shim
from tests.run.memory import measure


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-n", type=int, default=100_000, metavar="CALLS", help="of each kind (default: 100,000)")
    calls = parser.parse_args().n
    warnings.simplefilter("ignore")
    grown = 0
    for call in CALLS:
        shim = a_shim()

        def once(call: object = partial(call, shim)) -> None:
            with suppress(Exception):
                call()  # type: ignore[operator]

        growth = measure(once, calls, shim._registry)
        grown += bool(growth)
        print(f"{call.__name__}: {growth if growth else 'nothing'}", flush=True)
    print(f"{len(CALLS)} kinds of call, {len(CALLS) * calls:,} calls, {grown} leave something")
    return int(grown > 0)


if __name__ == "__main__":
    sys.exit(main())
