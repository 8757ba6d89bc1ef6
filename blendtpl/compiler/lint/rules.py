"""Rules: from the notes of all templates to warnings.

Enters: outlines and notes. Leaves: warnings. A rule is silent wherever something is known at run time only: a wrong
warning is worse than one that is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

from blendtpl.compiler.analysis.summary import TemplateSummary
from blendtpl.compiler.frontend.positions import Positions
from blendtpl.compiler.lint import prose
from blendtpl.compiler.lint.notes import CallSite, Notes, Signature, Want
from blendtpl.errors import TemplateWarning

Locate = Callable[[str], Positions]
Findings = Iterator[TemplateWarning]


def lint(
    summaries: Mapping[str, TemplateSummary], notes: Mapping[str, Notes], faulty: Set[str], locate: Locate
) -> list[TemplateWarning]:
    """Return what is hardly meant. `locate` gives the positions of a template with findings; of what those templates
    export that are `faulty` nothing is said.
    """
    program = _Program(summaries, notes, faulty, {name: _chain(name, summaries) for name in summaries})
    self_blocks = {name for template in notes.values() for name in template.self_blocks or ()}
    fills = all(template.self_blocks is not None for template in notes.values())
    warnings: list[TemplateWarning] = []
    for name in notes:
        if fills:
            warnings += _blocks(name, program, self_blocks, locate)
        warnings += _outside(name, notes[name], locate)
        warnings += _imports(name, program, locate)
        warnings += _calls(name, program, locate)
        warnings += _blind(name, program, locate)
        warnings += [
            prose.lost_set(name, locate(name).of_word(line, variable, ("set",)), variable)
            for variable, line in notes[name].lost
        ]
    return warnings


@dataclass(frozen=True, slots=True)
class _Program:
    """What is known of all templates; `chains` has, for each, all that it extends, when all of that is certain."""

    summaries: Mapping[str, TemplateSummary]
    notes: Mapping[str, Notes]
    faulty: Set[str]
    chains: Mapping[str, list[str] | None]

    def exporting(self, template: str) -> Notes | None:
        """Return the notes of a template whose exports are all its own."""
        notes = None if template in self.faulty else self.notes.get(template)
        own = notes is not None and notes.exports is not None and not _extended(self.summaries[template])
        return notes if own else None

    def is_certain(self, name: str, bound: str, *, block: bool) -> bool:
        """Return whether a name means what the template binds it to: in a block it is whatever was bound last by those
        that extend each other.
        """
        if not block or not bound:
            return True
        if self.chains[name] is None:
            return False
        related = {part for chain in self.chains.values() if chain and name in chain for part in chain} - {name}
        return not any(bound in self.summaries[part].top for part in related)


def _extended(summary: TemplateSummary) -> list[tuple[str, ...]]:
    return [link.names for link in summary.links if link.kind == "extends"]


def _chain(name: str, summaries: Mapping[str, TemplateSummary]) -> list[str] | None:
    """Return a template and all that it extends, or `None` where that depends on anything."""
    chain = [name]
    while extends := [link for link in summaries[chain[-1]].links if link.kind == "extends"]:
        if len(extends) > 1 or extends[0].guarded or len(extends[0].names) != 1:
            return None
        (parent,) = extends[0].names
        if parent not in summaries or parent in chain:
            return None
        chain.append(parent)
    return chain


def _blocks(name: str, program: _Program, self_blocks: set[str], locate: Locate) -> Findings:
    chain = program.chains[name]
    if chain is None or len(chain) == 1 or not program.faulty.isdisjoint(chain[1:]):
        return
    parent_blocks = {block for part in chain[1:] for block in program.summaries[part].facts.blocks}
    is_message = _is_message({*parent_blocks, *program.summaries[name].facts.blocks})
    for block, line in program.notes[name].fills:
        if block not in parent_blocks and block not in self_blocks and not (is_message and block in _PARTS):
            spot = locate(name).of_word(line, block, ("block",))
            yield prose.unknown_block(name, spot, block, chain[1:], parent_blocks)


def _blind(name: str, program: _Program, locate: Locate) -> Findings:
    """Yield the blocks that read what no top level sets either: that of the template, or of a related one."""
    top = program.summaries[name].top
    for block, read, line in program.notes[name].blind:
        variables = [
            variable for variable in read if variable not in top and program.is_certain(name, variable, block=True)
        ]
        if variables:
            yield prose.unscoped_block(name, locate(name).of_word(line, block, ("block",)), block, variables)


_PARTS = frozenset({"subject", "text", "html"})


def _is_message(blocks: Set[str]) -> bool:
    """Return whether a template with these blocks is a message, whose parts are rendered alone."""
    return "subject" in blocks and not blocks.isdisjoint({"text", "html"})


def _outside(name: str, notes: Notes, locate: Locate) -> Findings:
    for line, text, before in notes.outside:
        spot = locate(name).of_text(line, text) if text else locate(name).of_value(line)
        yield prose.outside_block(name, spot, before=before, text=bool(text))


def _imports(name: str, program: _Program, locate: Locate) -> Findings:
    for want in program.notes[name].wants:
        exporting = program.exporting(want.template)
        if exporting is None or not program.is_certain(name, want.bound, block=want.block):
            continue
        exported = {export for export in exporting.exports or () if not export.startswith("_")}
        if want.name not in exported:
            yield _missing(name, want, exporting, exported, locate)


def _missing(name: str, want: Want, exporting: Notes, exported: set[str], locate: Locate) -> TemplateWarning:
    spot = locate(name).of_word(want.line, want.name, want.after)
    if want.name in exporting.imports:
        return prose.second_hand_import(name, spot, want.name, want.template)
    if want.name.startswith("_"):
        return prose.private_import(name, spot, want.name, want.template)
    return prose.unknown_import(name, spot, want.name, want.template, exported)


def _calls(name: str, program: _Program, locate: Locate) -> Findings:
    for call in program.notes[name].calls:
        exporting = program.exporting(call.template) if call.template else program.notes[name]
        if exporting is None or not program.is_certain(name, call.bound, block=call.block):
            continue
        signature = next((macro for macro in exporting.macros if macro.name == call.name), None)
        # a macro that is made in a block, a loop or a macro is nobody's export, and not followed
        if signature is not None:
            yield from _arguments(name, call, signature, locate)


def _arguments(name: str, call: CallSite, macro: Signature, locate: Locate) -> Findings:
    """Yield what the macro raises for, whenever the call is made."""
    if call.calls and "caller" not in macro.special and "kwargs" not in macro.special:
        yield prose.unused_call_body(name, locate(name).of_word(call.line, macro.name), macro.name)
    if call.positional > len(macro.arguments) and "varargs" not in macro.special:
        spot = locate(name).of_word(call.line, macro.name)
        yield prose.too_many_arguments(name, spot, macro.name, call.positional, macro.arguments)
    if "kwargs" in macro.special:
        return
    positional = macro.arguments[: call.positional]
    for keyword in call.keywords:
        repeated = keyword in positional
        if repeated or not (keyword in macro.arguments or (keyword == "caller" and "caller" in macro.special)):
            # only now: to find a place takes the whole template apart once more
            spot = locate(name).of_word(call.line, keyword, ("(", ","))
            describe = prose.repeated_argument if repeated else prose.unknown_argument
            yield describe(name, spot, macro.name, keyword, macro.arguments)
