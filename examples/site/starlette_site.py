"""Notes in Starlette: ``uvicorn examples.site.starlette_site:app``; with ``RENDERER=jinja2`` on Jinja2's templates."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from blendtpl.web.starlette import BlendTemplates  # the first of two lines

NOTES = ["<milk>", "bread & butter", "tea"]
FOLDER = Path(__file__).parent / "templates"

if os.environ.get("RENDERER") == "jinja2":
    from jinja2_fragments.starlette import Jinja2Blocks

    templates = Jinja2Blocks(FOLDER)
else:
    bundle = os.environ.get("BUNDLE")
    templates = BlendTemplates(bundle=bundle) if bundle else BlendTemplates(FOLDER)  # the second


async def page(request: Request) -> Response:
    return templates.TemplateResponse(request, "notes.html", {"notes": NOTES})


async def rows(request: Request) -> Response:
    blocks = ["rows", "count", "last"]
    return templates.TemplateResponse(request, "notes.html", {"notes": NOTES}, block_names=blocks)


async def stream(request: Request) -> Response:
    return StreamingResponse(templates.get_template("notes.html").generate(notes=NOTES), media_type="text/html")


async def breaks(request: Request) -> Response:
    return StreamingResponse(templates.get_template("breaks.html").generate(notes=NOTES), media_type="text/html")


app = Starlette(routes=[Route("/", page), Route("/rows", rows), Route("/stream", stream), Route("/breaks", breaks)])
