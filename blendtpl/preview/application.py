"""Application: what the preview answers to which request.

Enters: requests that the guard has let through. Leaves: pages, pieces of them, frames, downloads, and a stream of
events that says when something has changed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Lifespan

from blendtpl.errors import BlendError
from blendtpl.preview.example_files import ConflictError, ExampleError, write_example
from blendtpl.preview.frames import IMAGES, LIGHT, OWN, SCHEMES, html_frame, text_frame
from blendtpl.preview.guard import Guard
from blendtpl.preview.pages import Asked, Pages

_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_BEAT = 15.0  # seconds after which an idle stream says that it is there
_FIELDS = ("item", "example", "language", "tab", "digest")


class Listeners:
    """The open pages, each of which is told of every change until the preview ends."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str]] = set()
        self._closed = False

    def tell(self, event: str) -> None:
        """Tell all of them."""
        for queue in self._queues:
            queue.put_nowait(event)

    def close(self) -> None:
        """Let go of all of them."""
        self._closed = True
        self.tell("")

    async def stream(self) -> AsyncIterator[str]:
        """Yield events as they come, as server-sent events are written."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield "retry: 500\nevent: hello\ndata: \n\n"
            while not self._closed:
                try:
                    event = await asyncio.wait_for(queue.get(), _BEAT)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event:
                    yield f"event: {event}\ndata: \n\n"
        finally:
            self._queues.discard(queue)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What is answered at each address; `reload` is what a request to compile again calls."""

    pages: Pages
    listeners: Listeners
    reload: Callable[[], Awaitable[None]] | None
    files: Mapping[str, Path]

    def page(self, request: Request) -> Response:
        return HTMLResponse(self.pages.page(_asked(dict(request.query_params))))

    def items(self, request: Request) -> Response:
        return HTMLResponse(self.pages.items(_asked(dict(request.query_params))))

    async def stage(self, request: Request) -> Response:
        asked = await _posted(request)
        if asked is None:
            return PlainTextResponse("that is no JSON object of texts\n", 400)
        return HTMLResponse(await run_in_threadpool(self.pages.stage, asked))

    async def save(self, request: Request) -> Response:
        asked = await _posted(request)
        if asked is None or asked.text is None:
            return JSONResponse({"error": "that is no JSON object of texts"}, 400)
        status, answer = await run_in_threadpool(_save, self.pages, asked)
        return JSONResponse(answer, status)

    def frame(self, request: Request) -> Response:
        entry = self.pages.renders.get(request.path_params["token"])
        if entry is None:
            return PlainTextResponse("this render is not kept any more\n", 404)
        _, rendered = entry
        scheme = _one_of(request.query_params.get("scheme"), SCHEMES, LIGHT)
        images = _one_of(request.query_params.get("images"), IMAGES, OWN)
        if rendered.html is not None:
            shown = html_frame(rendered.html, scheme=scheme, images=images, own=rendered.images)
        else:
            shown = text_frame(rendered.text or "", scheme=scheme)
        return HTMLResponse(shown.document, headers={"content-security-policy": shown.policy})

    def eml(self, request: Request) -> Response:
        entry = self.pages.renders.get(request.path_params["token"])
        if entry is None or entry[1].message is None:
            return PlainTextResponse("there is no such e-mail any more\n", 404)
        name, rendered = entry
        file = "".join(character if character.isascii() and character.isalnum() else "-" for character in name)
        disposition = f'attachment; filename="{file}.eml"'
        return Response(rendered.message, media_type="message/rfc822", headers={"content-disposition": disposition})

    def static(self, request: Request) -> Response:
        path = self.files.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("there is no such file\n", 404)
        return Response(path.read_bytes(), media_type=_TYPES[path.suffix])

    async def again(self, request: Request) -> Response:
        if self.reload is not None:
            await self.reload()
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        return StreamingResponse(self.listeners.stream(), media_type="text/event-stream")


def application(
    pages: Pages,
    listeners: Listeners,
    reload: Callable[[], Awaitable[None]] | None = None,
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """Return the application. `reload` is what a request to compile again calls, `lifespan` what runs beside it."""
    answers = _Answers(
        pages, listeners, reload, {path.name: path for path in _STATIC.iterdir() if path.suffix in _TYPES}
    )
    routes = [
        Route("/", answers.page),
        Route("/items", answers.items),
        Route("/stage", answers.stage, methods=["POST"]),
        Route("/save", answers.save, methods=["POST"]),
        Route("/reload", answers.again, methods=["POST"]),
        Route("/frame/{token}", answers.frame),
        Route("/eml/{token}", answers.eml),
        Route("/static/{name}", answers.static),
        Route("/events", answers.events),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard)], lifespan=lifespan)


def _asked(fields: dict[str, Any]) -> Asked:
    texts = {name: value for name in _FIELDS if isinstance(value := fields.get(name), str)}
    text = fields.get("text")
    return Asked(**texts, text=text if isinstance(text, str) else None, editing=fields.get("editing") is True)


async def _posted(request: Request) -> Asked | None:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    return _asked(body) if isinstance(body, dict) else None


def _save(pages: Pages, asked: Asked) -> tuple[int, dict[str, Any]]:
    item = pages.workspace.state.items.get(asked.item)
    if item is None or item.file is None or asked.text is None:
        return 404, {"error": f"there is no example `{asked.example}` of `{asked.item}`"}
    try:
        written = write_example(item.file, asked.digest, asked.example, asked.text)
    except ExampleError as error:
        return 400, {"error": str(error)}
    except ConflictError as error:
        return 409, {"error": str(error)}
    except (OSError, BlendError) as error:
        return 500, {"error": f"cannot write `{pages.workspace.project.shown(item.file)}`: {error}"}
    return 200, {"digest": written.digest, "file": pages.workspace.project.shown(item.file)}


def _one_of(value: str | None, allowed: tuple[str, ...], default: str) -> str:
    return value if value in allowed else default
