"""Settings of the lint of e-mails: the table ``[tool.blendtpl.lint]``.

Enters: a table. Leaves: settings, or a `ConfigError` that says what is wrong with which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from blendtpl.compiler.lint.mail_rules import MAIL_RULES
from blendtpl.compiler.mail.lint import support
from blendtpl.errors import ConfigError, did_you_mean


@dataclass(frozen=True, slots=True)
class Settings:
    """`mail`: whether e-mails are looked at where nobody says so; `clients` are patterns of those that matter, and
    `support` is the share of them that must have a feature; `partial`: whether it is told what they have in part;
    `select` are the only rules that are looked for, where there are any.
    """

    mail: bool = False
    clients: tuple[str, ...] = support.CLIENTS
    support: float = 1.0
    partial: bool = False
    select: tuple[str, ...] = ()


NAMES = tuple(field.name for field in fields(Settings))


def settings(path: Path, table: object, others: tuple[str, ...]) -> Settings:
    """Return the settings of a table of a file, in which `others` may stand as well."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"{path}: `tool.blendtpl.lint` is no table")
    for name in table:
        if name not in NAMES and name not in others:
            accepted = (*NAMES, *others)
            hint = did_you_mean(str(name), accepted) or f"settings are {', '.join(accepted)}"
            raise ConfigError(f"{path}: unknown setting `{name}` in [tool.blendtpl.lint]; {hint}")
    defaults = Settings()
    clients = table.get("clients", list(defaults.clients))
    if not (isinstance(clients, list) and clients and all(isinstance(client, str) for client in clients)):
        raise ConfigError(f"{path}: setting `clients` in [tool.blendtpl.lint] is no list of mail clients")
    try:
        if "clients" in table:  # those of our own are in the data, which takes its time to load
            support.check_clients(clients)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    share = table.get("support", defaults.support)
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise ConfigError(f"{path}: setting `support` in [tool.blendtpl.lint] is no share from 0 to 1")
    for name in ("mail", "partial"):
        if not isinstance(table.get(name, False), bool):
            raise ConfigError(f"{path}: setting `{name}` in [tool.blendtpl.lint] is neither true nor false")
    select = table.get("select", [])
    names = [rule.name for rule in MAIL_RULES]
    if not isinstance(select, list):
        raise ConfigError(f"{path}: setting `select` in [tool.blendtpl.lint] is no list of rules")
    for name in select:
        if name not in names:
            hint = did_you_mean(str(name), names) or f"they are {', '.join(names)}"
            raise ConfigError(f"{path}: there is no rule `{name}` for e-mails to select; {hint}")
    return Settings(table.get("mail", False), tuple(clients), float(share), table.get("partial", False), tuple(select))
