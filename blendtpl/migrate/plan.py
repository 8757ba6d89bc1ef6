"""Plan: which calls of a module are rewritten, which are left alone and why.

Enters: a module, and all that is known. Leaves: a decision or a reason for each site. Some sites can only be rewritten
together: those that print into one capture, and those that share a variable which goes. Nothing is changed here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from blendtpl.migrate import edits
from blendtpl.migrate.captures import Capture, captures_of, open_around
from blendtpl.migrate.constants import Code
from blendtpl.migrate.decide import Decision, decide, template_of
from blendtpl.migrate.flow import ancestors
from blendtpl.migrate.held import Held, names_in
from blendtpl.migrate.methods import is_alias, method_of, targets_of
from blendtpl.migrate.project import Project
from blendtpl.migrate.sites import Left, Site, Unclear, site_of
from blendtpl.migrate.templates import Templates
from blendtpl.migrate.visible import Hidden, View, is_bound


@dataclass(frozen=True, slots=True)
class Basis:
    """What a module is looked at with: the templates, all files, the name of the shim, and what the registry is called
    here. `missing`: that has to be imported first; `problem`: why it cannot be.
    """

    templates: Templates
    project: Project
    shim: str
    registry: str
    missing: bool
    problem: str


@dataclass(slots=True)
class Plan:
    """What will be done with the `sites` of a module. `chosen` are rewritten, `captures` become assignments; `left` has
    the call and the reason for whatever else there is. `read` are imports that a template may see which is left.
    """

    code: Code
    sites: list[Site] = field(default_factory=list)
    chosen: dict[Site, Decision] = field(default_factory=dict)
    captures: list[Capture] = field(default_factory=list)
    left: dict[cst.CSTNode, tuple[str, str]] = field(default_factory=dict)
    read: frozenset[str] = frozenset()

    def holders(self) -> dict[tuple[str, cst.CSTNode], tuple[Held, list[Site]]]:
        """Return the variables that are to go, each with the chosen sites that read it."""
        holders: dict[tuple[str, cst.CSTNode], tuple[Held, list[Site]]] = {}
        for site in self.chosen:
            for held in site.held:
                holders.setdefault((held.name, held.statement), (held, []))[1].append(site)
        return holders


def plan(code: Code, basis: Basis) -> Plan:
    """Return what to do with the sites of a module."""
    calls = ((node, scope) for node, scope in code.scopes.of.items() if isinstance(node, cst.Call))
    candidates = ((node, site_of(node, scope, code, basis.shim)) for node, scope in calls)
    sites = {node: site for node, site in candidates if site is not None}
    captures, loose = captures_of(sites, code, basis.shim, basis.project)
    draft = Plan(code)
    for unclear in (
        *loose,
        *_passed_on(code, basis.shim),
        *(site for site in sites.values() if isinstance(site, Unclear)),
    ):
        draft.left[unclear.node] = (unclear.call, unclear.reason)
    loose_scopes = {code.scopes.of[unclear.node] for unclear in loose if isinstance(unclear.node, cst.Call)}
    for site in sites.values():
        if isinstance(site, Site):
            draft.sites.append(site)
            around = open_around(site.node, captures, code) if site.prints and not site.of_file else None
            try:
                draft.chosen[site] = _decided(site, around, basis, draft, open_too=site.scope in loose_scopes)
            except Left as reason:
                if str(reason):
                    draft.left[site.node] = (site.call, str(reason))
    _settle(draft, captures, basis)
    anything = any(isinstance(site, Unclear) for site in sites.values())
    blind = [site for site in draft.sites if site.implicit and site not in draft.chosen]
    draft.read = frozenset(
        name
        for name in code.scopes.module.imported
        if anything or any(_may_read(site, name, basis, draft) for site in blind)
    )
    return draft


def _passed_on(code: Code, shim: str) -> Iterator[Unclear]:
    """Yield methods of the shim that are not called where they stand, so that nobody sees with what they are."""
    bound = {node for scope in code.scopes.module.all() for _, node in scope.stores}
    for node, scope in code.scopes.of.items():
        if node in bound or not isinstance(node, (cst.Name, cst.Attribute)):
            continue
        around = code.parents.get(node)
        if isinstance(around, cst.AssignTarget) or (isinstance(around, cst.Call) and around.func is node):
            continue
        method = method_of(node, scope, code, shim)
        if method is None or (isinstance(node, cst.Name) and method.problem):
            continue
        if not any(is_alias(target, scope, code) for target in targets_of(node, code)):
            yield Unclear(node, method.call, "it is not called here")


def _decided(site: Site, around: Capture | None, basis: Basis, draft: Plan, *, open_too: bool) -> Decision:
    decision = decide(site, draft.code, basis.templates, basis.project, basis.shim, captured=around is not None)
    if around is not None and around.problem:
        raise Left(f"it prints into a capture that stays: {around.problem}")
    if around is not None and around.name in decision.names:
        raise Left(f"its template may read `{around.name}`, the capture that it prints into")
    if around is None and open_too and site.prints and not site.of_file:
        raise Left("a capture may be open there")
    if basis.problem:
        raise Left(basis.problem)
    if not basis.missing:
        try:
            bound = is_bound(basis.registry, View(site.node, site.scope, draft.code, through=True))
        except Hidden:
            bound = False
        if not bound or site.scope.home(basis.registry) is not site.scope.module:
            raise Left(f"`{basis.registry}` is not the registry there, or not yet")
    new = edits.rendering(site.node, site, decision, basis.registry, '"')
    if edits.comments(site.node) - edits.comments(new):
        raise Left("a comment stands in what would go")
    return decision


def _may_read(site: Site, name: str, basis: Basis, draft: Plan) -> bool:
    """Return whether the template of a site that is left, and is given all variables, may read one."""
    try:
        template = basis.templates.known(template_of(site, draft.code, basis.templates))
    except Left:
        return True
    return template.may_read(frozenset({name}))


def _settle(draft: Plan, captures: list[Capture], basis: Basis) -> None:
    """Leave sites that can only be rewritten together with others that are left, until nothing changes."""
    changed = True
    staying: dict[Capture, str] = {}
    while changed:
        changed = False
        for capture in captures:
            if reason := _capture_stays(capture, draft, basis):
                staying.setdefault(capture, reason)
                changed |= _leave(draft, capture.sites, "it prints into a capture that stays")
        for held, sites in draft.holders().values():
            if problem := _stays(held, sites, draft, basis):
                changed |= _leave(draft, sites, problem)
    for capture in captures:
        if capture in staying:
            draft.left[capture.call] = (cst.Module([]).code_for_node(capture.call.func), staying[capture])
        else:
            draft.captures.append(capture)


def _capture_stays(capture: Capture, draft: Plan, basis: Basis) -> str:
    """Return why a capture cannot become a text, or an empty string."""
    if capture.problem or any(site not in draft.chosen for site in capture.sites):
        return capture.problem or "what prints into it is left alone"
    home = draft.code.scopes.of[capture.call].home(capture.name)
    for site in draft.sites:
        if not site.implicit or site.scope.home(capture.name) is not home:
            continue
        decision = draft.chosen.get(site)
        if capture.name in decision.names if decision else _may_read(site, capture.name, basis, draft):
            return f"a template may read `{capture.name}`"
    return ""


def _leave(draft: Plan, sites: Iterable[Site], reason: str) -> bool:
    chosen = [site for site in sites if site in draft.chosen]
    for site in chosen:
        del draft.chosen[site]
        draft.left[site.node] = (site.call, reason)
    return bool(chosen)


def _stays(held: Held, sites: list[Site], draft: Plan, basis: Basis) -> str:
    """Return why a variable cannot go after all, or an empty string."""
    inside = {name for site in sites for name in names_in(site.node)}
    going = {other.statement for site in sites for other in site.held if not other.unwrapped}
    if any(use not in inside and going.isdisjoint(ancestors(use, draft.code.parents)) for use in held.uses):
        return f"`{held.name}` is used elsewhere too"
    if any(held.name in decision.names for decision in draft.chosen.values()):
        return f"`{held.name}` is passed to a template"
    blind = (site for site in draft.sites if site.implicit and site not in draft.chosen)
    if any(site.scope.home(held.name) is held.home and _may_read(site, held.name, basis, draft) for site in blind):
        return f"`{held.name}` may be read by a template that is left"
    if held.unwrapped:
        assert isinstance(held.statement, cst.With)  # noqa: S101  # nothing else is unwrapped
        if edits.comments(held.statement) - edits.comments(edits.unwrapped(held.statement)):
            return "a comment stands in what would go"
    return ""
