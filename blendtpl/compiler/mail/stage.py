"""What a build does with messages, from reading to packing.

Enters: at each step what the steps before have made. Leaves: sources that were made of others, what the manifest says
of messages, the bytes of their images, faults, and warnings. The libraries of a step are imported when it is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2

from blendtpl.bundle.manifest import MessageEntry
from blendtpl.compiler.analysis.linker import Program
from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.frontend.reader import Source, SourceSet, file_reader
from blendtpl.compiler.lint.stage import Cache
from blendtpl.compiler.mail.definitions import Definitions, ReadFile
from blendtpl.compiler.mail.lint.settings import Settings as LintSettings
from blendtpl.compiler.mail.listing import Listing, Tree, listing
from blendtpl.compiler.mail.prepare import prepare
from blendtpl.compiler.mail.project_settings import MailSettings
from blendtpl.compiler.mail.settings import Settings, is_settings, read_every
from blendtpl.errors import Fault, TemplateWarning
from blendtpl.extras import not_installed

Key = Callable[[str, dict[str, Any]], str]
Messages = tuple[Mapping[str, MessageEntry], bytes]  # with the bytes of their images


@dataclass(slots=True)
class MailStage:
    """The messages of one build. `previous` are those of a bundle that is compiled again, of which there are no files
    any more; `settings` hold for all of them, and `lint` says how they are looked at, if they are.
    """

    previous: Messages | None
    settings: MailSettings
    lint: LintSettings | None
    generated: dict[str, str] = field(default_factory=dict)  # the texts that were made from others
    _files: dict[str, Settings | None] = field(default_factory=dict)  # what `message.toml` files say
    _faults: list[Fault] = field(default_factory=list)  # of these files
    _read_file: ReadFile = lambda name: None
    _warnings: tuple[TemplateWarning, ...] = ()
    _listing: Listing | None = None  # as it was made first: whoever asks next has the same

    def take(self, sources: list[Source], templates: SourceSet) -> dict[str, Source]:
        """Return the sources that are templates; what is none, and says something of messages, is kept here."""
        self._files, self._faults = read_every(
            {source.name: source.text for source in sources if is_settings(source.name)}
        )
        self._read_file = file_reader(templates)
        return {source.name: source for source in sources if source.name not in self._files}

    def prepare(
        self, sources: dict[str, Source], environment: jinja2.Environment, cache: Cache | None, key: Key
    ) -> tuple[dict[str, Source], tuple[Fault, ...]]:
        """Return what the settings make of sources, and what is wrong with those that were to become others."""
        prepared = prepare(sources, self._files, environment, self.settings, cache, key)
        self.generated = {name: new.text for name, new in prepared.sources.items() if new is not sources.get(name)}
        self._warnings = prepared.warnings
        return prepared.sources, prepared.faults

    def messages(
        self, program: Program, sources: Mapping[str, Source], environment: jinja2.Environment, tree: Tree
    ) -> tuple[Messages, list[Fault], set[str]]:
        """Return what the manifest says of messages, with their images; what is wrong with any; and the names of the
        files that are images.
        """
        if self.previous is not None:
            return self.previous, [], set()
        listed = self._listed(program, sources, tree)
        linked = Definitions(program, environment, tree, lambda name: sources[name].text, self._read_file)
        entries = linked.entries(listed.definitions)
        return (entries, linked.files), [*self._faults, *listed.faults, *linked.faults], linked.read_names

    def _listed(self, program: Program, sources: Mapping[str, Source], tree: Tree) -> Listing:
        if self._listing is None:
            self._listing = listing(program, sources, self._files, tree)
        return self._listing

    def warnings(
        self,
        program: Program,
        sources: Mapping[str, Source],
        environment: jinja2.Environment,
        cache: Cache | None,
        key: Key,
        tree: Tree,
        locate: Callable[[str], Positions],
    ) -> list[TemplateWarning]:
        """Return what could not be done, and what is found in e-mails, where somebody wants to know."""
        if self.lint is None:
            return list(self._warnings)
        try:
            from blendtpl.compiler.mail.lint.messages import lint_messages
        except ImportError as error:
            raise not_installed("the lint of e-mails", error) from None
        listed = self._listed(program, sources, tree).definitions
        described = program, listed, self.lint, environment, sources
        return [*self._warnings, *lint_messages(*described, cache, key, tree, locate)]
