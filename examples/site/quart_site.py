"""Notes in Quart: ``hypercorn examples.site.quart_site:app``; with ``RENDERER=jinja2`` on Quart's own templates."""

import os

import quart

from blendtpl.web.quart import Blend, render_blocks  # the first of two lines

NOTES = ["<milk>", "bread & butter", "tea"]

app = quart.Quart(__name__)
if os.environ.get("RENDERER") == "jinja2":
    from jinja2_fragments.quart import render_blocks
else:
    Blend(app, os.environ.get("BUNDLE"))  # the second


@app.get("/")
async def page() -> str:
    return await quart.render_template("notes.html", notes=NOTES)


@app.get("/rows")
async def rows() -> str:
    return await render_blocks("notes.html", ["rows", "count", "last"], notes=NOTES)


@app.get("/stream")
async def stream() -> quart.Response:
    return quart.Response(await quart.stream_template("notes.html", notes=NOTES))


@app.get("/breaks")
async def breaks() -> quart.Response:
    return quart.Response(await quart.stream_template("breaks.html", notes=NOTES))
