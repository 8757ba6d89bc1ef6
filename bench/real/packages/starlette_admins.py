"""SQLAdmin and Starlette-Admin: the list of thirty articles, one of them, and its form."""

from contextlib import ExitStack
from functools import partial
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from bench.real.flask_pages import values
from bench.real.package import Package
from bench.real.projects import COUNT


def _model(folder: Path) -> tuple[Any, Any]:
    import sqlalchemy
    from sqlalchemy import orm

    base: Any = orm.declarative_base()
    kinds = {
        "name": sqlalchemy.String,
        "note": sqlalchemy.Text,
        "price": sqlalchemy.Integer,
        "sold": sqlalchemy.Boolean,
    }
    fields: dict[str, Any] = {name: sqlalchemy.Column(kind) for name, kind in kinds.items()}
    fields["id"] = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    article: Any = type("Article", (base,), {"__tablename__": "article", **fields})
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/shop.db", connect_args={"check_same_thread": False})
    base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all([article(**values(number)) for number in range(COUNT)])
        session.commit()
    return engine, article


def _visit(app: Any, *paths: str) -> None:
    from starlette.testclient import TestClient

    with TestClient(app) as client:
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.text[:500])


def _sqladmin(folder: Path, stack: ExitStack) -> None:
    from sqladmin import Admin, ModelView
    from starlette.applications import Starlette

    engine, article = _model(folder)
    app = Starlette()
    columns = ["id", "name", "note", "price", "sold"]
    options = {"column_list": columns, "column_searchable_list": ["name"], "page_size": 50, "page_size_options": [50]}
    options |= {"column_sortable_list": columns, "name_plural": "Articles & co"}
    view: Any = type(ModelView)("Articles", (ModelView,), options, model=article)
    Admin(app, engine, title="Shop & co").add_view(view)
    _visit(app, "/admin/", "/admin/article/list?pageSize=50", "/admin/article/details/3", "/admin/article/edit/3")


def _starlette_admin(folder: Path, stack: ExitStack) -> None:
    from starlette.applications import Starlette
    from starlette_admin.contrib.sqla import Admin, ModelView

    engine, article = _model(folder)
    app, admin = Starlette(), Admin(engine, title="Shop & co")
    for number in range(6):
        admin.add_view(ModelView(article, menu_label=f"Articles {number}", key=f"a{number}"))
    admin.mount_to(app)
    _visit(app, "/admin/", "/admin/a0/list", "/admin/a0/detail?pk=3", "/admin/a0/edit?pk=3", "/admin/a0/create")


class _Waiting:
    """A view whose answers are waited for, as a template without `enable_async` cannot wait for them."""

    def __init__(self, view: Any) -> None:
        self._view = view

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._view, name)
        return partial(_answer, value) if iscoroutinefunction(value) else value


def _answer(function: Any, *args: Any, **kwargs: Any) -> Any:
    waiting = function(*args, **kwargs)
    try:
        waiting.send(None)
    except StopIteration as ended:
        return ended.value
    raise RuntimeError("it waits for something else")


def _again(variables: dict[str, Any], stack: ExitStack) -> None:
    if "model_view" in variables:
        variables["model_view"] = _Waiting(variables["model_view"])


PACKAGES = (
    Package(
        "sqladmin",
        "an admin of 30 articles",
        {
            "sqladmin list": "sqladmin/list.html",
            "sqladmin details": "sqladmin/details.html",
            "sqladmin form": "sqladmin/edit.html",
        },
        _sqladmin,
        ("sqladmin", "sqlalchemy", "httpx"),
        _again,
    ),
    Package(
        "starlette-admin",
        "an admin of 30 articles",
        {
            "starlette-admin list": "list.html",
            "starlette-admin details": "detail.html",
            "starlette-admin form": "edit.html",
        },
        _starlette_admin,
        ("starlette-admin", "sqlalchemy", "httpx"),
    ),
)
