"""Workspace: the templates of a project, compiled whenever they have changed.

Enters: folders or an environment, as for the command `compile`. Leaves: what there is at the moment, as one frozen
value: a registry, or what is wrong with the templates. A build is done twice: first without looking for warnings, which
takes longer than all else when little has changed, and then with them.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2

from blendtpl.bundle.archive import Bundle
from blendtpl.bundle.environment import resolve_environment
from blendtpl.compiler.build import build
from blendtpl.compiler.lint import Ignores
from blendtpl.compiler.mail.lint.settings import Settings as LintSettings
from blendtpl.compiler.mail.project_settings import MailSettings
from blendtpl.errors import BlendError, ConfigError, TemplateWarning, described
from blendtpl.preview.catalogue import Item, catalogue
from blendtpl.preview.example_files import open_examples, read_context
from blendtpl.preview.languages import spoken, translated, translating
from blendtpl.runtime.registry import Registry, load
from blendtpl.runtime.speedups import ACTIVE

_NONE: Mapping[str, Item] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Project:
    """What is previewed. `templates` and the settings are as `build` takes them, `folders` have the examples, `root` is
    what paths are shown from, `translations` are folders with languages. E-mails are looked at by `lint` where its
    libraries are there.
    """

    templates: tuple[Path, ...] | jinja2.Environment
    environment: jinja2.Environment | None
    folders: tuple[Path, ...]
    root: Path
    exclude: tuple[str, ...] = ()
    output: Path | None = None
    ignored: Ignores | None = None
    cache: Path | None = None
    translations: tuple[Path, ...] = ()
    mail: MailSettings = MailSettings()  # noqa: RUF009  # it is a constant
    lint: LintSettings = LintSettings()  # noqa: RUF009  # it is one, too

    def shown(self, path: Path) -> str:
        """Return a path as a person of this project calls it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


@dataclass(frozen=True, slots=True)
class State:
    """What there is at the moment. `number` counts the states; `error` is why there is nothing newer to render, `items`
    are then those that there were; `warnings` is `None` until they have been looked for.
    """

    number: int = 0
    bundle: Bundle | None = None
    registry: Registry | None = None
    items: Mapping[str, Item] = field(default_factory=lambda: _NONE)
    languages: tuple[str, ...] = ()
    error: BlendError | None = None
    warnings: tuple[TemplateWarning, ...] | None = None


def folders_of(templates: tuple[Path, ...] | jinja2.Environment) -> tuple[Path, ...]:
    """Return the folders that templates come from, as far as their loader says so."""
    if not isinstance(templates, jinja2.Environment):
        return tuple(Path(folder) for folder in templates)
    return tuple(_searched(templates.loader))


def _searched(loader: jinja2.BaseLoader | None) -> Iterable[Path]:
    if isinstance(loader, jinja2.FileSystemLoader):
        yield from map(Path, loader.searchpath)
    elif isinstance(loader, jinja2.ChoiceLoader):
        for inner in loader.loaders:
            yield from _searched(inner)


class Workspace:
    """Holds the state of a project; `refresh` and `look_for_warnings` make the next. Any thread may ask it anything."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._environment = resolve_environment(project.environment)
        self._building = threading.Lock()
        self._state = State()
        self._translated: dict[tuple[int, str], Registry] = {}

    @property
    def state(self) -> State:
        """What there is at the moment."""
        return self._state

    def refresh(self, *, only_examples: bool = False) -> State:
        """Compile the templates, unless only examples have changed, and return what there is then."""
        with self._building:
            before = self._state
            if only_examples and before.registry is not None and before.error is None:
                items = catalogue(before.registry, self.project.folders)
                number, languages = before.number + 1, self._languages(items)
                self._state = replace(before, number=number, items=MappingProxyType(items), languages=languages)
                return self._state
            try:
                bundle = self._build(warn=False)
                registry = load(bundle, environment=self._environment)
                items = catalogue(registry, self.project.folders)
            except Exception as error:  # whatever it is, what has been asked to keep up must go on doing so
                failure = error if isinstance(error, BlendError) else ConfigError(f"it fails with {described(error)}")
                self._state = replace(before, number=before.number + 1, error=failure, warnings=None)
            else:
                languages = self._languages(items)
                self._state = State(before.number + 1, bundle, registry, MappingProxyType(items), languages)
            self._translated.clear()
            return self._state

    def look_for_warnings(self) -> State:
        """Find the warnings of the templates that are compiled, and return what there is then.

        Nobody who wants to see a change waits for that: what is found of templates that have changed since is dropped.
        """
        state = self._state
        if state.error is not None or state.warnings is not None:
            return state
        try:
            warnings = self._build(warn=True).warnings
        except Exception:  # the templates are being written at this moment; they will be compiled again
            return state
        with self._building:
            if self._state.bundle is state.bundle:
                self._state = replace(self._state, warnings=warnings)
            return self._state

    def registry(self, state: State, language: str) -> Registry | None:
        """Return the registry of a state that renders in a language, or in what the environment says for ``""``."""
        if not language or state.bundle is None:
            return state.registry
        key = (state.number, language)
        if key not in self._translated:
            environment = translating(self._environment, self.project.translations, language)
            if environment is self._environment:
                return state.registry
            self._translated[key] = load(state.bundle, environment=environment)
        return self._translated[key]

    def _build(self, *, warn: bool) -> Bundle:
        project = self.project
        return build(
            project.templates,
            environment=self._environment,
            speedups=ACTIVE,
            output=project.output,
            exclude=project.exclude,
            ignored=project.ignored,
            cache=project.cache,
            warn=warn,
            mail=project.mail,
            lint_mail=project.lint if warn and _can_lint() else None,
        ).bundle

    def _languages(self, items: Mapping[str, Item]) -> tuple[str, ...]:
        languages = {language for context in _contexts(items.values()) for language in spoken(context)}
        return tuple(sorted(languages.union(translated(self.project.translations))))


def _can_lint() -> bool:
    try:
        import tinycss2  # noqa: F401  # of the extra `email`
    except ImportError:
        return False
    return True


def _contexts(items: Iterable[Item]) -> Iterable[dict[str, Any]]:
    for file in {item.file for item in items if item.file is not None and not item.problem}:
        try:
            opened = open_examples(file)
            yield from [read_context(opened.example(name)) for name in opened.spans]
        except BlendError:  # it has just been changed
            continue
