"""Support: what mail clients support, by the data of caniemail.com, which is vendored in `data`.

Enters: patterns of clients. Leaves: for each feature the clients that lack it, or have it in part, as of the last test
of each. `python -m blendtpl.compiler.mail.lint.renew` gets newer data.
"""

import json
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

from blendtpl.errors import ConfigError, did_you_mean

# Gmail in a phone's browser drops all CSS, and hardly anybody uses it
CLIENTS = (
    *("apple-mail", "gmail.android", "gmail.desktop-webmail", "gmail.ios"),
    *("outlook.outlook-com", "outlook.windows", "samsung-email", "yahoo"),
)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, and those of the clients that were tested for it. `partial` has a note for each."""

    slug: str
    title: str
    url: str
    keywords: tuple[str, ...]
    category: str
    supported: tuple[str, ...]
    unsupported: tuple[str, ...]
    partial: tuple[tuple[str, str], ...]

    def share(self, without: frozenset[str] = frozenset()) -> float:
        """Return the share of the clients that have it, at least in part."""
        having = len({*self.supported, *(client for client, _ in self.partial)} - without)
        lacking = len(set(self.unsupported) - without)
        return having / (having + lacking) if having + lacking else 1.0


def data() -> dict[str, Any]:
    """Return the vendored data."""
    loaded: dict[str, Any] = json.loads((files(__package__) / "data" / "caniemail.json").read_text(encoding="utf-8"))
    return loaded


def version() -> str:
    """Return which data it is: a text that is another when the data is."""
    return (files(__package__) / "data" / "source.json").read_text(encoding="utf-8")


def clients_of(dataset: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of all clients of the data: family and platform."""
    clients = {
        f"{family}.{platform}"
        for feature in dataset["data"]
        for family, on in feature["stats"].items()
        for platform in on
    }
    return tuple(sorted(clients))


def check_clients(patterns: Iterable[str]) -> None:
    """Raise `ConfigError` for a pattern that no client matches."""
    clients = clients_of(data())
    for pattern in patterns:
        if not any(_matches(client, pattern) for client in clients):
            hint = did_you_mean(pattern, [*clients, *{client.partition(".")[0] for client in clients}])
            raise ConfigError(f"there is no mail client `{pattern}`; {hint or 'clients are ' + ', '.join(clients)}")


def _matches(client: str, pattern: str) -> bool:
    return fnmatchcase(client, pattern) or client.partition(".")[0] == pattern


@dataclass(frozen=True, slots=True)
class Support:
    """The features by slug, as some clients have them, and how people call the clients."""

    features: Mapping[str, Feature]
    names: Mapping[str, str]

    def shown(self, clients: Iterable[str]) -> str:
        """Return clients as people call them, with the platforms of one together."""
        families: dict[str, list[str]] = {}
        for client in clients:
            family, _, platform = client.partition(".")
            families.setdefault(self.names.get(family, family), []).append(self.names.get(platform, platform))
        return ", ".join(f"{family} ({', '.join(platforms)})" for family, platforms in families.items())


def load(patterns: tuple[str, ...]) -> Support:
    """Return the support of the clients of these patterns."""
    dataset = data()
    names = {**dataset["nicenames"]["platform"], **dataset["nicenames"]["family"]}
    chosen = {client for client in clients_of(dataset) if any(_matches(client, pattern) for pattern in patterns)}
    return Support({row["slug"]: _feature(row, chosen) for row in dataset["data"]}, names)


def _feature(row: Mapping[str, Any], chosen: Set[str]) -> Feature:
    states: dict[str, list[tuple[str, str]]] = {"y": [], "n": [], "a": [], "u": []}
    notes = row["notes_by_num"] or {}
    for family, platforms in row["stats"].items():
        for platform, versions in platforms.items():
            client = f"{family}.{platform}"
            if versions and client in chosen:
                last = versions[max(versions, key=_version)]
                noted = " ".join(str(notes[number]) for number in re.findall(r"#(\d+)", last) if number in notes)
                states.setdefault(last[:1], []).append((client, noted))
    return Feature(
        row["slug"],
        row["title"].strip(),
        row["url"],
        tuple(word.strip() for word in (row["keywords"] or "").split(",") if word.strip()),
        row["category"],
        tuple(sorted(client for client, _ in states["y"])),
        tuple(sorted(client for client, _ in states["n"])),
        tuple(sorted(states["a"])),
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))
