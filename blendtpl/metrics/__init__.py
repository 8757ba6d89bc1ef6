"""Metrics: what a pool of workers does and what memory it takes, counted by template and told in one scrape.

Enters: a registry. Leaves: one that counts what it renders. Nothing here is imported unless somebody measures, and
`prometheus_client`, `opentelemetry` and `matplotlib` only by what needs them.
"""

from blendtpl.metrics.measured import measure
from blendtpl.metrics.shared import SharedMetrics, TemplateFigures

__all__ = ["SharedMetrics", "TemplateFigures", "measure"]
