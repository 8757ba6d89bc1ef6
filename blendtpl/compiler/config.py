"""Settings: ``[tool.blendtpl]`` of the nearest `pyproject.toml`.

Enters: a folder. Leaves: settings with absolute paths. Nothing here imports what a setting names.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from blendtpl.errors import ConfigError, did_you_mean

_SETTINGS = ("templates", "output", "environment", "registry")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings. `root` is the folder of the `pyproject.toml`, which the paths and the environment start from;
    `registry` the ``module:name`` that rewritten code calls.
    """

    root: Path
    templates: Path
    output: Path
    environment: str | None
    registry: str | None


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
        if name not in _SETTINGS:
            hint = did_you_mean(name, _SETTINGS) or f"settings are {', '.join(_SETTINGS)}"
            raise ConfigError(f"{path}: unknown setting `{name}` in [tool.blendtpl]; {hint}")
        if not isinstance(value, str):
            raise ConfigError(f"{path}: setting `{name}` in [tool.blendtpl] is no string")
        if not value:
            raise ConfigError(f"{path}: setting `{name}` in [tool.blendtpl] is empty")
    templates = root / table.get("templates", "templates")
    output = root / table.get("output", f"build/{root.resolve().name or 'templates'}.blend")
    return Config(root, templates, output, table.get("environment"), table.get("registry"))
