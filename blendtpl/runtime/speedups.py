"""Speedups: what a render begins with, and what emitted code calls most, in C where this installation has that.

`ACTIVE` says whether it does, and `WHY_NOT` why it does not: a wheel that was built where there was no C compiler has
none, and does the same in Python. What is compiled where they are active calls them wherever a template prints; other
code does that by itself, as far as it is worth it.

The module in C exports the numbers that it goes by. Where they are not those of Python, it is left out: what is left
over from another version would read one operation of a row for another, or a field of an entry plan for its neighbour.
"""

from collections.abc import Callable, Mapping
from types import CodeType, MappingProxyType, ModuleType
from typing import Any

from markupsafe import escape

from blendtpl.bundle import abi, row_ops
from blendtpl.bundle.row_check import is_program
from blendtpl.bundle.row_ops import numbers
from blendtpl.runtime import attributes, calls, entry, gettext, items, lookahead, output, safe
from blendtpl.runtime import rows as in_python

# By what the module in C calls them: what to say of one, and what each is here.
CONTRACT: Mapping[str, tuple[str, Mapping[str, int | str]]] = MappingProxyType(
    {
        "OPCODES": ("the opcode", numbers(row_ops.Opcode)),
        "SIGNATURES": ("the signature", {row_ops.NAMES[of]: items for of, items in row_ops.SIGNATURES.items()}),
        "OPERATORS": ("the operator", numbers(row_ops.Operator)),
        "COMPARISONS": ("the comparison", numbers(row_ops.Comparison)),
        "COUNTERS": ("the counter", numbers(row_ops.Counter)),
        "LIMITS": ("the limit", {name: getattr(row_ops, name) for name in row_ops.LIMITS}),
        "FRAME": (
            "the position in a frame of",
            {name: getattr(abi, name) for name in ("CONTEXT", "MAKER", "ORIGIN", "BLOCKS", "SLOTS")},
        ),
        "TRANSLATION": ("the flag of a translation", numbers(abi.Translation)),
        "ENTRY_PLAN": (
            "the position in an entry plan of",
            {name: at for at, name in enumerate(entry.EntryPlan._fields)},
        ),
    }
)

# What a module in C has, or else it is an older one.
FUNCTIONS = (
    *(
        "escape_any",
        "attribute",
        "field",
        "escaped_field",
        "text_field",
        "Lookahead",
        "rows",
        "enter_template",
        "callee",
        "invoked",
        "safely_invoked",
    ),
    *("utf8", "keep_utf8", "translation"),
)


def _disagreement(in_c: ModuleType) -> str:
    """Return what a module in C lacks, or the first number in which it differs from what is here; or nothing."""
    for name in FUNCTIONS:
        if not hasattr(in_c, name):
            return f"they have no `{name}`"
    for exported, (noun, here) in CONTRACT.items():
        there: Mapping[str, int | str] = getattr(in_c, exported, {})
        for name in (*here, *there):
            if there.get(name) != here.get(name):
                theirs, ours = (numbers.get(name, "unknown") for numbers in (there, here))
                return f"{noun} `{name}` is {theirs} for them and {ours} here"
    return ""


def _find() -> tuple[ModuleType | None, str]:
    """Return the module in C, or why there is none."""
    try:
        import blendtpl.runtime._speedups as module  # a statement, which tools that freeze applications see
    except ModuleNotFoundError:
        return None, "none were built where it was installed"
    except ImportError as error:
        return None, str(error)
    if difference := _disagreement(module):
        return None, f"they were built for another version of blendtpl, as {difference}: install blendtpl again"
    if module.escape_any("<&>\"'") != str(escape("<&>\"'")):
        return None, "this MarkupSafe escapes in another way than they do"
    return module, ""


_module, WHY_NOT = _find()
ACTIVE = _module is not None

escape_any: Callable[[Any], str] = getattr(_module, "escape_any", output.escape_any)
attribute: Callable[..., Any] = getattr(_module, "attribute", attributes.attribute)
callee: Callable[..., Callable[..., Any]] = getattr(_module, "callee", calls.callee)
invoked: Callable[..., Any] = getattr(_module, "invoked", calls.invoked)
safely_invoked: Callable[..., Any] = getattr(_module, "safely_invoked", calls.safely_invoked)
field: Callable[..., Any] = getattr(_module, "field", attributes.field)
escaped_field: Callable[..., str] = getattr(_module, "escaped_field", attributes.escaped_field)
text_field: Callable[..., str] = getattr(_module, "text_field", attributes.text_field)
new_lookahead: Callable[[Any], lookahead.Lookahead] = getattr(_module, "Lookahead", lookahead.Lookahead)
new_counted: Callable[[Any], lookahead.Counted] = getattr(_module, "Lookahead", lookahead.Counted)
getter: Callable[..., items.Get] = getattr(_module, "getter", items.getter)
safe_attribute: Callable[..., Any] = getattr(_module, "safe_attribute", safe.safe_attribute)
safe_item: Callable[..., Any] = getattr(_module, "safe_item", safe.safe_item)
quick_functions: Callable[[str, dict[str, Callable[..., Any]]], dict[str, Callable[..., Any]]] = getattr(
    _module, "quick_functions", lambda kind, others: {}
)
rows: Callable[..., bool | list[Any]] = getattr(_module, "rows", in_python.rows)
translation: Callable[..., Any] = getattr(_module, "translation", gettext.translation)
enter_template: Callable[..., str | bytes] = getattr(_module, "enter_template", entry.enter_template)
utf8: Callable[[str], bytes] = getattr(_module, "utf8", output.utf8)


_prepared: Callable[[Any], Any] | None = getattr(_module, "prepared", None)
_keep_utf8: Callable[[Any], None] = getattr(_module, "keep_utf8", output.drain)


def prepare(code: CodeType) -> CodeType:
    """Return code in which programs of rows are ready to run: checked, laid out and their texts encoded once. Raises
    `TypeError` for what is no program.
    """
    if _prepared is None:
        return code
    constants = tuple(
        prepare(value) if type(value) is CodeType else _ready(value, _prepared) if is_program(value) else value
        for value in code.co_consts
    )
    changed = any(value is not before for value, before in zip(constants, code.co_consts, strict=True))
    return code.replace(co_consts=constants) if changed else code


def _ready(program: Any, prepared: Callable[[Any], Any]) -> Any:
    ready = prepared(program)
    _keep_utf8(program)  # which is well-formed
    return ready
