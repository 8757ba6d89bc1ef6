"""Notes in Flask: ``gunicorn examples.site.flask_site:app``; with ``RENDERER=jinja2`` on Flask's own templates."""

import os

import flask

from blendtpl.web.flask import Blend, render_blocks  # the first of two lines

NOTES = ["<milk>", "bread & butter", "tea"]

app = flask.Flask(__name__)
if os.environ.get("RENDERER") == "jinja2":
    from jinja2_fragments.flask import render_blocks
else:
    Blend(app, os.environ.get("BUNDLE"))  # the second


@app.get("/")
def page() -> str:
    return flask.render_template("notes.html", notes=NOTES)


@app.get("/rows")
def rows() -> str:
    return render_blocks("notes.html", ["rows", "count", "last"], notes=NOTES)


@app.get("/stream")
def stream() -> flask.Response:
    return flask.Response(flask.stream_template("notes.html", notes=NOTES))


@app.get("/breaks")
def breaks() -> flask.Response:
    return flask.Response(flask.stream_template("breaks.html", notes=NOTES))
