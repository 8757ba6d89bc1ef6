"""Bundled: the environment of a framework, whose templates come from a bundle.

Enters: the class of an environment, and the file of a bundle. Leaves: an environment of that class that finds templates
in the bundle. The file is checked when the application starts; it is bound to filters and globals when the first
template is asked for, as applications add to these until then.
"""

import os
import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, TypeVar

import jinja2
from jinja2.runtime import Undefined

from blendtpl.bundle.archive import open_bundle, read_bundle
from blendtpl.bundle.environment import EXTENSIONS
from blendtpl.errors import BundleError
from blendtpl.runtime.languages import INSTALLED
from blendtpl.runtime.registry import Registry, load
from blendtpl.runtime.template import Template

Path = str | os.PathLike[str]
_NEWSTYLE = "newstyle_gettext"  # how the extension `i18n` reads what is to be translated
Kind = TypeVar("Kind", bound=type[jinja2.Environment])


class BundledTemplate(Template):
    """A template of a bundle, for frameworks: what else `jinja2.Template` has is there as well."""

    __slots__ = ()

    @classmethod
    def of(cls, template: Template) -> "BundledTemplate":
        """Return a handle for the same template."""
        return cls(template.name, template._compiled, template._entry, template._sources, template._generation)

    def __getattr__(self, name: str) -> Any:
        """Return what Jinja2's templates have by a name, and `Template` does not."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._compiled, name)


class Bundled:
    """The templates of a bundle, which are bound to an environment once somebody asks for one.

    `digest` and `key` are those of `blendtpl.load`. Raises `BundleError`, which names the file, when it is not one that
    this process can render.
    """

    def __init__(self, path: Path, *, digest: str | None = None, key: bytes | None = None) -> None:
        self.path, self._digest, self._key = os.fspath(path), digest, key
        try:
            open_bundle(read_bundle(path, trusted=digest is not None or key is not None), digest=digest, key=key)
        except BundleError as error:
            raise BundleError(f"{self.path}: {error}" if self.path not in str(error) else str(error)) from None
        self._lock = threading.Lock()
        self._loaded: tuple[Registry, dict[str, BundledTemplate]] | None = None

    def bound(self, environment: jinja2.Environment) -> tuple[Registry, dict[str, BundledTemplate]]:
        """Return the registry and its templates, bound to an environment as it is when this is first called."""
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    registry = load(self.path, environment=environment, digest=self._digest, key=self._key)
                    self._loaded = registry, {name: BundledTemplate.of(registry[name]) for name in registry}
        return self._loaded

    def template(self, environment: jinja2.Environment, name: Any) -> BundledTemplate:
        """Return a template by its name, in whatever spelling; raises `TemplateNotFound`."""
        registry, templates = self.bound(environment)
        found = templates.get(name)
        return templates[registry.get_template(name).name] if found is None else found


class Opened:
    """The templates of a registry that somebody has loaded, or watches, in the way of `Bundled`."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def bound(self, environment: jinja2.Environment) -> tuple[Registry, dict[str, BundledTemplate]]:
        """Return the registry, and its templates as they are now."""
        registry = self.registry
        return registry, {name: BundledTemplate.of(registry[name]) for name in registry}

    def template(self, environment: jinja2.Environment, name: Any) -> BundledTemplate:
        """Return a template by its name, in whatever spelling; raises `TemplateNotFound`."""
        return BundledTemplate.of(self.registry.get_template(name))


class _FromBundle:
    """Mixed into the class of an environment: templates come from `bundled`, and what it lacks from nowhere else."""

    bundled: Bundled

    def get_template(self: Any, name: Any, parent: str | None = None, globals: Any = None) -> Any:
        """Return the template of the bundle by its name, in whatever spelling; a template stands for itself."""
        if isinstance(name, (jinja2.Template, Template)):
            return name
        if parent is not None:
            name = self.join_path(name, parent)
        return self.bundled.template(self, name)

    def select_template(self: Any, names: Iterable[Any], parent: str | None = None, globals: Any = None) -> Any:
        """Return the first of several that there is."""
        if isinstance(names, Undefined):
            names._fail_with_undefined_error()
        names = list(names)
        for name in names:
            try:
                return self.get_template(name, parent)
            except (jinja2.TemplateNotFound, jinja2.UndefinedError):
                continue
        raise jinja2.TemplatesNotFound(names)

    def get_or_select_template(self: Any, name_or_list: Any, parent: str | None = None, globals: Any = None) -> Any:
        """Return a template by its name, or the first of several that there is."""
        if isinstance(name_or_list, (str, Undefined, jinja2.Template, Template)):
            return self.get_template(name_or_list, parent)
        return self.select_template(name_or_list, parent)

    def list_templates(self: Any, extensions: Any = None, filter_func: Any = None) -> list[str]:
        """Return the names of the bundle's templates, as Jinja2's method of that name does of a loader's."""
        registry, _ = self.bundled.bound(self)
        named: Any = SimpleNamespace(loader=jinja2.DictLoader(dict.fromkeys(registry, "")))
        return jinja2.Environment.list_templates(named, extensions, filter_func)


def from_bundle(kind: Kind, bundled: Bundled) -> Kind:
    """Return a class of environments that finds templates in a bundle."""
    made: Any = type(kind.__name__, (_FromBundle, kind), {"bundled": bundled, "__module__": kind.__module__})
    return made  # type: ignore[no-any-return]


def blend_environment(directory: Any, *, autoescape: Any, live: bool) -> jinja2.Environment:
    """Return an environment for the templates of folders, or, not `live`, for those of a bundle, with the extensions of
    `blendtpl.Environment`.
    """
    kind = jinja2.Environment
    if live:
        from blendtpl.live import Environment as kind  # the build half, as below  # noqa: N813
    loader = jinja2.FileSystemLoader(directory) if directory else None
    made: Any = kind(loader=loader, autoescape=autoescape, extensions=EXTENSIONS)
    made.install_null_translations(newstyle=True)
    return made  # type: ignore[no-any-return]


def is_live(environment: jinja2.Environment) -> bool:
    """Return whether blendtpl compiles the templates of an environment."""
    from blendtpl.live import LiveTemplate

    return issubclass(environment.template_class, LiveTemplate)


def live_kind(kind: Kind) -> Kind:
    """Return a class of environments whose templates blendtpl compiles when they are asked for."""
    from blendtpl.live import Environment  # the build half, which an application on a bundle may do without

    if issubclass(kind, Environment):
        return kind
    made: Any = type(kind.__name__, (kind, Environment), {"__module__": kind.__module__})
    return made  # type: ignore[no-any-return]


def moved(old: jinja2.Environment, make: Callable[[], jinja2.Environment]) -> jinja2.Environment:
    """Return a new environment with what an application has given another: filters, tests, globals, extensions."""
    new = make()
    for extension in old.extensions.values():
        if extension.identifier not in new.extensions:
            new.add_extension(type(extension))
    for name in ("filters", "tests", "globals", "policies"):
        getattr(new, name).update(getattr(old, name))
    for name in (_NEWSTYLE, INSTALLED):
        if name in vars(old):
            setattr(new, name, vars(old)[name])
    return new
