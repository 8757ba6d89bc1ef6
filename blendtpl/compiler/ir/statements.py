"""Statements: what the tags of a template become."""

from collections.abc import Mapping
from dataclasses import dataclass

from blendtpl.bundle.abi import TemplateInfo
from blendtpl.compiler.ir.base import Body, Node, Statement, Value, node
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.values import Autoescape, Frame, Variable

# -- output ------------------------------------------------------------------------------------------------------------

ESCAPE, STR, TEXT, INT, RAW = "escape", "str", "text", "int", "raw"


@node
class PrintText(Statement):
    """Constant text."""

    text: str


@node
class Print(Statement):
    """A value as output. `mode` says how it becomes text: it is escaped, it is made a `str` (E5), it is a text or a
    whole number already, or it is written as it is, and fails where the output that it belongs to becomes a text (E11).
    """

    value: Value
    mode: str


@node
class PrintAsked(Statement):
    """A value as output, escaped or not as is asked before it is made (E6)."""

    value: Value
    escaped: Autoescape


@node
class PrintCaller(Statement):
    """What ``caller()`` gives, printed: the body of a `call` block writes where this does; `otherwise` runs for all
    else that a caller may be, and where output is not `escaped` when this runs. For the rest see `Printed`.
    """

    caller: Variable
    frame: Frame
    escaped: Autoescape | None
    guarded: bool
    escapes: bool
    otherwise: Body


@node
class Unextended(Statement):
    """What is printed, or run, unless another template is extended by now (C1)."""

    body: Body


@node
class Extended(Statement):
    """What runs where another template is."""

    body: Body


# -- what runs, and how often ------------------------------------------------------------------------------------------


@node
class If(Statement):
    """What runs under conditions: each with its body, of which the first that holds runs, else `otherwise`."""

    branches: tuple[tuple[Value, Body], ...]
    otherwise: Body


@node
class LoopTest(Node):
    """The condition of a loop: what is bound before it is looked at."""

    bind: tuple[tuple[str, Value], ...]
    target: "Target"
    value: Value
    asks_loop: bool


@node
class Loop(Statement):
    """A loop. `variable` is that of its ``loop`` object, if it has one; once that is counters, `counted` are the
    attributes that are asked for. `bind` are the variables of its body, `sets`: whether a round sets any that what is
    called in it may see. A loop that is `recursive` is a function, which ``loop(…)`` calls.
    """

    target: "Target"
    items: Value
    bind: tuple[tuple[str, Value], ...]
    body: Body
    test: LoopTest | None
    otherwise: Body
    variable: str | None
    counted: frozenset[str] | None
    recursive: bool
    sets: bool
    forgets: tuple[str, ...] = ()
    escaped: bool | Autoescape = False  # of what a recursive loop returns


@node
class Descend(Statement):
    """What ``loop(…)`` renders, printed, in a loop that is no more than counters. For the rest see `Printed`."""

    loop: str
    items: Value
    guarded: bool
    escapes: bool


@node
class Scoped(Statement):
    """A scope: its variables, and what runs in it (S1)."""

    bind: tuple[tuple[str, Value], ...]
    body: Body
    forgets: tuple[str, ...]


@node
class Break(Statement):
    """The loop ends."""


@node
class Continue(Statement):
    """The round of the loop ends."""


@node
class Framed(Statement):
    """Code of another template, in place of a call of it; what it raises gets the entry of that call (R1)."""

    template: str
    shown: str
    body: Body
    guarded: bool  # whether it prints something undefined where it raises `StopIteration` (U4)
    escapes: bool
    streams: bool  # whether what it prints may be handed on before all of it is there


# -- variables ---------------------------------------------------------------------------------------------------------


@node
class ToVariable(Node):
    """What is assigned to: a variable of the function."""

    name: str


@node
class ToParts(Node):
    """What is assigned to: as many targets as the value has items, each of which gets one."""

    items: "tuple[Target, ...]"


@node
class ToNamespace(Node):
    """What is assigned to: an attribute of a namespace."""

    namespace: Variable
    attr: str


Target = ToVariable | ToParts | ToNamespace


@node
class Set(Statement):
    """An assignment."""

    target: Target
    value: Value
    made: bool = False  # by a pass, so that what is printed before may wait


@node
class CheckNamespace(Statement):
    """What is no namespace fails, before the value that is assigned to its attribute is looked at (S3)."""

    namespace: Variable


@node
class Publish(Statement):
    """A name of the top level is set to what a variable holds: whoever sees its context sees that."""

    called: str
    variable: str
    exported: bool


@node
class Tell(Statement):
    """Whatever is next may ask the context: what has been published is in it by now (S9)."""


@node
class ScopeVariables(Statement):
    """A new dict for what a block or a round of a loop sets, which what is called in it may see."""

    name: str


@node
class SetScopeVariable(Statement):
    """A variable that what is called may see is put into the dict `name`, where it is `called` as in the template."""

    name: str
    called: str
    value: Value


@node
class Do(Statement):
    """A value for its effect."""

    value: Value


@node
class Flush(Statement):
    """What has been printed is not to wait for more, in a stream."""


@node
class KeepContext(Statement):
    """The context may come to hold what holds it: it is emptied when the render is over."""


# -- functions ---------------------------------------------------------------------------------------------------------


@node
class Define(Statement):
    """A function that sees the variables around it."""

    function: Function


@node
class Default(Statement):
    """An argument of a macro that was not given is what this says (M2)."""

    variable: str
    value: Value


@dataclass(frozen=True, slots=True)
class Template:
    """The functions of a template's code, and what functions that are made at its top level find under the names that
    this sets: what kind of thing that is, "self", "given" or "set", and its name.
    """

    functions: tuple[Function, ...]
    top: Mapping[str, tuple[str, str]]
    info: TemplateInfo
    is_constant: bool  # whether its top level may turn out to be no more than constants


# -- other templates ---------------------------------------------------------------------------------------------------


@node
class Run(Statement):
    """A call of a function of a template that writes to the output, or, as a `text`, returns what it prints."""

    function: Value
    arguments: tuple[Value, ...]
    text: bool


@node
class RunIncluded(Statement):
    """The code of an included template, called with what it reads: `names` say of each argument under which name it is
    read, `sure` are those that are never missing. `entry` is the function; `frame` what it is given for its context,
    `needs_context`: whether it may ask for that, which is made of what is set around it then. It is one of so many that
    a name is compared with.
    """

    template: str
    entry: str
    names: tuple[str, ...]
    arguments: tuple[Value, ...]
    sure: frozenset[str]
    frame: Frame
    needs_context: bool
    variables: Value | None
    text: bool
    among: int = 1


@node
class MakeFrame(Statement):
    """What an included template is given for its context, which may be made of a frame and what is set around it."""

    name: str
    template: str
    frame: Frame
    variables: Value | None


@node
class RunBlock(Statement):
    """A block, which is in the frame by its number, or in the context by its name. Where it is `scoped`, it is given a
    context that sees `variables`; `slots` are those of them that a frame has slots for.
    """

    called: str
    number: int | None
    frame: Frame
    scoped: bool
    variables: Value | None
    required: bool
    text: bool


@node
class RunParent(Statement):
    """What a template extends goes on where that ends: `parts` are the functions of the parent that may be called, the
    second where there is no output; `template` is the parent, where that is known.
    """

    template: str | None
    parts: tuple[str, ...]
    ready: bool  # whether the blocks of all that it extends stand ready
    text: bool


@node
class Extend(Statement):
    """Another template is extended from here on, which is looked for `by` a template unless it is known."""

    template: str | None
    reference: Value | None
    by: str | None
    ready: bool


@node
class RunSuper(Statement):
    """What ``super()`` renders, as is known: the body of a block of a template further out."""

    template: str
    block: str
    frame: Frame
    text: bool


@node
class Include(Statement):
    """An include of a template that is looked for when it runs."""

    way: str  # the method that looks for it
    reference: Value
    by: str | None  # the template that includes it
    ignore_missing: bool
    variables: Value | None  # what is set around it, where it is given the context
    frame: Frame
    to_output: bool  # past the buffer of a `set` or `filter` block, straight to the output (C8)


@node
class Raise(Statement):
    """What can only fail: a `jinja2.TemplateRuntimeError`."""

    message: str


@node
class Modify(Statement):
    """An option of the evaluation context is set."""

    option: str
    value: Value


@node
class Modified(Statement):
    """What runs under options of its own, which are as before behind it."""

    body: Body


@node
class Overlay(Statement):
    """A context over that at hand, with more variables."""

    name: str
    context: Value
    variables: Value
