"""The intermediate form as text, to be read: ``blendtpl explain --stage ir``.

Each statement is a line, with the line of the template before it; what stands in it is further in. A variable is its
name, what is given is ``$name``, and ``?`` behind either says that it is undefined where nothing is set to it.
"""

from collections.abc import Iterator
from typing import Any

from blendtpl.compiler.ir import statements as st
from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import Node, Statement, Value
from blendtpl.compiler.ir.functions import Function

_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}


def as_text(template: st.Template) -> str:
    """Return the functions of a template as text."""
    return "\n\n".join("\n".join(_function(function, "")) for function in template.functions)


def _function(function: Function, indent: str) -> Iterator[str]:
    gives = "a text" if function.text else "writes" if function.writes else "a joined text"
    yield f"{indent}{function.kind} {function.name}({', '.join(function.parameters)}): {gives}"
    yield from _binds(function.bind, indent + "  ")
    yield from _body(function.body, indent + "  ")


def _binds(bound: tuple[tuple[str, Value], ...], indent: str) -> Iterator[str]:
    if bound:
        yield f"{indent}     bind {', '.join(f'{name} = {shown(value)}' for name, value in bound)}"


def _body(body: tuple[Statement, ...], indent: str) -> Iterator[str]:
    for statement in body:
        first, *rest = _statement(statement, indent)
        yield f"{indent}{statement.line:>4} {first}"
        yield from rest


def _statement(statement: Statement, indent: str) -> Iterator[str]:
    inner = indent + "  "
    match statement:
        case st.PrintText(text=text):
            yield f"text {text!r}"
        case st.Print(value=value, mode=mode):
            yield f"print {mode} {shown(value)}"
        case st.If(branches=branches, otherwise=otherwise):
            for number, (test, body) in enumerate(branches):
                yield f"{'if' if not number else f'{indent}     elif'} {shown(test)}"
                yield from _body(body, inner)
            if otherwise:
                yield f"{indent}     else"
                yield from _body(otherwise, inner)
        case st.Loop():
            yield from _loop(statement, indent)
        case st.Set(target=target, value=value):
            yield f"{_target(target)} = {shown(value)}"
        case st.Scoped(bind=bound, body=body):
            yield "scope"
            yield from _binds(bound, inner)
            yield from _body(body, inner)
        case st.Framed(template=template, shown=what, body=body):
            yield f"code of {what} of {template}" + (", guarded" if statement.guarded else "")
            yield from _body(body, inner)
        case st.Define(function=function):
            yield "define"
            yield from _function(function, inner)
        case st.PrintCaller(caller=caller):
            yield f"print what {caller.name} gives"
        case _:
            bodies = {name: value for name, value in _fields(statement) if _is_body(value)}
            yield _generic(statement, leaving_out=frozenset(bodies))
            for body in bodies.values():
                yield from _body(body, inner)


def _loop(loop: st.Loop, indent: str) -> Iterator[str]:
    inner = indent + "  "
    if loop.variable is None:
        asks = ""
    elif loop.counted is None:
        asks = f", with {loop.variable}"
    else:
        asks = f", counted for {', '.join(sorted(loop.counted)) or 'its rounds'}"
    yield f"{'recursive ' * loop.recursive}loop {_target(loop.target)} in {shown(loop.items)}{asks}"
    if loop.test is not None:
        yield f"{indent}     where {shown(loop.test.value)}"
    yield from _binds(loop.bind, inner)
    yield from _body(loop.body, inner)
    if loop.otherwise:
        yield f"{indent}     where there was none"
        yield from _body(loop.otherwise, inner)


def _target(target: st.Target) -> str:
    match target:
        case st.ToVariable(name=name):
            return name
        case st.ToParts(items=items):
            return f"({', '.join(map(_target, items))})"
    return f"{target.namespace.name}.{target.attr}"


def shown(value: Value) -> str:
    """Return a value as text."""
    match value:
        case ir.Constant(value=constant):
            return repr(constant)
        case ir.Variable(name=name):
            return name
        case ir.Given(called=called):
            return f"${called}"
        case ir.Checked(source=source):
            return f"{shown(source)}?"
        case ir.Missing():
            return "missing"
        case ir.Frame(name=name, of=of):
            return name if of is None else f"context of {of}"
        case ir.Attribute(value=inner, attr=attr):
            return f"{shown(inner)}.{attr}"
        case ir.Item(value=inner, key=key):
            return f"{shown(inner)}[{shown(key)}]"
        case ir.Binary(operator=operator, left=left, right=right) | ir.Logic(operator=operator, left=left, right=right):
            return f"({shown(left)} {operator} {shown(right)})"
        case ir.Compare(first=first, rest=rest):
            return f"({shown(first)}{''.join(f' {_OPERATORS[kind]} {shown(other)}' for kind, other in rest)})"
        case ir.Not(value=inner):
            return f"not {shown(inner)}"
        case ir.Choose(test=test, yes=yes, no=no):
            return f"({shown(yes)} if {shown(test)} else {shown(no)})"
        case ir.Concat(values=values):
            return f"({' ~ '.join(map(shown, values))})"
        case ir.Apply(kind=kind, called=called, value=inner, arguments=arguments):
            given = _arguments(arguments)
            return f"{shown(inner)}{'|' if kind == 'filter' else ' is '}{called}{f'({given})' if given else ''}"
        case ir.Call(callee=callee, arguments=arguments):
            return f"{shown(callee)}({_arguments(arguments)})"
        case ir.CallMacro(template=template, macro=macro, operands=operands):
            return f"macro {macro} of {template}({', '.join(map(shown, operands))})"
        case ir.Counter(loop=loop, attr=attr):
            return f"{loop}#{attr}"
        case ir.Global(name=name):
            return name
        case ir.Bound(words=words):
            return " ".join(words)
        case ir.ObjectAttribute(value=inner, attr=attr):
            return f"{shown(inner)}.{attr}"
        case ir.Invoke(function=function, arguments=given):
            return f"{shown(function)}({', '.join(map(shown, given))})"
    return _generic(value)


def _arguments(arguments: ir.Arguments) -> str:
    given = [*map(shown, arguments.positional)]
    given += [] if arguments.star is None else [f"*{shown(arguments.star)}"]
    given += [f"{key}={shown(value)}" for key, value in arguments.keywords]
    given += [] if arguments.stars is None else [f"**{shown(arguments.stars)}"]
    return ", ".join(given)


def _fields(node: Node) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(node, name)) for name in node.__dataclass_fields__ if name != "line")


def _is_body(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Statement)


def _generic(node: Node, leaving_out: frozenset[str] = frozenset()) -> str:
    shown_fields = (f"{name}={_shown(value)}" for name, value in _fields(node) if name not in leaving_out)
    return f"{type(node).__name__}({', '.join(shown_fields)})"


def _shown(value: Any) -> str:
    if isinstance(value, Value):
        return shown(value)
    if isinstance(value, Function):
        return f"function {value.name}"
    if _is_body(value):
        return "{" + "; ".join(line.strip() for line in _body(value, "")) + "}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(str, value)))}}}"
    return _generic(value) if isinstance(value, Node) else repr(value)
