"""Gettext: what calls of `gettext` and its like print, or are.

Enters: a call with constant texts. Leaves: statements that ask the function behind Jinja2's new-style one for the
translation, and have the text ready, with the variables in it, for when there is none.
"""

import ast
from collections.abc import Mapping

from blendtpl.compiler.codegen.generator import Generator
from blendtpl.compiler.codegen.pyast import assign, call, const, either, is_, name
from blendtpl.compiler.ir.literals import FORM
from blendtpl.compiler.ir.values import Given, Translate


def translated(generator: Generator, value: Translate) -> ast.expr:
    """Return the expression for a translation: what it prints, or what it is."""
    code = generator.code
    translate = _translator(generator, value)
    function = generator.held(value.function)
    texts = [generator.once(f"text {text}", const(text)) for text in value.texts]
    if not value.printed:
        raw = _raw_gettext(generator, translate, [*texts])
        plain = call("Markup", texts[0]) if value.escaped else texts[0]
        pairs: dict[str, ast.expr] = {level: name(level) for level in value.scopes}
        other = _general(generator, value, "gettext_value", (function, translate, raw), [*texts], pairs)
        return code.materialise(either(is_(raw, texts[0].id), plain, other))
    rest = [generator.held(argument) for argument in value.rest]
    values = {key: generator.held(part) for key, part in value.keywords}
    in_context = value.called in {"pgettext", "npgettext"}
    variables = dict(values)
    if in_context:
        variables.setdefault("context", const(value.texts[0]))  # (T4)
    for number in rest:
        variables.setdefault("num", number)
    kind = "escape" if value.escaped else "str"
    raw = _raw_gettext(generator, translate, [*texts, *rest])
    pairs = values | {level: name(level) for level in value.scopes}
    result = _general(generator, value, "gettext_text", (function, translate, raw), [*texts, *rest], pairs)
    for form in dict.fromkeys(reversed(value.texts[in_context:])):
        text = generator.once(f"text {form}", const(form))
        result = either(is_(raw, text.id), _plural_form(generator, kind, form, variables), result)
    return code.materialise(result)


def _translator(generator: Generator, value: Translate) -> ast.expr:
    """Return the variable of the function behind a new-style one; it is looked for once in a function where nothing can
    change what that is found by.
    """
    asked = value.translate
    escaped = generator.value(asked.escaped)
    sure = escaped if asked.escaped.compiled else ast.UnaryOp(ast.Not(), escaped)
    operands = [generator.value(operand) for operand in (asked.function, asked.behind)]
    translator = call(generator.bind("translator", asked.called, str(asked.count)), sure, *operands)
    if not isinstance(asked.function, Given):
        return generator.code.materialise(translator)
    return generator.once(f"what translates for {value.called}", translator)


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


def _general(
    generator: Generator,
    value: Translate,
    helper: str,
    operands: tuple[ast.expr, ...],
    arguments: list[ast.expr],
    values: Mapping[str, ast.expr],
) -> ast.expr:
    pairs = ast.Dict([const(key) for key in values], list(values.values()))
    escaped = const(value.escaped)
    return call(helper, generator.value(value.frame), *operands, ast.Tuple(arguments, ast.Load()), pairs, escaped)


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
