"""Build: the stages of the build half, one after the other.

Enters: what a user calls their templates. Leaves: a bundle, or every fault of every template in one error. Each
stage is a function from one frozen value to the next; what a stage made before is taken from the build cache.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator

from blendtpl.bundle.archive import Bundle, seal
from blendtpl.bundle.environment import (
    EnvironmentSource,
    autoescape_of,
    fingerprint,
    is_own,
    passed_argument,
    resolve_environment,
)
from blendtpl.bundle.manifest import Entry, Manifest, this_process
from blendtpl.bundle.signing import check_key
from blendtpl.compiler import lint
from blendtpl.compiler.analysis.linker import Linked, Program, check, link
from blendtpl.compiler.analysis.program_facts import ProgramFacts
from blendtpl.compiler.analysis.summary import TemplateSummary, from_bytes, summarize, to_bytes
from blendtpl.compiler.assemble.packing import pack
from blendtpl.compiler.assemble.template_code import emit
from blendtpl.compiler.cache_keys import closure, foreign, make_key
from blendtpl.compiler.collector import uncollected
from blendtpl.compiler.config import Config, find_config
from blendtpl.compiler.digest import compiler_digest
from blendtpl.compiler.frontend import diagnostics
from blendtpl.compiler.frontend.parser import fault_of, parse
from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.frontend.reader import Source, SourceSet, clashes, read
from blendtpl.compiler.frontend.references import NameResolver, name_resolver
from blendtpl.compiler.locales.stage import LocaleStage, Spans
from blendtpl.compiler.lower.unit import Unfinished
from blendtpl.compiler.mail.lint.settings import Settings as MailLintSettings
from blendtpl.compiler.mail.project_settings import MailSettings
from blendtpl.compiler.mail.stage import MailStage, Messages
from blendtpl.compiler.workers import parallel_map
from blendtpl.errors import ConfigError, Fault, LinkError, SourceError, TemplateWarning
from blendtpl.extras import not_installed

if TYPE_CHECKING:
    from blendtpl.compiler.cache import BuildCache

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Build:
    """A bundle, how many of its templates were compiled now and how many came from the cache, and warnings. `skipped`
    are the names of the files beside templates that are no text, `made` the texts that the build made of others.
    """

    bundle: Bundle
    compiled: int
    cached: int
    warnings: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    made: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def build(
    templates: SourceSet | None,
    *,
    environment: EnvironmentSource = None,
    with_sources: bool = True,
    key: bytes | None = None,
    speedups: bool = False,
    output: Path | None = None,
    exclude: str | Iterable[str] = (),
    ignored: lint.Ignores | None = None,
    cache: Path | None = None,
    jobs: int = 1,
    warn: bool = True,
    progress: Progress = lambda stage, done, total: None,
    messages: Messages | None = None,
    mail: MailSettings | None = None,
    lint_mail: MailLintSettings | None = None,
    locales: Path | None = None,
    catalogues: Spans = MappingProxyType({}),
) -> Build:
    """Compile all templates; see `blendtpl.compile`.

    `speedups`: whether the code is for installations that have functions in C; it runs without them as well, and is
    slower there. `output` is no source, `ignored` are warnings not to be told, and without `warn` none is looked for;
    `progress` gets the stage, what is done and the total. `messages` are those of a bundle that is compiled again, of
    which there are no files any more, and `catalogues` those that these files have; `locales` is a folder of
    catalogues for others, and `mail` is what holds for all of them, `lint_mail` how they are looked at, if
    they are.
    """
    check_key(key)
    if isinstance(templates, jinja2.Environment) and environment is None:
        environment = templates
    if templates is None:
        config = find_config(Path.cwd())
        resolved = resolve_environment(config.environment if environment is None else environment)
        templates, exclude = sources_of(config, resolved), (*config.exclude, *_as_patterns(exclude))
        ignored, mail = config.ignored.joined(ignored), mail or config.mail
        lint_mail = config.lint if lint_mail is not None or config.lint.mail else None
        locales = locales or config.locales
    else:
        resolved = resolve_environment(environment)
    if not issubclass(CodeGenerator, resolved.code_generator_class):
        raise ConfigError(
            f"the environment's class {type(resolved).__name__} has a code generator of its own, which cannot be used"
        )
    cached = _opened(cache) if cache and not foreign(resolved) else None
    of_mail = MailStage(messages, mail or MailSettings(), lint_mail)
    translated = LocaleStage(locales, catalogues)
    translated.read()
    run = _Run(resolved, cached, jobs, progress, ignored, of_mail, translated, speedups=speedups, warn=warn)
    with uncollected():
        return run.build(templates, output, exclude, with_sources, key)


def sources_of(config: Config, environment: jinja2.Environment | None) -> tuple[Path, ...] | jinja2.Environment:
    """Return what to compile where nobody says so: the folders of the settings, else what the environment's loader has,
    else the folder that is mostly meant.
    """
    if environment is not None and environment.loader is not None and not config.templates:
        return environment
    return config.folders


def _as_patterns(patterns: str | Iterable[str]) -> Iterable[str]:
    return (patterns,) if isinstance(patterns, str) else patterns


def _opened(folder: Path) -> "BuildCache | None":
    if not compiler_digest():
        return None
    try:
        from blendtpl.compiler.cache import BuildCache  # whoever wants no cache needs none of its libraries
    except ImportError as error:
        raise not_installed("the build cache", error) from None
    return BuildCache(folder)


def _shown(templates: SourceSet) -> str:
    if isinstance(templates, (str, os.PathLike)):
        return f"the folder `{os.fspath(templates)}`"
    if isinstance(templates, (list, tuple)):
        return " and ".join(map(_shown, templates)) or "an empty list"
    return f"the {type(templates).__name__} that was given"


class _Run:
    """One build: holds what its stages share."""

    def __init__(
        self,
        environment: jinja2.Environment,
        cache: "BuildCache | None",
        jobs: int,
        progress: Progress,
        ignored: lint.Ignores | None,
        mail: MailStage,
        locales: LocaleStage,
        *,
        speedups: bool,
        warn: bool,
    ) -> None:
        self.environment, self.cache, self.jobs, self.progress = environment, cache, jobs, progress
        self.resolver: NameResolver | None = None  # where names may be spelt in more than one way
        self.ignored, self.speedups, self.warn = ignored or lint.Ignores(), speedups, warn
        self.options = fingerprint(environment)
        self.compiler = compiler_digest() if cache else ""
        self.sources: dict[str, Source] = {}
        self.trees: dict[str, nodes.Template] = {}
        self.faults: list[Fault] = []
        self.binary: dict[str, Fault] = {}  # the files that are no text
        self.mail, self.locales = mail, locales

    def build(
        self,
        templates: SourceSet,
        output: Path | None,
        exclude: str | Iterable[str],
        with_sources: bool,
        key: bytes | None,
    ) -> Build:
        try:
            self._read(templates, output, exclude)
            bundle, emitted = self._bundle(with_sources, key)
        finally:
            if self.cache:
                self.cache.flush()
        warnings = (*(self.cache.warnings if self.cache else ()), *clashes(self.sources))
        cached = len(bundle.manifest.templates) - emitted
        return Build(bundle, emitted, cached, warnings, tuple(sorted(self.binary)), self.mail.generated)

    def _read(self, templates: SourceSet, output: Path | None, exclude: str | Iterable[str]) -> None:
        sources, wrong = read(templates, self.environment, output, exclude)
        self.binary = {fault.name: fault for fault in wrong if fault.kind == diagnostics.BINARY}
        self.faults = [fault for fault in wrong if fault.kind != diagnostics.BINARY]
        if not sources and not self.faults and not isinstance(templates, Mapping):
            raise ConfigError(f"{_shown(templates)} has no template in it")
        self.sources = self.mail.take(sources, templates)
        self.resolver = name_resolver(self.environment, self.sources, [fault.name for fault in wrong])
        if self.resolver is not None:
            self.environment = self.resolver.environment
        self.sources, faults = self.mail.prepare(self.sources, self.environment, self.cache, self._key)
        self.faults += faults

    def _bundle(self, with_sources: bool, key: bytes | None) -> tuple[Bundle, int]:
        """Return the bundle, and how many of its templates had to be emitted."""
        summaries = self._outlines()
        broken, locate = {fault.name for fault in self.faults}, self._positions
        self.faults += check(summaries, broken, self.binary, self.environment, locate)
        stage = lint.Stage(self.environment, self.ignored, self.cache, self._key, self._tree, locate, self.sources)
        program = link(summaries, self.environment, speedups=self.speedups)
        warnings: tuple[TemplateWarning, ...] = ()
        if self.warn:
            arguments = self.sources, self.environment, self.cache, self._key, self._known_tree, locate
            more = [*self.mail.warnings(program, *arguments), *self.locales.warnings(*arguments)]
            warnings = stage.warnings(summaries, self.faults, more)
        units, compiled = self._units(program)
        messages, faults, images = self.mail.messages(program, self.sources, self.environment, self._known_tree)
        self.faults += faults
        self.binary = {name: fault for name, fault in self.binary.items() if name not in images}
        if self.faults:
            only_links = all(fault.kind in diagnostics.LINK_KINDS for fault in self.faults)
            causes = (fault.error for fault in sorted(self.faults) if fault.error is not None)
            raise (LinkError if only_links else SourceError)(self.faults, warnings) from next(causes, None)
        return replace(self._pack(program, units, messages, with_sources, key), warnings=warnings), compiled

    def _outlines(self) -> dict[str, TemplateSummary]:
        summaries = {}
        passed = self._passed()
        for done, source in enumerate(self.sources.values(), 1):
            self.progress("parse", done, len(self.sources))
            key = ""
            if self.cache:
                key = self._key("outline", {"source": source.digest, "name": source.name, "passed": passed})
            summary = self._cached_outline(key)
            if summary is None:
                tree = parse(source, self.environment)
                if isinstance(tree, Fault):
                    self.faults.append(tree)
                    continue
                try:
                    summary = self._outline(tree, source.name)
                except Exception as error:
                    self.faults.append(fault_of(source, self.environment, error))
                    continue
                self.trees[source.name] = tree
                if self.cache:
                    self.cache.put(key, to_bytes(summary))
            summaries[source.name] = summary
        return summaries

    def _outline(self, tree: nodes.Template, name: str) -> TemplateSummary:
        if self.resolver is None:
            return summarize(tree, self.environment, name)
        self.resolver.take_resolved()
        return replace(summarize(tree, self.environment, name), spellings=self.resolver.take_resolved())

    def _passed(self) -> list[tuple[str, str, str, bool]]:
        """Return what each filter and test asks to be passed, and whether it is Jinja2's own."""
        return sorted(
            (kind, name, passed_argument(function), is_own(self.environment, kind, name))
            for kind, callables in (("filter", self.environment.filters), ("test", self.environment.tests))
            for name, function in callables.items()
        )

    def _cached_outline(self, key: str) -> TemplateSummary | None:
        data = self.cache.get(key) if self.cache else None
        try:
            summary = None if data is None else from_bytes(data)
        except (ValueError, KeyError, TypeError):
            return None
        # which templates there are decides which of them a name means
        same = summary is None or all(resolved == self._resolve(written) for written, resolved in summary.spellings)
        return summary if same else None

    def _resolve(self, written: str) -> str:
        return written if self.resolver is None else self.resolver.resolve(written)

    def _units(self, program: Program) -> tuple[dict[str, bytes], int]:
        """Return the code of each template, and how many had to be emitted."""
        units, keys = {}, {}
        if self.cache:
            for name in program.templates:
                keys[name] = self._key(
                    "unit", closure(name, program, self.sources, self.environment, speedups=self.speedups)
                )
                code = self.cache.get(keys[name])
                if code is not None:
                    units[name] = code
        missing = [name for name in program.templates if name not in units]
        environment = self._lenient(program) if self.faults else self.environment
        for done, (name, result) in enumerate(
            parallel_map(missing, partial(self._emit, environment, program.facts), self.jobs), 1
        ):
            self.progress("emit", done, len(missing))
            if isinstance(result, Fault):
                self.faults.append(result)
            else:
                units[name] = result
                if self.cache and environment is self.environment:
                    self.cache.put(keys[name], result)
        return units, len(missing)

    def _emit(self, environment: jinja2.Environment, program_facts: ProgramFacts, name: str) -> bytes | Fault:
        source = self.sources[name]
        tree = self._tree(name)
        if isinstance(tree, Fault):
            return tree
        try:
            return emit(name, self._whole_tree, environment, program_facts)
        except Unfinished as error:
            return fault_of(source, self.environment, error.cause, error.line)
        except Exception as error:
            return fault_of(source, self.environment, error)

    def _tree(self, name: str) -> nodes.Template | Fault:
        if name not in self.trees:
            tree = parse(self.sources[name], self.environment)
            if isinstance(tree, Fault):
                return tree
            self.trees[name] = tree
        return self.trees[name]

    def _known_tree(self, name: str) -> nodes.Template | None:
        return self._whole_tree(name) if name in self.sources else None

    def _whole_tree(self, name: str) -> nodes.Template | None:
        tree = self._tree(name)
        return None if isinstance(tree, Fault) else tree

    def _lenient(self, program: Program) -> jinja2.Environment:
        """Return an environment that lacks no filter or test, to find the faults that stand behind unknown ones."""
        lenient = self.environment.overlay()
        summaries = [linked.summary for linked in program.templates.values()]
        filters: dict[str, Any] = {use.name: str for summary in summaries for use in summary.filters}
        tests: dict[str, Any] = {use.name: str for summary in summaries for use in summary.tests}
        lenient.filters, lenient.tests = {**filters, **lenient.filters}, {**tests, **lenient.tests}
        return lenient

    def _pack(
        self,
        program: Program,
        units: dict[str, bytes],
        messages: Messages,
        with_sources: bool,
        key: bytes | None,
    ) -> Bundle:
        names = sorted(units)
        catalogues, files = self.locales.packed(messages[1])
        manifest = Manifest(
            versions=this_process(),
            environment=self.options,
            speedups=self.speedups,
            needs=program.needs,
            templates={name: self._entry(name, program.templates[name], units[name]) for name in names},
            messages=messages[0],
            catalogues=catalogues,
        )
        sources = {name: self.sources[name].text for name in names}
        packed = json.dumps(sources, ensure_ascii=False, sort_keys=True).encode() if with_sources else None
        return seal(manifest, pack([units[name] for name in names]), packed, key, files)

    def _entry(self, name: str, linked: Linked, code: bytes) -> Entry:
        return Entry(
            digest=self.sources[name].digest,
            autoescape=autoescape_of(self.environment, name),
            blocks=linked.blocks,
            referred=tuple(
                field
                for reference in linked.summary.links
                for field in (reference.kind, reference.names, reference.line)
            ),
            variables=linked.variables,
            size=len(code),
            root=self.sources[name].root,
        )

    def _key(self, kind: str, content: dict[str, Any]) -> str:
        versions = {**asdict(this_process()), "compiler": self.compiler}
        return make_key(kind, {**content, "options": self.options, "versions": versions})

    def _positions(self, name: str) -> Positions:
        return Positions(self.environment, name, self.sources[name].text)
