"""Counters: the ``loop`` of a loop that is no more than counters.

Jinja2 makes an object of each ``loop``. Where all that is done with it is to ask for what counting the rounds, and
knowing the items to come, is enough for, it need not be there (P1); nor where nothing asks for it any more.
"""

from dataclasses import dataclass, field

from blendtpl.compiler.ir.base import Body, Node, Statement, Value, parts
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.rewrite import Rewriter, replaced
from blendtpl.compiler.ir.statements import (
    ESCAPE,
    Define,
    Descend,
    Loop,
    Print,
    ToVariable,
)
from blendtpl.compiler.ir.values import Arguments, Attribute, Await, Call, Counter, MakeBody, Turn, Variable

# what counting the rounds is enough for, and what needs to know of the items to come
_COUNTERS = frozenset({"index", "index0", "first", "depth", "depth0"})
_SIZED = frozenset({"last", "length", "revindex", "revindex0"})
PLAIN = frozenset({"plain", "safe"})  # the ways of calls that ask nothing of the context
_ATTRIBUTES = _COUNTERS | _SIZED


def counters(function: Function, *, lenient: bool) -> Function:
    """Return a function whose loops have no more of ``loop`` than they need."""
    return _Counters(lenient).parts(function)


class _Counters(Rewriter):
    def __init__(self, lenient: bool) -> None:
        self.lenient = lenient

    def statement(self, statement: Statement) -> Body:
        """Take the loops further in first: what asks for this loop in one of them is found there."""
        statement = self.parts(statement)
        if not isinstance(statement, Loop) or statement.variable is None or statement.counted is not None:
            return (statement,)
        uses = _Uses(statement.variable, recursive=statement.recursive)
        uses.of_body(statement.body)
        if uses.whole:
            return (statement,)
        if not uses.attributes and not uses.otherwise and not statement.recursive:
            return (replaced(statement, {"variable": None}),)
        body = _Replace(statement.variable, self.lenient).body(statement.body)
        return (replaced(statement, {"body": body, "counted": frozenset(uses.attributes)}),)


@dataclass(slots=True)
class _Uses:
    """What is done with a ``loop``: the attributes that are asked for, whether anything else is that needs no object,
    and whether it needs the `whole` object.
    """

    variable: str
    recursive: bool
    attributes: set[str] = field(default_factory=set)
    otherwise: bool = False
    whole: bool = False

    def of_body(self, body: Body) -> None:
        """Look at statements."""
        for statement in body:
            self.of(statement)

    def of(self, node: Node) -> None:
        """Look at a node and all below it, until the object is needed."""
        if self.whole:
            return
        match node:
            case Variable(name=name) | ToVariable(name=name):
                self.whole = name == self.variable
                return
            case Attribute(value=Variable(name=name), attr=attr) if name == self.variable and attr in _ATTRIBUTES:
                self.attributes.add(attr)
                return
            case Call() if is_turn(node, self.variable):
                self.otherwise = True
                self.of(node.arguments)
                return
            case Print(value=value, mode="escape" | "str") if self.recursive and (
                call := descended(value, self.variable)
            ):
                self.otherwise = True
                self.of(call.arguments)
                return
            case Define() | MakeBody():
                # a function that may be called when the loop has gone on
                self.whole = mentions(node, self.variable)
                return
            case Loop(recursive=True):
                self.of(node.items)
                inner = (node.target, *node.body, node.test, *node.otherwise)
                self.whole = self.whole or any(part is not None and mentions(part, self.variable) for part in inner)
                return
        for part in parts(node):
            self.of(part)


def is_turn(call: Call, variable: str) -> bool:
    """Return whether a call is ``loop.cycle(…)``, with arguments by their places."""
    match call:
        case Call(callee=Attribute(value=Variable(name=name), attr="cycle"), arguments=Arguments() as arguments):
            return name == variable and bool(arguments.positional) and arguments.is_plain and call.way in PLAIN
    return False


def descended(value: Value, variable: str) -> Call | None:
    """Return the call that a value is, or waits for, if that is ``loop(…)``, with one argument."""
    call = value.value if isinstance(value, Await) else value
    match call:
        case Call(callee=Variable(name=name), arguments=Arguments(positional=(_,)) as arguments):
            return call if name == variable and arguments.is_plain and call.way in PLAIN else None
    return None


def mentions(node: Node, variable: str) -> bool:
    """Return whether a variable is read or set anywhere below a node."""
    return any(
        (isinstance(part, (Variable, ToVariable)) and part.name == variable) or mentions(part, variable)
        for part in parts(node)
    )


class _Replace(Rewriter):
    def __init__(self, variable: str, lenient: bool) -> None:
        self.variable, self.lenient = variable, lenient

    def value(self, value: Value) -> Value:
        match value:
            case Attribute(value=Variable(name=name), attr=attr) if name == self.variable:
                return Counter(value.line, name, attr)
            case Call() if is_turn(value, self.variable):
                return Turn(value.line, self.variable, self.parts(value.arguments).positional)
        return self.parts(value)

    def statement(self, statement: Statement) -> Body:
        match statement:
            case Print(value=value, mode=mode) if call := descended(value, self.variable):
                (items,) = self.parts(call.arguments).positional
                return (Descend(statement.line, self.variable, items, self.lenient, mode == ESCAPE),)
        return (self.parts(statement),)
