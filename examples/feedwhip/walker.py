"""A walker: it looks at pages whose time has come, notes what changed, and sends the e-mails that are due.

``blendtpl walk examples.feedwhip.walker:walk`` runs as many as one likes; the environment says where the database and
the mail server are.
"""

import difflib
import os
import smtplib
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from blendtpl.mail.send import send
from blendtpl.walker import Cycle, Walker
from examples.feedwhip.database import Database, Due, Watch

PAGES, MAILS = 8, 16  # how much a walker takes in a cycle
SENDER = "Feedwhip <alerts@feedwhip.example.com>"
_SHOWN = 12  # lines of a change in an e-mail


def walk(walker: Walker) -> None:
    """Go round until the walker is to leave."""
    database = Database(Path(os.environ["FEEDWHIP_DATABASE"]))
    with smtplib.SMTP("127.0.0.1", int(os.environ["FEEDWHIP_SMTP"]), timeout=30) as smtp:
        for cycle in walker.cycles():
            watches = database.take_watches(PAGES)
            for watch in watches:
                look(database, watch)
            mails = database.take_mails(MAILS)
            for mail in mails:
                deliver(database, cycle, smtp, mail)
            cycle.report(backlog=database.waiting())
            if not watches and not mails:
                time.sleep(0.1)
    database.close()


def look(database: Database, watch: Watch) -> None:
    """Look at a page, and note what changed since it was last looked at."""
    with suppress(OSError), urllib.request.urlopen(watch.url, timeout=10) as answer:  # noqa: S310  # our own server
        text = answer.read().decode()
        changed = watch.seen is not None and watch.seen != text
        database.looked_at(watch, text, difference(watch.seen or "", text) if changed else None)


def difference(before: str, now: str) -> dict[str, Any]:
    """Return what a template shows of a change: lines, each with its kind, and how many came and went."""
    kinds = {"+": "added", "-": "removed", " ": "same"}
    lines = [
        {"kind": kinds[line[0]], "text": line[1:]}
        for line in difflib.unified_diff(before.splitlines(), now.splitlines(), n=1, lineterm="")
        if line[:1] in kinds and not line.startswith(("+++", "---"))
    ]
    counted = {kind: sum(line["kind"] == kind for line in lines) for kind in ("added", "removed")}
    return {"lines": lines[:_SHOWN], "not_shown": max(0, len(lines) - _SHOWN), **counted}


def deliver(database: Database, cycle: Cycle, smtp: smtplib.SMTP, mail: Due) -> None:
    """Send an e-mail that is due, and mark it. Its watch and its person are loaded once in a cycle."""
    watch = cycle.cache.get_or_load(("watch", mail.watch), lambda: database.watch(mail.watch))
    person = cycle.cache.get_or_load(("person", watch.person), lambda: database.person(watch.person))
    message = cycle.registry.message(
        "change",
        watch=watch,
        change=mail.change,
        person=person,
        to=[f"{person['name']} <{person['email']}>"],
        sender=SENDER,
        unsubscribe=f"https://feedwhip.example.com/stop/{watch.id}",
        headers={"Message-ID": mail.message_id},
    )
    send(message, smtp)
    database.sent(mail)
    cycle.count("mails")
