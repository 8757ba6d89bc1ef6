"""Settings: ``[tool.blendtpl]`` of the nearest `pyproject.toml`.

Enters: a folder. Leaves: settings with absolute paths. Nothing here imports what a setting names.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blendtpl.compiler.frontend.exclusion import exclusion
from blendtpl.compiler.lint.ignores import Ignores, ignores
from blendtpl.compiler.mail.lint import settings as mail_lint
from blendtpl.compiler.mail.project_settings import MailSettings, mail_settings
from blendtpl.errors import ConfigError, did_you_mean

_SETTINGS = ("templates", "output", "environment", "registry", "exclude", "locales")
_SEVERAL = ("templates", "exclude")  # those that may be a list of strings
_IGNORED = ("ignore", "per-file-ignores")
_SILENCED = (*_IGNORED, "allow-unrendered")  # what is not to be told of
_NAMES = (*_SETTINGS, *_SILENCED, "mail", "lint")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings. `root` is the folder of the `pyproject.toml`, which the paths and the environment start from;
    `templates` are the folders that are named, none where none is; `exclude` are patterns of what is no template in
    them (`blendtpl.compiler.frontend.exclusion`); `registry` the ``module:name`` that rewritten code calls; `ignored`
    are the warnings that nobody wants to be told of, `allow_unrendered` patterns of templates that `verify` need not
    render, `mail` is what holds for all messages, and `lint` how they are looked at; `locales` is the folder of the
    translations, if one is named.
    """

    root: Path
    templates: tuple[Path, ...]
    exclude: tuple[str, ...]
    output: Path
    environment: str | None
    registry: str | None
    ignored: Ignores
    allow_unrendered: tuple[str, ...]
    mail: MailSettings
    lint: mail_lint.Settings
    locales: Path | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the templates: where none is named, the one that is mostly meant."""
        return self.templates or (self.root / "templates",)


def find_config(folder: Path) -> Config:
    """Return the settings that hold in `folder`: those of the nearest `pyproject.toml` upwards, else the defaults.

    Raises `ConfigError` for a file that is no TOML, an unknown setting or one that is no string.
    """
    for root in (folder, *folder.parents):
        path = root / "pyproject.toml"
        if path.is_file():
            return _config(root, path, _read(path))
    return _config(folder, folder / "pyproject.toml", {})


def _read(path: Path) -> object:
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    return tool.get("blendtpl", {}) if isinstance(tool, dict) else {}


def _config(root: Path, path: Path, table: object) -> Config:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: `tool.blendtpl` is no table")
    for name, value in table.items():
        if name in _SILENCED or name in ("mail", "lint"):
            continue
        if name not in _SETTINGS:
            hint = did_you_mean(name, _NAMES) or f"settings are {', '.join(_NAMES)}"
            raise ConfigError(f"{path}: unknown setting `{name}` in [tool.blendtpl]; {hint}")
        if name in _SEVERAL:
            _check_several(path, name, value)
        else:
            _check_one(path, f"setting `{name}`", value)
    exclude = _as_tuple(table.get("exclude", ()))
    try:
        exclusion(exclude)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    output = root / table.get("output", f"build/{root.resolve().name or 'templates'}.blend")
    templates = tuple(root / folder for folder in _as_tuple(table.get("templates", ())))
    named = table.get("environment"), table.get("registry")
    ignored, allowed = _ignored(path, table), _texts(path, "allow-unrendered", table.get("allow-unrendered", []))
    try:
        mail = mail_settings(table.get("mail", {}))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    rules = table.get("lint", {})
    lint = mail_lint.settings(path, rules, _IGNORED)
    ignored = ignored.joined(_ignored(path, rules, "tool.blendtpl.lint"))
    locales = root / table["locales"] if "locales" in table else None
    return Config(root, templates, exclude, output, *named, ignored, allowed, mail, lint, locales)


def _check_one(path: Path, what: str, value: object) -> None:
    if not isinstance(value, str):
        raise ConfigError(f"{path}: {what} in [tool.blendtpl] is no string")
    if not value:
        raise ConfigError(f"{path}: {what} in [tool.blendtpl] is empty")


def _check_several(path: Path, name: str, value: object) -> None:
    if isinstance(value, str):
        _check_one(path, f"setting `{name}`", value)
        return
    if not isinstance(value, list):
        raise ConfigError(f"{path}: setting `{name}` in [tool.blendtpl] is no string, nor a list of such")
    if not value and name == "templates":
        raise ConfigError(f"{path}: setting `{name}` in [tool.blendtpl] is an empty list")
    for number, item in enumerate(value, 1):
        _check_one(path, f"number {number} of setting `{name}`", item)


def _as_tuple(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _ignored(path: Path, table: dict[str, object], within: str = "tool.blendtpl") -> Ignores:
    patterns = table.get("per-file-ignores", {})
    if not isinstance(patterns, dict):
        raise ConfigError(f"{path}: setting `per-file-ignores` in [{within}] is no table of patterns")
    try:
        return ignores(
            _texts(path, "ignore", table.get("ignore", []), within),
            {pattern: _texts(path, "per-file-ignores", names, within) for pattern, names in patterns.items()},
        )
    except ConfigError as error:
        raise error if str(error).startswith(str(path)) else ConfigError(f"{path}: {error}") from None


def _texts(path: Path, name: str, value: object, within: str = "tool.blendtpl") -> tuple[str, ...]:
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise ConfigError(f"{path}: setting `{name}` in [{within}] is no list of strings")
    return tuple(value)
