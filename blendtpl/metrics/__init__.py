"""Metrics: what a pool of workers does and what memory it takes, counted by template and told in one scrape.

Enters: a registry. Leaves: one that counts what it renders. Nothing here is imported unless somebody measures, and
`prometheus_client`, `opentelemetry` and `matplotlib` only by what needs them.
"""

from blendtpl.metrics.collector import collector
from blendtpl.metrics.exposed import DASHBOARD
from blendtpl.metrics.graph import draw
from blendtpl.metrics.measured import MeasuredRegistry, measure
from blendtpl.metrics.recording import Recorder
from blendtpl.metrics.serving import MetricsServer, serve
from blendtpl.metrics.shared import SharedMetrics, TemplateFigures
from blendtpl.metrics.tracing import traced

__all__ = [
    "DASHBOARD",
    "MeasuredRegistry",
    "MetricsServer",
    "Recorder",
    "SharedMetrics",
    "TemplateFigures",
    "collector",
    "draw",
    "measure",
    "serve",
    "traced",
]
