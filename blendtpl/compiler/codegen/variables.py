"""Variables: how emitted code gets at the names of a template.

Enters: the environment, the template and what is known of the others. Leaves: the Python variable in which a name is at
a place, and the statements that fill it: from the slots of a frame, from the arguments that an included template is
called with, or from a context.
"""

import ast
from collections.abc import Mapping

import jinja2
from jinja2.idtracking import VAR_LOAD_ALIAS, VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE, VAR_LOAD_UNDEFINED, Symbols
from jinja2.runtime import Context

from blendtpl.bundle import abi
from blendtpl.compiler.analysis.program_facts import ProgramFacts
from blendtpl.compiler.codegen.builder import Writer
from blendtpl.compiler.codegen.exports import Stores
from blendtpl.compiler.codegen.pyast import PURE_GETTER, assign, attribute, call, const, either, item, name
from blendtpl.compiler.codegen.scope import Scope


class Variables:
    """Where the names of one template are while its code is written."""

    def __init__(self, environment: jinja2.Environment, template: str | None, program: ProgramFacts) -> None:
        self.template, self.program = template, program
        self.code = Writer(speedups=program.speedups)
        self.own_context = environment.context_class.resolve_or_missing is not Context.resolve_or_missing
        self.getter = "resolve" if self.own_context else PURE_GETTER  # an application's own may note what is asked for
        self.parameters: Mapping[str, str] | None = None  # the variables that an included template is given
        self.layout = program.layout(template)
        self.slots = (
            {slot: at for at, slot in enumerate(self.layout.slots, abi.SLOTS)} if self.layout is not None else {}
        )
        self.stores = Stores(self.code, None if self.layout is None else self.slots)
        self.root_symbols: Symbols | None = None  # those of the top level, while that is written
        self.aliases: dict[str, ast.Constant | ast.Name] = {}  # what variables of inlined code always are

    def alias(self, variable: str) -> ast.Constant | ast.Name | None:
        """Return what a variable of inlined code always is, when that is known."""
        value = self.aliases.get(variable)
        return const(value.value) if isinstance(value, ast.Constant) else value and name(value.id)

    def variable(self, called: str, scope: Scope) -> str:
        """Return the Python variable in which a name of the template is here."""
        return self.reach(scope.symbols.ref(called))

    def reach(self, variable: str) -> str:
        """Return how the function at hand gets at a variable.

        What the top level of a template sets is in its context too, and macros read it there when they are called: a
        closure over it would make a cycle of the macro, which the context holds, and the context (S7).
        """
        if self.root_symbols is None or self.code.function.root or not variable.startswith("l_0_"):
            return variable
        if variable not in self.code.function.reads:
            shadow = "o_" + variable.removeprefix("l_0_")
            self.code.function.reads[variable] = shadow
            called = variable.removeprefix("l_0_")
            load = self.root_symbols.find_load(variable)
            value: ast.expr
            if load is not None and load[0] == VAR_LOAD_PARAMETER:
                value = self.reference()
            elif load is not None and load[0] == VAR_LOAD_RESOLVE:
                value = self._get(str(load[1]))
            elif self.layout is not None:
                value = self.slot(f"{called}=")
            else:
                own = attribute(attribute(name("context"), "vars"), "get")
                value = call(own, const(called), name("missing"))
            self._first(assign(shadow, value))
        return self.code.function.reads[variable]

    def _get(self, called: str) -> ast.expr:
        if self.parameters is not None:
            return name(self.parameters.get(called, "missing"))
        if called in self.slots:
            return self.slot(called)
        if self.layout is not None and not self.program.needs_context(self.template):
            return name("missing")  # it is set, and read by nothing
        self.code.function.gets = True
        return call(self.getter, const(called), name("missing"))

    def slot(self, called: str) -> ast.expr:
        """Return the expression for what the scope has in a slot."""
        return item(name("context"), const(self.slots[called]))

    def _first(self, statement: ast.stmt) -> None:
        statement.lineno = self.code.line
        self.code.function.prologue.append(statement)

    def is_given(self, variable: str, scope: Scope) -> bool:
        """Return whether a variable always has what a template that is included here finds under its name."""
        load = scope.symbols.find_load(variable)
        return self.alias(variable) is not None or (
            load is not None and load[0] in {VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE}
        )

    def resolved(self, called: str, scope: Scope) -> ast.expr:
        """Return what the context has for a name, which the function reads once (L1)."""
        if self.parameters is not None:
            return self._get(called)
        if scope.context != "context":
            return call(attribute(name(scope.context), "resolve"), const(called))
        if called not in self.code.function.reads:
            variable = self.code.function.reads[called] = f"g_{called}"
            self._first(assign(variable, self._get(called)))
        return name(self.code.function.reads[called])

    def reference(self) -> ast.expr:
        """Return the expression for what ``self`` is."""
        context: ast.expr = name("context")
        return call("TemplateReference", context if self.layout is None else call("true_context", context))

    def once(self, key: str, value: ast.expr) -> ast.Name:
        """Return the variable of a value of which nothing changes while a function runs, and which cannot fail."""
        if key not in self.code.function.reads:
            variable = self.code.function.reads[key] = self.code.temporary()
            self._first(assign(variable, value))
        return name(self.code.function.reads[key])

    def enter(self, scope: Scope) -> None:
        """Give every variable of a scope what it holds at the start (L1)."""
        unset = []
        for variable, (action, parameter) in scope.symbols.loads.items():
            self.code.changed(variable)
            if variable in self.aliases:
                continue
            if action == VAR_LOAD_RESOLVE:
                value = self.resolved(str(parameter), scope)
                self.code.add(assign(variable, value))
                if isinstance(value, ast.Name):
                    self.code.copied(variable, value.id)
            elif action == VAR_LOAD_ALIAS:
                around = str(parameter)
                self.code.add(assign(variable, self.alias(around) or name(self.reach(around))))
            elif action == VAR_LOAD_UNDEFINED:
                unset.append(variable)
            elif action != VAR_LOAD_PARAMETER:
                raise NotImplementedError(action)
        if unset:
            self.code.add(ast.Assign([ast.Name(variable, ast.Store()) for variable in unset], name("missing")))

    def leave(self, scope: Scope) -> None:
        """Let go of what a scope held, when a function made in it may still look (S3)."""
        materialised = list(scope.symbols.loads)
        # nothing but a function that was made here could see them any more
        if materialised and self.code.function.nested:
            self.code.add(ast.Assign([ast.Name(variable, ast.Store()) for variable in materialised], name("missing")))

    def text(self, text: str) -> ast.Name:
        """Return the variable that holds a constant text, which is looked for by its identity."""
        return self.once(f"text {text}", const(text))

    def reader(self) -> ast.stmt:
        """Return the statement that gives a function `get`, to read its context with.

        What a template is given is in `context.parent`; what templates set goes over it, and is seldom there.
        """
        whole = call("reader", name("context"))
        if self.layout is not None:  # for a name that has no slot
            return assign(self.getter, call("reader", call("true_context", name("context"))))
        if self.own_context:
            return assign(self.getter, whole)
        direct = attribute(attribute(name("context"), "parent"), "get")
        return assign(self.getter, either(attribute(name("context"), "vars"), whole, direct))
