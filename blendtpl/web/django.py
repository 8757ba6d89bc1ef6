"""Django: a template backend whose templates blendtpl renders.

Enters: an entry of ``TEMPLATES``. Leaves: what Django's own backend for Jinja2 gives, of templates that are compiled
when they are first asked for, or come from a bundle. Templates of Django's own language stay with Django's backend.
"""

import linecache
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from inspect import signature
from types import TracebackType
from typing import Any

import jinja2
from django.conf import settings
from django.contrib import messages
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.backends.jinja2 import Jinja2, Template, get_exception_info
from django.template.backends.utils import csrf_input_lazy, csrf_token_lazy
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation

from blendtpl.bundle import abi
from blendtpl.bundle.environment import EXTENSIONS
from blendtpl.errors import BundleError
from blendtpl.runtime.registry import Registry
from blendtpl.web.bundled import Bundled, is_live

__all__ = ["BlendTemplates", "environment", "render_block", "render_blocks", "stream"]

Context = dict[str, Any]
_OWN = {"bundle", "digest", "key", "environment", "context_processors"}


def environment(**options: Any) -> jinja2.Environment:
    """Return an environment with what Django's pages use: `static`, `url` (Django's `reverse`), `get_messages`, and the
    `trans` tag, `_`, `gettext` and their kin, in the language of the request.

    To add to it, name a function of your own in ``OPTIONS``, which calls this one.
    """
    kind = jinja2.Environment
    with suppress(ImportError):
        from blendtpl.live import Environment as kind  # the build half, which one on a bundle may do without  # noqa: N813
    made: Any = kind(extensions=[*EXTENSIONS, *options.pop("extensions", ())], **options)
    made.globals.update(static=static, url=_url, get_messages=messages.get_messages)
    made.install_gettext_callables(
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    return made  # type: ignore[no-any-return]


def _url(view: str, /, *arguments: Any, **keywords: Any) -> str:
    """Return the path of a view, as the tag `url` of Django's own templates does."""
    path: str = reverse(view, args=arguments or None, kwargs=keywords or None)
    return path


class BlendTemplates(Jinja2):  # type: ignore[misc]  # Django comes without types
    """Django's backend for Jinja2, rendered by blendtpl: what that takes in ``OPTIONS``, this takes.

    `bundle` is the file that all templates are in, with the `digest` or the `key` that it must have, as for
    `blendtpl.load`. Left out, templates are compiled when they are first asked for. `environment` is that of this
    module, unless another is named. Raises `ImproperlyConfigured` for options that are none, and for a bundle that
    cannot be rendered; ``manage.py check`` tells of one that was compiled for another environment.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        options = dict(params["OPTIONS"])
        bundle, digest, key = (options.pop(name, None) for name in ("bundle", "digest", "key"))
        options.setdefault("environment", f"{__name__}.environment")
        known = [*_OWN, *signature(jinja2.Environment).parameters]
        try:
            super().__init__({**params, "OPTIONS": options})
        except TypeError as error:
            wrong = [name for name in options if name not in known]
            if not wrong:
                raise
            close = [match for name in wrong for match in get_close_matches(name, known, 1)]
            hint = f": did you mean `{close[0]}`?" if close else ""
            raise ImproperlyConfigured(f"OPTIONS of {type(self).__name__} has no `{wrong[0]}`{hint}") from error
        try:
            self._bundled = None if bundle is None else Bundled(bundle, digest=digest, key=key)
        except BundleError as error:
            raise ImproperlyConfigured(f"OPTIONS of {type(self).__name__}: {error}") from error
        if bundle is None and not is_live(self.env):
            raise ImproperlyConfigured(
                f"`{options['environment']}` makes an environment of Jinja2's own: make a `blendtpl.Environment`"
            )

    @property
    def registry(self) -> Registry | None:
        """The registry of the bundle, which is loaded now if it was not, or `None` without one. Ask for it before
        processes are forked, so that they share it.
        """
        return None if self._bundled is None else self._bundled.bound(self.env)[0]

    def check(self, **unused: Any) -> list[CheckMessage]:
        """Return what is wrong with the bundle, for Django's system checks."""
        try:
            _ = self.registry
        except BundleError as error:
            return [Error(str(error), hint="compile it with the environment of these OPTIONS", id="blendtpl.E001")]
        return []

    def from_string(self, template_code: str) -> "BlendTemplate":
        """Return the template of a text."""
        return BlendTemplate(self.env.from_string(template_code), self)

    def get_template(self, template_name: str) -> "BlendTemplate":
        """Return a template by its name."""
        if self._bundled is None:
            return BlendTemplate(super().get_template(template_name).template, self)
        try:
            return BlendTemplate(self._bundled.template(self.env, template_name), self)
        except jinja2.TemplateNotFound as error:
            raise TemplateDoesNotExist(str(error), backend=self) from error


class BlendTemplate(Template):  # type: ignore[misc]  # as above
    """A template of the backend: that of Django's for Jinja2, with its blocks, and in pieces."""

    def render(self, context: Context | None = None, request: HttpRequest | None = None) -> str:
        """Return the rendered text."""
        with _telling():
            return self.template.render(self._given(context, request))  # type: ignore[no-any-return]

    def render_blocks(
        self, block_names: Iterable[str], context: Context | None = None, request: HttpRequest | None = None
    ) -> str:
        """Return the texts of some blocks, one behind the other."""
        with _telling():
            return self.template.render_blocks(block_names, self._given(context, request))  # type: ignore[no-any-return]

    def stream(self, context: Context | None = None, request: HttpRequest | None = None) -> Iterator[str]:
        """Return an iterator over the text in pieces, each of which is rendered when it is asked for."""
        return self.template.generate(self._given(context, request))  # type: ignore[no-any-return]

    def _given(self, context: Context | None, request: HttpRequest | None) -> Context:
        """Return what Django's own backend gives a template."""
        given = dict(context or {})
        if request is not None:
            given |= {
                "request": request,
                "csrf_input": csrf_input_lazy(request),
                "csrf_token": csrf_token_lazy(request),
            }
            for processor in self.backend.template_context_processors:
                given.update(processor(request))
        return given


@contextmanager
def _telling() -> Iterator[None]:
    """Have Django's page for errors show the lines of the template that failed."""
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        other: Any = TemplateSyntaxError(*error.args)
        other.template_debug = get_exception_info(error)
        raise other from error
    except Exception as error:
        if settings.DEBUG and not hasattr(error, "template_debug") and (shown := _shown(error.__traceback__)):
            with suppress(Exception):  # it may be of a class that nothing can be put on
                error.template_debug = {**shown, "message": str(error)}  # type: ignore[attr-defined]
        raise


_AROUND = 10  # lines of a template that the page shows before and behind the one that failed


def _shown(trace: TracebackType | None) -> dict[str, Any] | None:
    """Return what Django's page shows of the innermost line of a template in a traceback, as its template API says."""
    shown = None
    while trace is not None:
        names, code, line = trace.tb_frame.f_globals, trace.tb_frame.f_code, trace.tb_lineno
        if abi.SELF in names and names.get("__name__") == code.co_filename:
            texts = linecache.getlines(code.co_filename, names)
            lines = [(number, text.rstrip("\n")) for number, text in enumerate(texts, 1)]
            if line <= len(lines):
                top, bottom = max(0, line - 1 - _AROUND), min(len(lines), line + _AROUND)
                shown = {"name": code.co_filename, "message": "", "line": line, "before": "", "after": ""}
                shown |= {"during": lines[line - 1][1], "source_lines": lines[top:bottom]}
                shown |= {"total": len(lines), "top": top, "bottom": bottom}
        trace = trace.tb_next
    return shown


def _template(template_name: str, using: str | None) -> tuple[BlendTemplates, BlendTemplate]:
    """Return a template of the backend of that alias, or of the first of ours that has it."""
    backends = [engines[using]] if using else [each for each in engines.all() if isinstance(each, BlendTemplates)]
    if not backends:
        raise ImproperlyConfigured("`TEMPLATES` has no entry with the backend `blendtpl.web.django.BlendTemplates`")
    missing = []
    for backend in backends:
        try:
            return backend, backend.get_template(template_name)
        except TemplateDoesNotExist as error:
            missing.append(error)
    try:
        raise TemplateDoesNotExist(str(missing[0]), chain=missing)
    finally:
        del missing  # whose tracebacks hold this frame


def render_block(
    request: HttpRequest,
    template_name: str,
    block_name: str,
    context: Context | None = None,
    content_type: str | None = None,
    status: int | None = None,
    using: str | None = None,
) -> HttpResponse:
    """Return the response of one block of a template, as `django.shortcuts.render` does it for all of one."""
    return render_blocks(request, template_name, [block_name], context, content_type, status, using)


def render_blocks(
    request: HttpRequest,
    template_name: str,
    block_names: Iterable[str],
    context: Context | None = None,
    content_type: str | None = None,
    status: int | None = None,
    using: str | None = None,
) -> HttpResponse:
    """Return the response of some blocks of a template, one behind the other, such as for swaps out of band.

    Raises `blendtpl.BlockNotFound` for a block that is not there.
    """
    _, template = _template(template_name, using)
    return HttpResponse(template.render_blocks(block_names, context, request), content_type, status)


def stream(
    request: HttpRequest,
    template_name: str,
    context: Context | None = None,
    content_type: str | None = None,
    status: int | None = None,
    using: str | None = None,
) -> StreamingHttpResponse:
    """Return a response whose pieces are rendered as they are sent."""
    _, template = _template(template_name, using)
    return StreamingHttpResponse(template.stream(context, request), content_type=content_type, status=status)
