"""Collector: shared metrics as Prometheus scrapes them.

Enters: shared metrics. Leaves: a custom collector of `prometheus_client`, for whatever registry and server of it there
is. Whichever process has it answers for all workers; nothing is asked of these, so a scrape is answered while they hang
or are killed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from blendtpl.errors import ConfigError
from blendtpl.extras import not_installed
from blendtpl.metrics import exposed
from blendtpl.metrics.exposed import MESSAGE, METRICS, SLOT, TEMPLATE, Metric
from blendtpl.metrics.measured import MeasuredRegistry
from blendtpl.metrics.processes import OnceInAWhile, pss_of, rss_of
from blendtpl.metrics.shared import SharedMetrics, TemplateFigures
from blendtpl.metrics.slot import SlotStats

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

PSS_EVERY = 10.0  # seconds

Samples = Iterable[tuple[str, float]]


def collector(metrics: SharedMetrics | MeasuredRegistry, *, pss_every: float = PSS_EVERY) -> "Collector":
    """Return a collector of shared metrics, or of those of a measured registry.

    The proportional memory of a worker is read at most each `pss_every` seconds. Raises `ConfigError` for what has no
    metrics, and `NotInstalledError` without `prometheus_client`.
    """
    shared = metrics.metrics if isinstance(metrics, MeasuredRegistry) else metrics
    if not isinstance(shared, SharedMetrics):
        raise ConfigError(
            f"what is collected are `SharedMetrics` or a measured registry, not a {type(metrics).__name__}"
        )
    try:
        import prometheus_client  # noqa: F401  # here, so that it is told who lacks it
    except ImportError as error:
        raise not_installed("a collector of metrics", error) from None
    return Collector(shared, pss_every)


class Collector:
    """What `prometheus_client` calls a custom collector."""

    def __init__(self, shared: SharedMetrics, pss_every: float) -> None:
        self._shared = shared
        self._pss = OnceInAWhile(pss_of, pss_every)

    def describe(self) -> Iterator["Family"]:
        """Yield each metric without samples."""
        return (_family(metric) for metric in METRICS)

    def collect(self) -> Iterator["Family"]:
        """Yield each metric with its samples."""
        shared = self._shared
        yield from _by_name(TEMPLATE, shared.templates())
        yield from _by_name(MESSAGE, shared.messages())
        slots = [(str(slot), shared.stats(slot)) for slot in shared.slots]
        for name, metric in SLOT.items():
            yield _family(metric, ((slot, stats.total(name)) for slot, stats in slots))
        yield from self._of_workers([(str(slot), stats) for slot, stats in shared.workers()])
        yield _family(exposed.ROTATIONS, shared.rotations().items())

    def _of_workers(self, workers: Sequence[tuple[str, SlotStats]]) -> Iterator["Family"]:
        now = monotonic()
        rss = {slot: rss_of(int(stats.pid)) or stats.rss for slot, stats in workers}
        pss = self._pss([int(stats.pid) for _, stats in workers])
        pss_by_slot = [(slot, pss.get(int(stats.pid))) for slot, stats in workers]
        yield _family(exposed.AGE, ((slot, now - stats.started) for slot, stats in workers if stats.started))
        yield _family(exposed.CYCLE_AGE, ((slot, _since(stats.cycle_started, now)) for slot, stats in workers))
        yield _family(exposed.RSS, ((slot, size) for slot, size in rss.items() if size))
        yield _family(exposed.PSS, ((slot, size) for slot, size in pss_by_slot if size is not None))
        grown = ((slot, rss[slot] - stats.base_rss) for slot, stats in workers if stats.base_rss and rss[slot])
        yield _family(exposed.GROWTH, grown)
        yield _family(exposed.CACHE, ((slot, stats.cache_size) for slot, stats in workers))
        yield _family(exposed.BACKLOG, ((slot, stats.backlog) for slot, stats in workers if stats.backlog >= 0))
        states = [_state(stats) for _, stats in workers]
        yield _family(exposed.WORKERS, ((state, states.count(state)) for state in ("starting", "ready", "leaving")))


def _since(moment: float, now: float) -> float:
    return max(0.0, now - moment) if moment else 0.0


def _state(stats: SlotStats) -> str:
    return "leaving" if stats.stop >= 0 else "ready" if stats.ready else "starting"


def _by_name(metrics: Sequence[Metric | None], found: Mapping[str, TemplateFigures]) -> Iterator["Family"]:
    for at, metric in enumerate(metrics):
        if metric is not None:
            yield _family(metric, ((name, figures[at]) for name, figures in found.items()))


def _family(metric: Metric, samples: Samples = ()) -> "Family":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.family, metric.help, labels=[metric.label])
    for label, value in samples:
        family.add_metric([label], value)
    return family
