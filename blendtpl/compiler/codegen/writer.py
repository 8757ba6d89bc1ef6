"""The writer: the statements of one function after the other, with output joined into runs.

Enters: expressions and statements, in the order in which they are to run. Leaves: bodies in which every value that
has an effect is computed in a statement of its own, in that order. Nothing here knows what they are made for.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from blendtpl.compiler.codegen.pyast import (
    assign,
    attribute,
    call,
    const,
    either,
    function,
    is_,
    is_not,
    is_simple,
    likely,
    name,
)

_OFTEN = 3  # appends from which on it is worth to bind the method


@dataclass(frozen=True, slots=True)
class Out:
    """Where output goes: the variable of the list that it is appended to; whether that is the function's own, so that
    the function may yield to whoever wants the output in pieces; and, where it is that of whoever calls, and Jinja2
    makes a text first, the variable of a list of what may be no text.
    """

    variable: str = "out"
    streams: bool = True
    unsure: str = ""


@dataclass(slots=True)
class Function:
    """A function that is being emitted. `prologue` runs first: what it reads of the context, each name once. `appends`
    are the calls, each of which runs but once, that append to a list.

    All that is known of the place at hand in it stands here too, so that nothing of it is taken for what is known in
    another function: `block` is the innermost, that statements are appended to; `run` the output that waits, for the
    list in `run_out`; `texts`: whether output becomes a text here, rather than being written; `checked` what has been
    looked at, of each body around; `origins` what variables hold unless that is missing. Around this place, `hot` is
    what runs often, and `loops` the loops of the template, those around the function too; `breakable`: the loops of the
    function itself.
    """

    identifier: str
    arguments: list[str]
    root: bool
    texts: int = 0
    loops: int = 0
    breakable: int = 0
    hot: int = 0
    appends: list[tuple[str, ast.Call]] = field(default_factory=list)
    prologue: list[ast.stmt] = field(default_factory=list)
    body: list[ast.stmt] = field(default_factory=list)
    reads: dict[str, str] = field(default_factory=dict)
    gets: bool = False
    yields: bool = False
    nested: int = 0
    # output waits, so that what is printed in a row is one f-string and one `append`
    run: list[tuple[str, ast.expr, int]] = field(default_factory=list)
    run_out: str = ""
    checked: list[dict[str, str]] = field(default_factory=lambda: [{}])
    copies: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    block: list[ast.stmt] = field(init=False)

    def __post_init__(self) -> None:
        self.block = self.body

    def definition(self, epilogue: list[ast.stmt], reader: ast.stmt) -> ast.FunctionDef:
        """Return the definition of the whole function; `reader` is how it gets at its context, when it does."""
        first = [*([reader] if self.gets else []), *self._bound_appends()]
        return function(self.identifier, self.arguments, [*first, *self.prologue, *self.body, *epilogue])

    def _bound_appends(self) -> Iterator[ast.stmt]:
        """Yield what binds the method of a list that was given, where that makes for less code."""
        for out in self.arguments:
            calls = [append for called, append in self.appends if called == out]
            if len(calls) >= _OFTEN:
                bound = f"{out}_append"
                yield assign(bound, attribute(name(out), "append"))
                for append in calls:
                    append.func = name(bound)


class Writer:
    """The functions that are being written; `function` is the innermost."""

    def __init__(self, *, speedups: bool) -> None:
        self.speedups = speedups
        self.line = 1
        self.function = Function("", [], root=False)  # around all others
        self._temporaries = 0

    def temporary(self, kind: str = "t") -> str:
        """Return a local name that nothing else has."""
        self._temporaries += 1
        return f"{kind}_{self._temporaries}"

    def checked(self, variable: str, called: str) -> ast.expr:
        """Return the value of a variable, with what stands for a missing one; each is looked at once in a body (L2)."""
        # a copy is looked at with what it was copied from: both are missing, or neither is
        key = self.function.copies.get(variable, variable)
        materialised = self.function.checked[-1].get(key)
        if materialised is None:
            undefined = call("undefined", name=const(called))
            materialised = self._hold(either(is_(name(variable), "missing"), undefined, name(variable))).id
            self.function.checked[-1][key] = materialised
            self.function.origins[materialised] = key
        return name(materialised)

    def is_checked(self, variable: str) -> bool:
        """Return whether it has been looked at whether a variable is missing."""
        return self.function.copies.get(variable, variable) in self.function.checked[-1]

    def copied(self, variable: str, source: str) -> None:
        """Note that a variable has been set to what another holds, which never changes."""
        self.function.copies[variable] = self.function.copies.get(source, source)

    def is_no_dict(self, variable: str) -> ast.expr:
        """Return whether a variable holds anything but an exact dict, which is asked once in a body."""
        key = f"{variable} is no dict"
        materialised = self.function.checked[-1].get(key)
        if materialised is None:
            materialised = self._hold(is_not(call("type", name(variable)), "dict")).id
            self.function.checked[-1][key] = materialised
        return name(materialised)

    def changed(self, variable: str) -> None:
        """Note that a variable is being set."""
        self.function.copies.pop(variable, None)
        # in all bodies around, too: what is set under a condition may be what is read behind it
        for looked_at in self.function.checked:
            looked_at.pop(variable, None)
            looked_at.pop(f"{variable} is no dict", None)

    @property
    def texts(self) -> bool:
        """Whether output becomes a text here, so that nothing may be written to a list."""
        return self.function.texts > 0

    @property
    def block(self) -> list[ast.stmt]:
        """The block that statements are appended to."""
        return self.function.block

    @block.setter
    def block(self, block: list[ast.stmt]) -> None:
        self.function.block = block

    @contextmanager
    def defining(
        self, identifier: str, arguments: list[str], *, root: bool = False, text: bool = False
    ) -> Iterator[Function]:
        """Emit the body of a function in the meantime, which returns its output when it is a `text`.

        What waits in the function around is written before: that it needs there belongs to that function.
        """
        outer = self.function
        self.flush()
        outer.nested += 1
        inner = self.function = Function(identifier, arguments, root, int(text), outer.loops)
        yield inner
        if text:
            self._append(ast.Return(self._text()))
        self.flush()
        self.function = outer

    def add(self, statement: ast.stmt) -> None:
        """Append a statement behind all output before it, at the line of the template that is being emitted."""
        self.flush()
        self._append(statement)

    def _append(self, statement: ast.stmt) -> None:
        statement.lineno = self.line
        self.function.block.append(statement)

    def _hold(self, value: ast.expr) -> ast.Name:
        materialised = self.temporary()
        self._append(assign(materialised, value))
        return name(materialised)

    def do(self, expression: ast.expr) -> None:
        """Append an expression for its effect."""
        self.add(ast.Expr(expression))

    def write_text(self, out: Out, text: str) -> None:
        """Output constant text."""
        if text:
            self._open(out)
            self.function.run.append(("text", const(text), self.line))

    def write(self, out: Out, kind: str, value: ast.expr) -> None:
        """Output a value: `kind` says how it becomes text (`str`, `escape`, `call` for a call that returns a text, or
        `is` for what is text already).
        """
        self._open(out)
        self.function.run.append((kind, value, self.line))

    def materialised(self, value: ast.expr) -> ast.Name:
        """Compute a value that has an effect here and now, behind all output before it; return its variable."""
        self.materialise_output()
        return self._hold(value)

    def materialise(self, value: ast.expr) -> ast.expr:
        """Compute a value that has an effect here and now, behind all output before it (O1, O2); return what stands for
        it.
        """
        if is_simple(value):
            return value
        return self.materialised(value)

    def branch(self, statement: ast.stmt) -> None:
        """Append a statement that is part of an expression: output before it waits, but is text already."""
        self.materialise_output()
        self._append(statement)

    def materialise_output(self) -> None:
        """Turn the values that wait to be written into text now, before anything else that has an effect."""
        outer = self.line
        run, self.function.run = self.function.run, []
        for kind, value, self.line in run:
            if kind == "int":  # a number stays what it is
                shown = (kind, value if is_simple(value) else self._hold(value))
            else:
                shown = (kind, value) if kind in _TEXT else ("shown", self._hold(self._shown(kind, value, self.line)))
            self.function.run.append((*shown, self.line))
        self.line = outer

    def _shown(self, kind: str, value: ast.expr, line: int) -> ast.expr:
        """Return the expression for what an f-string shows as the text of a value: a whole number may be one itself."""
        if kind in _TEXT or kind == "call":
            return value
        text_value = self._converted(kind, value, line)
        if kind == "escape" and is_simple(value):
            text = self._text_around(value)
            if text is not None:
                return either(is_(text, None), call("escape_any", value), text)
            if isinstance(text_value, ast.IfExp):
                text_value.body = likely(is_(call("type", value), "int"), value, text_value.body)
        return text_value

    def _text_around(self, value: ast.expr) -> ast.Name | None:
        """Return the variable for the text of what a function is given and prints in a loop: it is made once, before
        all else, because that cannot fail. It holds `None` when the value is no exact string and no whole number.
        """
        origin = self.function.origins.get(value.id, "") if isinstance(value, ast.Name) else ""
        if not self.function.loops or not origin.startswith(("g_", "p_")):
            return None
        key = f"{origin} as text"
        if key not in self.function.reads:
            self.function.reads[key] = self.temporary()
            kind = call("type", name(origin))
            other = either(is_(kind, "int"), name(origin), const(None))
            statement = assign(
                self.function.reads[key], either(is_(kind, "str"), call("escape_str", name(origin)), other)
            )
            statement.lineno = self.line
            self.function.prologue.append(statement)
        return name(self.function.reads[key])

    def _converted(self, kind: str, value: ast.expr, line: int) -> ast.expr:
        """Return the expression for the text of a value, at the line that the value stands in."""
        converted = _conversion(kind, value, small=self.speedups or not (self.function.hot or self.function.texts))
        if converted is not value:
            converted.lineno = line
        return converted

    def _open(self, out: Out) -> None:
        if self.function.run and self.function.run_out != out.variable:
            self.flush()
        self.function.run_out = out.variable

    def flush(self) -> None:
        """Write the output that waits; where it becomes a text, it waits on."""
        if self.function.texts:
            self.materialise_output()
        elif self.function.run:
            append = call(attribute(name(self.function.run_out), "append"), self._text())
            if not self.function.hot:
                self.function.appends.append((self.function.run_out, append))
            self._append(ast.Expr(append))

    def _text(self) -> ast.expr:
        """Return the expression for the output that waits."""
        run, self.function.run = self.function.run, []
        return self.text_of(run) if run else const("")

    def text_of(self, run: list[tuple[str, ast.expr, int]]) -> ast.expr:
        """Return the expression for the text of a run of output: what each value is, the value, and its line."""
        if len(run) == 1:
            return self._converted(*run[0])
        parts: list[ast.expr] = []
        for kind, value, line in run:
            if isinstance(value, ast.Constant) and kind == "text":
                parts.append(const(_text_before(parts) + str(value.value)))
                continue
            # `!s`, for what `format` makes of an object may be another text than that of `str`
            plain = kind in {"str", "int"}
            part = ast.FormattedValue(value, ord("s"), None) if plain else self._shown(kind, value, line)
            parts.append(part if plain else ast.FormattedValue(part, -1, None))
            parts[-1].lineno = line
        return parts[0] if len(parts) == 1 else ast.JoinedStr(parts)

    @contextmanager
    def captured(self, block: list[ast.stmt], result: str) -> Iterator[None]:
        """Append to a branch for a while, in which output becomes the text of a variable.

        Output before it waits, and is text already.
        """
        self.function.texts += 1
        with self.branch_scope(block):
            yield
            self._append(assign(result, self._text()))
        self.function.texts -= 1

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Write into a list of its own for a while. Where output becomes a text, what is before it waits."""
        texts = self.function.texts
        if not texts:
            yield
            self.flush()
            return
        self.materialise_output()
        with self._waiting():
            self.function.texts = 0
            yield
            self.flush()
        self.function.texts = texts

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Have the output so far wait for a while, whatever is flushed meanwhile."""
        outer, self.function.run = (self.function.run, self.function.run_out), []
        yield
        self.function.run, self.function.run_out = outer

    @contextmanager
    def appending_to(self, block: list[ast.stmt]) -> Iterator[None]:
        """Append to another block for a while, which surely runs; output before it waits."""
        outer, self.block = self.block, block
        try:
            yield
        finally:
            self.block = outer

    def aside_begin(self) -> None:
        """Start what may not run: what is looked at there is not known behind it."""
        self.function.checked.append(dict(self.function.checked[-1]))

    def aside_end(self) -> None:
        """End what may not run."""
        self.function.checked.pop()

    @contextmanager
    def branch_scope(self, block: list[ast.stmt]) -> Iterator[None]:
        """Append to a branch of an expression for a while; output before it waits, whatever is flushed there."""
        self.aside_begin()
        with self._waiting(), self.appending_to(block):
            yield
        self.aside_end()

    @contextmanager
    def statement_scope(self, block: list[ast.stmt]) -> Iterator[None]:
        """Append to another block for a while; output does not run across its ends."""
        self.flush()
        with self.appending_to(block):
            # a copy, since behind the block nobody knows whether it ran
            self.function.checked.append(dict(self.function.checked[-1]))
            yield
            self.flush()
            self.function.checked.pop()


_TEXT = frozenset({"text", "is", "shown"})


def _text_before(parts: list[ast.expr]) -> str:
    """Take constant text off the end of a run, for more to be joined to it."""
    last = parts[-1] if parts else None
    if not isinstance(last, ast.Constant):
        return ""
    parts.pop()
    return str(last.value)


def _conversion(kind: str, value: ast.expr, *, small: bool) -> ast.expr:
    if kind in {"text", "is", "call"}:
        return value
    if kind in {"str", "int", "shown"}:
        return ast.JoinedStr([ast.FormattedValue(value, ord("s"), None)])  # less than a call of `str`
    if is_simple(value) and not small:
        return likely(is_(call("type", value), "str"), call("escape_str", value), call("escape_any", value))
    return call("escape_any", value)
