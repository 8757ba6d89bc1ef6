"""Flask-DebugToolbar: what it adds to a page."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.flask_pages import application, visit
from bench.real.package import Package
from bench.real.projects import COUNT


def _run(folder: Path, stack: ExitStack) -> None:
    from flask_debugtoolbar import DebugToolbarExtension

    app = application()
    app.debug = True
    for number in range(COUNT):
        app.add_url_rule(f"/page/{number}", f"page{number}", lambda: "<html><body>page</body></html>")
    DebugToolbarExtension(app)
    visit(app, "/page/3?a=1&b=2", "/page/3?a=1&b=2")  # the second with the cookie of the first


PACKAGES = (
    Package(
        "flask-debugtoolbar",
        "a page of an application of 30",
        {
            "toolbar: request": "panels/request_vars.html",
            "toolbar: routes": "panels/route_list.html",
            "toolbar: versions": "panels/versions.html",
            "toolbar: configuration": "panels/config_vars.html",
        },
        _run,
        ("flask-debugtoolbar",),
    ),
)
