"""Prepare: what is made of the sources of messages before anything is parsed.

Enters: all sources, and the settings. Leaves: sources, and warnings of what could not be done. What was made before of
the same sources comes from the build cache.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Protocol

import jinja2

from blendtpl.bundle.environment import autoescape_of
from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.mail.folders import Definition, folders
from blendtpl.compiler.mail.project_settings import MailSettings
from blendtpl.compiler.mail.settings import Settings
from blendtpl.errors import Fault, TemplateWarning
from blendtpl.extras import not_installed

_MJML = "body.mjml"

KEPT_CSS = "kept-css"  # the kind of warning


class _Cache(Protocol):
    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, value: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """The sources to compile, what is wrong with those that were to become others, and warnings, by place."""

    sources: dict[str, Source]
    faults: tuple[Fault, ...] = ()
    warnings: tuple[TemplateWarning, ...] = ()


def prepare(
    sources: dict[str, Source],
    files: Mapping[str, Settings | None],
    environment: jinja2.Environment,
    settings: MailSettings,
    cache: _Cache | None,
    make_key: Callable[[str, dict[str, Any]], str],
) -> Prepared:
    """Return what the settings make of sources; `files` are those of the `message.toml` files."""
    sources, faults = _from_mjml(sources, environment)
    definitions = folders(sources, files).values()
    sources = _with_texts(sources, definitions, environment)
    messages = _to_inline(definitions, settings)
    if not messages:
        return Prepared(sources, faults)
    try:
        from blendtpl.compiler.mail.css import inline  # whoever has no e-mail needs none of its libraries
    except ImportError as error:
        raise not_installed("`inline_css`", error) from None
    escaped = [name for name in sources if autoescape_of(environment, name)]
    content = {
        "messages": messages,
        "sources": [(source.name, source.digest) for source in sources.values()],
        "escaped": escaped,
    }
    key = make_key("css", content) if cache else ""
    inlined = _read(cache.get(key)) if cache else None
    if inlined is None:
        changed, notes = inline(sources, messages, environment)
        inlined = {
            "changed": {name: source.text for name, source in changed.items()},
            "notes": [[note.template, note.line, note.text] for note in notes],
        }
        if cache:
            cache.put(key, json.dumps(inlined).encode())
    texts = inlined["changed"]
    prepared = {name: _with(source, texts[name]) if name in texts else source for name, source in sources.items()}
    return Prepared(prepared, faults, tuple(_warning(sources, *note) for note in inlined["notes"]))


def _from_mjml(
    sources: dict[str, Source], environment: jinja2.Environment
) -> tuple[dict[str, Source], tuple[Fault, ...]]:
    if not any(_MJML in name for name in sources):
        return sources, ()
    try:
        from blendtpl.compiler.mail.mjml import to_html  # as above
    except ImportError as error:
        raise not_installed("a `body.mjml`", error) from None
    converted, faults = to_html(sources, environment)
    return converted, tuple(faults)


def _with_texts(
    sources: dict[str, Source], definitions: Iterable[Definition], environment: jinja2.Environment
) -> dict[str, Source]:
    bodies = [
        definition.parts["html"]
        for definition in definitions
        if definition.settings.text_from_html and "html" in definition.parts and "text" not in definition.parts
    ]
    if not bodies:
        return sources
    from blendtpl.compiler.mail.plain_text import texts  # whoever wants none does not load it

    return {**sources, **texts(sources, bodies, environment)}


def _to_inline(definitions: Iterable[Definition], settings: MailSettings) -> list[str]:
    """Return the names of the HTML of messages whose CSS is inlined; what is wrong with any is told elsewhere."""
    return [
        definition.parts["html"]
        for definition in definitions
        if "html" in definition.parts
        and (settings.inline_css if definition.settings.inline_css is None else definition.settings.inline_css)
    ]


def _read(data: bytes | None) -> dict[str, Any] | None:
    try:
        entry = None if data is None else json.loads(data)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _with(source: Source, text: str) -> Source:
    return replace(source, text=text, digest=sha256(text.encode()).hexdigest())


def _warning(sources: Mapping[str, Source], name: str, line: int, text: str) -> TemplateWarning:
    shown = sources[name].text.split("\n")[line - 1 : line]
    return TemplateWarning(
        name=name,
        line=line,
        column=0,
        kind=KEPT_CSS,
        message=f"a rule of CSS stays in its `<style>`: {text}",
        source_line=shown[0] if shown else "",
    )
