"""Speedups: what a render begins with, and what emitted code calls most, in C where this installation has that.

`ACTIVE` says whether it does, and `WHY_NOT` why it does not: a wheel that was built where there was no C compiler has
none, and does the same in Python. What is compiled where they are active calls them wherever a template prints; other
code does that by itself, as far as it is worth it.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from markupsafe import escape

from blendtpl.runtime import attributes, entry, lookahead, output


def _find() -> tuple[ModuleType | None, str]:
    """Return the module in C, or why there is none."""
    try:
        import blendtpl.runtime._speedups as found  # a statement, which tools that freeze applications see
    except ModuleNotFoundError:
        return None, "none were built where it was installed"
    except ImportError as error:
        return None, str(error)
    if found.escape_any("<&>\"'") != str(escape("<&>\"'")):
        return None, "this MarkupSafe escapes in another way than they do"
    return found, ""


_found, WHY_NOT = _find()
ACTIVE = _found is not None

escape_any: Callable[[Any], str] = getattr(_found, "escape_any", output.escape_any)
attribute: Callable[..., Any] = getattr(_found, "attribute", attributes.attribute)
field: Callable[..., Any] = getattr(_found, "field", attributes.field)
escaped_field: Callable[..., str] = getattr(_found, "escaped_field", attributes.escaped_field)
text_field: Callable[..., str] = getattr(_found, "text_field", attributes.text_field)
new_lookahead: Callable[[Any], lookahead.Lookahead] = getattr(_found, "Lookahead", lookahead.Lookahead)
new_counted: Callable[[Any], lookahead.Counted] = getattr(_found, "Lookahead", lookahead.Counted)
rows: Callable[..., bool | list[Any]] = getattr(_found, "rows", attributes.rows)
enter_template: Callable[[entry.EntryPlan, Any, dict[str, Any]], str] = getattr(
    _found, "enter_template", entry.enter_template
)
