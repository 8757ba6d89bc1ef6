"""Live environments: Jinja2's `Environment`, with every template through blendtpl's compiler.

Enters: whatever an application does with a Jinja2 environment. Leaves: the same, with the code of our compiler. Nothing
is linked here, since templates may come and go: names are resolved when a template renders, as Jinja2 does.

An environment with `enable_async`, or with a code generator of its own, keeps Jinja2's way.
"""

from collections.abc import Iterator, MutableMapping
from types import CodeType
from typing import Any, cast

import jinja2
from jinja2 import nodes, sandbox
from jinja2.compiler import CodeGenerator
from jinja2.environment import TemplateModule
from jinja2.exceptions import TemplateSyntaxError
from jinja2.runtime import Context

from blendtpl.arguments import as_dict
from blendtpl.causes import explain_by_note
from blendtpl.compiler.emitter import code_of
from blendtpl.contexts import FastContext, Render
from blendtpl.output import NEVER, Output
from blendtpl.places import stopped
from blendtpl.spaces import bind_names, new_space
from blendtpl.units import Shape, Unit


def _takes_ours(environment: jinja2.Environment) -> bool:
    return not environment.is_async and environment.code_generator_class is CodeGenerator


class LiveTemplate(Unit):
    """A template of a live environment: Jinja2's `Template`, rendering by blendtpl's code."""

    @classmethod
    def from_code(
        cls,
        environment: jinja2.Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],
        uptodate: Any = None,
    ) -> jinja2.Template:
        """Return the template of compiled code, as Jinja2's method of that name does."""
        if not _takes_ours(environment):
            return jinja2.Template.from_code(environment, code, globals, uptodate)
        if not isinstance(code, CodeType):
            raise TypeError(f"a {type(code).__name__} is no code")
        space = new_space(environment, code.co_filename)
        exec(code, space)
        shape = Shape(**space.pop("about"))
        # anew for each template: an application may change what an environment has
        bind_names(environment, space.pop("bound"), space)
        made = cls.bind(environment, space, shape, globals, shape.name)
        made._uptodate = uptodate
        return made

    @classmethod
    def from_module_dict(
        cls, environment: jinja2.Environment, module_dict: MutableMapping[str, Any], globals: MutableMapping[str, Any]
    ) -> jinja2.Template:
        """Return the template of a module that Jinja2's `compile_templates` wrote, which is Jinja2's own code."""
        return jinja2.Template.from_module_dict(environment, module_dict, globals)

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the rendered text, as Jinja2's method of that name does."""
        context = self.new_context(as_dict(self.name, args, kwargs))
        context.render = scope = Render()  # type: ignore[attr-defined]
        out: Output = []
        try:
            for _ in self.root(context, out, NEVER):
                pass
            return self.environment.concat(out)
        except Exception as error:
            explain_by_note(error)
            other = stopped(error, self)
            if other is not None:
                raise other  # noqa: B904  # it knows what it comes from
            raise
        finally:
            try:
                scope.finish()
            except BaseException:  # which came in the midst of it
                scope.finish()
                raise

    def generate(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        """Yield the rendered text piece by piece, as Jinja2's method of that name does."""
        context = self.new_context(as_dict(self.name, args, kwargs))
        context.render = scope = Render()  # type: ignore[attr-defined]
        try:
            yield from self.root_render_func(context)
        except Exception as error:
            explain_by_note(error)
            raise
        finally:
            try:
                scope.finish()
            except BaseException:  # which came in the midst of it
                scope.finish()
                raise

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return jinja2.Template._get_default_module(self, ctx)


class _Live(jinja2.Environment):
    """What both environments share."""

    context_class = FastContext
    template_class: type[jinja2.Template] = LiveTemplate

    def compile(  # type: ignore[override]  # overloaded in Jinja2
        self,
        source: str | nodes.Template,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> str | CodeType:
        """Return the code of a template; as Python source, or for modules that are imported later, it is Jinja2's."""
        if raw or defer_init or not _takes_ours(self):
            return cast("str | CodeType", super().compile(source, name, filename, raw, defer_init))  # type: ignore[call-overload]
        try:
            tree = self._parse(source, name, filename) if isinstance(source, str) else source
            return code_of(name, filename or "<template>", tree, self)
        except TemplateSyntaxError:
            self.handle_exception(source=source if isinstance(source, str) else None)
            raise


class Environment(_Live):
    """Jinja2's `Environment`: change the import, and every template is compiled by blendtpl."""


class SandboxedEnvironment(sandbox.SandboxedEnvironment, _Live):
    """Jinja2's `SandboxedEnvironment`, compiled by blendtpl; every guarded operation stays guarded."""


class ImmutableSandboxedEnvironment(sandbox.ImmutableSandboxedEnvironment, _Live):
    """Jinja2's `ImmutableSandboxedEnvironment`, compiled by blendtpl."""
