"""Gettext: what calls of `gettext` and its like print.

Enters: a call with constant texts. Leaves: statements that ask the function behind Jinja2's new-style one for the
translation, and have the text ready, with the variables in it, for when there is none.
"""

import ast
import re
from collections.abc import Mapping

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_RESOLVE

from blendtpl.compiler.codegen.calls import TRANSLATIONS, guarded
from blendtpl.compiler.codegen.generator import Emitter
from blendtpl.compiler.codegen.pyast import call, const, either, is_, name
from blendtpl.compiler.codegen.scope import Scope

_FORM = re.compile(r"%\((?P<name>\w+)\)s|(?P<percent>%%)|(?P<text>[^%]+)")


def is_translation(emitter: Emitter, node: nodes.Call) -> bool:
    """Return whether what a call is called by is the name of a function that translates."""
    return isinstance(node.node, nodes.Name) and node.node.name in TRANSLATIONS and not emitter.watches_calls


def translation(emitter: Emitter, node: nodes.Call, scope: Scope) -> bool:
    """Write what a translation prints, when its texts are constant; return whether they are (T1)."""
    called = node.node
    if not is_translation(emitter, node) or not isinstance(called, nodes.Name) or emitter.eval_ctx.volatile:
        return False
    count, plural = TRANSLATIONS[called.name]
    texts = [argument.value for argument in node.args if isinstance(argument, nodes.Const)][:count]
    keys = [str(keyword.key) for keyword in node.kwargs]
    if (
        len(node.args) != count + plural
        or len(texts) < count
        or not all(type(text) is str for text in texts)
        or len(set(keys)) < len(keys)
        or node.dyn_args is not None
        or node.dyn_kwargs is not None
    ):
        return False
    in_context = called.name in {"pgettext", "npgettext"}
    variables = {*keys, *(["num"] if plural else []), *(["context"] if in_context else [])}
    if not all(_is_simple(text, variables) for text in texts[in_context:]):
        return False
    return _write(emitter, node, scope, called, texts, in_context=in_context)


def _write(
    emitter: Emitter, node: nodes.Call, scope: Scope, called: nodes.Name, texts: list[str], *, in_context: bool
) -> bool:
    translate = _translator(emitter, called.name, scope, count=len(node.args))
    if translate is None:
        return False
    code = emitter.code
    function = code.materialise(emitter.expression(called, scope))
    constants = [emitter.text(text) for text in texts]
    rest = [code.materialise(emitter.expression(argument, scope)) for argument in node.args[len(texts) :]]
    values = {str(kw.key): code.materialise(emitter.expression(kw.value, scope)) for kw in node.kwargs}
    variables = dict(values)
    if in_context:
        variables.setdefault("context", const(texts[0]))  # (T4)
    for number in rest:
        variables.setdefault("num", number)
    kind = "escape" if emitter.eval_ctx.autoescape else "str"
    raw = _raw_gettext(emitter, translate, [*constants, *rest])
    pairs = values | {level: name(level) for level in emitter.scopes(scope)}
    result = _general(emitter, "gettext_text", scope, (function, translate, raw), [*constants, *rest], pairs)
    for form in dict.fromkeys(reversed(texts[in_context:])):
        result = either(is_(raw, emitter.text(form).id), _plural_form(emitter, kind, form, variables), result)
    code.write(scope, "is", code.materialise(result))
    return True


def translated_value(emitter: Emitter, node: nodes.Call, scope: Scope) -> ast.expr | None:
    """Return what a call gives that translates one constant text without variables, when it is no more than that."""
    called, arguments = node.node, node.args
    if not is_translation(emitter, node) or not isinstance(called, nodes.Name) or emitter.eval_ctx.volatile:
        return None
    if called.name not in {"_", "gettext"} or len(arguments) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return None
    text = arguments[0].value if isinstance(arguments[0], nodes.Const) else None
    translate = _translator(emitter, called.name, scope, count=1) if type(text) is str and "%" not in text else None
    if translate is None:
        return None
    function = emitter.code.materialise(emitter.expression(called, scope))
    constant = emitter.text(str(text))
    raw = _raw_gettext(emitter, translate, [constant])
    plain = call("Markup", constant) if emitter.eval_ctx.autoescape else constant
    pairs: dict[str, ast.expr] = {level: name(level) for level in emitter.scopes(scope)}
    other = _general(emitter, "gettext_value", scope, (function, translate, raw), [constant], pairs)
    return emitter.code.materialise(either(is_(raw, constant.id), plain, other))


def _raw_gettext(emitter: Emitter, translate: ast.expr, arguments: list[ast.expr]) -> ast.Name:
    """Return the variable of what the function behind a translating one gives; `None` where there is none."""
    if not emitter.code.function.hot:
        return emitter.code.materialised(call("raw_gettext", name("undefined"), translate, *arguments))
    return guarded(emitter, either(is_(translate, None), const(None), call(translate, *arguments)))


def _general(
    emitter: Emitter,
    helper: str,
    scope: Scope,
    operands: tuple[ast.expr, ...],
    arguments: list[ast.expr],
    values: Mapping[str, ast.expr],
) -> ast.expr:
    pairs = ast.Dict([const(key) for key in values], list(values.values()))
    escaped = const(bool(emitter.eval_ctx.autoescape))
    return call(helper, name(scope.context), *operands, ast.Tuple(arguments, ast.Load()), pairs, escaped)


def _is_simple(text: str, variables: set[str]) -> bool:
    matches = list(_FORM.finditer(text))
    names = {part["name"] for part in matches if part["name"]}
    return sum(len(part[0]) for part in matches) == len(text) and names <= variables


def _plural_form(emitter: Emitter, kind: str, form: str, values: Mapping[str, ast.expr]) -> ast.expr:
    """Return the expression for a text with the variables in it, as ``%`` puts them there (T2, T3)."""
    return emitter.code.text_of(
        [
            (kind, values[match["name"]], emitter.code.line)
            if match["name"]
            else ("text", const("%" if match["percent"] else match["text"]), emitter.code.line)
            for match in _FORM.finditer(form)
        ]
    )


def _translator(emitter: Emitter, called: str, scope: Scope, *, count: int) -> ast.expr | None:
    """Return the variable of the function behind a new-style one that a template is given; `None` for any other."""
    load = scope.symbols.find_load(scope.symbols.find_ref(called) or "")
    if load is None or load[0] != VAR_LOAD_RESOLVE or {called, "gettext"} & scope.symbols.dump_stores().keys():
        return None
    if len(emitter.around) > 1:
        return None  # the variables that an inlined template is given may be set only where it is
    escaped = emitter.autoescape(scope)
    sure = escaped if emitter.eval_ctx.autoescape else ast.UnaryOp(ast.Not(), escaped)
    behind = emitter.resolved("gettext", scope) if called == "_" else name("missing")
    return emitter.once(
        f"what translates for {called}",
        call(emitter.bind("translator", called, str(count)), sure, emitter.resolved(called, scope), behind),
    )
