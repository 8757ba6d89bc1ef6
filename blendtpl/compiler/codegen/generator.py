"""The emitter: what all of emission shares while the code of one template is made.

Enters: the environment, the template's name and what is known of the other templates. Leaves: answers, about
filters, scopes and the context, and, through `variables`, names; the statements go to its writer. With these two this
is the one place of the build half whose state changes.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.exceptions import TemplateAssertionError
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.nodes import EvalContext

from blendtpl.bundle import abi
from blendtpl.bundle.environment import has_own_call, prints_in_order
from blendtpl.compiler.analysis.facts import MacroShape
from blendtpl.compiler.analysis.program_facts import ProgramFacts
from blendtpl.compiler.analysis.walk import by_kind
from blendtpl.compiler.codegen.pyast import assign, attribute, call, const, either, has_literal, literal, name
from blendtpl.compiler.codegen.scope import Loop, Scope
from blendtpl.compiler.codegen.variables import Variables

_NEVER_CONSTANT = (nodes.Name, nodes.Call, nodes.ContextReference, nodes.ImportedName, nodes.InternalName)

_QUIET_VALUES = frozenset((nodes.Assign, nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair))

TreeOf = Callable[[str], nodes.Template | None]  # gives the trees of the closed set
Expressions = Mapping[type[nodes.Node], Callable[["Emitter", Any, Scope], ast.expr]]
Statements = Mapping[type[nodes.Node], Callable[["Emitter", Any, Scope], None]]


class EndOfBody(Exception):  # noqa: N818
    """What follows in this body can never run."""


class Unfinished(Exception):  # noqa: N818
    """What was raised while the code of a template was made, and in which of its lines that was."""

    def __init__(self, cause: Exception, line: int) -> None:
        super().__init__(cause, line)
        self.cause, self.line = cause, line


class Emitter(Variables):
    """The state of emission for one template; `expressions` and `statements` say what becomes of each kind of node."""

    def __init__(
        self,
        environment: jinja2.Environment,
        template: str | None,
        program: ProgramFacts,
        tree_of: TreeOf,
        expressions: Expressions,
        statements: Statements,
    ) -> None:
        super().__init__(environment, template, program)
        self.environment, self.tree_of = environment, tree_of
        self.around: tuple[str | None, ...] = (template,)  # this template, and those that are inlined here
        self.expressions, self.statements = expressions, statements
        self.eval_ctx = EvalContext(environment, template)
        self.own_getattr = type(environment).getattr is not jinja2.Environment.getattr  # (L10)
        self.own_getitem = type(environment).getitem is not jinja2.Environment.getitem
        self.own_call = has_own_call(environment)
        # whether what is undefined may be printed, and so what is no value because of a `StopIteration` (U2)
        self.lenient = not issubclass(environment.undefined, jinja2.StrictUndefined)
        # what is printed before a call is written before it: the call may print too
        self.in_constant = False  # whether what is written is the value of what Jinja2 takes for a constant
        self.in_order = prints_in_order(environment)
        # what the module has at its top
        self.bound: dict[tuple[str, ...], str] = {}
        self.linked: dict[tuple[str, str], str] = {}
        self.hoisted: dict[int, ast.FunctionDef] = {}
        # what is known of the template
        self.singleton = template is not None and program.is_singleton(template)
        self.direct = program.imported(template) if template is not None else {}
        self.macros: dict[str, MacroShape] = program.macros(template) if template is not None else {}
        self.final_names: set[str] = set()  # names of the top level that are from here on what they will always be
        self.block_final_names: dict[str, set[str]] = {}
        self.imports: Mapping[str, tuple[str, str]] = {}  # what names are wherever one is imported by that name
        # what is known at this place
        # what goes on where this ends: these functions of the parent, the second where there is no `out`
        self.parent: tuple[str, ...] = (abi.ROOT,)
        self.known_extends = False
        self.extends_seen = 0
        self.extends_line = 1
        self.super_variable: str | None = None
        self.write_caller: Callable[[], None] | None = None  # what ``caller()`` prints, where that is inlined
        self.macro_depth = 0
        self.unset_parameters: set[str] = set()
        self.assigned: list[set[str]] = []
        self.unsure: set[str] = set()  # the variables of lists of what may be no text, where there is any
        self.loops: dict[str, Loop] = {}
        self._tracked: list[set[str]] = []

    @property
    def watches_calls(self) -> bool:
        """Return whether the environment, or its contexts, want to see every call."""
        return self.environment.sandboxed or self.own_call

    def expression(self, node: nodes.Node, scope: Scope) -> ast.expr:
        """Return the Python expression for a node; everything with an effect has been written before it."""
        folded = self.fold(node)
        if folded is not None:
            return folded
        outer, self.code.line = self.code.line, node.lineno or self.code.line
        value = self.expressions[type(node)](self, node, scope)
        self.code.line = outer
        return value

    def body(self, statements: Iterable[nodes.Node], scope: Scope) -> None:
        """Write a list of statements."""
        try:
            for node in statements:
                self.code.line = node.lineno or self.code.line
                if self.in_order and not isinstance(node, nodes.Output):
                    self.code.flush()
                if scope.toplevel and self.stores.waits and not self._is_quiet(node):
                    self.stores.tell()
                self.statements[type(node)](self, node, scope)
        # behind a second `extends` that surely runs Jinja2 emits nothing either
        except EndOfBody:
            pass
        if scope.toplevel:
            self.stores.tell()

    def prints(self, function: str) -> bool:
        """Return whether a function of this template's code returns a text."""
        return self.program.returns_text(self.template, function)

    def position(self, node: nodes.Node) -> str:
        """Return the place of a node as Jinja2's messages have it."""
        shown = f"line {node.lineno}"
        return shown if self.template is None else f"{shown} in {self.template!r}"

    def fail(self, message: str, line: int) -> NoReturn:
        """Raise what Jinja2 raises for a mistake that only its generator finds."""
        raise TemplateAssertionError(message, line, self.template, self.template)

    def fold(self, node: nodes.Node) -> ast.expr | None:
        """Return the literal for a constant expression of more than one node, else `None`."""
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
        return literal(value) if has_literal(value) else None

    def intercepted(self, operator: str | None, *, unary: bool = False) -> bool:
        """Return whether a sandboxed environment wants to see this operator."""
        kind = "intercepted_unops" if unary else "intercepted_binops"
        return self.environment.sandboxed and operator in getattr(self.environment, kind)

    def bind(self, kind: str, *what: str) -> str:
        """Return the global variable of what `blendtpl.runtime.namespace.BINDERS` makes of an environment: a filter or
        test, a type for which one of Jinja2's own is inlined, a filter that chooses by a test, or something imported.

        It is called the same wherever it is used, so that a registry has it once.
        """
        return self.bound.setdefault((kind, *what), "_".join((kind, *what)))

    def context(self, scope: Scope) -> ast.expr:
        """Return the expression for the context of a place."""
        frame = name(scope.context)
        return frame if self.parameters is None and self.layout is None else call("true_context", frame)

    def evaluation(self, scope: Scope) -> ast.expr:
        """Return the expression for the evaluation context."""
        if self.parameters is not None or (self.template in self.program.stable_autoescape and self.layout is not None):
            return name(self._own_evaluation())
        if self.layout is not None:
            other = attribute(call("true_context", name(scope.context)), "eval_ctx")
            return self.code.materialise(either(name("stable_autoescape"), name(self._own_evaluation()), other))
        return attribute(name(scope.context), "eval_ctx")

    def _own_evaluation(self) -> str:
        escapes = EvalContext(self.environment, self.template).autoescape
        return self.bind("eval_ctx", "escaping" if escapes else "plain")

    def is_final(self, called: str, scope: Scope) -> bool:
        """Return whether a name is here what the top level of its template binds it to, once and for all."""
        if called not in self.final_names and not (self.singleton and called in self.macros):
            return False
        variable = scope.symbols.find_ref(called)
        if variable is None:
            return False
        load = scope.symbols.find_load(variable)
        if len(self.around) > 1:  # inlined: what it does not set itself
            return load is not None and load[0] == VAR_LOAD_RESOLVE
        if self.root_symbols is not None:
            return variable.startswith("l_0_")
        # in a block: what it reads of its context, in whichever of its scopes that is read first
        if load is None or load[0] != VAR_LOAD_RESOLVE or scope.context != "context":
            return False
        return called not in scope.symbols.dump_stores()

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

    def link(self, template: str, part: str) -> str:
        """Return the global variable that a part of another template is bound to."""
        return self.linked.setdefault((template, part), abi.symbol(len(self.linked)))

    def autoescape(self, scope: Scope) -> ast.expr:
        """Return the expression for whether output is escaped, as it is when this runs (E6)."""
        final_names = self.parameters is not None or self.singleton or self.template in self.program.stable_autoescape
        if final_names and not self.eval_ctx.volatile:
            return const(self.eval_ctx.autoescape)
        frame: ast.expr = name(scope.context)
        context = call("true_context", frame) if self.layout is not None else frame
        other = attribute(attribute(context, "eval_ctx"), "autoescape")
        # what it was compiled for, unless a template of the set may change it, or extend this one and differ
        if self.eval_ctx.autoescape:
            return ast.BoolOp(ast.Or(), [name("stable_autoescape"), other])
        return ast.BoolOp(ast.And(), [ast.UnaryOp(ast.Not(), name("stable_autoescape")), other])

    def locals(self, scope: Scope) -> ast.Dict:
        """Return the dict of everything that templates set around this place."""
        # a loop that is counters is no object; whatever could see one keeps it from being that (`loop_uses.uses`)
        pairs = [pair for pair in scope.symbols.dump_stores().items() if pair[1] not in self.loops]
        return ast.Dict([const(key) for key, _ in pairs], [name(self.reach(variable)) for _, variable in pairs])

    def markup_or_not(self, scope: Scope) -> ast.expr:
        """Return the expression for what makes markup of text where output is escaped, and leaves it elsewhere."""
        return either(self.autoescape(scope), name("Markup"), name("identity"))

    def derived(self, scope: Scope) -> ast.expr:
        """Return the expression for a context that sees what is set around this place."""
        return call(attribute(name(scope.context), "derived"), self.locals(scope))

    def _is_quiet(self, node: nodes.Node) -> bool:
        """Return whether nothing that a statement of a top level runs can ask for the context."""
        if isinstance(node, (nodes.Import, nodes.FromImport)):
            return self.static_origin(node) is not None
        if isinstance(node, nodes.Assign):
            return by_kind(node).keys() <= _QUIET_VALUES
        if isinstance(node, (nodes.Block, nodes.Output)):
            return self.known_extends
        return isinstance(node, (nodes.Extends, nodes.Macro))

    def static_origin(self, node: nodes.Import | nodes.FromImport) -> str | None:
        """Return the name of the template that an import takes a module from which never changes."""
        reference = node.template
        if node.with_context or not isinstance(reference, nodes.Const) or not isinstance(reference.value, str):
            return None
        origin = self.environment.join_path(reference.value, str(self.template))
        return origin if self.program.is_singleton(origin) else None

    @contextmanager
    def lent(self, *frames: Scope) -> Iterator[None]:
        """Write code whose output, which is a text in Jinja2, goes to a list that somebody else gave: at its end what
        may be no text fails, as it does where Jinja2 joins it.
        """
        variable, block = self.code.temporary(), self.code.block
        at = len(block)
        for scope in frames:
            scope.unsure = variable
        yield
        if variable in self.unsure:
            block.insert(at, assign(variable, ast.List([], ast.Load())))
            self.code.do(call("concat", name(variable)))

    @contextmanager
    def assigning(self, scope: Scope) -> Iterator[None]:
        """Keep the context up to date with what is set in the meantime, as Jinja2 does."""
        self.assigned.append(set())
        yield
        names = sorted(self.assigned.pop())
        if not names or not (scope.toplevel or scope.loop or scope.in_block):
            return
        for called in names:
            if scope.loop or scope.in_block:
                holder = name("_loop_vars" if scope.loop else "_block_vars")
                value = name(self.variable(called, scope))
                self.code.add(ast.Assign([ast.Subscript(holder, const(called), ast.Store())], value))
            else:
                self.stores.publish(called, scope.symbols.ref(called), export=True)

    def joined(self, scope: Scope, *, plain: bool = False) -> ast.expr:
        """Return the text of a frame's own output list, as markup when it has been escaped."""
        self.code.flush()
        text = call("concat", name(scope.out))
        if plain or not (self.eval_ctx.volatile or self.eval_ctx.autoescape):
            return text
        if self.eval_ctx.volatile:
            return either(self.autoescape(scope), call("Markup", text), text)
        return call("Markup", text)

    def tracks(self, frame: str) -> bool:
        """Return whether anything may be in `_loop_vars` or `_block_vars` here."""
        return bool(self._tracked) and frame in self._tracked[-1]

    def scopes(self, scope: Scope) -> list[str]:
        """Return which of `_loop_vars` and `_block_vars` have what a call is to see."""
        active = (("_loop_vars", scope.loop), ("_block_vars", scope.in_block))
        return [frame for frame, is_active in active if is_active and self.tracks(frame)]

    @contextmanager
    def tracking(self, scopes: set[str]) -> Iterator[None]:
        """Say which of `_loop_vars` and `_block_vars` exist in the meantime."""
        self._tracked.append(scopes)
        yield
        self._tracked.pop()
