"""What is scraped: names, values, and an answer whatever becomes of the workers."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from functools import partial
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import blendtpl
from blendtpl.errors import ConfigError
from blendtpl.metrics import SharedMetrics, collector, measure, processes, serve
from blendtpl.metrics.counting import add
from blendtpl.metrics.exposed import METRICS
from tests.metrics.forks import forked

Scraped = dict[tuple[str, str], float]


def scraped(text: str) -> Scraped:
    """Return the samples of a scrape, by name and label."""
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, ",".join(sample.labels.values())): sample.value for sample in samples}


def collected(shared: SharedMetrics) -> Scraped:
    registry = CollectorRegistry()
    registry.register(collector(shared))
    return scraped(generate_latest(registry).decode())


@pytest.fixture
def shared() -> SharedMetrics:
    return SharedMetrics(3, ["a.html", "b.html"], ["alert"])


@pytest.fixture
def worker(shared: SharedMetrics) -> Iterator[int]:
    """A live process in slot 1."""
    child = forked(signal.pause)
    stats = shared.stats(1)
    stats.pid, stats.started = float(child), monotonic() - 100
    yield child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_what_is_counted_is_scraped(shared: SharedMetrics, worker: int) -> None:
    stats = shared.stats(1)
    stats.ready = stats.cycle_started = monotonic() - 50
    stats.base_rss, stats.cache_size, stats.backlog = 4096.0, 12.0, 0.0
    for name in ("cycles", "mails", "cache_hits", "cache_misses", "survivors"):
        setattr(stats, name, 3.0)
    add(*shared.template_row(1, "b.html"), 500, 0.25)
    add(*shared.template_row(0, "b.html"), 100, 0.25, failed=True)
    add(*shared.message_row(1, "alert"), 0, 1.5, failed=True)
    for _ in range(2):
        shared.rotated("max age")
    found = collected(shared)
    for name, label, value in (
        ("renders_total", "b.html", 2),
        ("renders_total", "a.html", 0),
        ("rendered_characters_total", "b.html", 600),
        ("render_seconds_total", "b.html", 0.5),
        ("render_errors_total", "b.html", 1),
        ("messages_total", "alert", 1),
        ("message_seconds_total", "alert", 1.5),
        ("message_errors_total", "alert", 1),
        *((f"{name}_total", "1", 3) for name in ("cycles", "mails", "cache_hits", "cache_misses", "survivors")),
        ("mails_total", "0", 0),
        ("worker_cache_objects", "1", 12),
        ("worker_backlog", "1", 0),
        ("workers", "ready", 1),
        ("workers", "starting", 0),
        ("rotations_total", "max age", 2),
    ):
        assert found["blendtpl_" + name, label] == value, name
    assert found["blendtpl_worker_age_seconds", "1"] >= 100
    assert 50 <= found["blendtpl_worker_cycle_age_seconds", "1"] < 1e6
    rss = found["blendtpl_worker_rss_bytes", "1"]
    assert rss > 1_000_000
    assert found["blendtpl_worker_growth_bytes", "1"] == rss - 4096
    assert 0 < found["blendtpl_worker_pss_bytes", "1"] <= rss
    assert ("blendtpl_worker_age_seconds", "0") not in found


def test_each_metric_is_scraped_and_none_that_is_not_listed(shared: SharedMetrics, worker: int) -> None:
    stats = shared.stats(1)
    stats.base_rss, stats.backlog = 1.0, 5.0
    shared.rotated("hung")
    assert {name for name, _ in collected(shared)} == {metric.sample for metric in METRICS}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_are_by_the_conventions_of_prometheus(metric: object) -> None:
    assert metric in METRICS
    name = getattr(metric, "family", "")
    assert re.fullmatch(r"blendtpl_[a-z]+(_[a-z]+)*", name)
    assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_ms", "_kb", "_percent"))


def test_what_does_not_apply_is_not_told(shared: SharedMetrics, worker: int) -> None:
    found = {name for name, _ in collected(shared)}
    assert "blendtpl_worker_backlog" not in found  # none was reported
    assert "blendtpl_worker_growth_bytes" not in found  # nobody told what it began with
    assert "blendtpl_rotations_total" not in found


def test_a_worker_that_is_gone_has_no_gauges_and_its_counts_stay(shared: SharedMetrics) -> None:
    stats = shared.stats(2)
    stats.pid, stats.mails = float(forked(lambda: None)), 7.0
    os.waitpid(int(stats.pid), 0)
    found = collected(shared)
    assert ("blendtpl_worker_age_seconds", "2") not in found
    assert found["blendtpl_mails_total", "2"] == 7
    stats.reset()
    stats.mails += 1
    assert collected(shared)["blendtpl_mails_total", "2"] == 8


def test_a_worker_that_was_told_to_go_is_leaving(shared: SharedMetrics, worker: int) -> None:
    shared.stats(1).stop = 80.0
    assert collected(shared)["blendtpl_workers", "leaving"] == 1


def test_names_of_templates_may_be_anything() -> None:
    odd = 'a"b\\c\n{é}.html'
    shared = SharedMetrics(1, [odd])
    add(*shared.template_row(0, odd), 1, 0.0)
    assert collected(shared)["blendtpl_renders_total", odd] == 1


def test_proportional_memory_is_read_once_in_a_while() -> None:
    asked: list[int] = []

    def ask(pid: int) -> int:
        asked.append(pid)
        return pid

    seldom = processes.OnceInAWhile(ask, 3600)
    assert seldom([1, 2]) == {1: 1, 2: 2}
    assert seldom([2, 3]) == {2: 2, 3: 3}
    assert asked == [1, 2, 3]
    assert seldom([1]) == {1: 1}
    always = processes.OnceInAWhile(ask, 0)
    assert always([8]) == always([8])
    assert asked == [1, 2, 3, 1, 8, 8]


def test_a_process_that_is_gone_has_no_memory() -> None:
    child = forked(lambda: None)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert processes.rss_of(child) is None  # nobody has waited for it yet
    os.waitpid(child, 0)
    assert processes.rss_of(child) is processes.pss_of(child) is None


def test_one_process_registers_its_own_measured_registry() -> None:
    measured = measure(blendtpl.load(blendtpl.compile({"a.html": "{{ x }}"})))
    registry = CollectorRegistry(auto_describe=True)
    registry.register(collector(measured))
    measured.render("a.html", x="abc")
    found = scraped(generate_latest(registry).decode())
    assert found["blendtpl_rendered_characters_total", "a.html"] == 3
    assert found["blendtpl_worker_rss_bytes", "0"] > 0
    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(collector(measured))


def test_every_scrape_is_answered_while_workers_are_killed(shared: SharedMetrics) -> None:
    def work(slot: int) -> None:
        stats = shared.stats(slot)
        stats.reset()
        stats.pid = float(os.getpid())
        while True:
            add(*shared.template_row(slot, "a.html"), 10, 0.5)
            os.sched_yield()
            stats.cycles += 1

    children: dict[int, int] = {}
    last = renders = 0.0
    try:
        with serve(shared, port=0, pss_every=0) as server:
            for number in range(8):
                slot = number % 3
                if slot in children:
                    os.kill(children.pop(slot), signal.SIGKILL)  # not waited for yet when the scrape comes
                children[slot] = forked(partial(work, slot))
                with urllib.request.urlopen(server.url, timeout=300) as answer:
                    assert answer.status == 200
                    found = scraped(answer.read().decode())
                renders = found["blendtpl_renders_total", "a.html"]
                assert renders >= last
                last = renders
        assert renders > 0
    finally:
        for child in children.values():
            os.kill(child, signal.SIGKILL)
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break


def test_a_port_that_is_in_use_is_told(shared: SharedMetrics) -> None:
    with serve(shared) as server:
        assert server.port > 0
        with pytest.raises(ConfigError, match=rf"served at 127.0.0.1, port {server.port}: address already in"):
            serve(shared, port=server.port)
    with serve(shared, port=server.port) as again:  # it is free when the server is closed
        assert again.port == server.port


@pytest.mark.parametrize("port", [-1, 65536, "80"])
def test_a_port_that_is_none_is_told(shared: SharedMetrics, port: int) -> None:
    with pytest.raises(ConfigError, match="a port is a number from 0 to 65535"):
        serve(shared, port=port)


def test_an_address_that_is_not_here_is_told(shared: SharedMetrics) -> None:
    with pytest.raises(ConfigError, match="cannot be served at 203"):
        serve(shared, host="203.0.113.7")


def test_what_has_no_metrics_is_told() -> None:
    with pytest.raises(ConfigError, match="`SharedMetrics` or a measured registry, not a dict"):
        collector({})  # type: ignore[arg-type]


def test_a_process_that_was_forked_lets_go_of_the_port(shared: SharedMetrics) -> None:
    with serve(shared) as server:
        child = forked(signal.pause)
    try:
        with socket.socket() as other:  # without the option to share it
            other.bind(("127.0.0.1", server.port))
            other.listen()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_without_the_library_it_is_told_what_to_install() -> None:
    script = """
import sys
sys.modules["prometheus_client"] = None
from blendtpl.errors import ConfigError
from blendtpl.metrics import SharedMetrics, collector, serve
for ask in (collector, serve):
    try:
        ask(SharedMetrics(1))
    except ConfigError as error:
        print(error)
"""
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.count("needs `prometheus_client`: install blendtpl with the extra `metrics`") == 2
