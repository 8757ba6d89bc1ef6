"""Gettext: what calls of `gettext` and its like print, or are.

Enters: a translation. Leaves: a call of what does all of it; or, where there may be no functions in C, statements that
ask the function behind Jinja2's new-style one for the translation, and have a constant text ready, with the variables
in it, for when there is none.
"""

import ast
from collections.abc import Mapping

from blendtpl.bundle.abi import Translation, Translator
from blendtpl.compiler.codegen.generator import Generator
from blendtpl.compiler.codegen.pyast import assign, call, const, either, is_, item, name
from blendtpl.compiler.ir import values as ir
from blendtpl.compiler.ir.base import Value
from blendtpl.compiler.ir.literals import FORM
from blendtpl.compiler.ir.values import Constant, Given, Translate


def translated(generator: Generator, value: Translate) -> ast.expr:
    """Return the expression for a translation: what it prints, or what it is."""
    found = translator(generator, value.translator)
    if not generator.target.speedups:
        return _in_place(generator, value, found)
    given = map(generator.held, (*value.texts, *value.rest, *(part for _, part in value.keywords)))
    return generator.code.materialise(call("translation", *_first(generator, value, found), *given))


def how(value: Translate) -> tuple[int | str, ...]:
    """Return the flags of a translation, and the names of its variables."""
    printed, in_context = value.printed * Translation.PRINTED, value.called in {"pgettext", "npgettext"}
    escaped, numbered = value.escaped * Translation.ESCAPED, bool(value.rest) * Translation.NUMBERED
    flags = printed | escaped | numbered | in_context * Translation.IN_CONTEXT
    return flags | bool(value.scopes) * Translation.SCOPED, *(key for key, _ in value.keywords)


def translator(generator: Generator, asked: ir.Translator) -> ast.expr:
    """Return the variable of what a function that translates is, which is looked for once in a function where nothing
    can change what that is found by.
    """
    escaped = generator.value(asked.escaped)
    sure = escaped if asked.escaped.compiled else ast.UnaryOp(ast.Not(), escaped)
    operands = [generator.value(operand) for operand in (asked.function, asked.behind)]
    found = call(generator.bind("translator", asked.called, str(asked.count)), sure, *operands)
    if not isinstance(asked.function, Given):
        return generator.code.materialise(found)
    return generator.once(f"what translates for {asked.called}, escaped {asked.escaped.compiled}", found)


def _first(generator: Generator, value: Translate, found: ast.expr) -> tuple[ast.expr, ...]:
    """Return what comes before the texts."""
    scopes = [name(level) if level in value.scopes else const(None) for level in ("_loop_vars", "_block_vars")]
    return (found, generator.value(value.frame), const(how(value)), *(scopes if value.scopes else ()))


# -- without functions in C --------------------------------------------------------------------------------------------


def _in_place(generator: Generator, value: Translate, found: ast.expr) -> ast.expr:
    texts = [_text(generator, text) for text in value.texts]
    rest = [generator.held(argument) for argument in value.rest]
    values = {key: generator.held(part) for key, part in value.keywords}
    variables, in_context = dict(values), value.called in {"pgettext", "npgettext"}
    if in_context:
        variables.setdefault("context", texts[0])  # (T4)
    for number in rest:
        variables.setdefault("num", number)
    raw = _raw_gettext(generator, item(found, const(Translator.TRANSLATE)), [*texts, *rest])
    given = ast.Tuple([*_first(generator, value, found), *texts, *rest, *values.values()], ast.Load())
    result: ast.expr = call("translated_otherwise", given, raw)
    for form in dict.fromkeys(reversed(value.texts[in_context:])):
        text = form.value if isinstance(form, Constant) else None
        if type(text) is str and _is_simple(text, variables):
            ready = _plural_form(generator, "escape" if value.escaped else "str", text, variables)
            if value.escaped and not value.printed:
                ready = call("Markup", ready)
            held = generator.once(f"text {text}", const(text))
            result = either(is_(raw, held.id), ready, result)
    return generator.code.materialise(result)


def _text(generator: Generator, text: Value) -> ast.expr:
    if isinstance(text, Constant) and type(text.value) is str:
        return generator.once(f"text {text.value}", const(text.value))
    return generator.held(text)


def _is_simple(text: str, variables: Mapping[str, ast.expr]) -> bool:
    matches = list(FORM.finditer(text))
    names = {part["name"] for part in matches if part["name"]}
    return sum(len(part[0]) for part in matches) == len(text) and names <= variables.keys()


def _raw_gettext(generator: Generator, translate: ast.expr, arguments: list[ast.expr]) -> ast.Name:
    """Return the variable of what the function behind a translating one gives; `None` where there is none."""
    code = generator.code
    if not code.function.hot:
        return code.materialised(call("raw_gettext", name("undefined"), translate, *arguments))
    result = code.temporary()
    asked = either(is_(translate, None), const(None), call(translate, *arguments))
    stopped = assign(result, call("stopped", name("undefined")))
    handler = ast.ExceptHandler(name("StopIteration"), None, [stopped])
    code.branch(ast.Try([assign(result, asked)], [handler], [], []))
    return name(result)


def _plural_form(generator: Generator, kind: str, form: str, values: Mapping[str, ast.expr]) -> ast.expr:
    """Return the expression for a text with the variables in it, as ``%`` puts them there (T2, T3)."""
    code = generator.code
    return code.text_of(
        [
            (kind, values[match["name"]], code.line)
            if match["name"]
            else ("text", const("%" if match["percent"] else match["text"]), code.line)
            for match in FORM.finditer(form)
        ]
    )
