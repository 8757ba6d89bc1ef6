"""Middleware: what WSGI and ASGI share. Which requests are answered here, with what, and who may see it.

Enters: a request, told in texts. Leaves: an `Answer`, or nothing where the application is to answer.
"""

import ipaddress
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blendtpl.errors import ConfigError
from blendtpl.printable import one_line, printable
from blendtpl.watched import WatchedRegistry
from blendtpl.web.development.changes import Changes
from blendtpl.web.development.documents import Headers, script
from blendtpl.web.development.pages import Pages

RETRY = b"retry: 500\n\n"  # milliseconds until a browser that has lost a stream asks again
BEAT = b": \n\n"  # what a browser takes no notice of, and tells a server that the browser has left

_log = logging.getLogger("blendtpl.web")
_SCRIPT = (Path(__file__).parent / "static" / "reload.js").read_bytes()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; base-uri 'none'"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: `path` is that below the `root` of the application; names of headers are in lower case."""

    method: str
    root: str
    path: str
    client: str
    headers: Mapping[str, str]

    @property
    def wants_document(self) -> bool:
        """Whether it is a browser that is to show the answer as a page."""
        if self.method not in {"GET", "HEAD"}:
            return False
        meant = self.headers.get("sec-fetch-dest")
        return meant in {"document", "iframe", "frame"} if meant else self.takes_html

    @property
    def takes_html(self) -> bool:
        """Whether whoever asks can show HTML."""
        return "text/html" in self.headers.get("accept", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of ours."""

    status: int
    headers: Headers
    body: bytes


EVENTS: Headers = [
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),  # nginx would keep it back
]


class Development:
    """An application with what development needs around it.

    - `registry` is one of `blendtpl.watch`, of the folders that the application's templates are in.
    - `debug` switches all of it on. Without, the application is called as it is.
    - `static` are folders whose style sheets take effect without a reload of the page when they change. A browser asks
      for one by a URL that ends with its path in its folder.
    - `prefix` is the path below which it answers itself.
    - `remote` lets others than this machine see it: pages that have sources and values in them. Without, what comes
      from another address, through a proxy, or by a name that is not this machine's goes to the application alone.
    - `streams` is how many pages are told of changes at once; any more ask again every second.

    Raises `ConfigError` for a registry that does not watch, a folder that is not there, and a prefix that is none.
    """

    def __init__(
        self,
        app: Any,
        registry: WatchedRegistry,
        *,
        debug: bool = False,
        static: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
        prefix: str = "/_blendtpl",
        remote: bool = False,
        streams: int = 16,
    ) -> None:
        self._app, self._debug, self._prefix = app, debug, prefix.rstrip("/")
        self._remote, self._most = remote, streams
        if not self._debug:
            return
        if not isinstance(registry, WatchedRegistry):
            raise ConfigError(
                f"development wants a registry that watches, not a `{type(registry).__name__}`:"
                ' give `blendtpl.watch("templates")`'
            )
        if not prefix.startswith("/") or not self._prefix:
            raise ConfigError(f"the prefix `{prefix}` is no path: let it begin with `/`, such as `/_blendtpl`")
        folders = [Path(each) for each in ([static] if isinstance(static, (str, os.PathLike)) else static)]
        for folder in folders:
            if not folder.is_dir():
                raise ConfigError(f"`{folder}` cannot be watched: it is no folder that is there")
        self._pages = Pages()
        self._registry, self._changes = registry, Changes(registry, folders)

    def close(self) -> None:
        """Let go of all browsers, and watch style sheets no longer. The registry is yours to close."""
        if self._debug:
            self._changes.close()

    def _allows(self, request: Request) -> bool:
        """Return whether whoever asks may see sources and values."""
        if self._remote:
            return True
        direct = not any(name in request.headers for name in _FORWARDED)
        # a name that is another's could be made to lead here by whoever has it, and its pages would read the answer
        return direct and _is_loopback(request.client) and _is_own_name(request.headers.get("host", ""))

    def _streams(self, request: Request) -> bool:
        return request.path == f"{self._prefix}/events" and request.method == "GET"

    def _answer(self, request: Request) -> Answer | None:
        """Return what is answered in place of the application, which is not asked then."""
        if request.path == f"{self._prefix}/reload.js":
            return Answer(200, _typed("text/javascript", len(_SCRIPT)), _SCRIPT)
        fault = self._registry.fault
        if fault is None or not request.wants_document:
            return None
        return _page(self._pages.fault(fault, self._registry.folders, self._script(request)))

    def _script(self, request: Request, headers: Iterable[tuple[str, str]] = ()) -> bytes:
        return script(request.root + self._prefix, self._changes.state, headers, stays=request.method != "GET")

    def _failed(self, error: Exception, request: Request) -> Answer:
        """Return the page for an exception, of which nothing is kept."""
        asked = one_line(f"{request.method} {request.root}{request.path}")
        _log.error("%s failed", asked, exc_info=error)
        if not request.takes_html:
            text = printable(f"{type(error).__name__} in {asked}: see the log, or ask for HTML\n").encode()
            return Answer(500, _typed("text/plain", len(text)), text)
        return _page(self._pages.error(error, asked, self._script(request)))


def _page(body: bytes) -> Answer:
    return Answer(500, [*_typed("text/html", len(body)), ("Content-Security-Policy", _POLICY)], body)


def _typed(kind: str, length: int) -> Headers:
    return [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Length", str(length)),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]


def too_many() -> Answer:
    """Return the answer for one page more than there may be; it asks again."""
    return Answer(503, [*_typed("text/plain", 0), ("Retry-After", "1")], b"")


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # of a socket that has no addresses, or of none
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _is_own_name(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower() == "localhost" or name.lower().endswith(".localhost") or _is_loopback(name)
