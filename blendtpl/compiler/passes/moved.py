"""Moved code: the statements of a function in place of a call of it, where they mean the same.

Its variables get names that nothing else there has, its parameters stand for what the call gives, and what it finds in
its context or was given is found where the call stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from blendtpl.compiler.ir.base import Body, Node, Statement, Value, below
from blendtpl.compiler.ir.effects import held_in
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Kind, Rewriter, replaced
from blendtpl.compiler.ir.statements import (
    Default,
    Framed,
    Loop,
    Print,
    PrintCaller,
    Scoped,
    Set,
    ToVariable,
)
from blendtpl.compiler.ir.values import (
    Call,
    Checked,
    Constant,
    Frame,
    Given,
    Marked,
    Missing,
    Text,
    Undefined,
    Variable,
)


def is_call_of(call: Call, caller: str) -> bool:
    """Return whether a call is ``caller(…)``, with arguments by their places."""
    is_caller = isinstance(call.callee, Variable) and call.callee.name == caller
    return is_caller and call.arguments.is_plain and call.way in {"plain", "safe"}


def assigned_in(node: Node) -> frozenset[str]:
    """Return the variables that are assigned to below a node."""
    return frozenset(part.name for part in below(node) if isinstance(part, ToVariable))


@dataclass(slots=True)
class Arguments:
    """What the parameters of a function are: what is there and stays as it is stands for them, all else is put into a
    variable before.
    """

    line: int
    suffix: str  # what variables for operands end with
    inside: str  # and those of the function, where it is put
    assigned: frozenset[str]
    values: dict[str, Value] = field(default_factory=dict)
    before: list[Statement] = field(default_factory=list)

    def bound(self, called: str, value: Value) -> Value:
        """Return what stands for a value from here on."""
        value, made = held_in(f"{called}{self.suffix}", self.line, value)
        self.before += made
        return value

    def give(self, parameter: str, value: Value) -> None:
        """Have a parameter be a value."""
        if parameter in self.assigned:
            variable = parameter + self.inside
            self.before.append(Set(self.line, ToVariable(self.line, variable), value, made=True))
            value = Variable(self.line, variable)
        self.values[parameter] = value


@dataclass(frozen=True, slots=True)
class Caller:
    """The block that calls a macro: in which template it stands, the macro's parameter for it, its function, and
    whether what it prints is escaped.
    """

    template: str | None
    parameter: str
    function: Function
    escaped: bool


class Moved(Rewriter):
    """Code of a function at another place: its variables have other names, its parameters stand for `values`, what is
    given to it is `given` by another name, and its context is `frame`.
    """

    def __init__(
        self,
        suffix: str,
        values: Mapping[str, Value],
        frame: Frame | None,
        caller: Caller | None,
        given: Mapping[str, Value] | None = None,
        sure: frozenset[str] = frozenset(),
    ) -> None:
        self.suffix, self.values, self.frame, self.caller = suffix, dict(values), frame, caller
        self.given, self.sure = given, sure

    def function(self, function: Function) -> Body:
        """Return the statements of a function."""
        bound = []
        for variable, value in function.bind:
            value = self.value(value)
            bound.append((variable + self.suffix, value))
        body = self.body(function.body)
        return (Scoped(function.line, tuple(bound), body, ()),) if bound else body

    def value(self, value: Value) -> Value:
        """Return what a value is where the call stands."""
        match value:
            case Variable(name=name):
                return self._stands_for(value, name)
            case Checked(source=Variable(name=name)):
                source = self.value(value.source)
                if isinstance(source, (Variable, Given)):
                    return replaced(value, {"source": source}) if source is not value.source else value
                return Undefined(value.line, None, value.called) if isinstance(source, Missing) else source
            case Given(called=called) if self.given is not None:
                return replaced(self.given.get(called, Missing(value.line)), {"line": value.line})
            case Frame(of=None) if self.frame is not None:
                return replaced(self.frame, {"line": value.line})
            case Call() if self.caller is not None and is_call_of(value, self.caller.parameter):
                body = self._called(value.line, value.arguments.positional, guarded=False, escapes=False)
                return Marked(value.line, Text(value.line, body), self.caller.escaped)
        return self.parts(value)

    def _stands_for(self, value: Value, name: str) -> Value:
        if name in self.values:
            return replaced(self.values[name], {"line": value.line})
        return Variable(value.line, name + self.suffix)

    def statement(self, statement: Statement) -> Body:
        """Return what stands in place of a statement there."""
        match statement:
            case Default(variable=variable, value=value):
                given = self.values.get(variable)
                instead = self.value(value)
                if isinstance(given, Missing):
                    return self._set(statement.line, variable, instead)
                if isinstance(given, Variable) and given.name == variable + self.suffix:
                    return (Default(statement.line, given.name, instead),)
                return ()
            case PrintCaller() if self.caller is not None and statement.caller.name == self.caller.parameter:
                guarded, escapes = statement.guarded, statement.escapes
                return self._called(statement.line, (), guarded=guarded, escapes=escapes)
            case Print(value=Call() as call, mode="escape" | "str") if self.caller is not None and is_call_of(
                call, self.caller.parameter
            ):
                return self._called(statement.line, call.arguments.positional, guarded=False, escapes=False)
            case Loop():
                bound = tuple((name + self.suffix, self.value(value)) for name, value in statement.bind)
                moved = self.parts(replaced(statement, {"bind": ()}))
                its_loop = None if statement.variable is None else statement.variable + self.suffix
                forgets = tuple(name + self.suffix for name in statement.forgets)
                return (replaced(moved, {"bind": bound, "variable": its_loop, "forgets": forgets}),)
            case Scoped():
                bound = tuple((name + self.suffix, self.value(value)) for name, value in statement.bind)
                body = self.body(statement.body)
                return (Scoped(statement.line, bound, body, tuple(name + self.suffix for name in statement.forgets)),)
        return (self.parts(statement),)

    def _set(self, line: int, parameter: str, value: Value) -> Body:
        # what is a copy of a variable would not stay as that is when the default is looked at
        if isinstance(value, (Constant, Undefined)):
            self.values[parameter] = value
            return ()
        variable = parameter + self.suffix
        self.values[parameter] = Variable(line, variable)
        return (Set(line, ToVariable(line, variable), value, made=True),)

    def parts(self, node: Kind) -> Kind:
        """Rename what is assigned to, which is no value."""
        if isinstance(node, ToVariable):
            return replaced(node, {"name": node.name + self.suffix})
        return super().parts(node)

    def _called(self, line: int, given: tuple[Value, ...], *, guarded: bool, escapes: bool) -> Body:
        """Return the block that calls a macro in place of what calls for it: it finds its variables where it stood."""
        caller = self.caller
        if caller is None:
            raise TypeError(line)
        function = caller.function
        arguments = Arguments(line, f"{self.suffix}_{line}", "", assigned_in(function))
        for at, parameter in enumerate(function.parameters):
            value = arguments.bound(f"c{at}", self.value(given[at])) if at < len(given) else Missing(line)
            arguments.give(parameter, value)
        body = Moved("", arguments.values, None, None).function(function)
        framed = Framed(line, str(caller.template), "call block", body, guarded, escapes, streams=False)
        return (*arguments.before, framed)
