"""Constructs: which of those that are said to be slow the templates of a render have.

Enters: the texts that a render reaches, and their environment. Leaves: names, in the order of the table below.
"""

from collections.abc import Iterator, Mapping

import jinja2
from jinja2 import nodes

PLAIN = "none of these"
CONSTRUCTS = (
    "`|attr`",
    "an include with a computed name",
    "an `autoescape` tag",
    "an import with context",
    "an `extends` that is not the first tag",
    "a module made for each render",
    "a sandboxed environment",
    "a `finalize`",
    "an include without context",
    "a computed import or `extends`",
    PLAIN,
)

_QUIET = (nodes.Macro, nodes.Import, nodes.FromImport)  # what a module may have that never changes, beside constants


def constructs(texts: Mapping[str, str], environment: jinja2.Environment) -> list[str]:
    """Return what these templates have of `CONSTRUCTS`."""
    trees = {name: environment.parse(text, name) for name, text in texts.items()}
    found = {construct for tree in trees.values() for construct in _of(tree, trees)}
    if environment.sandboxed:
        found.add("a sandboxed environment")
    if environment.finalize:
        found.add("a `finalize`")
    return [construct for construct in CONSTRUCTS if construct in found] or [PLAIN]


def _of(tree: nodes.Template, trees: Mapping[str, nodes.Template]) -> Iterator[str]:
    for node in tree.find_all((nodes.Filter, nodes.ScopedEvalContextModifier, nodes.Include, nodes.Extends)):
        if isinstance(node, nodes.Filter) and node.name == "attr":
            yield "`|attr`"
        elif isinstance(node, nodes.ScopedEvalContextModifier):
            yield "an `autoescape` tag"
        elif isinstance(node, nodes.Include):
            if not isinstance(node.template, (nodes.Const, nodes.List, nodes.Tuple)):
                yield "an include with a computed name"
            if not node.with_context:
                yield "an include without context"
        elif isinstance(node, nodes.Extends):
            if not isinstance(node.template, nodes.Const):
                yield "a computed import or `extends`"
            if not _is_first(node, tree):
                yield "an `extends` that is not the first tag"
    imports: list[nodes.Import | nodes.FromImport] = [*tree.find_all(nodes.Import), *tree.find_all(nodes.FromImport)]
    for found in imports:
        if found.with_context:
            yield "an import with context"
        if not isinstance(found.template, nodes.Const):
            yield "a computed import or `extends`"
        elif not found.with_context and not _is_quiet(trees.get(found.template.value)):
            yield "a module made for each render"


def _is_first(node: nodes.Extends, tree: nodes.Template) -> bool:
    tags = [part for part in tree.body if not _is_text(part)]
    return bool(tags) and tags[0] is node


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(isinstance(part, nodes.TemplateData) for part in node.nodes)


def _is_quiet(tree: nodes.Template | None) -> bool:
    """Return whether a template does no more at its top level than define macros and constants."""
    return tree is not None and all(
        isinstance(node, _QUIET) or _is_text(node) or (isinstance(node, nodes.Assign) and _is_constant(node.node))
        for node in tree.body
    )


def _is_constant(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Expr):
        return False
    try:
        node.as_const()
    except nodes.Impossible:
        return False
    return True
