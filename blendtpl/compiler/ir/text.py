"""The intermediate form as text, to be read: ``blendtpl explain --stage ir``.

Each statement is a line, with the line of the template before it; what stands in it is further in. What values are is
said in `blendtpl.compiler.ir.value_text`.
"""

from collections.abc import Iterator

from blendtpl.compiler.ir import statements as st
from blendtpl.compiler.ir.base import Body, Statement, Value
from blendtpl.compiler.ir.functions import Function
from blendtpl.compiler.ir.value_text import Shown, generic, template_name

_MODES = {st.ESCAPE: "escaped", st.STR: "as a str", st.TEXT: "a text", st.INT: "a number", st.RAW: "as it is"}


def as_text(template: st.Template) -> str:
    """Return the functions of a template as text."""
    return "\n\n".join("\n".join(_function(function, "")) for function in template.functions)


def _function(function: Function, indent: str) -> Iterator[str]:
    gives = "a text" if function.text else "writes" if function.writes else "a joined text"
    often = ", runs often" if function.hot else ""
    yield f"{indent}{function.name}({', '.join(function.parameters)}): {gives}{often}"
    yield from _binds(function.bind, indent + "  ")
    yield from _body(function.body, indent + "  ")


def _binds(bound: tuple[tuple[str, Value], ...], indent: str) -> Iterator[str]:
    shown = Shown()
    if bound:
        yield f"{indent}     {', '.join(f'{name} = {shown.value(value)}' for name, value in bound)}"
    yield from _inside(shown, indent)


def _body(body: Body, indent: str) -> Iterator[str]:
    for statement in body:
        shown = Shown()
        first, *rest = _statement(statement, indent, shown)
        yield f"{indent}{statement.line:>4} {first}"
        yield from _inside(shown, indent)
        yield from rest


def _inside(shown: Shown, indent: str) -> Iterator[str]:
    """Yield what the values of a line refer to by numbers: statements whose output is one, and functions."""
    for number, part in enumerate(shown.parts, 1):
        if isinstance(part, Function):
            first, *rest = _function(part, indent + "     ")
            yield f"{indent}     #{number} {first.strip()}"
            yield from rest
        else:
            yield f"{indent}     #{number}"
            yield from _body(part, indent + "    ")


def _statement(statement: Statement, indent: str, shown: Shown) -> Iterator[str]:
    """Yield the lines of a statement; those of the bodies in it come behind the first."""
    inner = indent + "  "
    match statement:
        case st.If(branches=branches, otherwise=otherwise):
            for number, (test, body) in enumerate(branches):
                yield f"{'if' if not number else f'{indent}     else if'} {shown.value(test)}"
                yield from _body(body, inner)
            if otherwise:
                yield f"{indent}     else"
                yield from _body(otherwise, inner)
        case st.Loop():
            yield from _loop(statement, indent, shown)
        case st.Scoped(bind=bound, body=body):
            yield "scope"
            yield from _binds(bound, inner)
            yield from _body(body, inner)
        case st.Define(function=function):
            yield "define"
            yield from _function(function, inner + "     ")
        case st.PrintCaller(caller=caller, otherwise=otherwise):
            yield f"print {caller.name}()"
            yield f"{indent}     unless it is the body of a call"
            yield from _body(otherwise, inner)
        case st.Framed(body=body) | st.Unextended(body=body) | st.Extended(body=body) | st.Modified(body=body):
            yield _around(statement)
            yield from _body(body, inner)
        case _:
            yield _printed(statement, shown) or _assigned(statement, shown) or _run(statement, shown)


def _around(statement: Statement) -> str:
    match statement:
        case st.Framed(template=template, shown=what):
            return f"in place of {what} of {template}" + (", guarded" if statement.guarded else "")
        case st.Unextended():
            return "unless another template is extended"
        case st.Extended():
            return "where another template is extended"
    return "with options of its own"


def _loop(loop: st.Loop, indent: str, shown: Shown) -> Iterator[str]:
    inner = indent + "  "
    if loop.variable is None:
        asks = ""
    elif loop.counted is None:
        asks = f", with {loop.variable}"
    else:
        asks = f", counted for {', '.join(sorted(loop.counted)) or 'its rounds'}"
    escaped = f", its text escaped {shown.escaped(loop.escaped)}" if loop.recursive else ""
    yield f"{'recursive ' * loop.recursive}loop {target(loop.target)} in {shown.value(loop.items)}{asks}{escaped}"
    if loop.test is not None:
        bound = "".join(f"{name} = {shown.value(value)}, " for name, value in loop.test.bind)
        yield f"{indent}     where {bound}{shown.value(loop.test.value)}"
    yield from _binds(loop.bind, inner)
    yield from _body(loop.body, inner)
    if loop.otherwise:
        yield f"{indent}     where there was none"
        yield from _body(loop.otherwise, inner)


def target(target_of: st.Target) -> str:
    """Return what is assigned to as text."""
    match target_of:
        case st.ToVariable(name=name):
            return name
        case st.ToParts(items=items):
            return f"({', '.join(map(target, items))})"
    return f"{target_of.namespace.name}.{target_of.attr}"


def _printed(statement: Statement, shown: Shown) -> str:
    match statement:
        case st.PrintText(text=text):
            return f"text {text!r}"
        case st.Print(value=value, mode=mode):
            return f"print {shown.value(value)}, {_MODES[mode]}"
        case st.PrintAsked(value=value, escaped=escaped):
            return f"print {shown.value(value)}, escaped {shown.escaped(escaped)}"
        case st.Descend(loop=loop, items=items):
            return f"print {loop}({shown.value(items)}){', guarded' * statement.guarded}"
    return ""


def _assigned(statement: Statement, shown: Shown) -> str:
    match statement:
        case st.Set(target=to, value=value):
            return f"{target(to)} = {shown.value(value)}"
        case st.Default(variable=variable, value=value):
            return f"{variable} = {shown.value(value)} where it is missing"
        case st.CheckNamespace(namespace=namespace):
            return f"check that {namespace.name} is a namespace"
        case st.Publish(called=called, variable=variable, exported=exported):
            return f"publish {called} = {variable}{', exported' * exported}"
        case st.ScopeVariables(name=name):
            return f"{name} = {{}}"
        case st.SetScopeVariable(name=name, called=called, value=value):
            return f"{name}[{called!r}] = {shown.value(value)}"
        case st.MakeFrame(name=name, template=template, frame=frame, variables=variables):
            return f"{name} = frame for {template} of {shown.value(frame)}{shown.given(variables)}"
        case st.Overlay(name=name, context=context, variables=variables):
            return f"{name} = {shown.value(context)}{shown.given(variables)}"
        case st.Modify(option=option, value=value):
            return f"option {option} = {shown.value(value)}"
    return ""


def _run(statement: Statement, shown: Shown) -> str:
    match statement:
        case st.Break() | st.Continue() | st.Tell():
            return type(statement).__name__.lower()
        case st.Flush():
            return "flush"
        case st.Do(value=value):
            return f"do {shown.value(value)}"
        case st.KeepContext():
            return "keep the context"
        case st.Raise(message=message):
            return f"raise {message!r}"
        case st.Run(function=function, arguments=arguments):
            return f"run {shown.value(function)}({', '.join(map(shown.value, arguments))})"
        case st.RunIncluded():
            given = zip(statement.names, statement.arguments, strict=True)
            named = (f"{name} = {shown.value(value)}" for name, value in given)
            around = shown.given(statement.variables) if statement.needs_context else ""
            return f"include {statement.template}: {statement.entry}({', '.join(named)}){around}"
        case st.Include(reference=reference):
            missing = ", if there is one" if statement.ignore_missing else ""
            return f"include {shown.value(reference)}{missing}{shown.given(statement.variables)}"
        case st.RunBlock(called=called, number=number):
            where = "" if number is None else f" ({number})"
            scoped = f", scoped{shown.given(statement.variables)}" if statement.scoped else ""
            return f"block {called}{where}{', required' * statement.required}{scoped}"
        case st.RunSuper(template=template, block=block):
            return f"super: block {block} of {template}"
        case st.Extend(template=template, reference=reference):
            return f"extend {template if reference is None else shown.value(reference)}"
        case st.RunParent(template=template, parts=parts):
            return f"go on with {template_name(template)}: {' or '.join(parts)}"
    return generic(statement)
