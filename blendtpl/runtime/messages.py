"""Message templates: what a registry makes e-mails with.

Enters: what the manifest says of a message, variables for its templates, and the fields of the message. Leaves: a
`blendtpl.Message`. What does not depend on a call, such as images, is made once, when the bundle is loaded.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from blendtpl.bundle.manifest import Manifest, MessageEntry
from blendtpl.errors import BundleError, MessageError
from blendtpl.mail.attachments import Image
from blendtpl.mail.message import Message
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.languages import language
from blendtpl.runtime.render import block_texts, render
from blendtpl.runtime.template import Frozen, Variables

Texts = tuple[str, str | None, str | None]
RenderParts = Callable[[Sequence[Variables], dict[str, Any]], Texts]

_BODIES = ("text", "html")
_KEYWORDS = (
    *("to", "sender", "cc", "bcc", "reply_to", "from_", "attachments", "unsubscribe", "headers", "language"),
    *("smtputf8", "quoted_local"),
)
_FIELDS = frozenset(("sender", "from_", "reply_to", "language", "priority"))
# by what people write who mean a field of a message; what a template reads by that name is a variable all the same
_LIKELY_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("attachment", "attach", "attached", "files"), "attachments=[...]"),
        **dict.fromkeys(("recipient", "recipients", "mailto"), "to=[...]"),
        **dict.fromkeys(("from", "fromaddr", "fromaddress", "fromemail", "author"), "sender="),
        **dict.fromkeys(("replyto", "reply"), "reply_to="),
        **dict.fromkeys(("unsubscribeurl", "listunsubscribe"), "unsubscribe="),
        **dict.fromkeys(("header", "extraheaders"), "headers={...}"),
        **dict.fromkeys(("lang", "locale"), "language="),
        **{name: f"{name}=[...]" for name in ("to", "cc", "bcc", "attachments")},
        **{name: f"{name}=" for name in ("sender", "headers", "unsubscribe", "language")},
    }
)


class MessageTemplate(Frozen):
    """A message of a registry. Get one by ``registry.messages[name]``; `entry` is what the manifest says of it."""

    __slots__ = ("_images", "_render", "_variables", "entry", "name")

    name: str
    entry: MessageEntry
    _images: tuple[Image, ...]
    _render: RenderParts
    _variables: frozenset[str]

    def __init__(
        self, name: str, entry: MessageEntry, images: tuple[Image, ...], read: frozenset[str], render: RenderParts
    ) -> None:
        slots = (("name", name), ("entry", entry), ("_images", images), ("_variables", read), ("_render", render))
        for slot, value in slots:
            object.__setattr__(self, slot, value)

    def __repr__(self) -> str:
        parts = (part for part in ("subject", *_BODIES) if part in self.entry.parts)
        return f"<MessageTemplate {self.name!r}: {', '.join(parts)}>"

    def compose(self, mappings: Sequence[Variables], variables: dict[str, Any], fields: dict[str, Any]) -> Message:
        """Return the message for these variables of its templates, and these fields of `Message`."""
        if not variables.keys() <= self._variables:
            self._refuse_fields(variables)
        entry = self.entry
        if fields.get("sender") is None and "sender" not in entry.fields:
            raise MessageError(f"message `{self.name}` has no sender: give `sender=`, or `from` in its message.toml")
        if entry.unsubscribe and fields.get("unsubscribe") is None:
            raise MessageError(f"message `{self.name}` must say how to unsubscribe: give `unsubscribe=`")
        if entry.fields:
            fields = {**entry.fields, **fields}
        if entry.headers:
            headers = fields.get("headers") or {}
            names = {name.lower() for name in headers}
            defaults = {name: value for name, value in entry.headers.items() if name.lower() not in names}
            fields["headers"] = {**defaults, **headers}
        if (tag := fields.get("language")) is None:
            subject, text, html = self._render(mappings, variables)
        else:
            token = language.set(tag)
            try:
                subject, text, html = self._render(mappings, variables)
            finally:
                language.reset(token)
        return Message(subject.strip(), text, html, images=self._images if html is not None else (), **fields)

    def _refuse_fields(self, variables: Iterable[str]) -> None:
        """Raise `MessageError` for what looks like a field of a message, and is no variable of its templates."""
        for name in variables:
            field = _LIKELY_FIELDS.get(name.replace("_", "").replace("-", "").lower())
            if field is not None and name not in self._variables:
                raise MessageError(
                    f"message `{self.name}` has no template that reads `{name}`, and no field is called so: write"
                    f" `{field}`; a variable of that name is given by a mapping"
                )


def split_fields(keywords: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the variables and the fields of a message among keywords."""
    fields = {name: keywords[name] for name in _KEYWORDS if name in keywords}
    return {name: value for name, value in keywords.items() if name not in fields}, {"to": (), **fields}


def message_templates(
    manifest: Manifest, compiled: Mapping[str, CompiledTemplate], files: bytes | memoryview
) -> Mapping[str, MessageTemplate]:
    """Return the messages of a bundle; raises `BundleError` for one that no compiler makes."""
    messages = {}
    for name, entry in manifest.messages.items():
        templates = [entry.template] if entry.template is not None else list(entry.parts.values())
        odd = entry.parts.keys() - {"subject", *_BODIES} or entry.fields.keys() - _FIELDS
        if odd or "subject" not in entry.parts or len(entry.parts) == 1 or not compiled.keys() >= set(templates):
            raise BundleError(f"the manifest's message {name!a} is malformed: compile the bundle again")
        read = frozenset(variable for part in templates for variable in manifest.templates[part].variables)
        try:
            images = tuple(
                Image(image_name, bytes(files[start:end]), kind) for image_name, kind, start, end in entry.images
            )
        except MessageError as error:
            raise BundleError(f"the manifest's message {name!a} is malformed: {error}") from error
        messages[name] = MessageTemplate(name, entry, images, read, renderer(entry, compiled))
    return MappingProxyType(messages)


def renderer(entry: MessageEntry, compiled: Mapping[str, CompiledTemplate]) -> RenderParts:
    """Return what renders the parts of a message."""
    if entry.template is not None:
        return _of_blocks(compiled[entry.template], entry.parts)
    subject, text, html = (
        compiled[entry.parts[part]] if part in entry.parts else None for part in ("subject", *_BODIES)
    )

    def render_parts(mappings: Sequence[Variables], variables: dict[str, Any]) -> Texts:
        contexts = tuple(mappings)
        return (
            render(subject, contexts, variables),  # type: ignore[arg-type]  # no message is without
            None if text is None else render(text, contexts, variables),
            None if html is None else render(html, contexts, variables),
        )

    return render_parts


def _of_blocks(compiled: CompiledTemplate, parts: Mapping[str, str]) -> RenderParts:
    names = tuple(part for part in ("subject", *_BODIES) if part in parts)
    blocks = [parts[name] for name in names]

    def render_parts(mappings: Sequence[Variables], variables: dict[str, Any]) -> Texts:
        texts = dict(zip(names, block_texts(compiled, blocks, tuple(mappings), variables), strict=True))
        return texts["subject"], texts.get("text"), texts.get("html")

    return render_parts
