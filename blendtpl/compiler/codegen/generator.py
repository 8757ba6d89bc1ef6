"""The generator: what all of code generation shares while the code of one template is written.

Enters: what the code is written for. Leaves: the Python variable of each name, the global variable of all that is
taken from the environment or from other templates; the statements go to its writer.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.exports import Stores
from blendtpl.compiler.codegen.pyast import PURE_GETTER, assign, attribute, call, const, either, item, name
from blendtpl.compiler.codegen.writer import Out, Writer
from blendtpl.compiler.ir.base import Statement, Value
from blendtpl.compiler.ir.statements import PrintText


@dataclass(frozen=True, slots=True)
class Target:
    """What code is written for.

    `template` is its name, `speedups`: it may call the functions in C, `lenient`: what is undefined may be printed,
    `in_order`: what is printed is in the output before anything is called, `own_context`: contexts look up names in a
    way of their own, `joins`: texts are joined as they are, `awaits`: what it is given may be awaited. `parameters` are
    the names that the template is called with, or else `slots` those of its frame, and `needs_context`: something may
    ask that for a context.
    """

    template: str | None
    speedups: bool
    lenient: bool
    in_order: bool
    own_context: bool
    joins: bool
    awaits: bool
    parameters: frozenset[str] | None
    slots: Mapping[str, int] | None
    needs_context: bool

    @property
    def has_context(self) -> bool:
        """Return whether functions are given the context itself."""
        return self.parameters is None and self.slots is None

    @property
    def getter(self) -> str:
        """Return the local name of what looks up names; an application's own may note what is asked for."""
        return "resolve" if self.own_context else PURE_GETTER


Values = Mapping[type[Value], Callable[["Generator", Any], ast.expr]]
Statements = Mapping[type[Statement], Callable[["Generator", Any, Out], None]]


@dataclass(slots=True)
class Generator:
    """The code of one template. `top` says what functions made at its top level find under the names that this sets, as
    long as one of these is written.
    """

    target: Target
    values: Values
    statements: Statements
    code: Writer
    stores: Stores
    bound: dict[tuple[str, ...], str] = field(default_factory=dict)
    linked: dict[tuple[str, str], str] = field(default_factory=dict)
    top: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)  # the variables of lists of what may be no text, where there is any
    loops: dict[str, "Counters"] = field(default_factory=dict)

    def value(self, value: Value) -> ast.expr:
        """Return the Python expression for a value; everything with an effect has been written before it."""
        outer, self.code.line = self.code.line, value.line or self.code.line
        expression = self.values[type(value)](self, value)
        self.code.line = outer
        return expression

    def held(self, value: Value) -> ast.expr:
        """Return the variable, or the constant, that a value is in from here on."""
        return self.code.materialise(self.value(value))

    def body(self, body: Iterable[Statement], out: Out) -> None:
        """Write statements."""
        for statement in body:
            self.code.line = statement.line or self.code.line
            if self.target.in_order and not isinstance(statement, PrintText):
                self.code.flush()
            self.statements[type(statement)](self, statement, out)

    # -- names of the module -------------------------------------------------------------------------------------------

    def bind(self, *words: str) -> str:
        """Return the global variable of what is made of the environment: see `blendtpl.runtime.namespace.BINDERS`.

        It is called the same wherever it is used, so that a registry has it once.
        """
        return self.bound.setdefault(words, "_".join(words))

    def link(self, template: str, part: str) -> str:
        """Return the global variable that a part of a template is bound to."""
        if part == abi.SELF and template == str(self.target.template):
            return abi.SELF
        return self.linked.setdefault((template, part), abi.symbol(len(self.linked)))

    # -- names of the template -----------------------------------------------------------------------------------------

    def variable(self, variable: str) -> str:
        """Return how the function at hand gets at a variable.

        What the top level of a template sets is in its context too, and macros read it there when they are called: a
        closure over it would make a cycle of the macro, which the context holds, and the context (S7).
        """
        function = self.code.function
        if function.root or variable not in self.top:
            return variable
        if variable not in function.reads:
            shadow = "o_" + variable.removeprefix("l_0_")
            function.reads[variable] = shadow
            kind, called = self.top[variable]
            value: ast.expr
            if kind == "self":
                value = self.reference()
            elif kind == "given":
                value = self._get(called)
            elif self.target.slots is not None:
                value = self.slot(f"{called}=")
            else:
                own = attribute(attribute(name("context"), "vars"), "get")
                value = call(own, const(called), name("missing"))
            self._first(assign(shadow, value))
        return function.reads[variable]

    def given(self, called: str) -> ast.expr:
        """Return what the context has for a name, which the function reads once (L1)."""
        if self.target.parameters is not None:
            return self._get(called)
        return self.once(f"given {called}", self._get(called), f"g_{called}")

    def once(self, key: str, value: ast.expr, variable: str = "") -> ast.Name:
        """Return the variable of a value of which nothing changes while a function runs, and which cannot fail."""
        reads = self.code.function.reads
        if key not in reads:
            reads[key] = variable or self.code.temporary()
            self._first(assign(reads[key], value))
        return name(reads[key])

    def _get(self, called: str) -> ast.expr:
        target = self.target
        if target.parameters is not None:
            return name(f"p_{called}" if called in target.parameters else "missing")
        if target.slots is not None and called in target.slots:
            return self.slot(called)
        if target.slots is not None and not target.needs_context:
            return name("missing")  # it is set, and read by nothing
        self.code.function.gets = True
        return call(target.getter, const(called), name("missing"))

    def slot(self, called: str) -> ast.expr:
        """Return the expression for what the frame has in a slot."""
        slots = self.target.slots or {}
        return item(name("context"), const(slots[called]))

    def _first(self, statement: ast.stmt) -> None:
        statement.lineno = self.code.line
        self.code.function.prologue.append(statement)

    def reference(self) -> ast.expr:
        """Return the expression for what ``self`` is."""
        context: ast.expr = name("context")
        return call("TemplateReference", context if self.target.slots is None else call("true_context", context))

    def reader(self) -> ast.stmt:
        """Return the statement that gives a function `get`, to read its context with.

        What a template is given is in `context.parent`; what templates set goes over it, and is seldom there.
        """
        getter = self.target.getter
        if self.target.slots is not None:  # for a name that has no slot
            return assign(getter, call("reader", call("true_context", name("context"))))
        whole = call("reader", name("context"))
        if self.target.own_context:
            return assign(getter, whole)
        direct = attribute(attribute(name("context"), "parent"), "get")
        return assign(getter, either(attribute(name("context"), "vars"), whole, direct))

    # -- output --------------------------------------------------------------------------------------------------------

    @contextmanager
    def lent(self, out: str) -> Iterator[Out]:
        """Write code whose output, which is a text in Jinja2, goes to a list that somebody else gave: at its end what
        may be no text fails, as it does where Jinja2 joins it.
        """
        unsure, block = self.code.temporary(), self.code.block
        at = len(block)
        yield Out(out, streams=False, unsure=unsure)
        if unsure in self.unsure:
            block.insert(at, assign(unsure, ast.List([], ast.Load())))
            self.code.do(call("concat", name(unsure)))

    def append(self, out: Out, value: ast.expr) -> None:
        """Write a value as it is: one that is no text fails where the output that it belongs to becomes one (E11)."""
        if out.unsure:
            self.unsure.add(out.unsure)
            value = self.code.materialise(value)
            self.code.do(call(attribute(name(out.unsure), "append"), value))
        self.code.do(call(attribute(name(out.variable), "append"), value))


@dataclass(frozen=True, slots=True)
class Counters:
    """A loop whose ``loop`` is counters: the variables of its number, which counts from 1, of what it iterates over,
    and of what knows what is to come of these, which is there unless that is a tuple. One that is recursive has those
    of the function to call, and of how deep it is.
    """

    number: str
    items: str
    ahead: str
    render: str = ""
    depth: str = ""
