"""Prose: one function for each warning, with all that it says.

Enters: the place and what was found. Leaves: a `TemplateWarning`. Nothing here looks for anything.
"""

from collections.abc import Collection, Iterable, Sequence

from blendtpl.compiler.frontend.positions import Spot
from blendtpl.compiler.lint.mail_rules import MAIL_RULES
from blendtpl.compiler.lint.page_rules import PAGE_RULES
from blendtpl.errors import TemplateWarning, did_you_mean

_SHOWN = 60  # characters of a text

WARNINGS = (
    "broken-translation",
    "kept-css",
    "lost-set",
    "outside-block",
    "too-many-arguments",
    "unknown-argument",
    "unknown-block",
    "unknown-import",
    "unknown-warning",
    "unscoped-block",
    "untranslated",
    "unused-call-body",
    *(rule.name for rule in (*MAIL_RULES, *PAGE_RULES)),
)
_OF_PAGES = {rule.name: rule for rule in PAGE_RULES}


def unknown_block(
    name: str, spot: Spot, block: str, parents: Sequence[str], available: Collection[str]
) -> TemplateWarning:
    """A block that is to fill one of another template, which has none of that name."""
    listed = _listed(parents)
    there = f"the blocks there are {_listed(sorted(available))}" if available else "there are no blocks at all"
    hint = did_you_mean(block, available) or there
    message = f"block `{block}` is never printed: {listed} {'has' if len(parents) == 1 else 'have'} no such block"
    return _at(name, spot, "unknown-block", message, hint)


def unknown_import(name: str, spot: Spot, imported: str, template: str, exported: Iterable[str]) -> TemplateWarning:
    """A name that the template which is imported does not set."""
    hint = did_you_mean(imported, exported) or f"it exports {_listed(sorted(exported)) or 'nothing'}"
    return _at(name, spot, "unknown-import", f"`{template}` does not export `{imported}`", hint)


def private_import(name: str, spot: Spot, imported: str, template: str) -> TemplateWarning:
    """A name that begins with an underscore, which Jinja2 never exports."""
    hint = "names that begin with `_` are the template's own: rename it there"
    return _at(name, spot, "unknown-import", f"`{template}` does not export `{imported}`", hint)


def second_hand_import(name: str, spot: Spot, imported: str, template: str) -> TemplateWarning:
    """A name that the template imports itself, and so does not export."""
    hint = "it only imports that itself: import it from where it is defined"
    return _at(name, spot, "unknown-import", f"`{template}` does not export `{imported}`", hint)


def too_many_arguments(name: str, spot: Spot, macro: str, count: int, arguments: Sequence[str]) -> TemplateWarning:
    """A call of a macro with more positional arguments than it takes."""
    message = (
        f"macro `{macro}` takes {len(arguments) or 'no'} argument{'s'[: len(arguments) != 1]}, and is given {count}"
    )
    return _at(name, spot, "too-many-arguments", message, _takes(macro, arguments))


def unknown_argument(name: str, spot: Spot, macro: str, keyword: str, arguments: Sequence[str]) -> TemplateWarning:
    """A call of a macro with a keyword that it does not know."""
    hint = did_you_mean(keyword, arguments) or _takes(macro, arguments)
    return _at(name, spot, "unknown-argument", f"macro `{macro}` takes no argument `{keyword}`", hint)


def repeated_argument(name: str, spot: Spot, macro: str, keyword: str, arguments: Sequence[str]) -> TemplateWarning:
    """A keyword for an argument that has been given by its place."""
    message = f"macro `{macro}` is given `{keyword}` twice: by its place, and by its name"
    return _at(name, spot, "too-many-arguments", message, _takes(macro, arguments))


def unused_call_body(name: str, spot: Spot, macro: str) -> TemplateWarning:
    """A call block of a macro that has no use for its body."""
    message = f"macro `{macro}` does not use `caller`, so that this call block always fails"
    return _at(
        name, spot, "unused-call-body", message, f"write `{{{{ {macro}(…) }}}}`, or print `caller()` in the macro"
    )


def outside_block(name: str, spot: Spot, *, before: bool, text: bool) -> TemplateWarning:
    """What a template that extends another prints outside of its blocks."""
    what = "text" if text else "a value"
    if before:
        message = f"{what} before `extends` is printed before all that the extended template prints"
        return _at(name, spot, "outside-block", message, "put it into a block, or into a comment")
    message = f"{what} outside of a block is never printed, as this template extends another"
    return _at(name, spot, "outside-block", message, "put it into a block, or remove it")


def lost_set(name: str, spot: Spot, variable: str) -> TemplateWarning:
    """A variable that is set in a loop and read behind it."""
    message = f"`{variable}` is set for one round of the loop, and what reads it behind the loop does not see that"
    hint = f"`{{% set ns = namespace({variable}=…) %}}` before the loop, and `ns.{variable}` from then on"
    return _at(name, spot, "lost-set", message, hint)


def unscoped_block(name: str, spot: Spot, block: str, variables: Sequence[str]) -> TemplateWarning:
    """A block that reads what the loop around it sets."""
    message = f"block `{block}` does not see {_listed(variables)} of what it stands in, as it is not scoped"
    return _at(name, spot, "unscoped-block", message, f"write `{{% block {block} scoped %}}`")


def of_page(name: str, spot: Spot, rule: str, shown: str, where: str) -> TemplateWarning:
    """A value that escaping does not make safe where it is printed."""
    found = _OF_PAGES[rule]
    return _at(name, spot, rule, found.says.format(shown=shown, where=where), found.hint.format(shown=shown))


def unknown_warning(name: str, spot: Spot, word: str) -> TemplateWarning:
    """A comment that switches off a warning which does not exist."""
    hint = did_you_mean(word, WARNINGS) or f"warnings are {', '.join(WARNINGS)}"
    return _at(name, spot, "unknown-warning", f"there is no warning `{word}` to ignore", hint)


def broken_translation(name: str, spot: Spot, text: str, language: str, wrong: str) -> TemplateWarning:
    """A text whose translation cannot have the variables put into it, so that what prints it fails."""
    hint = "variables in a translation are those of the text, written `%(name)s`; a percent sign is `%%`"
    return _at(name, spot, "broken-translation", f"the translation of {_short(text)} into {language} has {wrong}", hint)


def untranslated(name: str, spot: Spot, text: str, languages: Sequence[str]) -> TemplateWarning:
    """A text that some languages have no translation of."""
    message = f"{_short(text)} is not translated into {', '.join(languages)}"
    hint = "`blendtpl messages extract` and `pybabel update` put what is new into the catalogues"
    return _at(name, spot, "untranslated", message, hint)


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _takes(macro: str, arguments: Sequence[str]) -> str:
    return f"it is `{macro}({', '.join(arguments)})`"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _at(name: str, spot: Spot, kind: str, message: str, hint: str) -> TemplateWarning:
    return TemplateWarning(name, spot.line, spot.column, kind, message, hint, spot.width, spot.source_line)
