"""Compiled templates: emitted code bound to an environment.

Enters: the code of a template and an environment. Leaves: compiled templates, which are Jinja2 templates to whoever is
passed one and write into a list for emitted code. Nothing is imported, compiled, unmarshalled or read while a compiled
template renders.
"""

from collections.abc import Callable, Iterator, Mapping, Sized
from functools import cached_property, partial
from itertools import repeat
from types import ModuleType
from typing import Any, cast

import jinja2
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, new_context
from jinja2.utils import missing

from blendtpl.bundle import abi
from blendtpl.bundle.abi import ORIGIN, SLOTS, TemplateInfo
from blendtpl.bundle.budget import budget_of
from blendtpl.runtime.block_functions import ContextBlock, ContextText, as_generator, in_context, unfilled
from blendtpl.runtime.context import FastContext, Render, emptier, reader, render_of
from blendtpl.runtime.coroutines import awaiting_of
from blendtpl.runtime.entry import EntryPlan
from blendtpl.runtime.exceptions import ended, insert_frame, is_a
from blendtpl.runtime.frame import Frame, empty, publish, set_names, true_context
from blendtpl.runtime.helpers import keep
from blendtpl.runtime.metered_render import Metered
from blendtpl.runtime.output import NEVER, Output, Write, drain, returning, writing
from blendtpl.runtime.runner import Runner, runner_of


class Handle:
    """What a registry hands out for a compiled template; a template may be given one as a name, as Jinja2 takes
    templates.
    """

    __slots__ = ("_compiled",)

    _compiled: "CompiledTemplate"


class CompiledTemplate(jinja2.Template):
    """One template's code, bound to its environment. `space` are the globals of that code.

    `root`, `preamble` and the blocks take a context, whatever the code itself takes.
    """

    # a registry has thousands of them: what nearly all have alike is there once, in the class
    __slots__ = (
        "above",
        "bodies",
        "environment",
        "evaluation",
        "globals",
        "info",
        "may_form_cycle",
        "name",
        "plan",
        "required",
        "space",
        "stores",
        "string_functions",
        "values",
        "whole",
    )

    info: TemplateInfo
    whole: bool  # whether all that it surely extends is known
    above: "CompiledTemplate | None"  # what it surely extends, when that is known
    space: dict[str, Any]
    plan: "EntryPlan | None"  # how to render without a context
    may_form_cycle: bool  # whether a frame of it, or of what it extends, may come to hold itself
    bodies: tuple[Any, ...] | None  # the innermost of each block, in the order in which a frame has them
    stores: tuple[tuple[str, int, bool], ...]  # of all of them: what is set, its slot, and whether it is exported
    string_functions: frozenset[str]  # of all of them: the functions that return a text
    required: frozenset[str]  # of all of them: the blocks that another template must fill
    evaluation: EvalContext  # how output is escaped, unless a context says otherwise; nothing changes it
    values: tuple[Any, ...]  # what is in the slots that its top level fills

    singleton_module: TemplateModule | None = None
    awaiting: ModuleType | None = None  # what renders it where it may wait: `blendtpl.runtime.awaiting`
    runner: Runner | None = None  # what a render goes through, where it may wait, has a language or a budget
    _module = None
    _debug_info = ""
    _uptodate = None

    @classmethod
    def bind(
        cls, environment: jinja2.Environment, space: dict[str, Any], info: TemplateInfo, globals: Any, name: str | None
    ) -> "CompiledTemplate":
        """Return the compiled template of a template whose functions are in `space`."""
        compiled = object.__new__(cls)
        space[abi.SELF] = compiled
        compiled.environment, compiled.globals, compiled.name = environment, globals, name
        compiled.space, compiled.info, compiled.whole, compiled.above, compiled.plan = space, info, False, None, None
        compiled.may_form_cycle, compiled.stores, compiled.required, compiled.bodies = False, (), frozenset(), None
        compiled.string_functions, compiled.values = frozenset(info.string_functions), ()
        if environment.is_async:
            compiled.awaiting = awaiting_of(environment)
        runner, budget = runner_of(environment, compiled.awaiting), budget_of(environment)
        if budget is not None:
            runner = Metered(budget, runner)
        if runner is not None:
            compiled.runner = runner
        for function in (
            *([compiled.entry] if info.parent_line is None else []),
            *(abi.block_function(block) for block in info.blocks),
        ):
            if not callable(space[function]):
                raise TypeError("it renders nothing")
        return compiled

    @property
    def filename(self) -> str:  # type: ignore[override]  # an attribute in Jinja2
        """The file that tracebacks show: that of its code."""
        return self.space["__name__"]  # type: ignore[no-any-return]

    @property
    def chain(self) -> "tuple[CompiledTemplate, ...] | None":
        """This one, and all that it surely extends, when that is known."""
        if not self.whole:
            return None
        templates = [self]
        while templates[-1].above is not None:
            templates.append(templates[-1].above)
        return tuple(templates)

    @property
    def entry(self) -> str:
        """What the function that writes the template is called in its code."""
        return abi.ROOT if self.info.reads is None else abi.INCLUDED

    # what is given a context is made when the first of them asks: most compiled templates are never asked

    @cached_property
    def root(self) -> Write:
        """The function that writes the template."""
        return self._of_context(self.entry) if self.info.parent_line is None else self._entering

    @cached_property
    def part(self) -> Any:
        """The function that writes a template which is called with what it reads."""
        function = self.space[abi.INCLUDED]
        return writing(function) if abi.INCLUDED in self.info.string_functions else function

    @cached_property
    def text(self) -> Any:
        """The function that returns the text of a template which is called with what it reads."""
        function = self.space[abi.INCLUDED]
        return function if abi.INCLUDED in self.info.string_functions else returning(function)

    @cached_property
    def preamble(self) -> Any:
        """The function that runs what blocks see of the top level, when there is any; it is given no list."""
        template = self.first_preamble
        if not self.info.constant_slots:
            return template and template._of_context(str(template.info.preamble))
        above = None if template is None else template.space[str(template.info.preamble)]

        def run(context: Context, out: None, limit: int | None) -> Any:
            frame = self._preset(context)
            return () if above is None else above(frame, out, limit)

        return run

    def _entering(self, context: Context, out: Output, limit: int | None) -> Iterator[None]:
        """Write the template that it extends, once its own top level has been seen to."""
        above: Any = self.above
        function = above.space[above.entry]
        write = writing(function) if above.entry in above.info.string_functions else function
        try:
            yield from write(self._preset(context), out, limit)
        except BaseException as error:
            insert_frame(error, self, abi.TOP_LEVEL, self.info.parent_line)
            raise

    def _preset(self, context: Context) -> Frame:
        """Return the frame that stands for a context, with what the top level sets in both."""
        frame = self.scope_of(context)
        names = dict(enumerate(self.info.slots or (), SLOTS))
        exported = dict(self.info.stores)
        for slot, value in zip(self.info.constant_slots, self.values, strict=True):
            frame[slot] = value
            if names[slot] in exported:
                publish(context, names[slot], value, exported[names[slot]])
        return frame

    @property
    def first_preamble(self) -> "CompiledTemplate | None":
        """This compiled template, or the first that it extends, whose top level does more than extend another."""
        return next((template for template in self.chain or (self,) if template.info.preamble is not None), None)

    @cached_property
    def own_blocks(self) -> dict[str, Write]:
        """The functions that write the blocks."""
        return {name: self._of_context(abi.block_function(name)) for name in self.info.blocks}

    @cached_property
    def stacks(self) -> Mapping[str, list[Write]] | None:
        """Every block of the chain, innermost first, when all of that is known (C3)."""
        chain = self.chain
        if chain is None:
            return None
        stacks: dict[str, list[Write]] = {}
        for compiled in chain:
            for name, block in compiled.own_blocks.items():
                stacks.setdefault(name, []).append(block)
        return stacks

    @property
    def has_fast_context(self) -> bool:
        """Whether its contexts are made in less time: all blocks are known, and the class of them is ours."""
        return self.whole and self.environment.context_class is FastContext

    def _of_context(self, function: str) -> Write:
        """Return a function of this compiled template's code as one that is given a context and writes to a list."""
        write = self.space[function]
        if function in self.info.string_functions:
            write = writing(write)
        reads = self.info.reads
        if reads is not None:
            return lambda context, out, limit: write(*map(_got(context), reads), context, out, limit)
        if self.info.slots is not None and function in self.info.string_functions:
            return ContextText(self, self.space[function])
        if self.info.slots is not None:
            return ContextBlock(self, write)
        return write  # type: ignore[no-any-return]

    def scope_of(self, context: Context) -> Frame:
        """Return the frame that stands for a context."""
        blocks = self.asked if not self.required else self.filled(cast(Any, context.blocks), self.in_context)
        # no maker and no origin: the context that they would make is there
        frame = [context, None, None, blocks, *map(reader(context), self.info.slots or (), repeat(missing))]
        for at, name in self.set_only:
            frame[at] = context.vars.get(name, missing)
        if self.may_form_cycle:
            _keep(context, frame)
        return frame

    @cached_property
    def set_only(self) -> tuple[tuple[int, str], ...]:
        """The slots of names that are never looked up outside of what the templates set, each with its name."""
        slots = enumerate(self.info.slots or (), SLOTS)
        return tuple((at, name[:-1]) for at, name in slots if name.endswith("="))

    @cached_property
    def in_context(self) -> dict[str, Any]:
        """What runs each block that the context of a frame has."""
        texts = self.string_functions
        return {name: in_context(self, name, text=abi.block_function(name) in texts) for name in self.info.order}

    @cached_property
    def asked(self) -> list[Any]:
        """The same in the order in which a frame has them."""
        return [self.in_context[name] for name in self.info.order]

    def filled(self, stacks: Mapping[str, Sized], bodies: Mapping[str, Any]) -> list[Any]:
        """Return the bodies of the blocks in the order in which a frame has them; in place of that of a required one
        which nothing fills, what says so.
        """
        return [
            unfilled(name, bodies[name]) if name in self.required and len(stacks[name]) == 1 else bodies[name]
            for name in self.info.order
        ]

    def context_of(self, frame: Frame) -> Context:
        """Return a context for a frame that a render began with, or for that of an included template."""
        source = frame[ORIGIN]
        if type(source) is tuple:
            around, names = source
            base = true_context(around)
            return self._completed(self.new_context(base.get_all(), True, names), frame, render_of(base))
        return self._completed(self.context_of_variables(source), frame, Render())

    def evaluation_of(self, frame: Frame) -> EvalContext:
        """Return the evaluation context of a frame for which no context was made."""
        return self.evaluation

    def _completed(self, context: Context, frame: Frame, render: Render | None) -> Context:
        context.render = render  # type: ignore[attr-defined]
        if self.stores:
            set_names(frame, context, self.stores)
            _keep(context, frame)
        return context

    @property
    def blocks(self) -> dict[str, Any]:  # type: ignore[override]  # an attribute in Jinja2
        """The blocks as Jinja2 has them: functions from a context to an iterator of text."""
        return {name: as_generator(block, self.awaiting) for name, block in self.own_blocks.items()}

    @property
    def root_render_func(self) -> Any:  # type: ignore[override]
        """The template as Jinja2 has it: a function from a context to an iterator of text."""
        return as_generator(self.root, self.awaiting)

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> Context:
        """Return a new context of this template, as Jinja2's method of that name does."""
        if not shared and self.environment.context_class is FastContext:
            parent = {**self.globals, **vars} if vars else {**self.globals}
            if locals:
                parent.update((name, value) for name, value in locals.items() if value is not missing)
            context = self.context_of_variables(None)
            context.parent = parent
            return context
        blocks: Any = {} if self.stacks is not None else self.own_blocks
        context = new_context(self.environment, self.name, blocks, vars, shared, self.globals, locals)
        if self.stacks is not None:
            context.blocks = cast(Any, self.stacks)
        return context

    def context_of_variables(self, given: Mapping[str, Any] | None) -> Context:
        """Return a new context of variables, which nobody changes from now on; `missing` stands for none. Without any,
        the caller has to set its `parent`.
        """
        if self.environment.context_class is not FastContext:
            return self.new_context({name: value for name, value in (given or {}).items() if value is not missing})
        blocks = self.stacks
        if blocks is None:
            blocks = {name: [block] for name, block in self.own_blocks.items()}
        if given is not None and type(given) is not dict:
            given = dict(given.items())  # a `Snapshot`, whose items are more than what this template reads
        return FastContext.of_variables(self.environment, self.name, blocks, self.globals, given)

    def make_module(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
        render: Render | None = None,
    ) -> TemplateModule:
        """Return the template as a module; `render` is the one that it belongs to."""
        context = self.new_context(vars, shared, locals)
        context.render = render  # type: ignore[attr-defined]
        out: Output = []
        try:
            drain(self.root(context, out, NEVER))
            return TemplateModule(self, context, out)
        except BaseException as error:
            if render is None:  # of no render, which would empty it at its end
                emptier(context)()
            if is_a(error, StopIteration):
                raise ended(error) from error
            raise

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        """Return the module for an import without context: one for each render, which it does not outlive (C8, C9).

        Jinja2 keeps it, with whatever its macros changed in it, for good.
        """
        if ctx is not None and ctx.environment is not self.environment:
            # of another registry: it sees the importer's globals that it lacks, as in Jinja2
            added = ctx.globals_keys - self.globals.keys()
            if added:
                return self.make_module({name: ctx.parent[name] for name in added})
        if self.singleton_module is not None:
            return self.singleton_module
        render = render_of(ctx) if ctx is not None else None
        if render is None:  # a macro that something called after its render was over
            return self.make_module()
        if render.modules is None:
            render.modules = {}
        if self not in render.modules:
            render.modules[self] = self.make_module(render=render)
        return render.modules[self]


def _got(context: Context) -> Callable[[str], Any]:
    """Return a function that looks up in a context what belongs into a slot."""
    get = reader(context)
    own = context.vars
    return lambda name: own.get(name[:-1], missing) if name.endswith("=") else get(name, missing)


def _keep(context: Context, frame: Frame) -> None:
    """Have a context and its frame, which may come to hold each other, emptied when the render is over."""
    render = render_of(context)
    if render is not None:
        keep(context)
        render.keep(partial(empty, frame))
