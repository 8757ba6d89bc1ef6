"""Helpers: what emitted code calls for everything that it does not do by itself.

Enters: values of a template. Leaves: what Jinja2 would make of them, to the letter. Nothing here imports, reads or
compiles anything when it is called.
"""

# What Jinja2 and MarkupSafe import at their first use: here it must not happen while a template renders.
import html  # noqa: F401
import pprint  # noqa: F401
import textwrap  # noqa: F401
from collections.abc import Iterator
from functools import partial
from operator import setitem
from typing import Any

import jinja2.constants  # noqa: F401
from jinja2 import runtime
from jinja2.exceptions import TemplateNotFound, TemplateRuntimeError
from jinja2.runtime import Context, LoopContext, Macro, Undefined, identity, markup_join, str_join
from jinja2.utils import Namespace, missing
from markupsafe import Markup

from blendtpl.runtime.attributes import NO_ITEM, absent
from blendtpl.runtime.calls import safe_callee, stopped
from blendtpl.runtime.context import emptier, reader, render_of
from blendtpl.runtime.coroutines import awaiting_of
from blendtpl.runtime.exceptions import ended, insert_frame, insert_frames
from blendtpl.runtime.frame import derived, evaluation, publish, publish_set, true_context
from blendtpl.runtime.items import subscript
from blendtpl.runtime.lookahead import Counted, Lookahead
from blendtpl.runtime.macros import marked
from blendtpl.runtime.output import NEVER, Body, Output, drain, enclosed, escape_str, returning, written
from blendtpl.runtime.speedups import (
    attribute,
    callee,
    escape_any,
    escaped_field,
    field,
    invoked,
    new_counted,
    new_lookahead,
    rows,
    safe_attribute,
    safe_item,
    safely_invoked,
    text_field,
)
from blendtpl.runtime.streams import FLUSH
from blendtpl.runtime.text_filters import title


def call_back(frame: Any, caller: Any) -> Any:
    """Return ``caller()``: for a `call` block without arguments the text of its body, without binding any (M4)."""
    if type(caller) is Body:
        out: Output = []
        caller.write(out)
        text = "".join(out)
        return marked(text) if evaluation(frame).autoescape else text
    if type(caller) is not Macro or caller._argument_count or caller.catch_kwargs or caller.catch_varargs:
        return callee(frame, caller)()
    if caller.caller:
        return callee(frame, caller)()
    text = caller._func()
    return marked(text) if evaluation(frame).autoescape else text


def caller_text(frame: Any, caller: Any, escapes: bool) -> str:
    """Return what ``caller()`` prints."""
    try:
        value = call_back(frame, caller)
    except StopIteration:
        value = stopped(true_context(frame).environment.undefined)
    return escape_any(value) if escapes else str(value)


def new_frame(maker: Any, around: Any, names: tuple[str, ...], values: list[Any], slots: list[Any]) -> list[Any]:
    """Return the frame of an included template, for what is set around it by these names, with its slots."""
    return [None, maker, (around, dict(zip(names, values, strict=True))), *slots]


def nothing_of(undefined: Any, escapes: bool) -> str:
    """Return the text of what `stopped` returns."""
    return escape_any(stopped(undefined)) if escapes else str(stopped(undefined))


def taken_back(out: Output, count: int, undefined: Any, escapes: bool) -> None:
    """Write that in place of what has been written behind so many pieces."""
    del out[count:]
    out.append(nothing_of(undefined, escapes))


def keep(context: Context) -> None:
    """Have a context emptied when the render is over."""
    render = render_of(context)
    if render is not None:
        render.keep(emptier(context))


def ahead(items: Any) -> Lookahead | None:
    """Return what a loop goes through that asks whether an item is the last, unless nothing changes its items."""
    return None if type(items) is tuple else new_lookahead(items)


def counting(items: Any, undefined: Any, *, looks: bool) -> Counted | LoopContext | None:
    """Return what a loop goes through that asks how many items there are, unless nothing changes them; `looks`: whether
    it asks if one is the last, too.
    """
    if type(items) is list:
        return new_lookahead(items) if looks else new_counted(items)
    return None if type(items) is tuple else LoopContext(items, undefined)


def items_of(loop: Counted | LoopContext) -> Iterator[Any]:
    """Return what gives the items alone."""
    return (item for item, _ in loop) if type(loop) is LoopContext else iter(loop)


class BlockReference(runtime.BlockReference):
    """``self.block`` and ``super``: a block that renders when it is called."""

    @property
    def super(self) -> "BlockReference | Undefined":
        """The block that this one overrides."""
        if self._depth + 1 >= len(self._stack):
            return no_parent(self._context.environment.undefined, self.name)  # type: ignore[no-any-return]
        return BlockReference(self.name, self._context, self._stack, self._depth + 1)

    def __call__(self) -> Any:
        """Return what the block renders, as markup where output is escaped (E8); to be awaited where Jinja2's is."""
        awaiting = awaiting_of(self._context.environment)
        return self._text() if awaiting is None else awaiting.text_of(self._text)

    def _text(self) -> str:
        out: Output = []
        write: Any = self._stack[self._depth]
        try:
            drain(write(self._context, out, NEVER))
        except StopIteration as error:
            raise ended(error) from error
        text: str = self._context.environment.concat(out)
        return Markup(text) if self._context.eval_ctx.autoescape else text


class TemplateReference(runtime.TemplateReference):
    """``self``: the blocks of the template that is being rendered."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context

    def __getitem__(self, name: str) -> BlockReference:
        """Return the block of that name."""
        return BlockReference(name, self._context, self._context.blocks[name], 0)


# to whoever asks what they are, they are Jinja2's
for _kind in (BlockReference, TemplateReference):
    _kind.__module__ = "jinja2.runtime"


def no_parent(undefined: Any, name: str) -> Any:
    """Return what ``super`` is in a block that overrides none (U5)."""
    return undefined(f"there is no parent block called {name!r}.", name="super")


def super_of(context: Context, name: str, current: Any) -> "BlockReference | Undefined":
    """Return what ``super`` is in a block: the next body in the chain (C4)."""
    stack: Any = context.blocks.get(name, ())
    if current not in stack or stack.index(current) + 1 >= len(stack):
        return no_parent(context.environment.undefined, name)  # type: ignore[no-any-return]
    return BlockReference(name, context, stack, stack.index(current) + 1)


def super_block(context: Context, name: str, current: Any, escaped: bool) -> Any:
    """Return the function that writes what ``super()`` renders."""
    reference = super_of(context, name, current)
    if isinstance(reference, BlockReference) and (not escaped or context.eval_ctx.autoescape):
        return reference._stack[reference._depth]
    text: Any = context.call(reference)
    awaiting = awaiting_of(context.environment)
    if awaiting is not None:
        text = awaiting.awaited(text)
    text = escape_any(text) if escaped else str(text)
    return lambda context, out, limit: out.append(text) or ()


def check_required(context: Context, name: str) -> None:
    """Raise Jinja2's error for a required block that no template fills (C6)."""
    if len(context.blocks[name]) <= 1:
        raise TemplateRuntimeError(f"Required block {name!r} not found")


def required_body(block: Any) -> Any:
    """Return what ``self.block()`` renders for a required block: its own body when no template fills it."""
    return getattr(block, "body", block)


def check_namespace(value: Any) -> None:
    """Raise Jinja2's error for ``set a.b`` where a is no namespace (S3)."""
    if not isinstance(value, Namespace):
        raise TemplateRuntimeError("cannot assign attribute on non-namespace object")


def plain_text(value: Any) -> str | None:
    """Return what is exactly a string, else `None`: what is compared with it runs no code of anybody's (L7)."""
    return value if type(value) is str else None


def exported(undefined: Any, module: Any, name: str, place: str) -> Any:
    """Return what ``from`` imports by a name (U5)."""
    value = getattr(module, name, missing)
    if value is not missing:
        return value
    message = f"the template {module.__name__!r} (imported on {place}) does not export the requested name {name!r}"
    return undefined(message, name=name)


# what emitted code finds under these names, beside what belongs to its environment and its compiled template
NAMES: dict[str, Any] = {
    **{helper.__name__: helper for helper in (Markup, Undefined, LoopContext, Macro, TemplateNotFound)},
    **{
        helper.__name__: helper for helper in (TemplateRuntimeError, TemplateReference, identity, markup_join, str_join)
    },
    **{helper.__name__: helper for helper in (escape_any, attribute, field, subscript, callee, stopped)},
    **{helper.__name__: helper for helper in (keep, items_of, drain, super_of, super_block, check_required)},
    **{helper.__name__: helper for helper in (check_namespace, exported, plain_text)},
    **{helper.__name__: helper for helper in (partial, reader, escaped_field, text_field, rows)},
    "invoked": invoked,
    "safe_callee": safe_callee,
    "safely_invoked": safely_invoked,
    "set_item": setitem,
    "safe_attribute": safe_attribute,
    "safe_item": safe_item,
    "absent": absent,
    "no_item": NO_ITEM,
    "call_back": call_back,
    "caller_text": caller_text,
    "new_frame": new_frame,
    "true_context": true_context,
    "publish": publish,
    "publish_set": publish_set,
    "derived": derived,
    "evaluation": evaluation,
    "insert_frames": insert_frames,
    "insert_frame": insert_frame,
    "no_parent": no_parent,
    "Body": Body,
    "titled": title,
    "written": written,
    "returning": returning,
    "required_body": required_body,
    "nothing_of": nothing_of,
    "taken_back": taken_back,
    "enclosed": enclosed,
    "ahead": ahead,
    "counting": counting,
    "escape_str": escape_str,
    "missing": missing,
    "never": NEVER,
    "flush": FLUSH,
}
