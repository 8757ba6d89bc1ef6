"""Unit: what all of lowering shares while the code of one template is made.

Enters: the environment, the template's name and what is known of the other templates. Leaves: answers, about filters,
names and the context. What changes while it goes on is what Jinja2 has change: how output is escaped from here on, and
what of the top level is from here on what it will always be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateAssertionError
from jinja2.idtracking import VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from blendtpl.bundle.environment import has_own_call, has_own_lookups
from blendtpl.compiler.analysis.computed_names import patterns
from blendtpl.compiler.analysis.facts import MacroShape
from blendtpl.compiler.analysis.program_facts import ProgramFacts
from blendtpl.compiler.analysis.walk import by_kind
from blendtpl.compiler.ir.base import Statement, Value
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.literals import has_literal
from blendtpl.compiler.ir.statements import Tell
from blendtpl.compiler.ir.values import (
    Autoescape,
    Await,
    Checked,
    Constant,
    Evaluation,
    Frame,
    Given,
    Missing,
    Pairs,
    Resolved,
    TrueContext,
    Variable,
)
from blendtpl.compiler.lower.scope import Scope

_NEVER_CONSTANT = (nodes.Name, nodes.Call, nodes.ContextReference, nodes.ImportedName, nodes.InternalName)
# the methods by which a sandbox decides, and those of them that are Jinja2's
_DECIDING = {
    name: {getattr(kind, name) for kind in (SandboxedEnvironment, ImmutableSandboxedEnvironment)}
    for name in ("getattr", "getitem", "call", "is_safe_attribute", "is_safe_callable", "unsafe_undefined")
}
_QUIET_VALUES = frozenset((nodes.Assign, nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair))


class Unfinished(Exception):  # noqa: N818
    """What was raised while the code of a template was made, and in which of its lines that was."""

    def __init__(self, cause: Exception, line: int) -> None:
        super().__init__(cause, line)
        self.cause, self.line = cause, line


@dataclass(slots=True)
class Flow:
    """What is known of the top level at the place at hand: the names that are from here on what they will always be,
    those of them that each block sees, and whether another template is extended by now.
    """

    final_names: set[str] = field(default_factory=set)
    block_final_names: dict[str, set[str]] = field(default_factory=dict)
    known_extends: bool = False
    extends_seen: int = 0
    extends_line: int = 1


Lower = Callable[["Unit", Any, Scope], Any]


@dataclass(slots=True)
class Unit:
    """The template that is being lowered. `direct` are the names of its top level that are static modules, or macros of
    them, `imports` what names are wherever one is imported by that name, `macros` those of its own top level that are
    always there. `hoisted` are the functions of its macros, `loops` the variables of ``loop`` so far.
    """

    environment: jinja2.Environment
    template: str | None
    program: ProgramFacts
    values: Mapping[type[nodes.Node], Lower]
    statements: Mapping[type[nodes.Node], Lower]
    eval_ctx: EvalContext
    line: int = 1
    direct: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    imports: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    macros: Mapping[str, MacroShape] = field(default_factory=dict)
    flow: Flow = field(default_factory=Flow)
    hoisted: dict[int, Function] = field(default_factory=dict)
    loops: set[str] = field(default_factory=set)
    names: int = 0
    in_constant: bool = False  # whether what is lowered is the value of what Jinja2 takes for a constant

    # -- the environment -----------------------------------------------------------------------------------------------

    @property
    def safe(self) -> bool:
        """Return whether the environment is a sandbox that decides as Jinja2's do: see `blendtpl.runtime.safe`."""
        kind = type(self.environment)
        return self.environment.sandboxed and all(getattr(kind, name, None) in own for name, own in _DECIDING.items())

    @property
    def own_getattr(self) -> bool:
        """Return whether attributes are looked up in a way that is not Jinja2's (L10)."""
        return type(self.environment).getattr is not jinja2.Environment.getattr and not self.safe

    @property
    def own_getitem(self) -> bool:
        """Return whether items are."""
        return type(self.environment).getitem is not jinja2.Environment.getitem and not self.safe

    @property
    def own_call(self) -> bool:
        """Return whether contexts have a method of their own by which templates call."""
        return has_own_call(self.environment)

    @property
    def own_context(self) -> bool:
        """Return whether contexts have a method of their own by which names are looked up."""
        return has_own_lookups(self.environment)

    @property
    def watches_calls(self) -> bool:
        """Return whether the environment, or its contexts, want to see every call."""
        return (self.environment.sandboxed and not self.safe) or self.own_call

    @property
    def lenient(self) -> bool:
        """Return whether what is undefined may be printed, and so what is none because of a `StopIteration` (U2)."""
        return not issubclass(self.environment.undefined, jinja2.StrictUndefined)

    def intercepted(self, operator: str | None, *, unary: bool = False) -> bool:
        """Return whether a sandboxed environment wants to see this operator."""
        kind = "intercepted_unops" if unary else "intercepted_binops"
        return self.environment.sandboxed and operator in getattr(self.environment, kind)

    # -- the template --------------------------------------------------------------------------------------------------

    @property
    def parameters(self) -> tuple[str, ...] | None:
        """Return the names that the template's code is called with; `None` when it is given a context, or a frame."""
        return self.program.parameters(self.template)

    @property
    def singleton(self) -> bool:
        """Return whether the template is a module that never changes."""
        return self.template is not None and self.program.is_singleton(self.template)

    @property
    def framed(self) -> bool:
        """Return whether the template's code runs with a frame in place of a context."""
        return self.program.layout(self.template) is not None

    def position(self, node: nodes.Node) -> str:
        """Return the place of a node as Jinja2's messages have it."""
        shown = f"line {node.lineno}"
        return shown if self.template is None else f"{shown} in {self.template!r}"

    def fail(self, message: str, line: int) -> NoReturn:
        """Raise what Jinja2 raises for a mistake that only its generator finds."""
        raise TemplateAssertionError(message, line, self.template, self.template)

    def number(self) -> int:
        """Return a number that nothing else has."""
        self.names += 1
        return self.names

    # -- lowering ------------------------------------------------------------------------------------------------------

    def value(self, node: nodes.Node, scope: Scope) -> Value:
        """Return the value that an expression becomes."""
        folded = self.fold(node)
        if folded is not None:
            return folded
        outer, self.line = self.line, node.lineno or self.line
        value: Value = self.values[type(node)](self, node, scope)
        self.line = outer
        return value

    def fold(self, node: nodes.Node) -> Constant | None:
        """Return a constant expression of more than one node as what it is, else `None`."""
        if (
            not isinstance(node, nodes.Expr)
            or isinstance(node, (nodes.Const, nodes.TemplateData, *_NEVER_CONSTANT))
            or self.eval_ctx.volatile
            or not self.environment.optimized
        ):
            return None
        try:
            value = node.as_const(self.eval_ctx)
        except Exception:  # `Impossible`, or an error that the expression shall raise where it has its place
            return None
        return Constant(node.lineno or self.line, value) if has_literal(value) else None

    def body(self, statements: list[nodes.Node], scope: Scope) -> tuple[Statement, ...]:
        """Return what statements become."""
        lowered: list[Statement] = []
        try:
            for node in statements:
                self.line = node.lineno or self.line
                if scope.toplevel and not self._is_quiet(node):
                    lowered.append(Tell(self.line))
                lowered += self.statements[type(node)](self, node, scope)
        # behind a second `extends` that surely runs Jinja2 emits nothing either
        except EndOfBody as end:
            lowered += end.last
        if scope.toplevel:
            lowered.append(Tell(self.line))
        return tuple(lowered)

    def _is_quiet(self, node: nodes.Node) -> bool:
        """Return whether nothing that a statement of a top level runs can ask for the context."""
        if isinstance(node, (nodes.Import, nodes.FromImport)):
            return self.static_origin(node) is not None
        if isinstance(node, nodes.Assign):
            return by_kind(node).keys() <= _QUIET_VALUES
        if isinstance(node, (nodes.Block, nodes.Output)):
            return self.flow.known_extends
        return isinstance(node, (nodes.Extends, nodes.Macro))

    def is_loop(self, node: nodes.Node, scope: Scope) -> bool:
        """Return whether an expression is the ``loop`` of a loop around it."""
        return isinstance(node, nodes.Name) and scope.symbols.find_ref(node.name) in self.loops

    def awaited(self, value: Value) -> Value:
        """Return a value as it is seen where templates wait for what they are given."""
        return Await(self.line, value) if self.environment.is_async else value

    # -- names ---------------------------------------------------------------------------------------------------------

    def variable(self, called: str, scope: Scope) -> Variable:
        """Return the variable in which a name of the template is here."""
        return Variable(self.line, scope.symbols.ref(called))

    def read(self, called: str, scope: Scope) -> Value:
        """Return what a name of the template is here."""
        variable = self.variable(called, scope)
        load = scope.symbols.find_load(variable.name)
        if load is not None and load[0] == VAR_LOAD_PARAMETER and variable.name not in scope.unset:
            return variable
        return Checked(self.line, variable, called)

    def resolved(self, called: str, scope: Scope) -> Value:
        """Return what the context has for a name, or `Missing` (L1)."""
        if self.parameters is not None:
            return Given(self.line, called) if called in self.parameters else Missing(self.line)
        if scope.context != "context":
            return Resolved(self.line, Frame(self.line, scope.context), called)
        return Given(self.line, called)

    def is_given(self, variable: str, scope: Scope) -> bool:
        """Return whether a variable always has what a template that is included here finds under its name."""
        load = scope.symbols.find_load(variable)
        return load is not None and load[0] in {VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE}

    def locals(self, scope: Scope) -> Pairs:
        """Return everything that templates set around this place."""
        stores = scope.symbols.dump_stores().items()
        return Pairs(
            self.line,
            tuple((Constant(self.line, called), Variable(self.line, variable)) for called, variable in stores),
        )

    def is_final(self, called: str, scope: Scope) -> bool:
        """Return whether a name is here what the top level of its template binds it to, once and for all."""
        if called not in self.flow.final_names and not (self.singleton and called in self.macros):
            return False
        variable = scope.symbols.find_ref(called)
        if variable is None:
            return False
        load = scope.symbols.find_load(variable)
        if scope.block is None:
            return variable.startswith("l_0_")
        # in a block: what it reads of its context, in whichever of its scopes that is read first
        if load is None or load[0] != VAR_LOAD_RESOLVE or scope.context != "context":
            return False
        return called not in scope.symbols.dump_stores()

    def scopes(self, scope: Scope) -> tuple[str, ...]:
        """Return which of `_loop_vars` and `_block_vars` have what a call is to see."""
        active = (("_loop_vars", scope.loop), ("_block_vars", scope.in_block))
        return tuple(holder for holder, is_active in active if is_active and holder in scope.holders)

    # -- the context ---------------------------------------------------------------------------------------------------

    def frame(self, scope: Scope) -> Frame:
        """Return the context of a place, or what stands for it. Names alone are looked for in one that was made on the
        way.
        """
        return Frame(self.line)

    def overlaid(self, scope: Scope) -> Frame:
        """Return the context in which names are looked for."""
        return Frame(self.line, scope.context)

    def context(self, scope: Scope) -> Frame | TrueContext:
        """Return the context itself."""
        frame = self.frame(scope)
        return frame if self.parameters is None and not self.framed else TrueContext(self.line, frame)

    def evaluation(self, scope: Scope) -> Evaluation:
        """Return the evaluation context."""
        escapes = EvalContext(self.environment, self.template).autoescape
        stable = self.template in self.program.stable_autoescape
        sure = (self.parameters is not None and self.program.alone is None) or (self.framed and stable)
        return Evaluation(self.line, self.frame(scope), "escaping" if escapes else "plain", sure)

    def autoescape(self, scope: Scope) -> Autoescape:
        """Return whether output is escaped."""
        known = self.singleton or self.template in self.program.stable_autoescape
        known = known or (self.parameters is not None and self.program.alone is None)
        sure = known and not self.eval_ctx.volatile
        return Autoescape(self.line, self.frame(scope), bool(self.eval_ctx.autoescape), sure)

    # -- other templates -----------------------------------------------------------------------------------------------

    def included(self, node: nodes.Include) -> str | None:
        """Return the template of the closed set that is included, when there is no doubt which it is."""
        if not self.program.facts or not node.with_context:
            return None
        reference = node.template
        for choice in reference.items if isinstance(reference, (nodes.List, nodes.Tuple)) else [reference]:
            if not (isinstance(choice, nodes.Const) and isinstance(choice.value, str)):
                return None
            joined = self.environment.join_path(choice.value, str(self.template))
            # of a list the first that there is: the set is closed, so it is so when it renders
            if joined in self.program.facts:
                return joined
        return None

    def candidates(self, node: nodes.Include) -> list[tuple[str, str, str]]:
        """Return the templates that an include may mean by a name that is made when it runs, where these are few: for
        each the name, the template, and the function that an include of it calls.
        """
        if not self.program.facts or not node.with_context:
            return []
        known = patterns(node.template, self.environment, str(self.template))
        found = []
        for name, template in self.program.computed.get(known, ()):
            entry = self.program.entry(template) if template in self.program.facts else None
            if entry is not None:
                found.append((name, template, entry))
        return found

    def static_origin(self, node: nodes.Import | nodes.FromImport) -> str | None:
        """Return the name of the template that an import takes a module from which never changes."""
        reference = node.template
        if not isinstance(reference, nodes.Const) or not isinstance(reference.value, str):
            return None
        origin = self.environment.join_path(reference.value, str(self.template))
        if node.with_context and origin not in self.program.context_free:
            return None
        return origin if self.program.is_singleton(origin) else None


class EndOfBody(Exception):  # noqa: N818
    """What follows in this body can never run; `last` is what ends it."""

    def __init__(self, last: tuple[Statement, ...]) -> None:
        super().__init__()
        self.last = last
