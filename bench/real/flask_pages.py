"""Flask pages: what the drivers of applications made with Flask share."""

from typing import Any

from bench.real.projects import title, words


def application(name: str = "shop") -> Any:
    """Return an application of Flask with a database in memory, without protection against forged requests."""
    import flask

    made = flask.Flask(name)
    made.config.update(
        SECRET_KEY="not secret",
        SQLALCHEMY_DATABASE_URI="sqlite:///shop.db",
        WTF_CSRF_ENABLED=False,
        SERVER_NAME="shop.example.org",
        TESTING=True,
    )
    return made


def visit(app: Any, *paths: str) -> None:
    """Get pages of an application, which must all be there."""
    client = app.test_client()
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.get_data(as_text=True)[:500])


def values(number: int) -> dict[str, Any]:
    """Return the fields of one article."""
    return {"name": title(number), "note": words(number, 12), "price": number * 1.5, "sold": number % 2 == 0}
