"""Serving: an endpoint for Prometheus in a thread of this process, which is mostly the one that started the workers.

Enters: shared metrics, an address. Leaves: a server, until it is closed. Processes that are forked meanwhile let go of
its socket, so that the port is free when this process is gone, however long they live.
"""

import os
import weakref
from typing import TYPE_CHECKING

from blendtpl.errors import ConfigError
from blendtpl.extras import not_installed
from blendtpl.metrics.collector import PSS_EVERY, collector
from blendtpl.metrics.measured import MeasuredRegistry
from blendtpl.metrics.shared import SharedMetrics

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

_HIGHEST = 65535


class MetricsServer:
    """An endpoint that answers. `port` is the one that it has, which is of use when any was asked for, by 0."""

    __slots__ = ("__weakref__", "_server", "_thread", "host", "port")

    def __init__(self, server: "WSGIServer", thread: "Thread", host: str) -> None:
        self._server, self._thread, self.host = server, thread, host
        self.port = int(server.server_port)
        _serving.add(self)

    def __repr__(self) -> str:
        return f"<MetricsServer {self.url}>"

    def __enter__(self) -> "MetricsServer":
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/metrics"

    def close(self) -> None:
        """Stop answering, and free the port."""
        _serving.discard(self)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def let_go(self) -> None:
        """Close the socket alone, in a process that has no thread that serves it."""
        self._server.socket.close()


_serving: "weakref.WeakSet[MetricsServer]" = weakref.WeakSet()


def _let_go() -> None:
    for server in list(_serving):
        server.let_go()
    _serving.clear()


os.register_at_fork(after_in_child=_let_go)


def serve(
    metrics: SharedMetrics | MeasuredRegistry,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    pss_every: float = PSS_EVERY,
) -> MetricsServer:
    """Answer scrapes of shared metrics, or of those of a measured registry, in a thread; port 0 is any that is free.

    Anybody who reaches the address may read them: there is neither encryption nor a password. Raises `ConfigError` for
    an address that cannot be had, and `NotInstalledError` without `prometheus_client`.
    """
    if not isinstance(port, int) or not 0 <= port <= _HIGHEST:
        raise ConfigError(f"a port is a number from 0 to {_HIGHEST}, not {port!r}")
    try:
        from prometheus_client import CollectorRegistry, start_http_server
    except ImportError as error:
        raise not_installed("serving metrics", error) from None
    registry = CollectorRegistry()
    registry.register(collector(metrics, pss_every=pss_every))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ConfigError(
            f"metrics cannot be served at {host}, port {port}: {(error.strerror or str(error)).lower()}; choose another"
            " port, or end who has it"
        ) from error
    vars(server)["handle_error"] = _ignore  # who goes before the answer is there is no error of ours to be shown
    return MetricsServer(server, thread, host)


def _ignore(request: object, address: object) -> None: ...
