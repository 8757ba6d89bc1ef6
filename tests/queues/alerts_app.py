"""The app of `tests.queues.alerts`: a task makes an alert and marks it in an outbox that has each alert once.

`ALERTS_ENGINE` says what makes the e-mail: ``blendtpl``, ``jinja2`` (and the `EmailMessage` of the standard library),
or ``nothing``, which is what Celery, Redis and the outbox take by themselves.
"""

import json
import os
import sqlite3
from collections.abc import Callable
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from celery import Celery

import blendtpl
from blendtpl.queues.celery import BlendCelery
from testkit import TEMPLATES

FOLDER = Path(os.environ["ALERTS_FOLDER"])
ENGINE = os.environ["ALERTS_ENGINE"]
SENDER = "Feedwhip <alerts@feedwhip.example.com>"

app = Celery("alerts")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": int(os.environ.get("ALERTS_VISIBILITY", "30"))},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_publish_retry_policy={"max_retries": 600, "interval_start": 0.1, "interval_max": 0.1},
)
blend = BlendCelery(app, FOLDER / "feedwhip.blend", max_growth="64MB")

# what each process makes when it first needs it, after the fork
environment: jinja2.Environment | None = None
if ENGINE == "jinja2":  # as warm as it gets: in the parent, all of them compiled
    environment = blendtpl.default_environment().overlay(
        loader=jinja2.FileSystemLoader(TEMPLATES), auto_reload=False, cache_size=-1
    )
    for part in ("subject.txt", "body.txt", "body.html"):
        environment.get_template(f"emails/alert/{part}")


@cache
def outbox(pid: int) -> sqlite3.Connection:
    """Return the connection of a process to the outbox."""
    connection = sqlite3.connect(FOLDER / "outbox.db", timeout=300, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@cache
def example() -> dict[str, Any]:
    """Return what an alert says."""
    found: dict[str, Any] = json.loads((TEMPLATES / "emails/alert/examples.json").read_text(encoding="utf-8"))
    return found["ordinary"]  # type: ignore[no-any-return]


def load_user(number: int) -> dict[str, Any]:
    """Return a user, as from a database."""
    return {**example()["recipient"], "name": f"User {number}", "email": f"user{number}@example.org"}


def by_blendtpl(context: dict[str, Any]) -> bytes:
    """Return an e-mail made by blendtpl."""
    to = [context["recipient"]["email"]]
    return blend.registry.message("emails/alert", context, to=to, sender=SENDER).as_bytes()


def by_jinja2(context: dict[str, Any]) -> bytes:
    """Return the same by Jinja2 and the standard library."""
    assert environment is not None
    message = EmailMessage()
    message["From"], message["To"] = SENDER, context["recipient"]["email"]
    message["Subject"] = environment.get_template("emails/alert/subject.txt").render(context).strip()
    message.set_content(environment.get_template("emails/alert/body.txt").render(context))
    message.add_alternative(environment.get_template("emails/alert/body.html").render(context), subtype="html")
    return message.as_bytes()


MAKE: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "blendtpl": by_blendtpl,
    "jinja2": by_jinja2,
    "nothing": lambda context: b"",
}


@app.task
def alert(number: int) -> None:
    """Make the alert of that number, and mark it in the outbox; a second time is counted, and changes nothing."""
    user = blend.cycle.cache.get_or_load(("user", number), lambda: load_user(number))
    data = MAKE[ENGINE]({**example(), "recipient": user})
    outbox(os.getpid()).execute(
        "UPDATE outbox SET made = made + 1, size = ?, pid = ? WHERE alert = ?", (len(data), os.getpid(), number)
    )
