"""Settings: what ``[tool.blendtpl.mail]`` says of all messages.

Enters: a table of TOML. Leaves: frozen settings, or a `ConfigError` that names the setting.
"""

from dataclasses import dataclass

from blendtpl.errors import ConfigError, did_you_mean

_NAMES = ("inline_css",)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """`inline_css`: whether the rules of a message's sheets go onto its elements in the build."""

    inline_css: bool = False


def mail_settings(table: object) -> MailSettings:
    """Return the settings of a table."""
    if not isinstance(table, dict):
        raise ConfigError("setting `mail` in [tool.blendtpl] is no table")
    for name, value in table.items():
        if name not in _NAMES:
            hint = did_you_mean(name, _NAMES) or f"settings are {', '.join(_NAMES)}"
            raise ConfigError(f"unknown setting `{name}` in [tool.blendtpl.mail]; {hint}")
        if not isinstance(value, bool):
            raise ConfigError(f"setting `{name}` in [tool.blendtpl.mail] is neither true nor false")
    return MailSettings(**table)
