"""What Feedwhip keeps: watches, and an outbox with the e-mails that are due.

A change that is seen and the e-mail about it are written in one transaction. So there is no change without its e-mail,
and none twice, wherever a walker is killed. Whoever sends an e-mail marks it after the server has taken it; a walker
that is killed between the two leaves one that is sent again when its lease is over, under the same Message-ID.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LEASE = 5.0  # seconds that a walker has for what it took; then another may take it

_SCHEMA = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
CREATE TABLE watches (
    id INTEGER PRIMARY KEY, person INTEGER, title TEXT, url TEXT, seen TEXT, every REAL, due REAL, leased REAL DEFAULT 0
);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, message_id TEXT UNIQUE, watch INTEGER, change TEXT, sent REAL, leased REAL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (leased) WHERE sent IS NULL;
"""


@dataclass(frozen=True, slots=True)
class Watch:
    """A page that somebody wants to be told of; `seen` is its text when it was last looked at."""

    id: int
    person: int
    title: str
    url: str
    seen: str | None


@dataclass(frozen=True, slots=True)
class Due:
    """An e-mail that is due: what changed on which watch, and what the e-mail is known by."""

    id: int
    message_id: str
    watch: int
    change: Any


class Database:
    """A connection; each process has its own."""

    def __init__(self, file: Path) -> None:
        self._rows = sqlite3.connect(file, timeout=60, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Close it."""
        self._rows.close()

    def create(self, people: list[tuple[str, str]], pages: list[tuple[str, str]], every: float) -> None:
        """Make the tables, and a watch of each page for one person after the other."""
        self._rows.executescript(_SCHEMA)
        with self._transaction():
            self._rows.executemany("INSERT INTO people (name, email) VALUES (?, ?)", people)
            watched = [(at % len(people) + 1, title, url, every) for at, (title, url) in enumerate(pages)]
            self._rows.executemany(
                "INSERT INTO watches (person, title, url, every, due) VALUES (?, ?, ?, ?, 0)", watched
            )

    def person(self, number: int) -> dict[str, str]:
        """Return somebody's name and address."""
        name, email = self._rows.execute("SELECT name, email FROM people WHERE id = ?", (number,)).fetchone()
        return {"name": name, "email": email}

    def watch(self, number: int) -> Watch:
        """Return a watch."""
        row = self._rows.execute("SELECT id, person, title, url, seen FROM watches WHERE id = ?", (number,)).fetchone()
        return Watch(*row)

    def take_watches(self, most: int) -> list[Watch]:
        """Take watches that are to be looked at now, those that wait longest first."""
        now = time.time()
        with self._transaction():
            rows = self._rows.execute(
                "UPDATE watches SET leased = ? WHERE id IN"
                " (SELECT id FROM watches WHERE due <= ? AND leased <= ? ORDER BY due LIMIT ?)"
                " RETURNING id, person, title, url, seen",
                (now + LEASE, now, now, most),
            ).fetchall()
        return [Watch(*row) for row in rows]

    def looked_at(self, watch: Watch, text: str, change: Any) -> None:
        """Write what a page says now and, if it changed, the e-mail about that: both or neither.

        Nothing is written when another has looked at the page since this one took it.
        """
        with self._transaction():
            done = self._rows.execute(
                "UPDATE watches SET seen = ?, due = ? + every, leased = 0 WHERE id = ? AND seen IS ?",
                (text, time.time(), watch.id, watch.seen),
            )
            if done.rowcount and change is not None:
                self._rows.execute(
                    "INSERT INTO outbox (message_id, watch, change) VALUES"
                    " ('<change-' || (SELECT 1 + count(*) FROM outbox) || '@feedwhip.example.com>', ?, ?)",
                    (watch.id, json.dumps(change)),
                )

    def take_mails(self, most: int) -> list[Due]:
        """Take e-mails that are due, those that wait longest first."""
        now = time.time()
        with self._transaction():
            rows = self._rows.execute(
                "UPDATE outbox SET leased = ? WHERE id IN"
                " (SELECT id FROM outbox WHERE sent IS NULL AND leased <= ? ORDER BY id LIMIT ?)"
                " RETURNING id, message_id, watch, change",
                (now + LEASE, now, most),
            ).fetchall()
        return [Due(number, message_id, watch, json.loads(change)) for number, message_id, watch, change in rows]

    def sent(self, mail: Due) -> None:
        """Mark an e-mail that a server has taken."""
        self._rows.execute("UPDATE outbox SET sent = ? WHERE id = ?", (time.time(), mail.id))

    def waiting(self) -> int:
        """Return how many e-mails are due and not sent."""
        return int(self._rows.execute("SELECT count(*) FROM outbox WHERE sent IS NULL").fetchone()[0])

    def message_ids(self) -> list[str]:
        """Return what all e-mails are known by."""
        return [found for (found,) in self._rows.execute("SELECT message_id FROM outbox ORDER BY id")]

    def seen(self) -> dict[str, str | None]:
        """Return what each page said when it was last looked at."""
        return dict(self._rows.execute("SELECT url, seen FROM watches"))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._rows.execute("BEGIN IMMEDIATE")  # others that write wait, and nobody has to begin anew
        try:
            yield
        except BaseException:
            self._rows.execute("ROLLBACK")
            raise
        self._rows.execute("COMMIT")
