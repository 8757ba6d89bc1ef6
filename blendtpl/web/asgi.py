"""ASGI: a template as the response of an application without a framework."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

from blendtpl.web.pages import Page

__all__ = ["TemplateResponse"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class TemplateResponse(Page):
    """A page that is an ASGI application: ``await TemplateResponse(template, {…})(scope, receive, send)``.

    What the template waits for is awaited. It runs in asyncio.
    """

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Send the response. A client that leaves ends the render of one that streams."""
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        whole = not self.streams or bool(self.blocks)
        body = await self.awaited() if whole else b""
        if whole:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if not whole and scope.get("method") != "HEAD":
            await self._stream(receive, send)
        await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else body})

    async def _stream(self, receive: Receive, send: Send) -> None:
        leaving = asyncio.ensure_future(_left(receive))
        try:
            async with aclosing(_pieces(self.template, self.context)) as pieces:
                async for piece in pieces:
                    if leaving.done():
                        return
                    await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
        finally:
            leaving.cancel()


async def _left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _pieces(template: Any, context: Any) -> Any:
    """Yield a template in pieces; what does not wait is rendered in a thread, as what it calls may block."""
    if getattr(template, "_compiled", template).environment.is_async:
        async with aclosing(template.generate_async(context)) as awaited:
            async for piece in awaited:
                yield piece
        return
    pieces = template.generate(context)
    try:
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece
    finally:
        pieces.close()
