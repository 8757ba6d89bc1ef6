"""The workloads by every peer, in turn in one process: what ``python -m bench.table --peers`` prints.

Enters: workloads. Leaves: a row for each, with the processor time of each peer's best round. A text that is not
Jinja2's is no figure: that ends the run. PHP is left out, as it runs in a process of its own, and over a pipe.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.measure import best_rounds
from bench.peers import PEERS, Desk, Peer, Render, Unsupported, normal
from bench.ratio_table import Column, Row
from bench.workloads.workload import Workload

TURNS = tuple(peer for peer in PEERS if peer.name != "php")
COLUMNS = tuple(Column(peer.name, "blendtpl", peer.name) for peer in TURNS if peer.name != "blendtpl")


def rows(workloads: Iterable[Workload], rounds: int) -> Iterator[Row]:
    """Measure; yield a row for each workload."""
    for workload in workloads:
        with ExitStack() as stack:
            renders = {peer.name: render for peer in TURNS if (render := _prepared(peer, workload, stack))}
            reference = renders["jinja2"]()
            for peer in TURNS:
                if peer.name in renders:
                    same_text(f"{workload.name}, {peer.name}", renders[peer.name](), reference, exact=peer.exact)
            yield Row(workload.name, workload.kind, best_rounds(renders, rounds))


def same_text(title: str, text: str, reference: str, *, exact: bool) -> None:
    """End the run where a text is not Jinja2's: to the byte, or as `normal` has it."""
    if text != reference if exact else normal(text) != normal(reference):
        raise SystemExit(f"{title}: the text is not Jinja2's")


def _prepared(peer: Peer, workload: Workload, stack: ExitStack) -> Render | None:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

    def at_end(end: Callable[[], object]) -> None:
        stack.callback(end)

    try:
        return peer.prepare(workload, Desk(folder, at_end))
    except Unsupported:
        return None
