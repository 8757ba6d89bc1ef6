"""Render: twelve workloads, by a registry and by everything that it is measured against, in one run.

The collector is off while anything is measured; peers that are not installed are skipped. Every peer has compiled its
templates before, and has its fastest settings: what is measured is one call that returns the whole text.
"""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.measure import compare
from bench.peers import PEERS, Desk, Peer, Render, Unsupported, normal
from bench.workloads import WORKLOADS, Workload

each_peer = pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """Give a peer what it may use."""
    return Desk(tmp_path, request.addfinalizer)


@each_peer  # of the two, what changes first: all peers of a workload run one after the other
@each_workload
@pytest.mark.benchmark(max_time=0.4)
@pytest.mark.usefixtures("no_collector")
def test_render(benchmark: BenchmarkFixture, desk: Desk, workload: Workload, peer: Peer) -> None:
    """One call that returns the whole text."""
    render = _prepare(peer, workload, desk)
    facts = {"collector": "off", "column": peer.name, "kind": workload.kind}
    compare(benchmark, f"render {workload.name}", peer=peer.name != "blendtpl", **facts)
    text = render()  # Jinja2 compiles at its first render
    benchmark.extra_info["characters"] = len(text)
    benchmark(render)


@each_peer
@each_workload
def test_all_peers_render_the_same(desk: Desk, workload: Workload, peer: Peer) -> None:
    """Jinja2, blendtpl and the hand-written function: to the byte. Others: as `normal` has it."""
    reference = next(candidate for candidate in PEERS if candidate.name == "jinja2").prepare(workload, desk)()
    text = _prepare(peer, workload, desk)()
    if peer.exact:
        assert text == reference
    assert normal(text) == normal(reference)


def _prepare(peer: Peer, workload: Workload, desk: Desk) -> Render:
    try:
        return peer.prepare(workload, desk)
    except Unsupported as reason:
        pytest.skip(str(reason))
