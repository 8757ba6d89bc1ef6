"""The registry: an opened bundle, and all that a process needs of it to render for as long as it lives.

Enters: a bundle file, its bytes, or a `Bundle`. Leaves: an immutable Mapping of templates. Everything is read,
checked, unmarshalled and bound in `load`; afterwards neither the bundle nor any other file is needed again. What it has
is one generation; `reload_from` puts another in its place by a single assignment.
"""

import gc
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from operator import getitem
from pathlib import Path
from typing import Any

import jinja2

from blendtpl.bundle.archive import Bundle, open_bundle, read_bundle
from blendtpl.bundle.environment import EnvironmentSource
from blendtpl.bundle.manifest import Manifest
from blendtpl.bundle.signing import check_digest, check_key
from blendtpl.errors import BundleArgumentError, BundleError
from blendtpl.mail.message import NO_HEADERS, Message
from blendtpl.mail.unsubscribe import Unsubscribe
from blendtpl.runtime.generation import Generation, Recompile, load_generation
from blendtpl.runtime.messages import MessageTemplate
from blendtpl.runtime.render import render as render_unit
from blendtpl.runtime.template import Frozen, Template, Variables

Name = str | os.PathLike[str]
Packed = bytes | bytearray | memoryview
Key = tuple[str, str, Any, Recompile | None]  # what a registry travels as

_TRAVELLERS_KEPT = 16  # registries that a process keeps because they were pickled there or came there pickled


class Registry(Frozen, Mapping[str, Template]):
    """A read-only Mapping from template names to templates. Get one from `blendtpl.load`.

    `digest` is that of the bundle: SHA-256, in 64 hexadecimal digits. `manifest` says what the bundle is made of;
    `messages` is a read-only Mapping of the e-mails in it, by name. All of it changes at once, by `reload_from` alone.

    It is safe under threads and after a fork. Pickled, it travels as (file, digest, environment) and is opened
    once by each process that it comes to; so the environment must then be given as a callable of a module, as
    ``"module:name"``, or be left out.
    """

    __slots__ = ("__weakref__", "_environment", "_generation", "_recompile")

    _environment: EnvironmentSource
    _recompile: Recompile | None
    _generation: Generation  # nothing else changes, so that whoever reads this once has all of one bundle

    def __init__(
        self,
        bundle: Bundle,
        environment: EnvironmentSource,
        file: str | None,
        recompile: Recompile | None = None,
    ) -> None:
        object.__setattr__(self, "_environment", environment)
        object.__setattr__(self, "_recompile", recompile)
        self._take(load_generation(self, bundle, environment, file, recompile))

    @property
    def digest(self) -> str:
        """That of the bundle: SHA-256, in 64 hexadecimal digits."""
        return self._generation.digest

    @property
    def manifest(self) -> Manifest:
        """What the bundle is made of."""
        return self._generation.manifest

    @property
    def messages(self) -> Mapping[str, MessageTemplate]:
        """The e-mails of the bundle, by name."""
        return self._generation.messages

    def __getitem__(self, name: Name) -> Template:
        return self._generation.template(name)

    def __contains__(self, name: object) -> bool:
        return self._generation.resolve(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._generation.templates)

    def __len__(self) -> int:
        return len(self._generation.templates)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<Registry of {len(self)} templates, sha256 {self.digest[:12]}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, self._key(self._generation)

    def _departing(self, template: Template) -> tuple[Any, ...]:
        """Return what a template of this registry travels as."""
        if template._generation is self._generation:
            return getitem, (self, template.name)
        return _arrive_template, (template.name, *self._key(template._generation))

    def _key(self, generation: Generation) -> Key:
        """Return what a generation of this registry travels as; the one that it has is kept for its return."""
        if generation.file is None:
            raise BundleError("this registry was loaded from memory and cannot be pickled: load it from a file")
        if isinstance(self._environment, jinja2.Environment):
            raise BundleError(
                "this registry was loaded with an environment object and cannot be pickled:"
                ' give `load` a callable or "module:name" that makes the environment'
            )
        key = (generation.file, generation.digest, self._environment, self._recompile)
        if generation is self._generation:
            with _lock:
                _keep(key, self)
        return key

    def reload_from(self, path: str | os.PathLike[str], *, digest: str | None = None, key: bytes | None = None) -> bool:
        """Take the templates of the bundle at `path` in place of those that are here; return whether it is another.

        It is checked and loaded as `blendtpl.load` does it, with the environment that was given there, before anything
        of it is taken: whatever is wrong is raised, and the registry stays as it was. Then all of it is taken at once.
        A render that has begun ends with the templates that it began with, and so does a `Template` that somebody has.

        `digest` and `key` are those of `blendtpl.load`, and are not remembered from there. A bundle that is here
        already, by file and digest, is not loaded again. What was here is garbage when nothing renders with it any
        more; the garbage collector runs once before this returns. Of two calls that overlap in one thread, one of them
        from a handler of signals, the one that began last wins; threads take turns.
        """
        with _reloading:
            before = self._generation
            opened, file = _opened(path, digest, key, self._recompile)
            if (opened.digest, file) == (before.digest, before.file):
                return False
            try:
                loaded = load_generation(self, opened, self._environment, file, self._recompile)
            except BundleError as error:
                raise BundleError(f"{os.fsdecode(path)}: {error}") from error.__cause__
            changed = loaded.digest != before.digest
            if self._generation is before:
                self._take(loaded)
        del before, loaded, opened
        gc.collect()  # a generation is a net of templates that know each other
        return changed

    def _take(self, generation: Generation) -> None:
        object.__setattr__(self, "_generation", generation)

    def get_template(self, name: Name | Template) -> Template:
        """Return the template of that name; raises `TemplateNotFound`, a new object each time.

        A name is found in the spellings in which Jinja2 finds it: in a folder, ``./a.html`` is ``a.html``. A template
        is returned as it is.
        """
        return name if isinstance(name, Template) else self[name]

    def render(self, name: Name | Template, /, *mappings: Variables, **variables: Any) -> str:
        """Return the text of the template `name`, which is looked up as `get_template` does it.

        Later mappings go over earlier ones, keywords over all of them. Where translations are installed, or in the
        bundle, the variable `locale` says into which language (`blendtpl.Translations`). Raises what `get_template` and
        `Template.render` raise.
        """
        try:
            compiled = self._generation.units[name]  # type: ignore[index]  # what has no such name is looked for by others
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
        generation = self._generation
        try:
            template = generation.messages[name]
        except (KeyError, TypeError):
            template = generation.message(name)
        return template.compose(mappings, variables, fields)


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
    if isinstance(source, (str, os.PathLike)):
        bundle, file = _opened(source, digest, key, recompile)
        try:
            return Registry(bundle, environment, file, recompile)
        except BundleError as error:
            raise BundleError(f"{os.fsdecode(source)}: {error}") from error.__cause__
    check_digest(digest)
    check_key(key)
    if not isinstance(source, (bytes, bytearray, memoryview, Bundle)):
        raise BundleArgumentError(
            f"cannot load a {type(source).__name__}: give the name of a file, the bytes of a bundle, or a `Bundle`"
        )
    packed = source.data if isinstance(source, Bundle) else source
    bundle = open_bundle(packed, digest=digest, key=key, any_version=recompile is not None)
    return Registry(bundle, environment, None, recompile)


def _opened(
    path: str | os.PathLike[str], digest: str | None, key: bytes | None, recompile: Recompile | None
) -> tuple[Bundle, str]:
    """Return the bundle in a file, and where that is."""
    check_digest(digest)
    check_key(key)
    if not isinstance(path, (str, os.PathLike)):
        raise BundleArgumentError(f"cannot load a {type(path).__name__}: give the name of a file")
    data = read_bundle(path, trusted=digest is not None or key is not None)
    try:
        bundle = open_bundle(data, digest=digest, key=key, any_version=recompile is not None)
    except BundleError as error:
        raise BundleError(f"{os.fsdecode(path)}: {error}") from error.__cause__
    return bundle, str(Path(os.fsdecode(path)).absolute())


# What makes a registry that travels by pickle open once per process, and reloads take turns.
_lock = threading.RLock()
_reloading = threading.RLock()
_travellers: dict[Key, Registry] = {}


def _renew_locks() -> None:
    global _lock, _reloading
    # another thread may have held the old ones while the process forked
    _lock, _reloading = threading.RLock(), threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


def _arrive(file: str, digest: str, environment: Any, recompile: Recompile | None = None) -> Registry:
    with _lock:
        key = (file, digest, environment, recompile)
        registry = _travellers.get(key)
        if registry is None or registry.digest != digest:  # it has been reloaded since
            registry = load(file, environment=environment, digest=digest, recompile=recompile)
        _keep(key, registry)
        return registry


def _arrive_template(name: str, *key: Any) -> Template:
    return _arrive(*key)[name]


def _keep(key: Key, registry: Registry) -> None:
    _travellers.pop(key, None)  # so that it becomes the last to go
    _travellers[key] = registry
    while len(_travellers) > _TRAVELLERS_KEPT:
        del _travellers[next(iter(_travellers))]
