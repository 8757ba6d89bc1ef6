"""Starlette and FastAPI: responses of templates that blendtpl renders.

Enters: a folder, an environment, or a bundle. Leaves: what `starlette.templating.Jinja2Templates` gives, of templates
that are compiled when they are first asked for, or come from a bundle.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import jinja2
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.templating import Jinja2Templates
from starlette.types import Receive, Scope, Send

from blendtpl.errors import ConfigError
from blendtpl.runtime.registry import Registry
from blendtpl.web.bundled import Bundled, Opened, blend_environment, is_live

__all__ = ["BlendTemplates"]

Path = str | os.PathLike[str]
Context = dict[str, Any]
Processor = Callable[[Request], Context]


class _Told:
    """Mixed into responses: tests are told of the template and its context, as by Starlette's own."""

    template: Any
    context: Context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "http.response.debug" in scope.get("extensions", {}):
            await send({"type": "http.response.debug", "info": {"template": self.template, "context": self.context}})
        await super().__call__(scope, receive, send)  # type: ignore[misc]  # it is that of a response


class _TemplateResponse(_Told, HTMLResponse):
    def __init__(self, template: Any, context: Context, content: str, *options: Any) -> None:
        self.template, self.context = template, context
        super().__init__(content, *options)


class _StreamingTemplateResponse(_Told, StreamingResponse):
    def __init__(self, template: Any, context: Context, *options: Any) -> None:
        self.template, self.context = template, context
        super().__init__(_pieces(template, context), *options)

    async def stream_response(self, send: Send) -> None:
        """Send the pieces. However that ends, nothing of the render goes on."""
        async with aclosing(cast("Any", self.body_iterator)):
            await super().stream_response(send)


async def _pieces(template: Any, context: Context) -> AsyncIterator[str]:
    """Yield a template in pieces, each of which is made when the one before is sent."""
    if template.environment.is_async:
        async with aclosing(template.generate_async(context)) as pieces:
            async for piece in pieces:
                yield piece
        return
    stream = template.generate(context)
    try:
        # in a thread, as what the template calls may block
        while (piece := await run_in_threadpool(next, stream, None)) is not None:
            yield piece
    finally:
        stream.close()


class BlendTemplates(Jinja2Templates):
    """`starlette.templating.Jinja2Templates`, rendered by blendtpl.

    - `directory`: folders whose templates are compiled when they are first asked for, and again when they change.
    - `env`: a `blendtpl.Environment` in place of that; with `bundle`, any environment, which has its filters.
    - `bundle`: the file that all templates are in, with the `digest` or the `key` that it must have, as for
      `blendtpl.load`. It is checked now, and bound to `env` when the first template is asked for, or by `registry`.
      Or a registry, as `blendtpl.load` and `blendtpl.watch` give it, whose templates are given `url_for`.

    Raises `ConfigError` for none, or more, of these, and `BundleError` for a bundle that cannot be rendered.
    """

    def __init__(
        self,
        directory: Path | Sequence[Path] | None = None,
        *,
        bundle: Path | Registry | None = None,
        env: jinja2.Environment | None = None,
        context_processors: list[Processor] | None = None,
        digest: str | None = None,
        key: bytes | None = None,
    ) -> None:
        if (directory is not None) + (bundle is not None) + (bundle is None and env is not None) != 1:
            raise ConfigError("give `BlendTemplates` one of `directory`, `env` and `bundle`, which may have an `env`")
        self._bundled: Bundled | Opened | None = None
        if isinstance(bundle, Registry):
            self._bundled = Opened(bundle)
        elif bundle is not None:
            self._bundled = Bundled(bundle, digest=digest, key=key)
        if env is None:
            env = blend_environment(directory, autoescape=jinja2.select_autoescape(), live=bundle is None)
        elif bundle is None and not is_live(env):
            raise ConfigError("`env` is Jinja2's own: make it of `blendtpl.Environment`, or give `bundle` as well")
        super().__init__(env=env, context_processors=context_processors)

    @property
    def registry(self) -> Registry | None:
        """The registry of the bundle, which is loaded now if it was not, or `None` without one.

        Ask for it before processes are forked, so that they share it. Raises `BundleError` when the bundle was
        compiled for other options, or has filters that the environment lacks.
        """
        return None if self._bundled is None else self._bundled.bound(self.env)[0]

    def get_template(self, name: str) -> Any:
        """Return a template by its name."""
        if self._bundled is None:
            return super().get_template(name)
        return self._bundled.template(self.env, name)

    def TemplateResponse(  # type: ignore[override]  # noqa: N802  # which returns a class of its own
        self,
        request: Request,
        name: str,
        context: Context | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        *,
        block_name: str | None = None,
        block_names: Iterable[str] = (),
    ) -> HTMLResponse:
        """Return the response of a template, or of its blocks of these names, one behind the other."""
        template, given, blocks = self._asked(request, name, context, block_name, block_names)
        content = template.render_blocks(blocks, given) if blocks else template.render(given)
        return _TemplateResponse(template, given, content, status_code, headers, media_type, background)

    async def AsyncTemplateResponse(  # noqa: N802  # as above
        self,
        request: Request,
        name: str,
        context: Context | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        *,
        block_name: str | None = None,
        block_names: Iterable[str] = (),
    ) -> HTMLResponse:
        """Return what `TemplateResponse` does, and await what the template waits for (`enable_async`)."""
        template, given, blocks = self._asked(request, name, context, block_name, block_names)
        waiting = template.render_blocks_async(blocks, given) if blocks else template.render_async(given)
        return _TemplateResponse(template, given, await waiting, status_code, headers, media_type, background)

    def StreamingTemplateResponse(  # noqa: N802  # as above
        self,
        request: Request,
        name: str,
        context: Context | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = "text/html",
        background: BackgroundTask | None = None,
    ) -> StreamingResponse:
        """Return a response whose pieces are rendered as they are sent; a client that leaves ends the render."""
        template, given, _ = self._asked(request, name, context, None, ())
        return _StreamingTemplateResponse(template, given, status_code, headers, media_type, background)

    def _asked(
        self, request: Request, name: str, context: Context | None, block: str | None, blocks: Iterable[str]
    ) -> tuple[Any, Context, list[str]]:
        given: Context = {"request": request}
        if isinstance(self._bundled, Opened):  # which no environment of ours has given it
            given["url_for"] = request.url_for
        given |= context or {}
        for processor in self.context_processors:
            given.update(processor(request))
        if isinstance(blocks, str):
            raise TypeError(f"`block_names` is a list of names: write `block_name={blocks!r}`")
        return self.get_template(name), given, [*([] if block is None else [block]), *blocks]
