"""Rewrite: one module, from its old calls to those of the registry.

Enters: a module, and all that is known. Leaves: its new text, what was rewritten, and what was left alone and why. A
second time nothing is rewritten.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from blendtpl.migrate import edits
from blendtpl.migrate.captures import Capture, open_around
from blendtpl.migrate.constants import Code
from blendtpl.migrate.decide import Decision
from blendtpl.migrate.flow import ancestors
from blendtpl.migrate.imports import drop, name_for, used_imports, with_import, without_unused
from blendtpl.migrate.plan import Basis, Plan, plan
from blendtpl.migrate.project import Project
from blendtpl.migrate.scan import scopes_of
from blendtpl.migrate.sites import Site
from blendtpl.migrate.templates import Templates


@dataclass(frozen=True, slots=True)
class Remark:
    """What is told of a call: `text` is the template's name, why it was left alone, or what to look at."""

    line: int
    call: str
    text: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new text of a module, and what is told of its calls."""

    text: str
    rewritten: tuple[Remark, ...] = ()
    left: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Which file it is: its absolute path, the name of its module, and the names that other modules take from it.

    `circular`: the module of the registry imports it.
    """

    file: str
    module: str
    exported: frozenset[str]
    circular: bool


def rewrite(
    module: cst.Module, place: Place, templates: Templates, project: Project, *, registry: str, shim: str
) -> Rewritten:
    """Return a module with its sites rewritten to calls of `registry`, a ``module:name``; `shim` is the shim's name."""
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)  # the parser makes no node twice
    code = Code(
        place.file, scopes_of(wrapper.module), wrapper.resolve(ParentNodeProvider), place.exported, project.aliases
    )
    local, missing = name_for(registry, code.scopes.module, place.module)
    problem = _problem(registry, local, missing=missing, place=place)
    planned = plan(code, Basis(templates, project, shim, local, missing, problem))
    if not (planned.chosen or planned.left):
        return Rewritten(module.code)
    lines = wrapper.resolve(PositionProvider)

    def remark(node: cst.CSTNode, call: str, text: str) -> Remark:
        return Remark(lines[node].start.line, call, text)

    chosen = planned.chosen.items()
    return Rewritten(
        _text(wrapper.module, planned, place, registry, local, missing=missing),
        _ordered(remark(site.node, site.call, decision.template) for site, decision in chosen),
        _ordered(remark(node, call, reason) for node, (call, reason) in planned.left.items()),
        _ordered(remark(site.node, site.call, decision.note) for site, decision in chosen if decision.note),
    )


def _ordered(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: (remark.line, remark.call)))


def _problem(registry: str, local: str, *, missing: bool, place: Place) -> str:
    origin, _, name = registry.partition(":")
    if not local:
        return f"this is `{origin}` itself, and has no single `{name}`"
    return f"`{origin}` imports this module, which therefore cannot import it" if missing and place.circular else ""


def _text(module: cst.Module, planned: Plan, place: Place, registry: str, local: str, *, missing: bool) -> str:
    if not planned.chosen:
        return module.code
    used = used_imports(planned.code.scopes.module)
    changed = _changed(module, planned, local)
    if missing:
        changed = with_import(changed, registry, local)
    if not place.file.endswith("__init__.py"):  # what it imports is there for others
        changed = without_unused(changed, used, place.exported | planned.read)
    return changed.code


def _changed(module: cst.Module, planned: Plan, local: str) -> cst.Module:
    transformer = edits.Rewrite()
    for site, decision in planned.chosen.items():
        _edit_site(site, decision, planned, local, transformer)
    for capture in planned.captures:
        _edit_capture(capture, transformer)
    going = []
    for held, _ in planned.holders().values():
        if held.unwrapped:
            transformer.add(held.statement, edits.unwrapped)
        elif held.statement not in going:
            going.append(held.statement)
    _drop(going, planned, transformer)
    changed = module.visit(transformer)
    assert isinstance(changed, cst.Module)  # noqa: S101  # no edit is of the module itself
    return changed


def _edit_site(site: Site, decision: Decision, planned: Plan, local: str, transformer: edits.Rewrite) -> None:
    quote = _quote(site, planned.code)
    transformer.add(site.node, lambda node: edits.rendering(node, site, decision, local, quote))
    if site.prints and open_around(site.node, planned.captures, planned.code) is None:
        around = planned.code.parents[site.node]
        transformer.add(around, lambda node: node.with_changes(value=edits.printing(node.value, quote)))


def _quote(site: Site, code: Code) -> str:
    """Return the quote of the path, which is a right one within an f-string too."""
    for part in (site.path, *edits.strings(site.node)):
        if isinstance(part, cst.SimpleString):
            return part.quote[0]
        if isinstance(part, cst.FormattedString):
            return part.end[0]
    for around in ancestors(site.node, code.parents):
        if isinstance(around, cst.FormattedString):
            return "'" if '"' in around.end else '"'
    return '"'


def _edit_capture(capture: Capture, transformer: edits.Rewrite) -> None:
    transformer.add(capture.node, lambda node: edits.captured(node, capture))
    for read in capture.reads:
        transformer.add(read, lambda _: cst.Name(capture.name))


def _drop(going: list[cst.CSTNode], planned: Plan, transformer: edits.Rewrite) -> None:
    """Have statements go, the last first: so what stands above them comes in order above what follows."""
    for statement in sorted(going, key=lambda node: -_number(node, planned)):
        behind = _siblings(statement, planned)[_number(statement, planned) + 1 :]
        drop(statement, next(other for other in behind if other not in going), transformer)


def _siblings(statement: cst.CSTNode, planned: Plan) -> list[cst.CSTNode]:
    return list(getattr(planned.code.parents[statement], "body", ()))


def _number(statement: cst.CSTNode, planned: Plan) -> int:
    return _siblings(statement, planned).index(statement)
