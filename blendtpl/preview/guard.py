"""Guard: which requests are answered at all, and what every answer says to a browser.

Enters: every request. Leaves: a refusal, or the answer of the application with headers that keep it to itself. A page
of another host may have its name resolve to this machine, so the name that is asked for counts, not the address; and a
page of another port may send forms here, so what writes is to come from the preview's own page.
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.ASCII)
LARGEST = 4 * 2**20  # bytes of a body that is read

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Guard:
    """Refuses what does not come from this machine's own page; a middleware of ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have the application do so."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there is nothing else that anybody should ask for, such as a websocket
        refusal = _refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))


def _refusal(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    host = headers.getlist("host")
    if len(host) != 1 or not _LOCAL.fullmatch(host[0]):
        return PlainTextResponse("this preview answers only as localhost or 127.0.0.1\n", 421)
    if scope["method"] in {"GET", "HEAD"}:
        return None
    if headers.getlist("origin") != [f"http://{host[0]}"]:
        return PlainTextResponse("this is for the preview's own page alone\n", 403)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return PlainTextResponse("give it as application/json\n", 415)
    if not headers.get("content-length", "").isdecimal():
        return PlainTextResponse("say how long it is\n", 411)
    if int(headers["content-length"]) > LARGEST:
        return PlainTextResponse(f"that is more than {LARGEST} bytes\n", 413)
    return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: Any = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
