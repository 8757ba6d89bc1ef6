"""Notes in Django: ``gunicorn examples.site.django_site:app``; with ``RENDERER=jinja2`` on Django's own backend."""

import os
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import path

NOTES = ["<milk>", "bread & butter", "tea"]
BACKEND, OPTIONS = "blendtpl.web.django.BlendTemplates", {}  # the one line
if os.environ.get("RENDERER") == "jinja2":
    BACKEND = "django.template.backends.jinja2.Jinja2"
elif "BUNDLE" in os.environ:
    OPTIONS = {"bundle": os.environ["BUNDLE"]}

TEMPLATES = {"NAME": "pages", "BACKEND": BACKEND, "DIRS": [Path(__file__).parent / "templates"], "OPTIONS": OPTIONS}
settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, TEMPLATES=[TEMPLATES])
django.setup()


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "notes.html", {"notes": NOTES})


def rows(request: HttpRequest) -> HttpResponse:
    blocks = ["rows", "count", "last"]
    if os.environ.get("RENDERER") == "jinja2":
        from jinja2_fragments import render_blocks as of_environment

        return HttpResponse(of_environment(engines["pages"].env, "notes.html", blocks, notes=NOTES))
    from blendtpl.web.django import render_blocks

    return render_blocks(request, "notes.html", blocks, {"notes": NOTES})


def _pieces(name: str) -> Any:
    return engines["pages"].get_template(name).template.generate(notes=NOTES)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_pieces("notes.html"))


def breaks(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_pieces("breaks.html"))


urlpatterns = [path("", page), path("rows", rows), path("stream", stream), path("breaks", breaks)]
app = get_wsgi_application()
engines.all()  # Django makes them when it needs one: a bundle that is missing is told now
