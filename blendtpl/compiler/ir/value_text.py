"""Values of the intermediate form as text.

A variable is its name, what is given is ``$name``, and ``?`` behind either says that it is undefined where nothing is
set to it. A value that is made of statements, or of a function, is ``#1``, and stands below the line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import FIELDS, Body, Node, Value
from blendtpl.compiler.ir.functions import Function

_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}


@dataclass(frozen=True, slots=True)
class Shown:
    """The values of one line, and the `parts` that stand below it."""

    parts: list[Body | Function] = field(default_factory=list)

    def value(self, value: Value) -> str:
        """Return a value as text."""
        for show in _KINDS:
            text = show(self, value)
            if text:
                return text
        return generic(value)

    def below(self, part: Body | Function) -> str:
        """Return the number of what stands below the line."""
        self.parts.append(part)
        return f"#{len(self.parts)}"

    def escaped(self, escaped: bool | Value) -> str:
        """Return when output is escaped."""
        if isinstance(escaped, ir.Autoescape) and not escaped.sure:
            return f"as {self.value(escaped.frame)} says"  # when this runs
        if isinstance(escaped, ir.Autoescape):
            escaped = escaped.compiled
        return {True: "always", False: "never"}[escaped] if isinstance(escaped, bool) else f"if {self.value(escaped)}"

    def given(self, variables: Value | None) -> str:
        """Return what is set around a place, for whoever is given a context."""
        return "" if variables is None else f", with {self.value(variables)}"

    def all(self, values: tuple[Value, ...]) -> str:
        """Return values behind each other."""
        return ", ".join(map(self.value, values))

    def arguments(self, arguments: ir.Arguments) -> str:
        """Return the arguments of a call."""
        given = [*map(self.value, arguments.positional)]
        given += [] if arguments.star is None else [f"*{self.value(arguments.star)}"]
        given += self.keywords(arguments.keywords)
        given += [] if arguments.stars is None else [f"**{self.value(arguments.stars)}"]
        return ", ".join(given)

    def keywords(self, keywords: ir.Keywords) -> list[str]:
        """Return what is handed on by name."""
        return [f"{key}={self.value(value)}" for key, value in keywords]


def template_name(template: str | None) -> str:
    """Return the name of a template; that of a text has none, and one that is looked for may be any."""
    return "another" if template is None else template


def generic(node: Node) -> str:
    """Return what a node is by its fields, when nothing says it better."""
    shown = (f"{name}={getattr(node, name)!r}" for name in FIELDS[type(node)] if name != "line")
    return f"{type(node).__name__}({', '.join(shown)})"


def _name(shown: Shown, value: Value) -> str:
    """Return what is there."""
    match value:
        case ir.Constant(value=constant):
            return repr(constant)
        case ir.Variable(name=name) | ir.Global(name=name):
            return name
        case ir.Given(called=called):
            return f"${called}"
        case ir.Checked(source=source):
            return f"{shown.value(source)}?"
        case ir.Missing():
            return "missing"
        case ir.Undefined(message=message, called=called):
            return f"undefined({called!r})" if message is None else f"undefined({message!r})"
        case ir.Frame(name=name, of=of):
            return name if of is None else f"{name} of {of}"
        case ir.Resolved(frame=frame, called=called):
            return f"{shown.value(frame)}${called}"
        case ir.TrueContext(frame=frame):
            return f"true {shown.value(frame)}"
        case ir.Evaluation(bound=bound, sure=sure):
            return f"evaluation {bound}" if sure else f"evaluation of {shown.value(value.frame)}"
        case ir.Autoescape():
            return f"escaped {shown.escaped(value)}"
        case ir.Bound(words=words):
            return " ".join(words)
        case ir.Linked(template=template, part=part):
            return f"{part} of {template}"
        case ir.TemplateSelf():
            return "self"
    return ""


def _made(shown: Shown, value: Value) -> str:
    """Return what is looked up in values."""
    of = shown.value
    match value:
        case ir.Attribute(value=inner, attr=attr) | ir.ObjectAttribute(value=inner, attr=attr):
            return f"{of(inner)}.{attr}"
        case ir.Item(value=inner, key=key):
            return f"{of(inner)}[{of(key)}]"
        case ir.Slice(value=inner, bounds=bounds):
            return f"{of(inner)}[{':'.join(map(of, bounds))}]"
        case ir.Sequence(kind=kind, values=values):
            return f"[{shown.all(values)}]" if kind == "list" else f"({shown.all(values)}{',' * (len(values) == 1)})"
        case ir.Pairs(pairs=pairs):
            return f"{{{', '.join(f'{of(key)}: {of(part)}' for key, part in pairs)}}}"
        case ir.Marked(value=inner, escaped=escaped):
            when = shown.escaped(escaped)
            return of(inner) if when == "never" else f"markup({of(inner)}{'' if when == 'always' else f', {when}'})"
        case ir.Text(body=body):
            return shown.below(body)
        case ir.Behind(before=before, value=inner):
            return f"{of(inner)} behind {shown.below(before)}"
        case ir.Counter(loop=loop, attr=attr):
            return f"{loop}#{attr}"
        case ir.Turn(loop=loop, values=values):
            return f"{loop}#cycle({shown.all(values)})"
    return ""


def _operated(shown: Shown, value: Value) -> str:
    """Return what operators make of values."""
    of = shown.value
    match value:
        case ir.Binary(operator=operator, left=left, right=right) | ir.Logic(operator=operator, left=left, right=right):
            return f"({of(left)} {operator} {of(right)})"
        case ir.Unary(operator=operator, value=inner):
            return f"{operator}{of(inner)}"
        case ir.Compare(first=first, rest=rest):
            return f"({of(first)}{''.join(f' {_OPERATORS[kind]} {of(other)}' for kind, other in rest)})"
        case ir.Not(value=inner):
            return f"not {of(inner)}"
        case ir.Choose(test=test, yes=yes, no=no):
            return f"({of(yes)} if {of(test)} else {of(no)})"
        case ir.Is(value=inner, what=what):
            return f"({of(inner)} is {what})"
        case ir.Concat(values=values, escaped=escaped):
            joined = f"({' ~ '.join(map(of, values))})"
            return joined if isinstance(escaped, bool) else f"{joined}, escaped {shown.escaped(escaped)}"
    return ""


def _called(shown: Shown, value: Value) -> str:
    """Return what is called."""
    of = shown.value
    match value:
        case ir.Apply(kind=kind, called=called, value=inner, passed=passed, arguments=arguments):
            given = ", ".join(filter(None, ("" if passed is None else of(passed), shown.arguments(arguments))))
            return f"{of(inner)}{'|' if kind == 'filter' else ' is '}{called}{f'({given})' if given else ''}"
        case ir.Call(callee=callee, arguments=arguments, way=way, caller=caller):
            given = ", ".join(
                filter(None, (shown.arguments(arguments), "" if caller is None else f"caller={of(caller)}"))
            )
            return f"{'' if way == 'plain' else f'{way} '}{of(callee)}({given})"
        case ir.Invoke(function=function, arguments=arguments, keywords=keywords):
            return f"{of(function)}({', '.join((*map(of, arguments), *shown.keywords(keywords)))})"
        case ir.Await(value=inner):
            return f"await {shown.value(inner)}"
        case ir.Guarded(value=inner):
            return f"guarded {of(inner)}"
        case ir.Printed(value=inner, escaped=escaped, guarded=guarded):
            once_more = "" if escaped is None else f", escaped {shown.escaped(escaped)}"
            return f"{'guarded ' * guarded}{of(inner)}{once_more}"
        case ir.CallBack(caller=caller):
            return f"{caller.name}()"
        case ir.Translate(called=called, texts=texts, rest=rest, keywords=keywords):
            return f"{called}({', '.join((*map(of, texts), *map(of, rest), *shown.keywords(keywords)))})"
        case ir.Translator(called=called, count=count):
            return f"translator {called} of {count}"
    return ""


def _of_ours(shown: Shown, value: Value) -> str:
    """Return what is made of functions of templates."""
    of = shown.value
    match value:
        case ir.CallMacro(template=template, macro=macro, operands=operands, slots=slots, caller=caller):
            given = ["missing" if slot is None else of(operands[slot]) for slot in slots]
            given += [] if caller is None else [f"caller={of(caller)}"]
            given += [f"rest={len(value.rest)}"] if value.rest else []
            return f"macro {macro} of {template}({', '.join(given)})"
        case ir.MacroFunction(template=template, macro=macro):
            return f"macro {macro} of {template}"
        case ir.FrameBlock(frame=frame, number=number):
            return f"block {number} of {of(frame)}"
        case ir.BlockText(function=function, frame=frame):
            return f"{of(function)}({of(frame)})"
        case ir.MakeMacro(function=function, called=called, arguments=arguments):
            takes = [*arguments, *["**kwargs"] * value.takes_keywords, *["*varargs"] * value.takes_rest]
            takes += ["caller"] * value.takes_caller
            return f"macro {called or ''}({', '.join(takes)}) made of {function}"
        case ir.MakeBody(function=function):
            return f"body {shown.below(function)}"
        case ir.MakeCaller(function=function):
            return f"caller {shown.below(function)}"
    return ""


_KINDS: tuple[Callable[[Shown, Any], str], ...] = (_name, _made, _operated, _called, _of_ours)
