"""Values: what expressions of a template become. All names are resolved, all that Jinja2 decides by an environment's
options is decided, and what may be undefined, or fails, says so by its kind.
"""

from typing import Any

from blendtpl.compiler.ir.base import Body, Node, Value, node
from blendtpl.compiler.ir.functions import Function

Keywords = tuple[tuple[str, Value], ...]

# -- what is there -----------------------------------------------------------------------------------------------------


@node
class Constant(Value):
    """What can be written as a literal; a list or a dict is made anew each time."""

    value: Any


@node
class Variable(Value):
    """What a variable of the function holds, which may be `missing`."""

    name: str


@node
class Given(Value):
    """What the context has for a name, or `missing`; a function looks at it once, before all else (L1)."""

    called: str


@node
class Missing(Value):
    """What stands for a name that nothing is set to."""


@node
class Checked(Value):
    """A variable, or what is given, where something undefined takes the place of `missing` (L2)."""

    source: Variable | Given
    called: str


@node
class Undefined(Value):
    """Something undefined: `message` says why, `called` is its name; `plain`: of Jinja2's own class, whatever the
    environment's is.
    """

    message: str | None
    called: str | None
    plain: bool = False


@node
class Frame(Value):
    """The context of a place, or the frame that stands for it; `name` is its variable, or, of the module `of` another
    template, what that was made with.
    """

    name: str = "context"
    of: str | None = None


@node
class Resolved(Value):
    """What a context that was made on the way has for a name."""

    frame: Frame
    called: str


@node
class TrueContext(Value):
    """The context itself, which is made of a frame when it is asked for."""

    frame: Frame


@node
class Evaluation(Value):
    """The evaluation context: `bound` is one that nothing changes, for where that is `sure`."""

    frame: Frame
    bound: str
    sure: bool


@node
class Autoescape(Value):
    """Whether output is escaped when this runs; `compiled` is what it was compiled for, `sure`: that is so (E6)."""

    frame: Frame
    compiled: bool
    sure: bool


@node
class Global(Value):
    """What emitted code finds under a name that is not its own."""

    name: str


@node
class Bound(Value):
    """What is made of the environment when code is loaded: see `blendtpl.runtime.namespace.BINDERS`."""

    words: tuple[str, ...]


@node
class Linked(Value):
    """A part of another template."""

    template: str
    part: str


@node
class TemplateSelf(Value):
    """What ``self`` is."""


# -- what is made of values --------------------------------------------------------------------------------------------


@node
class Attribute(Value):
    """``value.attr`` as `jinja2.Environment.getattr` has it (L3, L4), or, `safe`, as Jinja2's sandbox has it."""

    value: Value
    attr: str
    safe: bool = False


@node
class Item(Value):
    """``value[key]`` as `jinja2.Environment.getitem` has it (L5), or, `safe`, as Jinja2's sandbox has it."""

    value: Value
    key: Value
    safe: bool = False


@node
class Slice(Value):
    """``value[start:stop:step]``, Python's own (L8)."""

    value: Value
    bounds: tuple[Value, Value, Value]


@node
class ObjectAttribute(Value):
    """Python's own ``value.attr``, of a thing of ours."""

    value: Value
    attr: str


@node
class Binary(Value):
    """Arithmetic of two values, with Python's operator."""

    operator: str
    left: Value
    right: Value


@node
class Unary(Value):
    """A value with a sign."""

    operator: str
    value: Value


@node
class Compare(Value):
    """A chain of comparisons, each of which is made where those before it hold."""

    first: Value
    rest: tuple[tuple[str, Value], ...]


@node
class Logic(Value):
    """``and`` and ``or``."""

    operator: str
    left: Value
    right: Value


@node
class Not(Value):
    """``not``."""

    value: Value


@node
class Choose(Value):
    """``yes if test else no``, of which one is looked at."""

    test: Value
    yes: Value
    no: Value


@node
class Is(Value):
    """Whether something is `missing`, or `None`."""

    value: Value
    what: str


@node
class Concat(Value):
    """What ``~`` makes of values: a text, or markup where that is escaped (E9). `escaped` is a value where it is only
    known when this runs.
    """

    values: tuple[Value, ...]
    escaped: bool | Value


@node
class Sequence(Value):
    """A tuple or a list."""

    kind: str
    values: tuple[Value, ...]


@node
class Pairs(Value):
    """A dict."""

    pairs: tuple[tuple[Value, Value], ...]


@node
class Marked(Value):
    """A text as markup, where `escaped` says so (E8)."""

    value: Value
    escaped: bool | Autoescape


@node
class Text(Value):
    """What statements print, as one text."""

    body: Body


@node
class Behind(Value):
    """A value that is looked at behind what statements do."""

    before: Body
    value: Value


# -- calls -------------------------------------------------------------------------------------------------------------


@node
class Arguments(Node):
    """The arguments of a call, in Python's order: what is taken apart as arguments comes before all keywords (O5)."""

    positional: tuple[Value, ...] = ()
    star: Value | None = None
    keywords: Keywords = ()
    stars: Value | None = None

    @property
    def is_plain(self) -> bool:
        """Return whether there is nothing but arguments by their places."""
        return not self.keywords and self.star is None and self.stars is None

    @property
    def constants(self) -> tuple[Any, ...] | None:
        """Return the values of the arguments, when each is a constant that is given by its place."""
        constants = tuple(argument.value for argument in self.positional if isinstance(argument, Constant))
        return constants if self.is_plain and len(constants) == len(self.positional) else None


@node
class Apply(Value):
    """A filter or a test (`kind`), applied to a value; `passed` is what it asks to be passed first. `own`: in the
    environment that this is compiled for, it is Jinja2's.
    """

    kind: str
    called: str
    value: Value
    passed: Value | None
    arguments: Arguments
    own: bool
    frame: Frame


@node
class Call(Value):
    """A call of what is unknown: `way` is that by which it goes, "plain", "context", "safe" or "sandbox", or
    "translated" for names that translate. `scopes` are the dicts of what has been set around it, for whoever asks for
    the context; `caller` is what a `call` block hands on.
    """

    callee: Value
    arguments: Arguments
    way: str
    frame: Frame
    scopes: tuple[str, ...] = ()
    caller: Value | None = None


@node
class Invoke(Value):
    """A call of a function of ours, or of the environment."""

    function: Value
    arguments: tuple[Value, ...]
    keywords: Keywords = ()


@node
class Await(Value):
    """A value, or, where that is to be awaited, what comes of it: only in environments with `enable_async`."""

    value: Value


@node
class Guarded(Value):
    """What a call gives that may raise `StopIteration`, in place of which it is something undefined (U4)."""

    value: Value


@node
class Rest(Node):
    """What of a call's operands are keywords or arguments that a macro has no names for, as a dict or a tuple."""

    keywords: tuple[tuple[str, int], ...] | None
    positional: tuple[int, ...]


# what an argument of a macro is: an operand of the call by its number, or nothing
Slot = int | None


@node
class CallMacro(Value):
    """The text of a macro that is known. `operands` are looked at in this order, `slots` say which of them is which
    argument; `caller` is what comes behind the arguments that have names, for a macro that asks for it. `text`: the
    function returns a text, else it writes to a list.
    """

    template: str
    macro: str
    context: Frame
    operands: tuple[Value, ...]
    slots: tuple[Slot, ...]
    caller: Value | None
    rest: tuple[Rest, ...]
    text: bool


@node
class MacroFunction(Value):
    """The function of a macro that is known."""

    template: str
    macro: str


@node
class FrameBlock(Value):
    """The innermost body of a block, by its number in the frame."""

    frame: Frame
    number: int


@node
class BlockText(Value):
    """The text of a function of a template, called with a frame; `text`: it returns that."""

    function: Value
    frame: Value
    text: bool


@node
class Printed(Value):
    """What is printed of the text of a block or a macro: that; unless it is to be escaped once more, where it is not
    `escaped` when this runs. `guarded`: it is something undefined where that raises `StopIteration` (U4), whose text
    `escapes` says how to make.
    """

    value: BlockText | CallMacro
    escaped: Autoescape | None
    guarded: bool
    escapes: bool


@node
class CallBack(Value):
    """``caller()``."""

    frame: Frame
    caller: Variable


@node
class Translator(Value):
    """What a function that translates is, with so many arguments, and what is behind it, where output is escaped as it
    was compiled to be; `behind` is what ``_`` looks up.
    """

    called: str
    count: int
    escaped: Autoescape
    function: Value
    behind: Value


@node
class Translate(Value):
    """What a function that translates makes of texts: see `blendtpl.compiler.codegen.gettext`. `rest` is the number of
    a plural; `printed`: it is printed, or else a value.
    """

    called: str
    translator: Translator
    texts: tuple[Value, ...]
    rest: tuple[Value, ...]
    keywords: Keywords
    frame: Frame
    escaped: bool
    printed: bool
    scopes: tuple[str, ...] = ()


# -- loops and macros --------------------------------------------------------------------------------------------------


@node
class Counter(Value):
    """An attribute of the ``loop`` of a loop that is no more than counters (P1)."""

    loop: str
    attr: str


@node
class Turn(Value):
    """``loop.cycle(…)`` of such a loop."""

    loop: str
    values: tuple[Value, ...]


@node
class MakeMacro(Value):
    """A macro, made of a function: one of the module, which is given the context, or of the function at hand."""

    function: str
    hoisted: bool
    bare: bool  # whether that has no use for the context
    written: bool  # whether the function writes to a list
    called: str | None
    arguments: tuple[str, ...]
    takes_keywords: bool
    takes_rest: bool
    takes_caller: bool
    escaped: Autoescape


@node
class MakeBody(Value):
    """What a `call` block hands on to a macro that only ever calls for it, made of a function that writes."""

    function: Function
    escaped: Autoescape


@node
class MakeCaller(Value):
    """The like of a block that takes arguments: a macro, made of a function."""

    function: Function
    escaped: Autoescape
    macro: MakeMacro
