"""Litestar: a template engine whose templates blendtpl renders.

Enters: a folder, an environment, or a bundle. Leaves: what Litestar's own engine for Jinja2 gives, of templates that
are compiled when they are first asked for, or come from a bundle.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from litestar.exceptions import TemplateNotFoundException
from litestar.plugins.jinja import JinjaTemplateEngine

from blendtpl.errors import ConfigError
from blendtpl.runtime.registry import Registry
from blendtpl.web.bundled import Bundled, blend_environment, is_live

__all__ = ["BlendTemplateEngine"]


class BlendTemplateEngine(JinjaTemplateEngine):
    """Litestar's engine for Jinja2, rendered by blendtpl: ``TemplateConfig(directory=…, engine=BlendTemplateEngine)``.

    - `directory`: folders whose templates are compiled when they are first asked for, and again when they change.
    - `engine_instance`: a `blendtpl.Environment` in place of that; with `bundle`, any environment that has its filters.
    - `bundle`: the file that all templates are in, with the `digest` or the `key` that it must have, as for
      `blendtpl.load`: ``TemplateConfig(instance=BlendTemplateEngine(bundle=…))``. It is checked now, and bound to the
      environment when the first template is asked for, or by `registry`.

    Raises `ConfigError` for none, or more, of these, and `BundleError` for a bundle that cannot be rendered.
    """

    def __init__(
        self,
        directory: Path | list[Path] | Sequence[str] | None = None,
        engine_instance: jinja2.Environment | None = None,
        *,
        bundle: str | os.PathLike[str] | None = None,
        digest: str | None = None,
        key: bytes | None = None,
    ) -> None:
        env = engine_instance
        if bool(directory) + (bundle is not None) + (bundle is None and env is not None) != 1:
            raise ConfigError(
                "give `BlendTemplateEngine` one of `directory`, `engine_instance` and `bundle`, which may have an"
                " `engine_instance`"
            )
        self._bundled = None if bundle is None else Bundled(bundle, digest=digest, key=key)
        if env is None:
            env = blend_environment(directory, autoescape=True, live=bundle is None)
        elif bundle is None and not is_live(env):
            raise ConfigError("`engine_instance` is Jinja2's own: make it of `blendtpl.Environment`, or give `bundle`")
        super().__init__(None, env)

    @property
    def registry(self) -> Registry | None:
        """The registry of the bundle, which is loaded now if it was not, or `None` without one. Ask for it before
        processes are forked, so that they share it.
        """
        return None if self._bundled is None else self._bundled.bound(self.engine)[0]

    def get_template(self, template_name: str) -> Any:
        """Return a template by its name. Raises Litestar's `TemplateNotFoundException`."""
        if self._bundled is None:
            return super().get_template(template_name)
        try:
            return self._bundled.template(self.engine, template_name)
        except jinja2.TemplateNotFound as error:
            raise TemplateNotFoundException(str(error), template_name=template_name) from error
