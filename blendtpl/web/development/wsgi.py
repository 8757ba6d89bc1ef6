"""WSGI: an application with what development needs around it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import Any

from blendtpl.web.development.documents import Headers, Seen, fresh, has_length, may_be_document
from blendtpl.web.development.middleware import BEAT, EVENTS, RETRY, Answer, Development, Request, too_many

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

_BEAT = 1.0  # seconds, as a server learns that a browser has left when it writes


class WsgiDevelopment(Development):
    """``app.wsgi_app = WsgiDevelopment(app.wsgi_app, registry, debug=True)``: see `Development`.

    A page that is open holds a thread of the server while somebody sees it, so give that more threads than `streams`.
    Where requests are not answered in threads, pages ask twice a second in place of that.
    """

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or have the application answer."""
        if not self._debug:
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        request = _request(environ)
        if not self._allows(request):
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        if self._streams(request):
            return self._events(environ, start_response)
        answer = self._answer(request)
        if answer is not None:
            return _send(answer, request, start_response)
        return self._from_application(environ, request, start_response)

    def _events(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if self._changes.closed or self._changes.listening >= self._most:
            return _send(too_many(), None, start_response)
        stream = self._stream(environ)
        next(stream)  # so that it is counted from now on, and ends when it is closed
        start_response("200 OK", EVENTS)
        return stream

    def _stream(self, environ: Environ) -> Iterator[bytes]:
        changes, wake, told = self._changes, threading.Event(), ""
        held = environ.get("wsgi.multithread", False)
        began, end = changes.round, changes.listen(wake.set)
        try:
            yield b""
            yield RETRY
            while changes.round == began and threading.main_thread().is_alive():
                wake.clear()
                state = changes.state
                # several processes take turns to answer: none of them tells that another has begun
                data = (replace(state, start="") if environ.get("wsgi.multiprocess") else state).data
                yield BEAT if data == told else f"data: {data}\n\n".encode()
                told = data
                if not held:
                    return
                wake.wait(_BEAT)
        finally:
            end()

    def _from_application(self, environ: Environ, request: Request, start_response: StartResponse) -> Iterable[bytes]:
        begun = _Begun()
        pieces: Any = ()
        try:
            pieces = self._app(environ, begun)
            iterator = iter(pieces)
            first = next(iterator, b"")
            first = begun.taken() + first
            status, headers = begun.status, begun.headers
            document = may_be_document(request.method, int(status[:3]), headers)
            if document and (has_length(headers) or isinstance(pieces, (list, tuple))):
                body = b"".join([first, *iterator])
                _close(pieces)
                return self._whole(body, status, headers, request, start_response)
        except Exception as error:
            _close(pieces)
            return _send(self._failed(error, request), request, start_response)
        if not document:
            start_response(status, headers)
            return _Body(first, iterator, pieces, None)
        start_response(status, fresh(headers))
        return _Body(first, iterator, pieces, partial(self._script, request, headers))

    def _whole(
        self, body: bytes, status: str, headers: Headers, request: Request, start_response: StartResponse
    ) -> Iterable[bytes]:
        seen = Seen()
        seen.add(body)
        if seen.is_whole:
            body += self._script(request, headers)
            headers = fresh(headers, len(body))
        start_response(status, headers)
        return (body,)


class _Begun:
    """What an application calls to begin its response, which is not begun yet."""

    def __init__(self) -> None:
        self._begun: tuple[str, Headers] | None = None
        self._written: list[bytes] = []

    def __call__(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        self._begun = status, [*headers]
        return self._written.append

    def taken(self) -> bytes:
        """Return what has been written by the old way, which goes before the body."""
        return b"".join(self._written)

    @property
    def status(self) -> str:
        return self._told[0]

    @property
    def headers(self) -> Headers:
        return self._told[1]

    @property
    def _told(self) -> tuple[str, Headers]:
        if self._begun is None:
            raise RuntimeError("the application has returned, and has not called `start_response`")
        return self._begun


class _Body:
    """The body of an application's response, with a script behind it when it was a whole document."""

    def __init__(self, first: bytes, rest: Iterator[bytes], pieces: Any, script: Callable[[], bytes] | None) -> None:
        self._first, self._rest, self._pieces, self._script = first, rest, pieces, script

    def __iter__(self) -> Iterator[bytes]:
        seen = Seen()
        for piece in chain((self._first,), self._rest):
            seen.add(piece)
            yield piece
        if self._script is not None and seen.is_whole:
            yield self._script()

    def close(self) -> None:
        _close(self._pieces)


def _close(pieces: Any) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()


def _send(answer: Answer, request: Request | None, start_response: StartResponse) -> Iterable[bytes]:
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
    return () if request is not None and request.method == "HEAD" else (answer.body,)


def _request(environ: Environ) -> Request:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers.setdefault("host", environ.get("SERVER_NAME", ""))
    return Request(
        environ.get("REQUEST_METHOD", "GET"),
        environ.get("SCRIPT_NAME", ""),
        environ.get("PATH_INFO", ""),
        environ.get("REMOTE_ADDR", ""),
        headers,
    )
