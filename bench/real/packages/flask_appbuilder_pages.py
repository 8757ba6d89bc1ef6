"""Flask-AppBuilder: lists and forms of its own users, roles and permissions, with thirty users."""

from contextlib import ExitStack
from pathlib import Path

from bench.real.flask_pages import application, visit
from bench.real.package import Package
from bench.real.projects import COUNT, words


def _run(folder: Path, stack: ExitStack) -> None:
    from flask_appbuilder import AppBuilder
    from flask_appbuilder.utils.legacy import get_sqla_class

    app = application()
    app.config.update(AUTH_ROLE_PUBLIC="Admin", RATELIMIT_ENABLED=False, FAB_API_SWAGGER_UI=False)
    database = get_sqla_class()(app)
    with app.app_context():
        builder = AppBuilder(app, database.session)
        role = builder.sm.find_role("Admin")
        for number in range(COUNT):
            email = f"{number}@example.org"
            builder.sm.add_user(f"user{number}", words(number, 1), f"<{number}>", email, role, "secret")
    visit(app, "/users/list/?psize_UserDBModelView=50", "/users/show/3", "/users/add", "/login/")


PACKAGES = (
    Package(
        "flask-appbuilder",
        "the security views with 30 users",
        {
            "appbuilder list": "appbuilder/general/widgets/list.html",  # whose rows its page can read but once
            "appbuilder show": "appbuilder/general/model/show.html",
            "appbuilder add": "appbuilder/general/model/add.html",
            "appbuilder login": "appbuilder/general/security/login_db.html",
        },
        _run,
        ("flask-appbuilder",),
    ),
)
