"""Listing: what names a loader has, and in what other spellings it finds them.

Enters: a loader of Jinja2's or of an application. Leaves: names, each with the beginning behind which it is a path
(`blendtpl.bundle.names.Rooted`). No template is read, but for one of a loader that is not Jinja2's, to see how it takes
names.
"""

from collections.abc import Iterable, Mapping

import jinja2
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, PackageLoader, PrefixLoader

from blendtpl.bundle.names import name_problem
from blendtpl.errors import ConfigError

_PATHS = (FileSystemLoader.get_source, PackageLoader.get_source)


def listed(loader: jinja2.BaseLoader, environment: jinja2.Environment) -> Mapping[str, str | None]:
    """Return the names that a loader lists, each with its root.

    Raises `ConfigError` for one that cannot list any.
    """
    try:
        return _listed(loader, environment)
    except TypeError as error:
        raise ConfigError(f"the loader {type(loader).__name__} cannot list its templates") from error


def _listed(loader: jinja2.BaseLoader, environment: jinja2.Environment) -> Mapping[str, str | None]:
    if isinstance(loader, ChoiceLoader) and _is_own(loader, ChoiceLoader, "get_source", "list_templates"):
        roots: dict[str, str | None] = {}
        for inner in loader.loaders:
            roots = {**_listed(inner, environment), **roots}  # the first that has a name is the one that gives it
        return roots
    if isinstance(loader, PrefixLoader) and _is_own(loader, PrefixLoader, "get_source", "get_loader", "list_templates"):
        return {
            f"{prefix}{loader.delimiter}{name}": None if root is None else f"{prefix}{loader.delimiter}{root}"
            for prefix, inner in loader.mapping.items()
            for name, root in _listed(inner, environment).items()
        }
    names = loader.list_templates()
    return dict.fromkeys(names, _root(loader, environment, names))


def _is_own(loader: jinja2.BaseLoader, kind: type[jinja2.BaseLoader], *methods: str) -> bool:
    return all(getattr(type(loader), method) is getattr(kind, method) for method in methods)


def _root(loader: jinja2.BaseLoader, environment: jinja2.Environment, names: Iterable[str]) -> str | None:
    """Return an empty string for a loader that takes names for paths, and `None` for one that does not."""
    if type(loader).get_source in _PATHS:
        return ""
    if _is_own(loader, DictLoader, "get_source"):
        return None
    name = next((name for name in names if not name_problem(name)), None)
    try:
        # nothing is said of how a loader of an application takes names, so that one is asked for in both ways
        same = name is not None and (
            loader.get_source(environment, f"./{name}")[0] == loader.get_source(environment, name)[0]
        )
    except Exception:  # whatever a loader raises, it has not found it
        return None
    return "" if same else None
