"""A walker that sends mails from an outbox in SQLite, for `blendtpl walk tests.walker.mailing:walk`.

A mail is claimed, sent, and then marked as sent. What was claimed by a process that is gone is claimed again, and that
is noted: it may have been sent already, and nobody can know. So whatever comes twice is noted, and nothing is lost.
"""

import os
import smtplib
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from blendtpl.walker import Walker

DATABASE, SMTP_PORT = "MAILING_DATABASE", "MAILING_PORT"
PER_CYCLE = 5
TEMPLATES = {
    "alert/subject.txt": "Mail {{ number }}",
    "alert/body.txt": "Dear {{ name }},\n\n{{ number }} has changed.\n",
}

UNSENT = "outbox where state <> 'sent'"  # as the index has it
SCHEMA = """
create table outbox (id integer primary key, state text not null default 'new', owner text);
create index unsent on outbox (state, id) where state <> 'sent';
create table claimed_again (id integer not null, owner text not null);
"""


def connect(database: str) -> sqlite3.Connection:
    """Return a connection that waits for others; each statement is a transaction unless one is begun."""
    connection = sqlite3.connect(database, timeout=120, isolation_level=None)
    connection.execute("pragma synchronous = off")  # the machine is not what fails here
    return connection


def claim(database: sqlite3.Connection) -> int | None:
    """Take a mail, one of a process that is gone first."""
    me = identity(os.getpid())
    # who only reads waits for nobody; most look when there is nothing to be done
    if database.execute(f"select 1 from {UNSENT} limit 1").fetchone() is None:
        return None
    with database:
        database.execute("begin immediate")
        for number, owner in database.execute(f"select id, owner from {UNSENT} and state = 'claimed'").fetchall():
            if not lives(owner):
                database.execute("insert into claimed_again values (?, ?)", (number, owner))
                database.execute("update outbox set owner = ? where id = ?", (me, number))
                return int(number)
        found = database.execute(f"select id from {UNSENT} and state = 'new' order by id limit 1").fetchone()
        if found is None:
            return None
        database.execute("update outbox set state = 'claimed', owner = ? where id = ?", (me, found[0]))
        return int(found[0])


def identity(pid: int) -> str:
    """Return what no other process is ever called: its number comes back, but not when it began."""
    try:
        return f"{pid} {Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except (FileNotFoundError, ProcessLookupError):
        return f"{pid} gone"


def lives(owner: str) -> bool:
    return identity(int(owner.split()[0])) == owner


def walk(walker: Walker) -> None:
    with (
        closing(connect(os.environ[DATABASE])) as database,
        smtplib.SMTP("127.0.0.1", int(os.environ[SMTP_PORT])) as smtp,
    ):
        for cycle in walker.cycles():
            for _ in range(PER_CYCLE):
                number = claim(database)
                if number is None:
                    time.sleep(0.05)  # as one that looks for changes would
                    break
                message = cycle.registry.message(
                    "alert", {"name": "Ada", "number": number}, to=["ada@example.org"], sender="alerts@example.com"
                )
                smtp.sendmail("alerts@example.com", ["ada@example.org"], message.as_bytes())
                database.execute("update outbox set state = 'sent' where id = ?", (number,))
                cycle.count("mails")
