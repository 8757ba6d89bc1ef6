"""Inlining: the code of a small included template, of a macro, or of the block that calls one, in place of a call.

The function at hand has one file name, which is not that of the other template: what is put in place of a call is
`Framed`, so that an error in it has the entry of that call in its traceback.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from blendtpl.bundle import abi
from blendtpl.compiler.ir.base import Body, Node, Statement, Value, below
from blendtpl.compiler.ir.effects import only_prints
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Kind, Rewriter, replaced
from blendtpl.compiler.ir.statements import (
    RAW,
    CheckNamespace,
    Default,
    Define,
    Do,
    Extend,
    Framed,
    Include,
    KeepContext,
    Loop,
    MakeFrame,
    Modified,
    Modify,
    Overlay,
    Print,
    PrintCaller,
    Publish,
    Run,
    RunBlock,
    RunIncluded,
    RunParent,
    RunSuper,
    Scoped,
    Set,
    Tell,
    ToVariable,
)
from blendtpl.compiler.ir.values import (
    Call,
    CallMacro,
    Checked,
    Constant,
    Frame,
    Given,
    MakeBody,
    MakeCaller,
    Marked,
    Missing,
    Pairs,
    Printed,
    Resolved,
    Sequence,
    TemplateSelf,
    Text,
    Undefined,
    Variable,
)

_SMALL = 150  # nodes of a function
_FEW = 40  # and of a block that stands in every block that is put over it
_DEEP = 3  # how many may stand in each other
_LOOPS = 6  # and with them, how many loops: Python nests no more than twenty loops and `try` in a function

FunctionOf = Callable[[str, str], Function | None]  # gives a function of a template of the set, as it was lowered


@dataclass(frozen=True, slots=True)
class Site:
    """Where a call stands: in which template's code, inside of what else that stands in place of calls, in how many
    loops.
    """

    template: str | None
    around: tuple[tuple[str, str], ...] = ()
    loops: int = 0


def inlined(function: Function, template: str | None, function_of: FunctionOf, *, lenient: bool) -> Function:
    """Return a function with the code of what it calls often in place of these calls."""
    walk = _Inline(function_of, lenient, Site(template), _Names(_assigned(function)))
    return walk.parts(function)


@dataclass(slots=True)
class _Names:
    """Numbers that make the variables of inlined code others than those around it."""

    taken: frozenset[str]  # variables of the function at hand, which may end with a number themselves
    number: int = 0

    def new(self) -> str:
        """Return what the variables of another call end with."""
        self.number += 1
        while any(name.endswith(f"_{self.number}") for name in self.taken):
            self.number += 1
        return f"_{self.number}"


class _Inline(Rewriter):
    def __init__(self, function_of: FunctionOf, lenient: bool, site: Site, names: _Names) -> None:
        self.function_of, self.lenient, self.site, self.names = function_of, lenient, site, names

    def within(self, **changes: object) -> "_Inline":
        """Return this walk at another place."""
        return _Inline(self.function_of, self.lenient, replace(self.site, **changes), self.names)  # type: ignore[arg-type]

    def statement(self, statement: Statement) -> Body:
        match statement:
            case Loop():
                inside = self.within(loops=self.site.loops + 1)
                fields = {
                    "items": self.value(statement.items),
                    "body": inside.body(statement.body),
                    "test": None if statement.test is None else inside.parts(statement.test),
                    "otherwise": self.body(statement.otherwise),
                }
                same = all(fields[name] is getattr(statement, name) for name in fields)
                return (statement if same else replaced(statement, fields),)
            case Print(value=Printed(value=CallMacro() as call, escaped=None) as printed):
                call = self.parts(call)
                return self._macro(statement.line, call, printed) or (
                    replaced(statement, {"value": replaced(printed, {"value": call})}),
                )
            case RunIncluded():
                return self._included(statement) or (self.parts(statement),)
            case RunSuper():
                return self._super(statement) or (statement,)
        return (self.parts(statement),)

    # -- what may be inlined -------------------------------------------------------------------------------------------

    def _callee(self, template: str, name: str) -> Function | None:
        """Return a function whose code may stand at this place, as far as its size goes."""
        site = self.site
        if len(site.around) >= _DEEP or (template, name) in site.around or site.template is None:
            return None
        function = self.function_of(template, name)
        if function is None or not _fits(function, site.loops):
            return None
        return function

    def _macro(self, line: int, call: CallMacro, printed: Printed) -> Body | None:
        function = self._callee(call.template, abi.macro_function(call.macro)) if self.site.loops else None
        if function is None or not _is_movable(function):
            return None
        caller = call.caller if isinstance(call.caller, (MakeBody, MakeCaller)) else None
        named = len(call.slots)
        has_caller = call.caller is not None
        parameters = function.parameters[1:]  # behind the context
        if caller is not None and not self._takes(function, parameters[named], caller):
            return None
        suffix = self.names.new()
        arguments = _Arguments(line, suffix, suffix, _assigned(function))
        operands = [arguments.bound(f"a{at}", value) for at, value in enumerate(call.operands)]
        for parameter, slot in zip(parameters, call.slots, strict=False):
            arguments.give(parameter, Missing(line) if slot is None else operands[slot])
        if has_caller and caller is None and call.caller is not None:
            arguments.give(parameters[named], call.caller)
        for parameter, rest in zip(parameters[named + has_caller :], call.rest, strict=True):
            if rest.keywords is None:
                arguments.give(parameter, Sequence(line, "tuple", tuple(operands[at] for at in rest.positional)))
            else:
                pairs = ((Constant(line, key), operands[at]) for key, at in rest.keywords)
                arguments.give(parameter, Pairs(line, tuple(pairs)))
        frame = call.context
        block = None
        if caller is not None:
            block = _Caller(self.site.template, parameters[named], self.parts(caller.function), caller.escaped.compiled)
        moved = _Moved(suffix, arguments.values, frame, block)
        around = (*self.site.around, (call.template, abi.macro_function(call.macro)))
        body = self.within(template=call.template, around=around).body(moved.function(function))
        shown = f"macro {call.macro!r}"
        framed = Framed(line, call.template, shown, body, printed.guarded, printed.escapes, streams=False)
        return (*arguments.before, framed)

    def _takes(self, function: Function, parameter: str, caller: MakeBody | MakeCaller) -> bool:
        """Return whether a block that calls a macro may stand wherever the macro calls for it."""
        uses = _calls_of(function, parameter)
        block = caller.function
        if (
            not uses
            or not caller.escaped.sure
            or any(isinstance(node, Print) and node.mode == RAW for node in below(block))
        ):
            return False
        # what escapes a text that is not escaped is not what prints it
        if not caller.escaped.compiled and any(isinstance(use, PrintCaller) and use.escapes for use in uses):
            return False
        if not caller.escaped.compiled and any(isinstance(use, Call) for use in uses):
            return False
        size = sum(1 for _ in below(block))
        return size <= _SMALL and (len(uses) == 1 or size * len(uses) <= 2 * _FEW) and _fits(block, self.site.loops)

    def _included(self, statement: RunIncluded) -> Body | None:
        if not self.site.loops or statement.entry != abi.INCLUDED:
            return None
        function = self._callee(statement.template, statement.entry)
        if function is None or not _is_movable(function, part=True):
            return None
        if any(isinstance(node, Loop) and (node.recursive or node.test is not None) for node in below(function)):
            return None
        suffix, line = self.names.new(), statement.line
        given, before = dict[str, Value](), list[Statement]()
        for called, value in zip(statement.names, statement.arguments, strict=True):
            if isinstance(value, (Variable, Missing, Given)):
                given[called] = value
            else:
                variable = f"i_{called}{suffix}"  # no parameter, which nothing sets
                before.append(Set(line, ToVariable(line, variable), value, made=True))
                given[called] = Variable(line, variable)
        frame = statement.frame
        if statement.needs_context:
            frame = Frame(line, f"frame{suffix}")
            before.append(MakeFrame(line, frame.name, statement.template, statement.frame, statement.variables))
        around = (*self.site.around, (statement.template, statement.entry))
        moved = _Moved(suffix, {}, frame, None, given, statement.sure)
        inside = self.within(template=statement.template, around=around)
        body = inside.body(moved.function(function))
        framed = Framed(line, statement.template, abi.TOP_LEVEL, body, guarded=False, escapes=False, streams=True)
        return (*before, framed)

    def _super(self, statement: RunSuper) -> Body | None:
        """Return the body of a block of a template further out. It finds its variables where the code at hand does."""
        name = abi.block_function(statement.block)
        function = self._callee(statement.template, name)
        if function is None or not statement.text or not only_prints(_printing(function)):
            return None
        if sum(1 for _ in below(function)) > _FEW or not _is_movable(function, frame=True):
            return None
        suffix, line = self.names.new(), statement.line
        moved = _Moved(suffix, {}, statement.frame, None)
        around = (*self.site.around, (statement.template, name))
        body = self.within(template=statement.template, around=around).body(moved.function(function))
        shown = f"block {statement.block!r}"
        return (Framed(line, statement.template, shown, body, guarded=False, escapes=False, streams=True),)


def _printing(function: Function) -> Body:
    """Return what of a function's body is not there for its variables."""
    return tuple(statement for statement in function.body if not isinstance(statement, (Default, Set)))


def _fits(function: Function, loops: int) -> bool:
    count = 0
    for node in below(function):
        count += 1
        loops += isinstance(node, Loop)
    return count <= _SMALL and loops <= _LOOPS


# what belongs to the function that it stands in, or hands on all that is set around it
_FIXED = (
    *(Define, MakeBody, MakeCaller, Publish, Tell, Extend, RunParent, KeepContext, Modify, Modified, Overlay, Include),
    *(RunBlock, Run, TemplateSelf, CheckNamespace, Do),
)


def _is_movable(function: Function, *, part: bool = False, frame: bool = False) -> bool:
    """Return whether the code of a function may stand in another; that of a `part` finds what is given elsewhere, and
    that with the `frame` at hand does not.
    """
    for node in below(function):
        if isinstance(node, _FIXED) or (isinstance(node, Print) and node.mode == RAW):
            return False
        if isinstance(node, (Given, Resolved)) and not (part or frame):
            return False
        if isinstance(node, RunSuper) and not frame:
            return False
        if isinstance(node, Variable) and node.name.startswith("l_0_") and not (part or frame):
            return False
    return True


def _calls_of(function: Function, caller: str) -> list[Node]:
    """Return where a macro calls its caller, when that is all that it does with it, else nothing."""
    mentioned, calls = 0, list[Node]()
    for node in below(function):
        mentioned += isinstance(node, Variable) and node.name == caller
        if isinstance(node, PrintCaller) and node.caller.name == caller:
            mentioned -= 2  # for the body of a block, and for all else
            calls.append(node)
        elif isinstance(node, Call) and _is_call_of(node, caller):
            mentioned -= 1
            calls.append(node)
    return [] if mentioned else calls


def _is_call_of(call: Call, caller: str) -> bool:
    """Return whether a call is ``caller(…)``, with arguments by their places."""
    is_caller = isinstance(call.callee, Variable) and call.callee.name == caller
    return is_caller and call.arguments.is_plain and call.way in {"plain", "safe"}


def _assigned(node: Node) -> frozenset[str]:
    """Return the variables that are assigned to below a node."""
    return frozenset(part.name for part in below(node) if isinstance(part, ToVariable))


@dataclass(slots=True)
class _Arguments:
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
        if isinstance(value, (Constant, Checked, Undefined, Variable)):
            return value
        variable = f"{called}{self.suffix}"
        self.before.append(Set(self.line, ToVariable(self.line, variable), value, made=True))
        return Variable(self.line, variable)

    def give(self, parameter: str, value: Value) -> None:
        """Have a parameter be a value."""
        if parameter in self.assigned:
            variable = parameter + self.inside
            self.before.append(Set(self.line, ToVariable(self.line, variable), value, made=True))
            value = Variable(self.line, variable)
        self.values[parameter] = value


@dataclass(frozen=True, slots=True)
class _Caller:
    """The block that calls a macro: in which template it stands, the macro's parameter for it, its function, and
    whether what it prints is escaped.
    """

    template: str | None
    parameter: str
    function: Function
    escaped: bool


class _Moved(Rewriter):
    """Code of a function at another place: its variables have other names, its parameters stand for `values`, what is
    given to it is `given` by another name, and its context is `frame`.
    """

    def __init__(
        self,
        suffix: str,
        values: Mapping[str, Value],
        frame: Frame | None,
        caller: _Caller | None,
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
            case Call() if self.caller is not None and _is_call_of(value, self.caller.parameter):
                body = self._called(value.line, value.arguments.positional, guarded=False, escapes=False)
                return Marked(value.line, Text(value.line, body), self.caller.escaped)
        return self.parts(value)

    def _stands_for(self, value: Value, name: str) -> Value:
        if name in self.values:
            return replaced(self.values[name], {"line": value.line})
        return Variable(value.line, name + self.suffix)

    def statement(self, statement: Statement) -> Body:
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
            case Print(value=Call() as call, mode="escape" | "str") if self.caller is not None and _is_call_of(
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
        arguments = _Arguments(line, f"{self.suffix}_{line}", "", _assigned(function))
        for at, parameter in enumerate(function.parameters):
            value = arguments.bound(f"c{at}", self.value(given[at])) if at < len(given) else Missing(line)
            arguments.give(parameter, value)
        body = _Moved("", arguments.values, None, None).function(function)
        framed = Framed(line, str(caller.template), "call block", body, guarded, escapes, streams=False)
        return (*arguments.before, framed)
