"""Quart: an application whose templates blendtpl renders, and which awaits what they wait for.

Enters: a Quart application. Leaves: the same, as `blendtpl.web.flask` does it: Quart's application is Flask's, whose
templates are rendered asynchronously.
"""

from collections.abc import Iterable
from typing import Any

from quart import current_app, render_template, stream_template
from quart.signals import before_render_template, template_rendered

from blendtpl.web.flask import Blend

__all__ = ["Blend", "render_block", "render_blocks", "render_template", "stream_template"]


async def render_block(template_name: str, block_name: str, **context: Any) -> str:
    """Return the text of one block of a template, for a response that replaces a part of a page."""
    return await render_blocks(template_name, [block_name], **context)


async def render_blocks(template_name: str, block_names: Iterable[str], **context: Any) -> str:
    """Return the texts of some blocks of a template, one behind the other, such as for swaps out of band.

    The context is what `render_template` gives a template. Raises `blendtpl.BlockNotFound` for a block that is not
    there.
    """
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    await app.update_template_context(context)
    template = app.jinja_env.get_or_select_template(template_name)
    sent = {"_sync_wrapper": app.ensure_async, "template": template, "context": context}
    await before_render_template.send_async(app, **sent)
    text: str = await template.render_blocks_async(block_names, context)
    await template_rendered.send_async(app, **sent)
    return text
