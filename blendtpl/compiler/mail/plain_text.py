"""Plain text: the text part of a message, made of its HTML in the build.

Enters: the sources, and which HTML is to have a text. Leaves: a text for each template that the HTML is made of, with
Jinja2's tags in their lines, so that it renders with the same context; and the sources without ``data-text``.

No library reads half a document with tags of Jinja2 in it, which is what a template, a block or a macro is: libraries
that make text of HTML want a whole tree, and what stands in a tree twice stands in a template once. So this is done tag
by tag: what an element means for a text is a break before and behind it, and at most a word.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from blendtpl.compiler.frontend.reader import Source
from blendtpl.compiler.mail.bindings import constant_name
from blendtpl.compiler.mail.composition import Templates
from blendtpl.compiler.mail.edits import Edit, applied
from blendtpl.compiler.mail.marked import Marked
from blendtpl.compiler.mail.marks import Marks, shared_with_others
from blendtpl.compiler.mail.scanning import Element
from blendtpl.compiler.mail.text_tags import HTML_NAME, TWIN
from blendtpl.compiler.mail.text_writer import OVERRIDE, TextWriter


def texts(sources: Mapping[str, Source], bodies: Iterable[str], environment: jinja2.Environment) -> dict[str, Source]:
    """Return the sources that are new, or change: a text for each template that these bodies are made of."""
    generated: dict[str, Source] = {}
    marks = Marks(sources, environment)
    reached = _reached(sources, bodies, environment)
    shared = shared_with_others(sources, marks, reached)
    for name in sorted(reached):
        if name not in marks:  # what is wrong with it is told when it is parsed
            continue
        marked = marks[name]
        twin = name + TWIN
        text = TextWriter(marked, environment, lambda other: other in sources and _is_html(other)).written()
        generated[twin] = _source(sources[name], twin, text)
        cleaned = [edit for element in marked.elements if (edit := _without_override(marked, element))]
        if cleaned and name not in shared:
            generated[name] = _source(sources[name], name, applied(marked.text, cleaned))
    for name in bodies:
        begin, end = environment.block_start_string, environment.block_end_string
        body = f"{name.rpartition('/')[0]}/body.txt"
        generated[body] = _source(sources[name], body, f'{begin} extends "{name}{TWIN}" {end}')
    return generated


def _source(source: Source, name: str, text: str) -> Source:
    return replace(source, name=name, text=text, digest=hashlib.sha256(text.encode()).hexdigest())


def _is_html(name: str) -> bool:
    return HTML_NAME.search(name.lower()) is not None


def _reached(sources: Mapping[str, Source], bodies: Iterable[str], environment: jinja2.Environment) -> set[str]:
    """Return the templates in HTML that these are made of, with themselves."""
    trees = Templates({}, environment, set())
    seen: set[str] = set()
    waiting = list(bodies)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in sources or not _is_html(name):
            continue
        seen.add(name)
        try:
            tree = environment.parse(sources[name].text, name)
        except TemplateSyntaxError:
            continue
        for node in tree.find_all(nodes.Node):
            if isinstance(node, nodes.Include):
                waiting += [other for other in trees.included(node, name, list(sources)) if other is not None]
            elif isinstance(node, (nodes.Extends, nodes.Import, nodes.FromImport)):
                reference = constant_name(node.template, name, environment.join_path)
                waiting += [] if reference is None else [reference]
    return seen


def _without_override(marked: Marked, element: Element) -> Edit | None:
    attribute = element.attribute(OVERRIDE)
    if attribute is None:
        return None
    start = attribute.start - marked.text[: attribute.start].endswith(" ")
    return Edit(start, attribute.end, "\n" * marked.text.count("\n", start, attribute.end))
