"""Flask-Security: its forms, and the e-mails that it sends."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.real.flask_pages import application, visit
from bench.real.package import Package


def _run(folder: Path, stack: ExitStack) -> None:
    from flask_mail import Mail
    from flask_security import Security, SQLAlchemyUserDatastore
    from flask_security.models import fsqla_v3
    from flask_sqlalchemy import SQLAlchemy

    app = application()
    options = ("REGISTERABLE", "CONFIRMABLE", "RECOVERABLE", "CHANGEABLE", "TRACKABLE")
    app.config.update({f"SECURITY_{option}": True for option in options})
    app.config.update(SECURITY_PASSWORD_SALT="salt", MAIL_SUPPRESS_SEND=True, SECURITY_PASSWORD_HASH="plaintext")
    app.config.update(SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False})
    Mail(app)
    database: Any = SQLAlchemy(app, session_options={"expire_on_commit": False})
    fsqla_v3.FsModels.set_db_info(database)
    role: Any = type("Role", (database.Model, fsqla_v3.FsRoleMixin), {})
    user: Any = type("User", (database.Model, fsqla_v3.FsUserMixin), {})
    store = SQLAlchemyUserDatastore(database, user, role)
    Security(app, store)
    with app.app_context():
        database.create_all()
        since = datetime(2026, 1, 2, tzinfo=UTC)
        store.create_user(email="ada@example.org", username="Ada", password="a long one", confirmed_at=since)
        database.session.commit()
    form = {"email": "new@example.org", "password": "quite long 123", "password_confirm": "quite long 123"}
    client = app.test_client()
    client.post("/register", data=form)
    client.post("/reset", data={"email": "ada@example.org"})
    client.post("/confirm", data={"email": "ada@example.org"})
    visit(app, "/login", "/register", "/reset")


PACKAGES = (
    Package(
        "flask-security",
        "someone registers, and forgets the password",
        {
            "security login": "security/login_user.html",
            "security register": "security/register_user.html",
            "security welcome mail": "security/email/welcome.html",
            "security welcome text": "security/email/welcome.txt",
            "security reset mail": "security/email/reset_instructions.html",
        },
        _run,
        ("flask-security", "flask-mail", "flask-sqlalchemy"),
    ),
)
