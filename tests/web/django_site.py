# ruff: noqa: E501  # template texts are easier to read in one line
"""A Django site in one module, which is run by another process: it prints what its pages are, as JSON."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.urls import path

TEMPLATES = {
    "layout.html": "<title>{% block title %}{% endblock %}</title>{% for m in get_messages(request) %}<p>{{ m }}</p>{% endfor %}{% block main %}{% endblock %}<i>{{ request.path }}{{ brand }}</i>",
    "page.html": "{% extends 'layout.html' %}{% block title %}{{ title }}{% endblock %}{% block main %}<form>{{ csrf_input }}</form>{{ static('a.css') }}{{ url('page') }}"
    "{% trans %}Monday{% endtrans %}{{ _('May') }}{% for x in xs %}<li>{{ loop.index }}{{ x }}</li>{% endfor %}{% endblock %}",
    "broken.html": "\n{{ 1 // 0 }}",
    "syntax.html": "\n{% if %}",
}


def brand(request: HttpRequest) -> dict[str, str]:
    return {"brand": "&co"}


def page(request: HttpRequest) -> HttpResponse:
    messages.info(request, "<saved>")
    return render(request, "page.html", {"title": "<t>", "xs": ["<1>", 2]})


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "broken.html")


def syntax(request: HttpRequest) -> HttpResponse:
    return render(request, "syntax.html")


def absent(request: HttpRequest) -> HttpResponse:
    return render(request, "pgae.html")


def block(request: HttpRequest) -> HttpResponse:
    from blendtpl.web.django import render_block

    return render_block(request, "page.html", "title", {"title": "<"})


def blocks(request: HttpRequest) -> HttpResponse:
    from blendtpl.web.django import render_blocks

    return render_blocks(request, "page.html", ["title", "main"], {"title": "<", "xs": [1]}, status=201)


def streamed(request: HttpRequest) -> Any:
    from blendtpl.web.django import stream

    return stream(request, "page.html", {"title": "<t>", "xs": ["<1>", 2]})


VIEWS = (page, broken, syntax, absent, block, blocks, streamed)
urlpatterns = [path(view.__name__, view, name=view.__name__) for view in VIEWS]


def configure(root: Path, backend: str, options: dict[str, Any], *, debug: bool = False) -> None:
    """Set Django up with a backend, in the language of the site's settings."""
    settings.configure(
        SECRET_KEY="secret",
        DEBUG=debug,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=__name__,
        STATIC_URL="/static/",
        USE_I18N=True,
        LANGUAGE_CODE="de",
        INSTALLED_APPS=["django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
            {
                "BACKEND": backend,
                "NAME": "pages",  # the last part but one of its own path is that of Django's backend
                "DIRS": [str(root)],
                "OPTIONS": {"context_processors": [f"{__name__}.brand"], **options},
            },
        ],
    )
    django.setup()


def main(root: Path, backend: str, options: dict[str, Any]) -> None:
    configure(root, backend, options, debug=bool(options.pop("debug", False)))
    from django.core.checks import run_checks

    client = Client(raise_request_exception=False)
    pages: dict[str, Any] = {"checks": [str(found.msg) for found in run_checks()]}
    for view in () if pages["checks"] else VIEWS:
        if view in {block, blocks, streamed} and "blendtpl" not in backend:
            continue
        response = client.get(f"/{view.__name__}")
        body = b"".join(response) if response.streaming else response.content
        text = re.sub('value="[A-Za-z0-9]{64}"', 'value="token"', body.decode())
        pages[view.__name__] = [response.status_code, text, response.get("content-type")]
    print(json.dumps(pages))


if __name__ == "__main__":
    sys.modules["tests.web.django_site"] = sys.modules["__main__"]
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
