"""Static references: what a template extends, includes and imports by names that are known.

Enters: a parsed tree. Leaves: names of templates, and the variables that imports bind.
"""

from collections.abc import Container, Iterable, Iterator

import jinja2
from jinja2 import nodes

from blendtpl.compiler.analysis.walk import ByKind, children, has, undeclared

_MAY_RUN_BLOCKS = (nodes.Block, nodes.Include, nodes.Call, nodes.CallBlock, nodes.Filter, nodes.Test)


def parent(body: list[nodes.Node], environment: jinja2.Environment, template: str) -> str | None:
    """Return what a template extends, by the first of its tags `extends`, when that has a constant name."""
    for node in body:
        if isinstance(node, nodes.Extends):
            reference = node.template
            if isinstance(reference, nodes.Const) and isinstance(reference.value, str):
                return environment.join_path(reference.value, template)
            return None
    return None


def extensible(every: ByKind, environment: jinja2.Environment, template: str) -> tuple[str, ...] | None:
    """Return the names that the tags `extends` of a template choose from, when each of them is constant."""
    names: list[str] = []
    waiting: list[nodes.Expr | None] = [node.template for node in every.get(nodes.Extends, ())]
    while waiting:
        reference = waiting.pop()
        if isinstance(reference, nodes.CondExpr):
            waiting += [reference.expr1, reference.expr2]
        elif isinstance(reference, (nodes.List, nodes.Tuple)):
            waiting += reference.items
        elif isinstance(reference, nodes.Const) and isinstance(reference.value, str):
            names.append(environment.join_path(reference.value, template))
        elif reference is not None:  # where there is nothing else, nothing is extended
            return None
    return tuple(sorted(names))


def extends_first(body: list[nodes.Node], every: ByKind) -> bool:
    """Return whether a template extends another once, at its root, with nothing before that could tell, and with no
    block that runs before what it extends does.
    """
    if _runs_blocks(body):
        return False
    for node in body:
        if isinstance(node, nodes.Extends):
            return len(every[nodes.Extends]) == 1
        if not (isinstance(node, nodes.Output) and all(isinstance(part, nodes.TemplateData) for part in node.nodes)):
            return False
    return False


def _runs_blocks(body: Iterable[nodes.Node]) -> bool:
    """Return whether a template that extends another runs blocks of its own all the same, as in loops and the like."""
    return any(
        _runs_blocks(children(node)) if isinstance(node, nodes.If) else has(node, (nodes.Block,))
        for node in body
        if not isinstance(node, nodes.Block)
    )


def included(every: ByKind, environment: jinja2.Environment, template: str) -> tuple[str, ...] | None:
    """Return what a template includes, when each has its context and one constant name; else `None`."""
    names = []
    for node in every.get(nodes.Include, ()):
        if not (node.with_context and isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)):
            return None
        names.append(environment.join_path(node.template.value, template))
    return tuple(names)


def imports(top: list[nodes.Node]) -> Iterator[str]:
    """Yield the names that imports of a top level bind."""
    for node in top:
        if isinstance(node, nodes.Import):
            yield node.target
        elif isinstance(node, nodes.FromImport):
            yield from (name[1] if isinstance(name, tuple) else name for name in node.names)


def imported(
    body: list[nodes.Node], stored: dict[str, int], environment: jinja2.Environment, template: str
) -> tuple[tuple[str, str, str], ...]:
    """Return what imports of a top level bind once and surely: (name, template, name in it or "")."""
    statements = [node for node in body if isinstance(node, (nodes.Import, nodes.FromImport))]
    return tuple(bound for bound in _bound(statements, environment, template) if bound[1] and stored[bound[0]] == 1)


def modules(every: ByKind, environment: jinja2.Environment, template: str) -> tuple[tuple[str, str, str], ...]:
    """Return the like of all imports, wherever they are; of a name that is made at run time, no template."""
    return tuple(_bound(_imports(every), environment, template))


def in_context(every: ByKind, environment: jinja2.Environment, template: str) -> tuple[tuple[str, str, str], ...]:
    """Return the like of all imports with context."""
    return tuple(_bound([node for node in _imports(every) if node.with_context], environment, template))


def sole(
    every: ByKind, environment: jinja2.Environment, template: str, context_free: Container[str]
) -> dict[str, tuple[str, str]]:
    """Return what nothing but imports of one and the same thing binds, in any scope: each name with the template, and
    the name in it or "". With context that is so of the templates that are `context_free` alone.
    """
    others = {node.name for node in every.get(nodes.Name, ()) if node.ctx != "load"}
    others |= {node.name for node in every.get(nodes.Macro, ())}
    others |= {alias for alias, origin, _ in in_context(every, environment, template) if origin not in context_free}
    bound: dict[str, set[tuple[str, str]]] = {}
    for alias, *what in _bound(_imports(every), environment, template):
        bound.setdefault(alias, set()).add((what[0], what[1]))
    return {alias: what.pop() for alias, what in bound.items() if len(what) == 1 and alias not in others}


def _imports(every: ByKind) -> list[nodes.Import | nodes.FromImport]:
    return [*every.get(nodes.Import, ()), *every.get(nodes.FromImport, ())]


def _bound(
    statements: list[nodes.Import | nodes.FromImport], environment: jinja2.Environment, template: str
) -> Iterator[tuple[str, str, str]]:
    for node in statements:
        reference = node.template.value if isinstance(node.template, nodes.Const) else None
        origin = environment.join_path(reference, template) if isinstance(reference, str) else ""
        if isinstance(node, nodes.Import):
            yield node.target, origin, ""
        else:
            for name in node.names:
                called, alias = name if isinstance(name, tuple) else (name, name)
                yield alias, origin, called


def early(body: list[nodes.Node]) -> frozenset[str]:
    """Return the names that imports and macros of a top level bind before anything may run a block."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, (nodes.Import, nodes.FromImport)):
            names.update(imports([node]))
        elif isinstance(node, nodes.Macro):
            names.add(node.name)
        elif isinstance(node, _MAY_RUN_BLOCKS) or has(node, _MAY_RUN_BLOCKS) or undeclared([node], ("self",)):
            break
    return frozenset(names)


def ahead(body: list[nodes.Node]) -> bool:
    """Return whether a top level asks for ``self``, so that blocks may run before all of it has."""
    return bool(undeclared([node for node in body if not isinstance(node, nodes.Block)], ("self",)))
