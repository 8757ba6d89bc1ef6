"""Facts: what other templates may rely on when they are linked with this one.

Enters: a parsed tree. Leaves: a frozen record. Nothing here looks at another template.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import jinja2
from jinja2 import nodes

from blendtpl.bundle import abi
from blendtpl.bundle.environment import autoescape_of, has_own_call, is_own, passed_argument
from blendtpl.compiler.analysis import static_references
from blendtpl.compiler.analysis.leaf_macros import is_leaf
from blendtpl.compiler.analysis.pure_modules import constants, handled
from blendtpl.compiler.analysis.string_functions import Prints, prints
from blendtpl.compiler.analysis.walk import ByKind, below, by_kind, children, has, undeclared


@dataclass(frozen=True, slots=True)
class MacroShape:
    """How a macro takes its arguments: `special` are caller, kwargs, varargs as used; `handed` are the numbers of
    arguments that it calls its caller with, when that is all that it does with it; `included` is what it includes,
    which may see its caller then.
    """

    name: str
    arguments: tuple[str, ...]
    special: tuple[str, ...]
    handed: tuple[int, ...]
    included: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template lets others do.

    `part`: an include may call its code with the names that it reads, rather than make a context. `needs_context`: its
    code may, in rare cases, need a true context all the same, beside what it includes, by the names in `included`.
    `is_singleton`: an import without context may find the same module at every render; `changeable` are the dicts and
    lists that it sets there, `handled` the names of what a template does more with than look things up in it, `modules`
    those that it has for modules: (name, template or "" when that is made at run time, name in it or ""). `macros` are
    those of its top level that are always there; `imported` what top-level imports with constant names bind, once and
    unconditionally: (name, template, macro or ""), `in_context` the like of those with context, wherever they are;
    `context_free`: whether nothing in it can tell a context from another, beside the names that it reads, unless some
    template `hands_caller` to a macro in another way than by a `call` tag; `early` the names of imports and macros that
    are bound before any block may run. `stored` are all names that the top level sets, `scoped` the blocks that run in
    a context of their own. `parent` is what it extends by a constant name, `first`: whether that comes before all else;
    `extends`: whether it extends anything, `extensible`: all that it may extend, `None` when that is made at run time.
    `slotted`: its code may find its variables in the slots of a frame, rather than in a context; `may_form_cycle`: what
    it sets may come to hold that scope, and `else_may`: whether it may where macros do not; `blocks` are its blocks, in
    order, `required` those that another template must fill; `inner` are the names that it sets and that functions made
    at its top level read; `shadows` those that may be set around its scoped blocks; `closes`: whether its top level
    makes macros, and `leaves`: whether they need nothing of the scope, which they hold otherwise; `refers`: whether it
    asks for ``self``, `ahead`: whether it does so outside of blocks. `escaped`: whether its output is, `modifies`:
    whether it changes that while it runs. `prints` are the functions of its code that may return a text.
    """

    part: bool
    needs_context: bool
    included: tuple[str, ...]
    is_singleton: bool
    changeable: frozenset[str]
    handled: frozenset[str]
    modules: tuple[tuple[str, str, str], ...]
    macros: tuple[MacroShape, ...]
    imported: tuple[tuple[str, str, str], ...]
    in_context: tuple[tuple[str, str, str], ...]
    context_free: bool
    hands_caller: bool
    early: frozenset[str]
    stored: frozenset[str]
    bound: frozenset[str]
    scoped: frozenset[str]
    parent: str | None
    first: bool
    extends: bool
    extensible: tuple[str, ...] | None
    slotted: bool
    may_form_cycle: bool
    else_may: bool
    blocks: tuple[str, ...]
    required: tuple[str, ...]
    inner: frozenset[str]
    shadows: frozenset[str]
    closes: bool
    leaves: bool
    refers: bool
    ahead: bool
    escaped: bool
    modifies: bool
    prints: tuple[Prints, ...]


# what a macro, or the body of a `call` block, may read of how it was called, in the order in which it is passed
SPECIAL = ("caller", "kwargs", "varargs")
# the one kind of node that another is derived from, and that one
MODIFIERS = (nodes.EvalContextModifier, nodes.ScopedEvalContextModifier)
# what hands the context itself to an extension, which may change it
_NEVER_SLOTTED = (nodes.ContextReference, nodes.DerivedContextReference, nodes.OverlayScope)
# what needs more of its includer than values: blocks, or a frame that a macro can hold
_NEVER_PART = (nodes.Extends, nodes.Block, nodes.Macro, nodes.CallBlock)
_OBSERVERS = (nodes.Call, nodes.Import, nodes.FromImport)
_SEE_ALL = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Block)
# what sees all that is set around it, or has a caller of its own
_HAND_ON = (
    nodes.Block,
    nodes.Import,
    nodes.FromImport,
    nodes.DerivedContextReference,
    nodes.OverlayScope,
    nodes.Macro,
    nodes.CallBlock,
)
_EXPORTS = (nodes.Assign, nodes.AssignBlock, nodes.Import, nodes.FromImport)


def facts(tree: nodes.Template, environment: jinja2.Environment, template: str) -> Facts:
    """Return the facts of a parsed template."""
    every = by_kind(tree)
    kinds = every.keys()
    included = static_references.included(every, environment, template)
    top = _top(tree.body)
    count = _stored(top)
    stored = frozenset(count)
    blocks: list[nodes.Block] = every.get(nodes.Block, [])
    names = [node.name for node in every.get(nodes.Name, ())]
    slotted = _is_slotted(every, names, environment)
    part = (
        slotted
        and kinds.isdisjoint(_NEVER_PART)
        and "self" not in names
        and not any(isinstance(node, _EXPORTS) for node in top)
    )
    is_singleton, changeable = constants(tree.body)
    macros = tuple(_macros(tree.body, count, environment, template))
    bodies = [(abi.INCLUDED if part else abi.ROOT, tree.body), *_bodies(tree.body, blocks, macros)]
    printing = (prints(function, body, environment, template) for function, body in bodies)
    return Facts(
        part=part,
        needs_context=included is None
        or not kinds.isdisjoint(_OBSERVERS)
        or "self" in names
        or passed_argument(environment.finalize) == "context"
        or _asks(every, environment),
        included=included or (),
        is_singleton=is_singleton,
        changeable=changeable,
        handled=handled(tree, environment),
        modules=static_references.modules(every, environment, template),
        macros=macros,
        imported=static_references.imported(tree.body, count, environment, template),
        in_context=static_references.in_context(every, environment, template),
        context_free=is_singleton and "self" not in names and _is_context_free(every, top, environment),
        hands_caller=any(node.key == "caller" for node in every.get(nodes.Keyword, ()))
        or any(node.dyn_kwargs is not None for node in every.get(nodes.Call, ())),
        early=static_references.early(tree.body),
        stored=stored,
        bound=frozenset(static_references.imports(top)),
        scoped=frozenset(block.name for block in blocks if block.scoped),
        parent=static_references.parent(tree.body, environment, template),
        first=static_references.extends_first(tree.body, every),
        extends=nodes.Extends in kinds,
        extensible=static_references.extensible(every, environment, template),
        slotted=slotted,
        may_form_cycle=may_hold_scope(tree.body),
        else_may=may_hold_scope(tree.body, macros=False),
        blocks=tuple(dict.fromkeys(block.name for block in blocks)),
        required=tuple(block.name for block in blocks if block.required),
        inner=_inner(tree.body, stored),
        shadows=_shadows(every, blocks),
        refers="self" in names,
        ahead=static_references.ahead(tree.body),
        closes=any(isinstance(node, nodes.Macro) for node in top),
        leaves=all(is_leaf(node, environment) for node in top if isinstance(node, nodes.Macro)),
        escaped=autoescape_of(environment, template),
        modifies=not kinds.isdisjoint(MODIFIERS),
        prints=tuple(entry for entry in printing if entry is not None),
    )


def _is_slotted(every: ByKind, names: list[str], environment: jinja2.Environment) -> bool:
    """Return whether a template may run with a frame in place of a context."""
    return (
        not has_own_call(environment)
        and (environment.finalize is None or "super" not in names)
        and every.keys().isdisjoint(_NEVER_SLOTTED)
        and not _keeps_super(every, names)
        and not any(node.name == "self" and node.ctx != "load" for node in every.get(nodes.Name, ()))
    )


def _bodies(
    body: list[nodes.Node], blocks: list[nodes.Block], macros: Iterable[MacroShape]
) -> Iterator[tuple[str, list[nodes.Node]]]:
    """Yield the functions of blocks and of macros that are known, and what they are made of."""
    macro_names = {shape.name for shape in macros}
    for block in blocks:
        yield abi.block_function(block.name), block.body
    for node in body:
        if isinstance(node, nodes.Macro) and node.name in macro_names:
            yield abi.macro_function(node.name), node.body


def _keeps_super(every: ByKind, names: list[str]) -> bool:
    """Return whether a template does more with `super` than print what ``super()`` renders."""
    printed = sum(is_call_of(part, "super") for output in every.get(nodes.Output, ()) for part in output.nodes)
    return names.count("super") > printed


def is_call_of(node: nodes.Node, called: str) -> bool:
    """Return whether a node calls what has a name, without arguments."""
    if not (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == called):
        return False
    return not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)


def is_call_of_self(node: nodes.Node, blocks: Iterable[str]) -> bool:
    """Return whether a node is ``self.name()`` for one of these blocks. What every object has comes before a block."""
    if not (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr)):
        return False
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return False
    of, attr = node.node.node, node.node.attr
    return isinstance(of, nodes.Name) and of.name == "self" and attr in blocks and not attr.startswith("_")


def may_hold_scope(body: list[nodes.Node], *, macros: bool = True) -> bool:
    """Return whether what a top level sets may hold the scope that holds it: `macros`, and results of calls, may."""
    for node in _top(body):
        if isinstance(node, nodes.Macro) and macros:
            return True
        if isinstance(node, nodes.Assign) and (
            has(node, (nodes.Call, nodes.Filter, nodes.Test, nodes.ContextReference)) or undeclared([node], ("self",))
        ):
            return True
        if isinstance(node, (nodes.Import, nodes.FromImport)) and node.with_context:
            return True
    return False


def _inner(body: Iterable[nodes.Node], stored: frozenset[str]) -> frozenset[str]:
    """Return which of the names that a top level sets functions may read that are made there."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, (nodes.Macro, nodes.CallBlock)) or (
            isinstance(node, nodes.For) and (node.test is not None or node.recursive)
        ):
            every = by_kind(node)
            if not every.keys().isdisjoint(_SEE_ALL):
                return stored
            names |= {named.name for kind in (nodes.Name, nodes.NSRef, nodes.Macro) for named in every.get(kind, ())}
        elif not isinstance(node, nodes.Block):
            names |= _inner(children(node), stored)
    return stored & names


def _shadows(every: ByKind, blocks: list[nodes.Block]) -> frozenset[str]:
    """Return the names that may be set around the scoped blocks of a template."""
    if not any(block.scoped for block in blocks):
        return frozenset()
    return frozenset({"loop"} | {node.name for node in every.get(nodes.Name, ()) if node.ctx != "load"})


def _top(body: list[nodes.Node]) -> list[nodes.Node]:
    statements = []
    for node in body:
        statements.append(node)
        if isinstance(node, nodes.If):
            statements += _top([*node.body, *node.elif_, *node.else_])
    return statements


def _asks(every: ByKind, environment: jinja2.Environment) -> bool:
    """Return whether a filter or test asks for the context, or one that is not Jinja2's for how output is escaped."""
    return any(
        passed == "context" or (passed == "eval_context" and not is_own(environment, kind, node.name))
        for of, kind, present in (
            (nodes.Filter, "filter", environment.filters),
            (nodes.Test, "test", environment.tests),
        )
        for node in every.get(of, ())
        if (passed := passed_argument(present.get(node.name)))
    )


def _is_context_free(every: ByKind, top: list[nodes.Node], environment: jinja2.Environment) -> bool:
    """Return whether nothing in a module of macros calls or hands on what may ask for the context: it calls its own
    macros, those that it imports, and callers.
    """
    if has_own_call(environment) or passed_argument(environment.finalize) == "context" or _asks(every, environment):
        return False
    if not every.keys().isdisjoint((nodes.Include, *_NEVER_SLOTTED)):
        return False
    own = {"caller", *(node.name for node in top if isinstance(node, nodes.Macro)), *static_references.imports(top)}
    own -= {node.name for node in every.get(nodes.Name, ()) if node.ctx != "load"}
    calls: list[nodes.Call] = every.get(nodes.Call, [])
    called = (call.node.node if isinstance(call.node, nodes.Getattr) else call.node for call in calls)
    return all(isinstance(node, nodes.Name) and node.name in own for node in called)


def _stored(top: list[nodes.Node]) -> dict[str, int]:
    """Return how often each name is set at the top level."""
    count: dict[str, int] = {}
    for node in top:
        names: list[str] = []
        if isinstance(node, (nodes.Assign, nodes.AssignBlock)):
            names = [part.name for part in (node.target, *below(node.target)) if isinstance(part, nodes.Name)]
        elif isinstance(node, nodes.Macro):
            names = [node.name]
        names += static_references.imports([node])
        for name in names:
            count[name] = count.get(name, 0) + 1
    return count


def _macros(
    body: list[nodes.Node], stored: dict[str, int], environment: jinja2.Environment, template: str
) -> Iterator[MacroShape]:
    for node in body:
        if isinstance(node, nodes.Macro) and stored[node.name] == 1:
            names = tuple(argument.name for argument in node.args)
            if not set(SPECIAL) & set(names):
                special = undeclared(node.body, SPECIAL)
                every = by_kind(node)
                included = static_references.included(every, environment, template)
                handed = _handed(every) if included is not None else ()
                yield MacroShape(node.name, names, tuple(sorted(special)), handed, included or ())


def _handed(every: ByKind) -> tuple[int, ...]:
    """Return with how many arguments a macro calls its caller, when that is all that it does with it."""
    uses = sum(use.name == "caller" for use in every.get(nodes.Name, ()))
    calls = [
        call
        for call in every.get(nodes.Call, ())
        if isinstance(call.node, nodes.Name) and call.node.name == "caller"
        if not (call.kwargs or call.dyn_args or call.dyn_kwargs)
    ]
    if uses != len(calls) or not every.keys().isdisjoint(_HAND_ON):
        return ()
    return tuple(sorted({len(call.args) for call in calls}))
