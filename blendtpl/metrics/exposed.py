"""Exposed metrics: what there is to be scraped, by name.

Leaves: `METRICS`, of which a collector makes families, documentation and dashboards are checked by, and which is all
that is ever exposed. Names and units are by Prometheus' conventions: base units, ``_total`` for what only goes up.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric without the sign that all begin with; `kind` is Prometheus' type, `label` what it is told apart by."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    label: str = ""

    @property
    def family(self) -> str:
        """The name of the metric, without the ending that its samples have."""
        return f"blendtpl_{self.name}"

    @property
    def sample(self) -> str:
        """The name in queries."""
        return f"{self.family}_total" if self.kind == "counter" else self.family


def _counter(name: str, help: str, label: str) -> Metric:
    return Metric(name, "counter", help, label)


def _gauge(name: str, help: str, label: str = "worker") -> Metric:
    return Metric(name, "gauge", help, label)


# of each template, in the order of `TemplateFigures`
TEMPLATE = (
    _counter("renders", "Renders that ended, by success or by an error.", "template"),
    _counter("rendered_characters", "Characters of rendered text; bytes, where that is ASCII.", "template"),
    _counter("render_seconds", "Seconds that renders took.", "template"),
    _counter("render_errors", "Renders that ended by an error.", "template"),
)
# of each message, in the same order; characters are counted of its templates
MESSAGE = (
    _counter("messages", "Messages that were made, or failed to be.", "message"),
    None,
    _counter("message_seconds", "Seconds that messages took, their renders included.", "message"),
    _counter("message_errors", "Messages that failed to be made.", "message"),
)
# of each slot, by the names of `Stats`: what its workers counted, one after the other
SLOT = {
    "cycles": _counter("cycles", "Cycles that ended.", "worker"),
    "mails": _counter("mails", "Mails that workers said they sent.", "worker"),
    "cache_hits": _counter("cache_hits", "Objects that were in a cycle's cache when they were asked for.", "worker"),
    "cache_misses": _counter("cache_misses", "Objects that had to be loaded.", "worker"),
    "survivors": _counter("survivors", "Objects that outlived the cycle whose cache they were in.", "worker"),
}
# of each live worker
AGE = _gauge("worker_age_seconds", "Seconds since the worker was forked.")
CYCLE_AGE = _gauge("worker_cycle_age_seconds", "Seconds since its cycle began; 0 between two.")
RSS = _gauge("worker_rss_bytes", "Resident memory, shared pages included.")
PSS = _gauge("worker_pss_bytes", "Proportional memory: of shared pages its part.")
GROWTH = _gauge("worker_growth_bytes", "Resident memory that came since the worker was forked.")
CACHE = _gauge("worker_cache_objects", "Objects in the cache of its last cycle, when that ended.")
BACKLOG = _gauge("worker_backlog", "What the worker's function last reported to be left to do.")
# of the pool
WORKERS = _gauge("workers", "Live workers: starting, ready, or leaving.", "state")
ROTATIONS = _counter("rotations", "Workers that left, by reason.", "reason")

METRICS: tuple[Metric, ...] = (
    *TEMPLATE,
    *(metric for metric in MESSAGE if metric),
    *SLOT.values(),
    *(AGE, CYCLE_AGE, RSS, PSS, GROWTH, CACHE, BACKLOG, WORKERS, ROTATIONS),
)

DASHBOARD = Path(__file__).with_name("dashboard.json")
"""The file of a dashboard for Grafana, which shows each of them."""
