"""Pages: what a response without a framework is made of.

Enters: a template of a registry, or of a live environment, and its variables. Leaves: the status, the headers and the
body of a response, for `blendtpl.web.wsgi` and `blendtpl.web.asgi`.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from mimetypes import guess_type
from typing import Any

from blendtpl.bundle.environment import without_engine_ending
from blendtpl.runtime.streams import PIECE, AsyncStream, Stream

Headers = Iterable[tuple[str, str]]


class Page:
    """A template that is to be the body of a response.

    - `context` are its variables; `blocks` the names of the blocks that are sent, one behind the other, where not
      all of it is.
    - `status` is a number; `headers` are pairs of texts. The type is that of the template's name, HTML where that says
      nothing, in UTF-8, unless a header `Content-Type` says otherwise.
    - `stream`: its pieces are sent as they are rendered, or else it is rendered whole, and its length is told. They
      have `piece_size` characters, see `blendtpl.Template.stream`, where the template is of a registry.
    """

    def __init__(
        self,
        template: Any,
        context: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        headers: Headers = (),
        blocks: Iterable[str] = (),
        stream: bool = False,
        piece_size: int = PIECE,
    ) -> None:
        if isinstance(blocks, str):
            raise TypeError(f"`blocks` is a list of names: write `blocks=[{blocks!r}]`")
        self.template, self.context, self.status = template, context or {}, status
        self.blocks, self.streams, self.piece_size = [*blocks], stream, piece_size
        self.headers = [*headers]
        if not any(name.lower() == "content-type" for name, _ in self.headers):
            kind, _ = guess_type(without_engine_ending(template.name or ""))
            self.headers.insert(0, ("Content-Type", f"{kind or 'text/html'}; charset=utf-8"))

    @property
    def reason(self) -> str:
        """The words of the status, if it is one that has any."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return ""

    def pieces(self, *, awaits: bool = False) -> Any:
        """Return the body in pieces of text, by an asynchronous iterator where they may be awaited."""
        template, context = self.template, self.context
        pieces = template.generate_async(context) if awaits else template.generate(context)
        if isinstance(pieces, (Stream, AsyncStream)):
            pieces.size = self.piece_size
        return pieces

    def body(self) -> bytes:
        """Return all of the body."""
        if self.blocks:
            text: str = self.template.render_blocks(self.blocks, self.context)
            return text.encode()
        return self.template.render_bytes(self.context)  # type: ignore[no-any-return]

    async def awaited(self) -> bytes:
        """Return all of the body, and await what the template waits for."""
        template, context = self.template, self.context
        waiting = template.render_blocks_async(self.blocks, context) if self.blocks else template.render_async(context)
        text: str = await waiting
        return text.encode()
