"""ASGI: an application with what development needs around it."""

import asyncio
import signal
import threading
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

from blendtpl.web.asgi import Message, Receive, Send
from blendtpl.web.development.changes import Changes
from blendtpl.web.development.documents import Headers, Seen, fresh, has_length, may_be_document
from blendtpl.web.development.middleware import BEAT, EVENTS, RETRY, Answer, Development, Request, too_many

Scope = MutableMapping[str, Any]

_BEAT = 15.0  # seconds, after which something is sent, as proxies end what says nothing


class AsgiDevelopment(Development):
    """``application = AsgiDevelopment(application, registry, debug=True)``: see `Development`. It runs in asyncio.

    Streams end when the process is told to end, by SIGINT or SIGTERM, as servers wait for them then.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have the application answer."""
        if not self._debug or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _request(scope)
        if not self._allows(request):
            await self._app(scope, receive, send)
        elif self._streams(request):
            await self._events(receive, send)
        elif (answer := self._answer(request)) is not None:
            await _send(answer, request.method, send)
        else:
            await self._from_application(scope, receive, send, request)

    async def _from_application(self, scope: Scope, receive: Receive, send: Send, request: Request) -> None:
        response = _Response(send, request.method, partial(self._script, request))
        answer = None
        try:
            await self._app(scope, receive, response.send)
        except Exception as error:
            if response.has_begun:
                raise
            answer = self._failed(error, request)
        if answer is not None:
            await _send(answer, request.method, send)

    async def _events(self, receive: Receive, send: Send) -> None:
        changes, told = self._changes, ""
        if changes.closed or changes.listening >= self._most:
            await _send(too_many(), "GET", send)
            return
        _follow_signals(changes)
        wake, loop = asyncio.Event(), asyncio.get_running_loop()

        def awake() -> None:
            with suppress(RuntimeError):  # the loop has been closed since
                loop.call_soon_threadsafe(wake.set)

        began, end = changes.round, changes.listen(awake)
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _encoded(EVENTS)})
            await send({"type": "http.response.body", "body": RETRY, "more_body": True})
            while changes.round == began and not leaving.done():
                wake.clear()
                data = changes.state.data
                piece = BEAT if data == told else f"data: {data}\n\n".encode()
                told = data
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                waiting = asyncio.ensure_future(wake.wait())
                await asyncio.wait({waiting, leaving}, timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
            if not leaving.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            end()
            leaving.cancel()


class _Response:
    """A response on its way from an application. That of a document is begun when there is something of its body, or
    all of it where its length is told.
    """

    def __init__(self, send: Send, method: str, script: Callable[[Headers], bytes]) -> None:
        self._send, self._method, self._script = send, method, script
        self._start: Message | None = None  # what has been held back
        self._headers: Headers = []
        self._body: list[bytes] | None = None
        self._seen: Seen | None = None
        self.has_begun = False

    async def send(self, message: Message) -> None:
        """Take a message of the application's."""
        if message["type"] == "http.response.start":
            self._headers = [
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())
            ]
            if may_be_document(self._method, message["status"], self._headers):
                self._start, self._seen = message, Seen()
                self._body = [] if has_length(self._headers) else None
                return
        elif message["type"] == "http.response.body" and self._seen is not None:
            await self._take(message, self._seen)
            return
        await self._begin(None)
        self.has_begun = True
        await self._send(message)

    async def _take(self, message: Message, seen: Seen) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        seen.add(body)
        if self._body is not None:
            self._body.append(body)
            if more:
                return
            body = b"".join(self._body)
            if not seen.is_whole:
                await self._begin(None)
            else:
                body += self._script(self._headers)
                await self._begin(fresh(self._headers, len(body)))
        else:
            if not more and seen.is_whole:
                body += self._script(self._headers)
            await self._begin(fresh(self._headers))
        await self._send({**message, "body": body})

    async def _begin(self, headers: Headers | None) -> None:
        """Send what has been held back, with other headers where some are given."""
        start, self._start = self._start, None
        if start is not None:
            self.has_begun = True
            await self._send(start if headers is None else {**start, "headers": _encoded(headers)})


async def _left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(answer: Answer, method: str, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": _encoded(answer.headers)})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _request(scope: Scope) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
    client, root = scope.get("client"), scope.get("root_path", "")
    return Request(scope["method"], root, scope["path"].removeprefix(root), client[0] if client else "", headers)


def _follow_signals(changes: Changes) -> None:
    """Have streams end when the process is told to end: a server waits for them, and tells applications afterwards."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        if callable(before) and not isinstance(before, _Following):
            signal.signal(number, _Following(changes, before))


class _Following:
    """A handler of signals that ends streams before the one that was there."""

    def __init__(self, changes: Changes, before: Callable[[int, Any], Any]) -> None:
        self._changes, self._before = changes, before

    def __call__(self, number: int, frame: Any) -> None:
        self._changes.release()
        self._before(number, frame)
