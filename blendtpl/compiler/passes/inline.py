"""Inlining: the code of a small included template, of a macro, or of the block that calls one, in place of a call.

The function at hand has one file name, which is not that of the other template: what is put in place of a call is
`Framed`, so that an error in it has the entry of that call in its traceback.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from blendtpl.bundle import abi
from blendtpl.compiler.ir.base import Body, Node, Statement, Value, below
from blendtpl.compiler.ir.effects import only_prints
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Rewriter, replaced
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
    Set,
    Tell,
    ToVariable,
)
from blendtpl.compiler.ir.values import (
    Call,
    CallMacro,
    Constant,
    Frame,
    Given,
    MakeBody,
    MakeCaller,
    Missing,
    Pairs,
    Printed,
    Resolved,
    Sequence,
    TemplateSelf,
    Text,
    Variable,
)
from blendtpl.compiler.passes.moved import Arguments, Caller, Moved, assigned_in, is_call_of

_SMALL = 150  # nodes of a function
_FEW = 40  # and of a block that stands in every block that is put over it
_DEEP = 3  # how many may stand in each other
_LOOPS = 6  # and with them, how many loops: Python nests no more than twenty loops and `try` in a function

FunctionOf = Callable[[str, str], Function | None]  # gives a function of a template of the set, as it was lowered


@dataclass(frozen=True, slots=True)
class Site:
    """Where a call stands: in which template's code, inside of what else that stands in place of calls, in how many
    loops, and as one of how many that are chosen from.
    """

    template: str | None
    around: tuple[tuple[str, str], ...] = ()
    loops: int = 0
    among: int = 1


def inlined(function: Function, template: str | None, function_of: FunctionOf, *, lenient: bool) -> Function:
    """Return a function with the code of what it calls often in place of these calls."""
    walk = _Inline(function_of, lenient, Site(template), _Names(assigned_in(function)))
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
            case Print(value=Printed(value=CallMacro() as call) as printed):
                call = self.parts(call)
                body = printed.escaped is None and self._macro(call, guarded=printed.guarded, escapes=printed.escapes)
                return body or (replaced(statement, {"value": replaced(printed, {"value": call})}),)
            case RunIncluded():
                return self._included(statement) or (self.parts(statement),)
            case RunSuper():
                return self._super(statement) or (statement,)
        return (self.parts(statement),)

    def value(self, value: Value) -> Value:
        """Return a value where what a macro returns may be the text of its code."""
        value = self.parts(value)
        body = self._macro(value, guarded=False, escapes=False) if isinstance(value, CallMacro) else None
        return Text(value.line, body) if body else value

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

    def _macro(self, call: CallMacro, *, guarded: bool, escapes: bool) -> Body | None:
        function = self._callee(call.template, abi.macro_function(call.macro)) if self.site.loops else None
        if function is None or not _is_movable(function):
            return None
        caller = call.caller if isinstance(call.caller, (MakeBody, MakeCaller)) else None
        named = len(call.slots)
        has_caller = call.caller is not None
        parameters = function.parameters[1:]  # behind the context
        if caller is not None and not self._takes(function, parameters[named], caller):
            return None
        suffix, line = self.names.new(), call.line
        arguments = Arguments(line, suffix, suffix, assigned_in(function))
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
            block = Caller(self.site.template, parameters[named], self.parts(caller.function), caller.escaped.compiled)
        moved = Moved(suffix, arguments.values, frame, block)
        around = (*self.site.around, (call.template, abi.macro_function(call.macro)))
        body = self.within(template=call.template, around=around).body(moved.function(function))
        shown = f"macro {call.macro!r}"
        framed = Framed(line, call.template, shown, body, guarded, escapes, streams=False)
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
        among = self.site.among * statement.among
        if among > 1 and sum(1 for _ in below(function)) * among > 2 * _SMALL:
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
        moved = Moved(suffix, {}, frame, None, given, statement.sure)
        inside = self.within(template=statement.template, around=around, among=among)
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
        moved = Moved(suffix, {}, statement.frame, None)
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
        elif isinstance(node, Call) and is_call_of(node, caller):
            mentioned -= 1
            calls.append(node)
    return [] if mentioned else calls
