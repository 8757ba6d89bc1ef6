"""Definitions: what a manifest says of messages, and what goes with them.

Enters: the messages of a program. Leaves: what the manifest says of them, the bytes of their images, and a fault for
each part that is escaped and must not be, or the other way round.
"""

import hashlib
import posixpath
from collections.abc import Callable, Iterable, Iterator

import jinja2
from jinja2 import nodes

from blendtpl.bundle.environment import autoescape_of
from blendtpl.bundle.manifest import MessageEntry
from blendtpl.compiler.analysis.linker import Program
from blendtpl.compiler.mail.folders import Definition, image_places, images_named, joined
from blendtpl.compiler.mail.listing import Tree, innermost
from blendtpl.compiler.mail.settings import FILE, KIND
from blendtpl.errors import Fault
from blendtpl.mail.attachments import guessed_type

ReadText = Callable[[str], str]
ReadFile = Callable[[str], bytes | None]


class Definitions:
    """The messages of one program."""

    def __init__(
        self, program: Program, environment: jinja2.Environment, tree: Tree, texts: ReadText, read: ReadFile
    ) -> None:
        self._program, self._environment, self._tree = program, environment, tree
        self._text, self._read = texts, read
        self._files: dict[str, tuple[int, int]] = {}  # by digest: from where to where
        self.faults: list[Fault] = []
        self.files = b""
        self.read_names: set[str] = set()  # of the files that are images

    def entries(self, listed: Iterable[Definition]) -> dict[str, MessageEntry]:
        """Return what the manifest says of these messages."""
        entries = {}
        for definition in listed:
            for part, name in definition.parts.items():
                if definition.template is not None:
                    place = innermost(self._program, self._tree, definition.template, part)
                    if place is not None:
                        self._check_plain(place.template, part, place.block)
                elif part != "html":
                    self._check_plain(name, part, None)
            entries[definition.name] = definition.entry(self._images(definition))
        return entries

    def _check_plain(self, name: str, part: str, block: nodes.Block | None) -> None:
        """Note a part whose values are escaped and must not be, or the other way round."""
        if block is None and not autoescape_of(self._environment, name) and "autoescape" not in self._text(name):
            return  # which is not worth parsing what comes from the cache
        tree: nodes.Node | None = block or self._tree(name)
        if tree is None:
            return
        escaped = part == "html"
        line = _line_that_prints(tree, autoescape_of(self._environment, name), not escaped)
        if line:
            what = f"the block `{part}`" if block else f"the {part} of a message"
            problem, hint = (
                (f"{what} prints values that are not escaped", "put {% autoescape true %} into it")
                if escaped
                else (f"{what} is plain text, and its values are escaped as HTML", "put {% autoescape false %} into it")
            )
            self.faults.append(Fault(name, line, 0, KIND, problem, hint))

    def _images(self, definition: Definition) -> tuple[tuple[str, str, int, int], ...]:
        html = definition.template or definition.parts.get("html")
        base = posixpath.dirname(definition.template) if definition.template else definition.name
        requested = {
            name: (f"{definition.name}/{FILE}", 0, [joined(base, path)])
            for name, path in definition.settings.images.items()
        }
        linked = self._program.templates.get(html) if html else None
        for template, line, name in self._named((html or "", *linked.reach)) if linked else ():
            requested.setdefault(name, (template, line, image_places(base, template, name)))
        return tuple(row for name, place in sorted(requested.items()) if (row := self._image(name, *place)))

    def _named(self, names: Iterable[str]) -> Iterator[tuple[str, int, str]]:
        """Yield the images that these templates name, with where they do."""
        if "cid" in self._environment.globals:
            for name in names:
                if self._reads_cid(name) and (tree := self._tree(name)) is not None:
                    yield from ((name, line, image) for line, image in images_named(tree))

    def _reads_cid(self, name: str) -> bool:
        """Tell whether a template is worth parsing for that, of which the summary may have come from the cache."""
        linked = self._program.templates.get(name)
        return linked is not None and (
            "cid" in linked.summary.free or any("cid" in block.free for block in linked.summary.blocks)
        )

    def _image(self, name: str, template: str, line: int, places: list[str]) -> tuple[str, str, int, int] | None:
        for place in dict.fromkeys(places):
            data = None if place.startswith("..") else self._read(place)
            if data is not None:
                self.read_names.add(place)
                break
        else:
            looked = ", ".join(f"`{place}`" for place in dict.fromkeys(places))
            self.faults.append(
                Fault(template, line, 0, KIND, f"no image `{name}`: there is none of {looked}", "put the file there")
            )
            return None
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._files:
            self._files[digest] = len(self.files), len(self.files) + len(data)
            self.files += data
        return name, guessed_type(place.rpartition("/")[2]), *self._files[digest]


def _line_that_prints(node: nodes.Node, escaped: bool, wrong: bool) -> int:
    """Return a line on which something else than text of the template is printed while escaping is `wrong`, or 0."""
    for child in node.iter_child_nodes():
        now = escaped
        if isinstance(child, nodes.ScopedEvalContextModifier):
            for option in child.options:
                if option.key == "autoescape" and isinstance(option.value, nodes.Const):
                    now = bool(option.value.value)
        if isinstance(child, nodes.Output) and escaped is wrong:
            for printed in child.nodes:
                if not isinstance(printed, nodes.TemplateData) and not _is_safe(printed):
                    return printed.lineno
        elif found_in := _line_that_prints(child, now, wrong):
            return found_in
    return 0


def _is_safe(node: nodes.Node) -> bool:
    """Return whether what is printed says itself that it is not to be escaped, or is none that a reader sees."""
    return isinstance(node, (nodes.MarkSafe, nodes.MarkSafeIfAutoescape, nodes.Const)) or (
        isinstance(node, nodes.Filter) and node.name in {"safe", "e", "escape", "forceescape"}
    )
