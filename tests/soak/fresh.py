"""Soaks in a process of its own that holds little, as that of ``blendtpl soak`` does.

A soak looks through all that its process holds, which in one that has collected all tests is much: it takes six times
as long there. Enters: what `soaked` takes, pickled, on standard input. Leaves: the `Soak`, pickled, on standard output.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from blendtpl.tools.soak.run import Soak
from tests.soak.support import soaked

SoakAfresh = Callable[..., Soak]


@contextmanager
def fresh_process() -> Iterator[SoakAfresh]:
    """Give a function that does what `soaked` does, in a process that is over in the end."""
    command = [sys.executable, "-P", "-m", __name__]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield partial(_ask, process)


def _ask(process: "subprocess.Popen[bytes]", templates: Mapping[str, str], **options: Any) -> Soak:
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump((templates, options), process.stdin)
    process.stdin.flush()
    found = pickle.load(process.stdout)  # an EOFError when it is dead: standard error has why
    assert isinstance(found, Soak)
    return found


def main() -> None:
    while True:
        try:
            templates, options = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(soaked(templates, **options), sys.stdout.buffer)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
