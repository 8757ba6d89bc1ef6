"""Flask: an application whose templates blendtpl renders.

Enters: a Flask application. Leaves: the same, whose ``jinja_env`` is blendtpl's: live, so that a template is compiled
when it is first asked for, or from a bundle. Whatever else Flask does with templates, it does as before.
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import flask
from flask import render_template, stream_template
from flask.signals import before_render_template, template_rendered

from blendtpl.errors import ConfigError
from blendtpl.runtime.registry import Registry
from blendtpl.web.bundled import Bundled, from_bundle, live_kind, moved

if TYPE_CHECKING:
    from flask.sansio.app import App  # what Flask's applications and Quart's are

__all__ = ["Blend", "render_block", "render_blocks", "render_template", "stream_template"]

_NAME = "blendtpl"  # among an application's extensions


class Blend:
    """Have an application's templates rendered by blendtpl.

    - `bundle` is the file that they are in; left out, that of ``app.config["BLENDTPL_BUNDLE"]``. Where there is
      neither, each is compiled when it is first asked for, and again when it changes, as Flask does it.
    - `digest` and `key` are what the bundle must have, as for `blendtpl.load`.

    Filters, tests and globals may be added until the first template is asked for. Raises `BundleError` at once for a
    bundle that is missing, damaged or of other versions; `registry` says whether it fits the application's environment.
    """

    def __init__(
        self,
        app: "App | None" = None,
        bundle: str | os.PathLike[str] | None = None,
        *,
        digest: str | None = None,
        key: bytes | None = None,
    ) -> None:
        self._app, self._bundle, self._digest, self._key = app, bundle, digest, key
        if app is not None:
            self.init_app(app)

    def init_app(self, app: "App") -> None:
        """Do so for an application that was made later."""
        if _NAME in app.extensions:
            raise ConfigError(f"`Blend` has been applied to the application `{app.name}` before: do so once")
        bundle = self._bundle if self._bundle is not None else app.config.get("BLENDTPL_BUNDLE")
        kind: Any = app.jinja_environment
        if bundle is None:
            app.jinja_environment = live_kind(kind)
        else:
            bundled = Bundled(bundle, digest=self._digest, key=self._key)
            app.jinja_environment = from_bundle(_with_strings(kind), bundled)
        made = vars(app).pop("jinja_env", None)
        if made is not None:  # somebody has asked for it, and maybe added to it
            app.jinja_env = moved(made, app.create_jinja_environment)  # type: ignore[assignment]
        app.extensions[_NAME] = self
        self._app = app

    @property
    def registry(self) -> Registry | None:
        """The registry of the bundle, which is loaded now if it was not, or `None` without one.

        Ask for it where an application is made before its processes are forked, so that they share it. Raises
        `BundleError` when the bundle was compiled for other options, or has filters that the application lacks.
        """
        environment: Any = None if self._app is None else self._app.jinja_env
        bundled = getattr(environment, "bundled", None)
        return None if bundled is None else bundled.bound(environment)[0]


def _with_strings(kind: Any) -> Any:
    """Return a class that compiles what `render_template_string` is given; Jinja2 does where the build half is not."""
    try:
        return live_kind(kind)
    except ImportError:
        return kind


def render_block(template_name: str, block_name: str, **context: Any) -> str:
    """Return the text of one block of a template, for a response that replaces a part of a page."""
    return render_blocks(template_name, [block_name], **context)


def render_blocks(template_name: str, block_names: Iterable[str], **context: Any) -> str:
    """Return the texts of some blocks of a template, one behind the other, such as for swaps out of band.

    The context is what `render_template` gives a template. Raises `blendtpl.BlockNotFound` for a block that is not
    there.
    """
    app = flask.current_app._get_current_object()  # type: ignore[attr-defined]
    template: Any = app.jinja_env.get_or_select_template(template_name)
    app.update_template_context(context)
    before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)
    text: str = template.render_blocks(block_names, context)
    template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)
    return text
