"""Go over to another bundle seven times in one launcher, and count the registries that are left at the end."""

import os
import signal
import sys
import weakref
from pathlib import Path

from blendtpl.runtime.registry import Registry, load
from blendtpl.walker import Walker
from blendtpl.walker.launcher import Arbiter, Job, Policy
from blendtpl.walker.launcher.bundle_file import BundleFile
from blendtpl.walker.launcher.notify import Notifier
from blendtpl.walker.launcher.rows import Rows
from tests.walker.launcher.walks import in_tasks

ROLLS = 7


def main() -> None:
    path = Path(sys.argv[1])
    loaded: list[weakref.ref[Registry]] = []
    rolled = 0

    def open_bundle() -> Registry:
        registry = load(path)
        loaded.append(weakref.ref(registry))
        return registry

    def log(line: str) -> None:
        nonlocal rolled
        if "all 1 walkers are ready" in line or "is gone: new bundle" in line:
            rolled += 1
            os.kill(os.getpid(), signal.SIGHUP if rolled <= ROLLS else signal.SIGTERM)

    policy = Policy(1)
    job = Job("", in_tasks, BundleFile(path, open_bundle), lambda registry, stats: Walker(registry, stats=stats))
    arbiter = Arbiter(job, policy, Rows(policy.rows), log=log, notifier=Notifier({}))
    assert arbiter.run() == 0
    arbiter.close()
    print(f"{len(loaded)} loaded, {sum(each() is not None for each in loaded)} left")


if __name__ == "__main__":
    main()
