"""ASGI: a template as the response of an application without a framework."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, closing
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
            async with aclosing(self._awaited_pieces()) as pieces:
                async for piece in pieces:
                    if leaving.done():
                        return
                    await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
        finally:
            leaving.cancel()

    async def _awaited_pieces(self) -> AsyncGenerator[str, None]:
        """Yield the body in pieces; what does not wait is rendered in a thread, as what it calls may block."""
        if getattr(self.template, "_compiled", self.template).environment.is_async:
            async with aclosing(self.pieces(awaits=True)) as awaited:
                async for piece in awaited:
                    yield piece
            return
        with closing(self.pieces()) as pieces:
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                yield piece


async def _left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
