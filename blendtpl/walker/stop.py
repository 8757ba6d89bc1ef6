"""Stop: why a walker leaves, and with which exit status."""

from enum import IntEnum

_REASONS = {
    "DONE": "done",
    "FAILED": "failed",
    "AGE": "max age",
    "GROWTH": "max growth",
    "RSS": "max rss",
    "TERMINATED": "terminated",
    "INTERRUPTED": "interrupted",
    "HUNG": "hung",
}


class Stop(IntEnum):
    """Why a walker leaves. Its value stands in `Stats.stop`, and is the exit status of a worker that leaves for one of
    its limits; see `exit_status` for the others.
    """

    DONE = 0  # the function returned
    FAILED = 1  # it raised something
    AGE = 80  # statuses from 64 to 78 have a meaning in sysexits.h, those from 126 on in shells
    GROWTH = 81
    RSS = 82
    TERMINATED = 83
    INTERRUPTED = 84
    HUNG = 85  # it was past the deadline of a cycle, and was ended

    @property
    def reason(self) -> str:
        """Why, in words: ``max age``."""
        return _REASONS[self.name]

    @property
    def exit_status(self) -> int:
        """The status that a process of its own ends with: 0 when it was asked to end, which is no failure to systemd
        or Kubernetes, and 130 when it was interrupted, as shells have it; else the value.
        """
        return {Stop.TERMINATED: 0, Stop.INTERRUPTED: 130}.get(self, self.value)
