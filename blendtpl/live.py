"""Live environments: Jinja2's `Environment`, with every template through blendtpl's compiler.

Enters: whatever an application does with a Jinja2 environment. Leaves: the same, with the code of our compiler. Nothing
is linked here: names are resolved when a template renders, as Jinja2 does. One with a code generator of its own keeps
Jinja2's way, and so does one with `enable_async` where greenlet is missing.
"""

from collections import ChainMap
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping, MutableMapping
from functools import cached_property, wraps
from inspect import signature
from types import CodeType
from typing import TYPE_CHECKING, Any, Self, cast
from weakref import ref

import jinja2
from jinja2 import nodes, sandbox
from jinja2.bccache import BytecodeCache
from jinja2.compiler import CodeGenerator
from jinja2.environment import TemplateModule
from jinja2.exceptions import TemplateSyntaxError
from jinja2.nodes import EvalContext
from jinja2.runtime import Context

from blendtpl.bundle import abi
from blendtpl.bundle.abi import TemplateInfo
from blendtpl.bundle.budget import budget_of
from blendtpl.bundle.environment import EXTENSIONS, with_defaults
from blendtpl.compiler.assemble.template_code import code_of
from blendtpl.compiler.frontend.metered import metered
from blendtpl.compiler.frontend.parser import with_lines
from blendtpl.live_bytecode import KeyedCache
from blendtpl.live_messages import live_message
from blendtpl.live_metered import WithBudget
from blendtpl.mail.message import Message
from blendtpl.runtime import render
from blendtpl.runtime.arguments import as_dict, only_adds_to
from blendtpl.runtime.block_functions import as_generator
from blendtpl.runtime.causes import explain_by_note
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.context import FastContext, Render
from blendtpl.runtime.coroutines import can_await
from blendtpl.runtime.frame import Frame
from blendtpl.runtime.linked_environment import unwrapped
from blendtpl.runtime.messages import split_fields
from blendtpl.runtime.namespace import bind_names, new_space
from blendtpl.runtime.output import NEVER, Output, drain
from blendtpl.runtime.rebinding import Rebinding
from blendtpl.runtime.runner import NOTHING
from blendtpl.runtime.speedups import ACTIVE, prepare, utf8
from blendtpl.runtime.traceback import stopped

_BEFORE_EXTENSIONS = list(signature(jinja2.Environment).parameters).index("extensions")

_NOT_PICKLED = frozenset({"_null", "_blendtpl_names", "_blendtpl_compiler"})


def _takes_ours(environment: jinja2.Environment) -> bool:
    return environment.code_generator_class is CodeGenerator and (not environment.is_async or can_await())


class LiveTemplate(CompiledTemplate):
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
        prepared = prepare(code)
        space = new_space(environment, code.co_filename)
        exec(prepared, space)
        if "info" not in space:  # of a cache that Jinja2 has filled before
            return jinja2.Template.from_code(environment, code, globals, uptodate)
        info, bound = TemplateInfo(**space["info"]), space["bound"]

        def bound_anew() -> dict[str, Any]:
            space = new_space(environment, code.co_filename)
            exec(prepared, space)
            # anew for each template: an application may change what an environment has
            bind_names(environment, bound, space)
            return space

        functions = [abi.ROOT if info.reads is None else abi.INCLUDED, *map(abi.block_function, info.blocks)]
        if info.preamble is not None and info.preamble not in functions:
            functions.append(info.preamble)
        space = Rebinding(environment, bound, functions, bound_anew).first()
        template = cls.bind(environment, space, info, globals, info.name)
        template._uptodate = uptodate
        return template

    @classmethod
    def from_module_dict(
        cls, environment: jinja2.Environment, module_dict: MutableMapping[str, Any], globals: MutableMapping[str, Any]
    ) -> jinja2.Template:
        """Return the template of a module that Jinja2's `compile_templates` wrote, which is Jinja2's own code."""
        return jinja2.Template.from_module_dict(environment, module_dict, globals)

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the rendered text, as Jinja2's method of that name does."""
        if self.runner is None:
            return self._render(args, kwargs)
        return self.runner.complete((args, kwargs), self._render, args, kwargs)  # type: ignore[no-any-return]

    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        """Return the rendered text, as Jinja2's method of that name does; as `render` where nothing is awaited."""
        if self.runner is None:
            return self._render(args, kwargs)
        return await self.runner.run((args, kwargs), self._render, args, kwargs)  # type: ignore[no-any-return]

    def _render(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        context = self.new_context(as_dict(self.name, args, kwargs))
        context.render = scope = Render()  # type: ignore[attr-defined]
        out: Output = []
        try:
            drain(self.root(context, out, NEVER))
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

    def render_bytes(self, *args: Any, **kwargs: Any) -> bytes:
        """Return the rendered text in UTF-8, as `blendtpl.Template.render_bytes` does."""
        return utf8(self.render(*args, **kwargs))

    def generate(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        """Yield the rendered text piece by piece, as Jinja2's method of that name does."""
        pieces = self._pieces(args, kwargs)
        return pieces if self.runner is None else self.runner.complete_each((args, kwargs))(pieces)

    def generate_async(self, *args: Any, **kwargs: Any) -> AsyncGenerator[str, object]:
        """Yield the rendered text piece by piece, as Jinja2's method of that name does."""
        if self.awaiting is None:
            raise RuntimeError("The environment was not created with async mode enabled.")
        return cast(Any, self.runner).run_each((args, kwargs))(self._pieces(args, kwargs))  # type: ignore[no-any-return]

    def _pieces(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Generator[str, None, None]:
        context = self.new_context(as_dict(self.name, args, kwargs))
        context.render = scope = Render()  # type: ignore[attr-defined]
        try:
            yield from as_generator(self.root, None)(context)
        except Exception as error:
            explain_by_note(error)
            other = stopped(error, self)
            if other is not None:
                raise other  # noqa: B904
            raise
        finally:
            try:
                scope.finish()
            except BaseException:  # which came in the midst of it
                scope.finish()
                raise

    def render_block(self, block: str, /, *mappings: Mapping[str, Any], **variables: Any) -> str:
        """Return the text of one block rendered alone, as `blendtpl.Template.render_block` does."""
        return render.render_block(self, block, mappings, variables)

    async def render_block_async(self, block: str, /, *mappings: Mapping[str, Any], **variables: Any) -> str:
        """Return the text of one block, as `blendtpl.Template.render_block_async` does."""
        return await render.render_blocks_async(self, (block,), mappings, variables)

    async def render_blocks_async(
        self, blocks: Iterable[str], /, *mappings: Mapping[str, Any], **variables: Any
    ) -> str:
        """Return the texts of some blocks, as `blendtpl.Template.render_blocks_async` does."""
        return await render.render_blocks_async(self, blocks, mappings, variables)

    async def make_module_async(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> TemplateModule:
        """Return the template as a module, as Jinja2's method of that name does."""
        if self.awaiting is None:
            return self.make_module(vars, shared, locals)
        return await cast(Any, self.runner).run(NOTHING, self.make_module, vars, shared, locals)  # type: ignore[no-any-return]

    async def _get_default_module_async(self, ctx: Context | None = None) -> TemplateModule:
        if self.awaiting is None:
            return self._get_default_module(ctx)
        return await cast(Any, self.runner).run(NOTHING, self._get_default_module, ctx)  # type: ignore[no-any-return]

    def render_blocks(self, blocks: Iterable[str], /, *mappings: Mapping[str, Any], **variables: Any) -> str:
        """Return the texts of some blocks, one behind the other, as `blendtpl.Template.render_blocks` does."""
        return render.render_blocks(self, blocks, mappings, variables)

    def stream_async(self, *args: Any, **kwargs: Any) -> AsyncGenerator[str, object]:
        """Yield the rendered text piece by piece, as `generate_async` does."""
        return self.generate_async(*args, **kwargs)

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> Context:
        """Return a new context of this template, as Jinja2's method of that name does."""
        environment, globals = self.environment, self.globals
        if shared or locals or environment.context_class is not FastContext or type(globals) is not ChainMap:
            return super().new_context(vars, shared, locals)
        known: dict[str, Any] = {}
        for mapping in reversed(globals.maps):  # in its order, which takes a method of Python for each name
            known.update(mapping)
        if vars:
            known = dict(known, **vars)
        return FastContext(environment, known, self.name, self.own_blocks, globals)

    def evaluation_of(self, frame: Frame) -> EvalContext:
        """Return the evaluation context of a frame for which no context was made; anew, as how an environment escapes
        may change.
        """
        return EvalContext(self.environment, self.name)

    @cached_property
    def preamble(self) -> Any:
        """The function that runs what blocks see of the top level, when there is any; it is given no list."""
        if self.info.preamble is None and self.info.parent is None and not self.info.blocks:
            # it has no code for that, since it has no blocks; what it prints is of nobody
            return lambda context, out, limit: self.root(context, [], limit)
        return self.first_preamble and self._of_context(str(self.info.preamble))

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        if budget_of(self.environment) is not None:
            return super()._get_default_module(ctx)  # what another render has changed in it is not seen
        kept = cast("TemplateModule | None", self._module)
        # where what both see of their environment is the same dict, no name of it is missing here
        seen = ctx._globals if type(ctx) is FastContext and "globals_keys" not in ctx.__dict__ else None
        if kept is not None and only_adds_to(self.globals, seen):
            return kept
        if ctx is not None and (added := ctx.globals_keys - self.globals.keys()):
            return self.make_module({name: ctx.parent[name] for name in added})
        if kept is None:
            kept = self.make_module()
            vars(self)["_module"] = kept
        return kept

    @property
    def module(self) -> TemplateModule:
        """The template as a module, as Jinja2's attribute of that name is: not where it is awaited."""
        if self.awaiting is not None:
            raise RuntimeError("Module is not available in async mode.")
        runner, make = self.runner, self._get_default_module
        return make() if runner is None else cast("TemplateModule", runner.complete(NOTHING, make))


class _Live(jinja2.Environment):
    """What all of them share.

    They have Jinja2's defaults, so that a changed import changes no output. Where no `extensions` are given, tags that
    would be errors without are there: those of Jinja2's own `i18n`, `do` and `loopcontrols`.
    """

    context_class = FastContext
    template_class: type[jinja2.Template] = LiveTemplate

    if not TYPE_CHECKING:  # it takes what Jinja2's takes

        @wraps(jinja2.Environment.__init__)
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            if "extensions" not in options and len(arguments) <= _BEFORE_EXTENSIONS:
                for extension in EXTENSIONS:
                    self.add_extension(extension)
                self._install_null()

        @property
        def bytecode_cache(self) -> BytecodeCache | None:
            """The cache of code, whose keys have all that code depends on: see `blendtpl.live_bytecode`."""
            cache = vars(self).get("bytecode_cache")
            return cache if cache is None or not _takes_ours(self) else KeyedCache(cache)

        @bytecode_cache.setter
        def bytecode_cache(self, cache: BytecodeCache | None) -> None:
            vars(self)["bytecode_cache"] = cache._cache if type(cache) is KeyedCache else cache

    def _install_null(self) -> None:
        """Have texts stay as they are until translations are passed or installed."""
        before = set(self.globals)
        self.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # the i18n extension's own
        self._null = {name: self.globals[name] for name in self.globals.keys() - before}

    def __getstate__(self) -> dict[str, Any]:
        # functions that Jinja2 makes for translations cannot be pickled, and an environment can
        null = vars(self).get("_null", {})
        state = {name: value for name, value in vars(self).items() if name not in _NOT_PICKLED}
        state["globals"] = {name: value for name, value in self.globals.items() if null.get(name) is not value}
        return {"state": state, "null": any(null.get(name) is value for name, value in self.globals.items())}

    def __setstate__(self, pickled: dict[str, Any]) -> None:
        state = pickled["state"]
        vars(self).update({**state, "globals": dict(state["globals"])})
        if pickled["null"]:
            self._null = _Live()._null  # these functions are of no environment
            self.globals.update({**self._null, **self.globals})

    @classmethod
    def with_defaults(cls, **options: Any) -> Self:
        """Return a new environment with blendtpl's defaults for what `options` leave open.

        They are those of `blendtpl.default_environment`: autoescape by name, `StrictUndefined`, and Jinja2's own
        extensions `i18n` (with null translations), `do` and `loopcontrols`.
        """
        return with_defaults(cls, options)

    def message(self, name: str, /, *mappings: Mapping[str, Any], **given: Any) -> Message:
        """Return the e-mail of the message `name`, as `blendtpl.Registry.message` does, which says what is given."""
        return live_message(self, name).compose(mappings, *split_fields(given))

    def get_template(
        self, name: Any, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> jinja2.Template:
        """Return a template as Jinja2's method of that name does; of one of a registry, the template behind it."""
        loader, cache = self.loader, self.cache
        if (
            type(name) is not str
            or globals
            or loader is None
            or cache is None
            or type(self)._load_template is not jinja2.Environment._load_template
        ):
            return super().get_template(unwrapped(name), parent, globals)
        # what Jinja2's does, in one call in place of three
        if parent is not None:
            name = self.join_path(name, parent)
        key = ref(loader), name
        template: jinja2.Template | None = cache.get(key)
        if template is None or (self.auto_reload and not template.is_up_to_date):
            template = loader.load(self, name, self.make_globals(globals))
            if self.cache is not None:
                self.cache[key] = template
        return template

    def select_template(
        self, names: Any, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> jinja2.Template:
        """Return the first template that there is, as Jinja2's method of that name does."""
        unwrapped_names = list(map(unwrapped, names)) if isinstance(names, (list, tuple)) else names
        return super().select_template(unwrapped_names, parent, globals)

    def get_or_select_template(
        self,
        template_name_or_list: Any,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,
    ) -> jinja2.Template:
        """Return a template as Jinja2's method of that name does."""
        return super().get_or_select_template(unwrapped(template_name_or_list), parent, globals)

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
            tree = metered(with_lines(tree, self), self)
            return code_of(name, filename or "<template>", tree, self, speedups=ACTIVE)
        except TemplateSyntaxError:
            self.handle_exception(source=source if isinstance(source, str) else None)
            raise


class Environment(_Live):
    """Jinja2's `Environment`: change the import, and every template is compiled by blendtpl."""


class SandboxedEnvironment(WithBudget, sandbox.SandboxedEnvironment, _Live):
    """Jinja2's `SandboxedEnvironment`, compiled by blendtpl; every guarded operation stays guarded.

    With ``budget=``, a `blendtpl.Budget`, a render that takes more ends with a `blendtpl.BudgetError`; so does one of a
    bundle that is compiled for this environment, and loaded with it.
    """


class ImmutableSandboxedEnvironment(WithBudget, sandbox.ImmutableSandboxedEnvironment, _Live):
    """Jinja2's `ImmutableSandboxedEnvironment`, compiled by blendtpl, with the same ``budget=``."""
