"""WSGI: a template as the response of an application without a framework."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from blendtpl.web.pages import Page

__all__ = ["TemplateResponse"]

StartResponse = Callable[..., Any]


class TemplateResponse(Page):
    """A page that is a WSGI application: ``return TemplateResponse(template, {…})(environ, start_response)``."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Begin the response, and return its body. A server closes that, which ends the render of one that streams."""
        status = f"{self.status} {self.reason}"
        if self.streams and not self.blocks:
            start_response(status, self.headers)
            return () if environ.get("REQUEST_METHOD") == "HEAD" else _encoded(self.pieces())
        body = self.body()
        start_response(status, [*self.headers, ("Content-Length", str(len(body)))])
        return () if environ.get("REQUEST_METHOD") == "HEAD" else (body,)


def _encoded(pieces: Any) -> Iterator[bytes]:
    try:
        for piece in pieces:
            yield piece.encode()
    finally:
        pieces.close()
