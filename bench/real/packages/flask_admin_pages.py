"""Flask-Admin: the list of thirty articles, and the form of one."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.real.flask_pages import application, values, visit
from bench.real.package import Package
from bench.real.projects import COUNT


def _run(folder: Path, stack: ExitStack) -> None:
    import sqlalchemy
    from flask_admin import Admin
    from flask_admin.contrib.sqla import ModelView
    from flask_babel import Babel
    from sqlalchemy import orm

    base: Any = orm.declarative_base()
    kinds = {"name": sqlalchemy.String, "note": sqlalchemy.Text, "price": sqlalchemy.Float, "sold": sqlalchemy.Boolean}
    fields = {name: sqlalchemy.Column(kind) for name, kind in kinds.items()}
    article: Any = type(
        "Article",
        (base,),
        {"__tablename__": "article", "id": sqlalchemy.Column(sqlalchemy.Integer, primary_key=True), **fields},
    )
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/shop.db")
    base.metadata.create_all(engine)
    session = orm.scoped_session(orm.sessionmaker(engine, expire_on_commit=False))
    session.add_all([article(**values(number)) for number in range(COUNT)])
    session.commit()

    class Articles(ModelView):
        column_searchable_list = ("name",)
        column_filters = ("price", "name")
        page_size = 50
        can_view_details = True
        can_export = True

    app = application()
    Babel(app)
    admin = Admin(app, name="Shop & co")
    for number in range(6):
        admin.add_view(Articles(article, session, name=f"Articles {number}", endpoint=f"article{number}"))
    visit(app, "/admin/article0/?search=e&flt1_0=1", "/admin/article0/edit/?id=3", "/admin/article0/details/?id=3")


PACKAGES = (
    Package(
        "flask-admin",
        "an admin of 30 articles",
        {
            "flask-admin list": "admin/model/list.html",
            "flask-admin form": "admin/model/edit.html",
            "flask-admin details": "admin/model/details.html",
        },
        _run,
        ("flask-admin", "flask-babel", "sqlalchemy"),
    ),
)
