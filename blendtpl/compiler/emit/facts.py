"""Facts: what other templates may rely on when they are linked with this one.

Enters: a parsed tree. Leaves: a frozen record. Nothing here looks at another template.
"""

from dataclasses import dataclass

import jinja2
from jinja2 import nodes
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from blendtpl.compiler.emit.frames import has, undeclared
from blendtpl.environments import passed_argument


@dataclass(frozen=True, slots=True)
class MacroShape:
    """How a macro takes its arguments. `required` names come first; `special` are caller, kwargs, varargs as used."""

    name: str
    arguments: tuple[str, ...]
    special: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template lets others do.

    `part`: an include may call its code with the names that it reads, rather than make a context. `observes`: its
    code may, in rare cases, need a true context all the same, beside what it includes, by the names in `included`.
    `static`: an import without context finds the same immutable module at every render. `macros` are those of its top
    level that are always there; `imported` what top-level imports with constant names bind, once and unconditionally:
    (name, template, macro or ""). `stored` are all names that the top level sets, `scoped` the blocks that run in a
    context of their own. `parent` is what it extends by a constant name, `first`: whether that comes before all else;
    `extends`: whether it extends anything.
    """

    part: bool
    observes: bool
    included: tuple[str, ...]
    static: bool
    macros: tuple[MacroShape, ...]
    imported: tuple[tuple[str, str, str], ...]
    stored: frozenset[str]
    scoped: frozenset[str]
    parent: str | None
    first: bool
    extends: bool


_NEVER_PART = (
    nodes.Extends,
    nodes.Block,
    nodes.Macro,
    nodes.CallBlock,
    nodes.ContextReference,
    nodes.DerivedContextReference,
    nodes.OverlayScope,
    nodes.EvalContextModifier,
    nodes.ExtensionAttribute,
    nodes.EnvironmentAttribute,
    nodes.InternalName,
)
_EXPORTS = (nodes.Assign, nodes.AssignBlock, nodes.Import, nodes.FromImport)


def facts(tree: nodes.Template, environment: jinja2.Environment, template: str) -> Facts:
    """Return the facts of a parsed template."""
    own = type(environment).getattr is not jinja2.Environment.getattr or environment.sandboxed
    included = _included(tree, environment, template)
    calls = included is None or has(tree, (nodes.Call, nodes.Import, nodes.FromImport))
    exports = any(isinstance(node, _EXPORTS) for node in _top(tree.body))
    part = (
        not own
        and environment.finalize is None
        and not has(tree, _NEVER_PART)
        and "self" not in undeclared(tree.body, ("self",))
        and not _passes_context(tree, environment)
        and not exports
    )
    return Facts(
        part=part,
        observes=calls,
        included=included or (),
        static=_static(tree.body),
        macros=_macros(tree.body),
        imported=_imported(tree.body, environment, template),
        stored=frozenset(_stored(tree.body)),
        scoped=frozenset(block.name for block in tree.find_all(nodes.Block) if block.scoped),
        parent=_parent(tree.body, environment, template),
        first=_extends_first(tree),
        extends=tree.find(nodes.Extends) is not None,
    )


def _included(tree: nodes.Template, environment: jinja2.Environment, template: str) -> tuple[str, ...] | None:
    """Return what a template includes, when each has its context and one constant name; else `None`."""
    names = []
    for node in tree.find_all(nodes.Include):
        if not (node.with_context and isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)):
            return None
        names.append(environment.join_path(node.template.value, template))
    return tuple(names)


def _parent(body: list[nodes.Node], environment: jinja2.Environment, template: str) -> str | None:
    for node in body:
        if isinstance(node, nodes.Extends):
            found = node.template
            if isinstance(found, nodes.Const) and isinstance(found.value, str):
                return environment.join_path(found.value, template)
            return None
    return None


def _extends_first(tree: nodes.Template) -> bool:
    """Return whether a template extends another once, at its root, with nothing before that could tell."""
    for node in tree.body:
        if isinstance(node, nodes.Extends):
            return len(list(tree.find_all(nodes.Extends))) == 1
        if not (isinstance(node, nodes.Output) and all(isinstance(part, nodes.TemplateData) for part in node.nodes)):
            return False
    return False


def _top(body: list[nodes.Node]) -> list[nodes.Node]:
    found = []
    for node in body:
        found.append(node)
        if isinstance(node, nodes.If):
            found += _top([*node.body, *node.elif_, *node.else_])
    return found


def _passes_context(tree: nodes.Template, environment: jinja2.Environment) -> bool:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        known, own = (environment.filters, FILTERS) if isinstance(node, nodes.Filter) else (environment.tests, TESTS)
        function = known.get(node.name)
        wanted = passed_argument(function)
        if wanted == "context" or (wanted == "eval_context" and function is not own.get(node.name)):
            return True
    return False


def _static(body: list[nodes.Node]) -> bool:
    """Return whether running the top level has no effect but to define macros and names of constants."""
    for node in body:
        if isinstance(node, nodes.Output):
            if not all(isinstance(part, nodes.TemplateData) for part in node.nodes):
                return False
        elif isinstance(node, nodes.Assign):
            if not (isinstance(node.target, nodes.Name) and isinstance(node.node, nodes.Const)):
                return False
        elif not isinstance(node, nodes.Macro):
            return False
    return True


def _stored(body: list[nodes.Node]) -> dict[str, int]:
    """Return how often each name is set at the top level."""
    count: dict[str, int] = {}
    for node in _top(body):
        names: list[str] = []
        if isinstance(node, (nodes.Assign, nodes.AssignBlock)):
            names = [
                found.name
                for found in (node.target, *node.target.find_all(nodes.Name))
                if isinstance(found, nodes.Name)
            ]
        elif isinstance(node, nodes.Macro):
            names = [node.name]
        elif isinstance(node, nodes.Import):
            names = [node.target]
        elif isinstance(node, nodes.FromImport):
            names = [name[1] if isinstance(name, tuple) else name for name in node.names]
        for name in names:
            count[name] = count.get(name, 0) + 1
    return count


def _macros(body: list[nodes.Node]) -> tuple[MacroShape, ...]:
    stored = _stored(body)
    found = []
    for node in body:
        if isinstance(node, nodes.Macro) and stored[node.name] == 1:
            names = tuple(argument.name for argument in node.args)
            if not {"caller", "kwargs", "varargs"} & set(names):
                special = undeclared(node.body, ("caller", "kwargs", "varargs"))
                order = tuple(name for name in ("caller", "kwargs", "varargs") if name in special)
                found.append(MacroShape(node.name, names, order))
    return tuple(found)


def _imported(
    body: list[nodes.Node], environment: jinja2.Environment, template: str
) -> tuple[tuple[str, str, str], ...]:
    stored = _stored(body)
    found: list[tuple[str, str, str]] = []
    for node in body:
        if not isinstance(node, (nodes.Import, nodes.FromImport)) or node.with_context:
            continue
        if not (isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)):
            continue
        origin = environment.join_path(node.template.value, template)
        if isinstance(node, nodes.Import):
            if stored[node.target] == 1:
                found.append((node.target, origin, ""))
        else:
            for name in node.names:
                called, alias = name if isinstance(name, tuple) else (name, name)
                if stored[alias] == 1:
                    found.append((alias, origin, called))
    return tuple(found)
