"""The contract of emitted code: what the compiler writes and the run half relies on, each thing in this one place.

Emitted code is a set of functions, and what it says of itself (`TemplateInfo`). What it finds under names that are not
its own are `SELF`, the `symbol`s of what it takes from other templates, and what `blendtpl.runtime.namespace` has.
"""

from dataclasses import dataclass
from typing import Any

# -- functions ---------------------------------------------------------------------------------------------------------

ROOT = "root"  # (context, out, limit): the whole template
INCLUDED = "part"  # (<names>, context, out, limit): the same of a template that is called with the names that it reads
PREAMBLE = "preamble"  # (context, None, limit): what blocks see of the top level

# what Jinja2's tracebacks call the code of a template that is in no block and no macro
TOP_LEVEL = "top-level template code"


def block_function(block: str) -> str:
    """Return what the function of a block is called."""
    return f"block_{block}"


def block_of(function: str) -> str | None:
    """Return which block a function is of, if it is of one."""
    return function.removeprefix("block_") if function.startswith("block_") else None


def macro_function(macro: str) -> str:
    """Return what the function of a macro of the top level is called."""
    return f"macro_{macro}"


def is_macro_function(function: str) -> bool:
    """Return whether a function is of a macro of the top level."""
    return function.startswith("macro_")


def inner_macro_function(macro: str) -> str:
    """Return what the function of a macro is called that is defined in another function."""
    return f"inner_macro_{macro}"


CALLER_FUNCTION = "call_block"
LOOP_FUNCTION = "recursive"  # and a number
LOOP_TEST_FUNCTION = "chosen"  # and a number


def shown_name(function: str) -> str:
    """Return what a traceback calls a function: a block or a macro rather than a function."""
    if function in {ROOT, INCLUDED, PREAMBLE}:
        return TOP_LEVEL
    if function == CALLER_FUNCTION:
        return "call block"
    for kind, title in _TITLES.items():
        if function.startswith(kind):
            return title.format(function.removeprefix(kind))
    return function


_TITLES = {
    block_function(""): "block {!r}",
    macro_function(""): "macro {!r}",
    inner_macro_function(""): "macro {!r}",
    f"{LOOP_FUNCTION}_": "recursive loop",
    f"{LOOP_TEST_FUNCTION}_": "loop filter",
}

# -- symbols: what code takes from other templates ---------------------------------------------------------------------

SELF = "unit"  # the compiled template that code belongs to; what others take of it as such
BODIES = "bodies"  # the innermost body of each block, in the order of the frame
MODULE = "module"  # the module of a template, where that is the same at every render
MODULE_CONTEXT = "context"  # and the context that it was made with
# further: a function of it, by its name


def symbol(number: int) -> str:
    """Return the global variable of what is taken from another template."""
    return f"link_{number}"


def is_symbol(variable: str) -> bool:
    """Return whether a global variable is that of something taken from another template."""
    return variable.startswith("link_")


def super_of(block: str) -> str:
    """Return what is taken of a template for what `super()` renders in a block of another that extends it."""
    return f"super_{block}"


def block_of_super(part: str) -> str | None:
    """Return the block whose body is taken for `super()`, if one is."""
    return part.removeprefix("super_") if part.startswith("super_") else None


def export(name: str) -> str:
    """Return what is taken of a template for what its module has under a name."""
    return f"export_{name}"


def exported_name(part: str) -> str | None:
    """Return the name of what is taken from a module, if something is."""
    return part.removeprefix("export_") if part.startswith("export_") else None


# -- the frame, which code has in place of a context: see `blendtpl.runtime.frame` -------------------------------------

CONTEXT, MAKER, ORIGIN, BLOCKS, SLOTS = range(5)

# The length of tuples of which CPython keeps up to 2,000 that it never uses again: no render may make any. (What
# `Objects/tupleobject.c` of 3.11 takes back has up to 20 items, what it gives out has less.) Nor may a render make a
# tuple of an iterator, which is kept as what it was shortened to.
TUPLE_FREELIST_LIMIT = 20

# -- what is called ---------------------------------------------------------------------------------------------------


class Translation:
    """Flags of a translation: its variables are escaped; it is printed, or else a value; the first of its texts is
    `context`, and what stands behind them `num`, unless there are variables of these names; and what is set in rounds
    of a loop and in a block comes along.
    """

    ESCAPED = 1
    PRINTED = 2
    IN_CONTEXT = 4
    NUMBERED = 8
    SCOPED = 16


class Translator:
    """Where a translator, which is a list, has what: the function as the template has it; what is behind it, where that
    is a new-style one of Jinja2's; what makes something undefined; and what makes a translation of anything else.
    """

    FUNCTION, TRANSLATE, UNDEFINED, OTHERWISE = range(4)


# -- what code says of itself ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """What the code of a template says of itself; a bundle has the values in this order.

    `name` is that of the template, `blocks` are those that it defines. `reads` are the names that a template is called
    with, `None` for one that is not; `needs_context`: whether anything that runs then may ask for a context.
    `string_functions` are those that are not given `out` and `limit`, and return their output as one text. `slots`:
    what is in the slots of the frame that all of them are given for their context, when they know where to find what
    they read; `None` when it has to be a context. `order`: the blocks in the order in which the frame has them,
    `required` those of its own that another template must fill; `stores`: what the top level sets, and whether it
    exports that; `may_form_cycle`: whether a frame may come to hold itself. `optional` are the names of which it asks
    whether they are there; `stable_autoescape`: whether its code only ever runs where output is escaped as it was when
    it was compiled; `singleton`: whether it is a module that never changes; `preamble` is the function that runs what
    blocks see of the top level, when it is given `None` for `out`; `parent`: what it surely extends, `None` for
    nothing, an empty string for what is known at run time only. `parent_line`: the line from which what it extends
    goes on, when its own top level does no more than fill the slots `constant_slots`, and so has no code.
    """

    name: str | None
    blocks: tuple[str, ...]
    reads: tuple[str, ...] | None
    needs_context: bool
    string_functions: tuple[str, ...]
    slots: tuple[str, ...] | None
    order: tuple[str, ...]
    required: tuple[str, ...]
    stores: tuple[tuple[str, bool], ...]
    may_form_cycle: bool
    optional: tuple[str, ...]
    stable_autoescape: bool
    singleton: bool
    preamble: str | None
    parent: str | None
    parent_line: int | None
    constant_slots: tuple[int, ...]

    def values(self) -> tuple[Any, ...]:
        """Return the values in the order of a bundle."""
        return tuple(getattr(self, field) for field in self.__slots__)
