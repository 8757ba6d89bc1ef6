"""The registry: an opened bundle, and all that a process needs of it to render for as long as it lives.

Enters: a bundle file, its bytes, or a `Bundle`. Leaves: an immutable Mapping of templates. Everything is read,
checked, unmarshalled and bound in `load`; afterwards neither the bundle nor any other file is needed again.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

import jinja2

from blendtpl.bundle.archive import Bundle, open_bundle, read_bundle
from blendtpl.bundle.environment import EnvironmentSource, resolve_environment
from blendtpl.bundle.manifest import Manifest, this_process
from blendtpl.bundle.names import Spellings, spellings
from blendtpl.bundle.signing import check_digest, check_key
from blendtpl.errors import BundleArgumentError, BundleError, TemplateNotFound
from blendtpl.mail.message import NO_HEADERS, Message
from blendtpl.mail.unsubscribe import Unsubscribe
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.environment_check import check_environment
from blendtpl.runtime.loader import load_templates
from blendtpl.runtime.messages import MessageTemplate, message_templates
from blendtpl.runtime.render import render as render_unit
from blendtpl.runtime.template import Frozen, Template, Variables
from blendtpl.runtime.traceback import Sources

Name = str | os.PathLike[str]
# makes of a checked bundle one with the same sources that this process can run
Recompile = Callable[[Bundle, jinja2.Environment], Bundle]

_TRAVELLERS_KEPT = 16  # registries that a process keeps because they were pickled there or came there pickled


class Registry(Frozen, Mapping[str, Template]):
    """A read-only Mapping from template names to templates. Get one from `blendtpl.load`.

    `digest` is that of the bundle: SHA-256, in 64 hexadecimal digits. `manifest` says what the bundle is made of;
    `messages` is a read-only Mapping of the e-mails in it, by name.

    It is safe under threads and after a fork. Pickled, it travels as (file, digest, environment) and is opened
    once by each process that it comes to; so the environment must then be given as a callable of a module, as
    ``"module:name"``, or be left out.
    """

    __slots__ = (
        "__weakref__",
        "_environment",
        "_file",
        "_recompile",
        "_spellings",
        "_templates",
        "_units",
        "digest",
        "manifest",
        "messages",
    )

    digest: str
    manifest: Manifest
    messages: Mapping[str, MessageTemplate]
    _environment: EnvironmentSource
    _file: str | None
    _recompile: Recompile | None
    _spellings: Spellings
    _templates: Mapping[str, Template]
    _units: Mapping[str, CompiledTemplate]

    def __init__(
        self,
        bundle: Bundle,
        environment: EnvironmentSource,
        file: str | None,
        recompile: Recompile | None = None,
    ) -> None:
        sources = Sources(bundle.sources)
        resolved = resolve_environment(environment)
        check_environment(bundle.manifest, resolved)
        digest = bundle.digest  # of what was deployed, whatever is made of that here
        if bundle.manifest.versions != this_process():
            if recompile is None:
                raise BundleError("the bundle was compiled by other versions: compile it again")
            bundle = recompile(bundle, resolved)
        compiled_templates = load_templates(bundle, resolved, sources)
        entries = bundle.manifest.templates
        templates = {
            name: Template(name, compiled, entries[name], sources, self)
            for name, compiled in compiled_templates.items()
        }
        for slot, value in (
            ("digest", digest),
            ("manifest", bundle.manifest),
            ("messages", message_templates(bundle.manifest, compiled_templates, bundle.files)),
            ("_templates", MappingProxyType(templates)),
            ("_units", compiled_templates),
            ("_spellings", spellings(entries)),
            ("_environment", environment),
            ("_file", file),
            ("_recompile", recompile),
        ):
            object.__setattr__(self, slot, value)

    def __getitem__(self, name: Name) -> Template:
        try:
            return self._templates[name]  # type: ignore[index]  # what has no such name is looked for by others
        except KeyError:
            template = self._resolve(name)
        if template is None:
            raise TemplateNotFound(_text(name), self._templates) from None
        return template

    def __contains__(self, name: object) -> bool:
        return name in self._templates or self._resolve(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._templates)

    def __len__(self) -> int:
        return len(self._templates)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<Registry of {len(self)} templates, sha256 {self.digest[:12]}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._file is None:
            raise BundleError("this registry was loaded from memory and cannot be pickled: load it from a file")
        if isinstance(self._environment, jinja2.Environment):
            raise BundleError(
                "this registry was loaded with an environment object and cannot be pickled:"
                ' give `load` a callable or "module:name" that makes the environment'
            )
        key = (self._file, self.digest, self._environment, self._recompile)
        with _lock:
            _keep(key, self)
        return _arrive, key

    def _resolve(self, name: object) -> Template | None:
        """Return the template that is found by another spelling of its name, by a path, or by itself."""
        if isinstance(name, Template):
            return name if self._templates.get(name.name) is name else None
        text = _text(name)
        resolved = text if text in self._templates else self._spellings.resolve(text)
        return None if resolved is None else self._templates[resolved]

    def get_template(self, name: Name | Template) -> Template:
        """Return the template of that name; raises `TemplateNotFound`, a new object each time.

        A name is found in the spellings in which Jinja2 finds it: in a folder, ``./a.html`` is ``a.html``. A template
        is returned as it is.
        """
        return name if isinstance(name, Template) else self[name]

    def render(self, name: Name | Template, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of the template `name`, which is looked up as `get_template` does it.

        Later mappings go over earlier ones, keywords over all of them. Raises what `get_template` and `Template.render`
        raise.
        """
        try:
            compiled = self._units[name]  # type: ignore[index]  # as above
        except KeyError:
            compiled = self.get_template(name)._compiled
        return render_unit(compiled, mappings, variables)

    def render_bytes(self, name: Name | Template, /, *mappings: Variables, **variables: Any) -> bytes:
        """Return what `render` returns in UTF-8; see `Template.render_bytes`."""
        return self.get_template(name).render_bytes(*mappings, **variables)

    async def render_async(self, name: Name | Template, /, *mappings: Variables, **variables: Any) -> str:
        """Return what `render` does, and await what the template waits for; see `Template.render_async`."""
        return await self.get_template(name).render_async(*mappings, **variables)

    def message(
        self,
        name: str,
        /,
        *mappings: Variables,
        to: Iterable[str] = (),
        sender: str | None = None,
        cc: Iterable[str] = (),
        bcc: Iterable[str] = (),
        reply_to: str | Iterable[str] | None = None,
        from_: Iterable[str] = (),
        attachments: Iterable[Any] = (),
        unsubscribe: str | Unsubscribe | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        language: str | None = None,
        smtputf8: bool = False,
        quoted_local: bool = False,
        **variables: Any,
    ) -> Message:
        """Return the e-mail of the message `name`: a folder with `subject.txt`, `body.txt` and `body.html`, of which a
        body may be missing, or a template with the blocks `subject`, `text` and `html`.

        Blank space around the subject goes. The keywords that are named here are the fields of `Message`, over those of
        a `message.toml`; all others, and the mappings, are what the templates are rendered with: what a template calls
        like a field goes into a mapping. Raises what `render` raises, `TemplateNotFound` for an unknown message, and
        `MessageError` for what is wrong with a field, or for a keyword that looks like one and is none.
        """
        fields: dict[str, Any] = {"to": to}
        if sender is not None:
            fields["sender"] = sender
        if unsubscribe is not None:
            fields["unsubscribe"] = unsubscribe
        if headers is not NO_HEADERS:
            fields["headers"] = headers
        if reply_to is not None:
            fields["reply_to"] = reply_to
        if language is not None:
            fields["language"] = language
        if cc != ():
            fields["cc"] = cc
        if bcc != ():
            fields["bcc"] = bcc
        if from_ != ():
            fields["from_"] = from_
        if attachments != ():
            fields["attachments"] = attachments
        if smtputf8 or quoted_local:
            fields.update(smtputf8=smtputf8, quoted_local=quoted_local)
        try:
            template = self.messages[name]
        except (KeyError, TypeError):
            template = self._message(_text(name))
        return template.compose(mappings, variables, fields)

    def _message(self, name: object) -> MessageTemplate:
        """Return the message that is found by another spelling of its name, by a path, or by its template."""
        for file in ("", *{message.entry.parts["subject"].rpartition("/")[2] for message in self.messages.values()}):
            template = self._resolve(f"{name}/{file}" if file else name)
            if template is not None:
                message_name = template.name.rpartition("/")[0] if file else template.name
                if message_name in self.messages:
                    return self.messages[message_name]
        part = "body.txt" if self._resolve(f"{name}/subject.txt") else "subject.txt"
        raise TemplateNotFound(f"{name}/{part}", self._templates)


def _text(name: Any) -> Any:
    """Return the name that a path stands for."""
    if isinstance(name, PurePath):
        return name.as_posix()
    return os.fspath(name) if isinstance(name, os.PathLike) else name


def load(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | Bundle,
    /,
    *,
    environment: EnvironmentSource = None,
    digest: str | None = None,
    key: bytes | None = None,
    recompile: Recompile | None = None,
) -> Registry:
    """Return the registry of a bundle; see `blendtpl.load`. `recompile` is for a bundle of other versions."""
    check_digest(digest)
    check_key(key)
    if isinstance(source, (str, os.PathLike)):
        data = read_bundle(source, trusted=digest is not None or key is not None)
        file = str(Path(os.fsdecode(source)).absolute())
        try:
            return _registry(data, environment, file, digest, key, recompile)
        except BundleError as error:
            raise BundleError(f"{os.fsdecode(source)}: {error}") from error.__cause__
    if not isinstance(source, (bytes, bytearray, memoryview, Bundle)):
        raise BundleArgumentError(
            f"cannot load a {type(source).__name__}: give the name of a file, the bytes of a bundle, or a `Bundle`"
        )
    packed = source.data if isinstance(source, Bundle) else source
    return _registry(packed, environment, None, digest, key, recompile)


def _registry(
    data: bytes | bytearray | memoryview,
    environment: EnvironmentSource,
    file: str | None,
    digest: str | None,
    key: bytes | None,
    recompile: Recompile | None,
) -> Registry:
    opened = open_bundle(data, digest=digest, key=key, any_version=recompile is not None)
    return Registry(opened, environment, file, recompile)


# The one piece of state in this module: what makes a registry that travels by pickle open once per process.
_lock = threading.RLock()
_travellers: dict[tuple[str, str, Any, Recompile | None], Registry] = {}


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()  # another thread may have held the old one while the process forked


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _arrive(file: str, digest: str, environment: Any, recompile: Recompile | None = None) -> Registry:
    with _lock:
        key = (file, digest, environment, recompile)
        registry = _travellers.get(key) or load(file, environment=environment, digest=digest, recompile=recompile)
        _keep(key, registry)
        return registry


def _keep(key: tuple[str, str, Any, Recompile | None], registry: Registry) -> None:
    _travellers.pop(key, None)  # so that it becomes the last to go
    _travellers[key] = registry
    while len(_travellers) > _TRAVELLERS_KEPT:
        del _travellers[next(iter(_travellers))]
