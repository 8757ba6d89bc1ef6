"""Units: emitted code bound to an environment.

Enters: the code of a template and an environment. Leaves: units, which are Jinja2 templates to whoever is passed one
and write into a list for emitted code. Nothing is imported, compiled, unmarshalled or read while a unit renders.
"""

from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NoReturn, cast

import jinja2
from jinja2.environment import TemplateModule
from jinja2.exceptions import TemplateRuntimeError
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, new_context
from jinja2.utils import missing

from blendtpl.runtime.context import FastContext, Render, emptier, reader, render_of
from blendtpl.runtime.entry import Start
from blendtpl.runtime.exceptions import ended, is_a, stitched
from blendtpl.runtime.frame import SLOTS, SOURCE, Scope, empty, publish, set_names, true_context
from blendtpl.runtime.helpers import keep
from blendtpl.runtime.output import NEVER, Output, Write, drain, returning, writing
from blendtpl.runtime.traceback import TOP_LEVEL


class Handle:
    """What a registry hands out for a unit; a template may be given one as a name, as Jinja2 takes templates."""

    __slots__ = ("_unit",)

    _unit: "Unit"


@dataclass(frozen=True, slots=True)
class Shape:
    """What emitted code says of itself.

    `name` is that of the template, `blocks` are those that it defines. `reads` are the names that a template is called
    with, `None` for one that is not; `observes`: whether anything that runs then may ask for a context. `texts` are the
    functions that are not given `out` and `limit`, and return their output as one text. `slots`: what is in the slots
    of the scope (`blendtpl.runtime.frame`) that all of them are given for their context, when they know where to find
    what they read; `None` when it has to be a context. `order`: the blocks in the order in which the scope has them,
    `required` those of its own that another template must fill; `stores`: what the top level sets, and whether it
    exports that; `keeps`: whether a scope may come to hold itself. `optional` are the names of which it asks whether
    they are there; `uniform`: whether its code only ever runs where output is escaped as it was when it was compiled;
    `static`: whether it is a module that never changes; `preamble` is the function that runs what blocks see of the top
    level, when it is given `None` for `out`; `parent`: what it surely extends, `None` for nothing, an empty string for
    what is known at run time only. `enters`: the line from which what it extends goes on, when its own top level does
    no more than fill the slots `presets`, and so has no code.
    """

    name: str | None
    blocks: tuple[str, ...]
    reads: tuple[str, ...] | None
    observes: bool
    texts: tuple[str, ...]
    slots: tuple[str, ...] | None
    order: tuple[str, ...]
    required: tuple[str, ...]
    stores: tuple[tuple[str, bool], ...]
    keeps: bool
    optional: tuple[str, ...]
    uniform: bool
    static: bool
    preamble: str | None
    parent: str | None
    enters: int | None
    presets: tuple[int, ...]


class Unit(jinja2.Template):
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
        "keeps",
        "name",
        "required",
        "shape",
        "space",
        "start",
        "stores",
        "texts",
        "values",
        "whole",
    )

    shape: Shape
    whole: bool  # whether all that it surely extends is known
    above: "Unit | None"  # what it surely extends, when that is known
    space: dict[str, Any]
    start: "Start | None"  # how to render without a context
    keeps: bool  # whether a scope of it, or of what it extends, may come to hold itself
    bodies: tuple[Any, ...] | None  # the innermost of each block, in the order in which a scope has them
    stores: tuple[tuple[str, int, bool], ...]  # of all of them: what is set, its slot, and whether it is exported
    texts: frozenset[str]  # of all of them: the functions that return a text
    required: frozenset[str]  # of all of them: the blocks that another template must fill
    evaluation: EvalContext  # how output is escaped, unless a context says otherwise; nothing changes it
    values: tuple[Any, ...]  # what is in the slots that its top level fills

    static_module: TemplateModule | None = None
    _module = None
    _debug_info = ""
    _uptodate = None

    @classmethod
    def bind(
        cls, environment: jinja2.Environment, space: dict[str, Any], shape: Shape, globals: Any, name: str | None
    ) -> "Unit":
        """Return the unit of a template whose functions are in `space`."""
        unit = object.__new__(cls)
        space["unit"] = unit
        unit.environment, unit.globals, unit.name = environment, globals, name
        unit.space, unit.shape, unit.whole, unit.above, unit.start = space, shape, False, None, None
        unit.keeps, unit.stores, unit.required, unit.bodies = False, (), frozenset(), None
        unit.texts, unit.values = frozenset(shape.texts), ()
        for function in (*([unit.entry] if shape.enters is None else []), *(f"block_{each}" for each in shape.blocks)):
            if not callable(space[function]):
                raise TypeError("it renders nothing")
        return unit

    @property
    def filename(self) -> str:  # type: ignore[override]  # an attribute in Jinja2
        """The file that tracebacks show: that of its code."""
        return self.space["__name__"]  # type: ignore[no-any-return]

    @property
    def chain(self) -> "tuple[Unit, ...] | None":
        """This one, and all that it surely extends, when that is known."""
        if not self.whole:
            return None
        found = [self]
        while found[-1].above is not None:
            found.append(found[-1].above)
        return tuple(found)

    @property
    def entry(self) -> str:
        """What the function that writes the template is called in its code."""
        return "root" if self.shape.reads is None else "part"

    # what is given a context is made when the first of them asks: most units are never asked

    @cached_property
    def root(self) -> Write:
        """The function that writes the template."""
        return self._of_context(self.entry) if self.shape.enters is None else self._entering

    @cached_property
    def preamble(self) -> Any:
        """The function that runs what blocks see of the top level, when there is any; it is given no list."""
        found = self.first_preamble
        if not self.shape.presets:
            return found and found._of_context(str(found.shape.preamble))
        above = None if found is None else found.space[str(found.shape.preamble)]

        def run(context: Context, out: None, limit: int | None) -> Any:
            scope = self._preset(context)
            return () if above is None else above(scope, out, limit)

        return run

    def _entering(self, context: Context, out: Output, limit: int | None) -> Iterator[None]:
        """Write the template that it extends, once its own top level has been seen to."""
        above: Any = self.above
        function = above.space[above.entry]
        write = writing(function) if above.entry in above.shape.texts else function
        try:
            yield from write(self._preset(context), out, limit)
        except BaseException as error:
            stitched(error, self, TOP_LEVEL, self.shape.enters)
            raise

    def _preset(self, context: Context) -> Scope:
        """Return the scope that stands for a context, with what the top level sets in both."""
        scope = self._scope_of(context)
        names = dict(enumerate(self.shape.slots or (), SLOTS))
        exported = dict(self.shape.stores)
        for slot, value in zip(self.shape.presets, self.values, strict=True):
            scope[slot] = value
            if names[slot] in exported:
                publish(context, names[slot], value, exported[names[slot]])
        return scope

    @property
    def first_preamble(self) -> "Unit | None":
        """This unit, or the first that it extends, whose top level does more than extend another."""
        return next((found for found in self.chain or (self,) if found.shape.preamble is not None), None)

    @cached_property
    def own_blocks(self) -> dict[str, Write]:
        """The functions that write the blocks."""
        return {name: self._of_context(f"block_{name}") for name in self.shape.blocks}

    @cached_property
    def stacks(self) -> Mapping[str, list[Write]] | None:
        """Every block of the chain, innermost first, when all of that is known."""
        chain = self.chain
        if chain is None:
            return None
        stacks: dict[str, list[Write]] = {}
        for unit in chain:
            for name, block in unit.own_blocks.items():
                stacks.setdefault(name, []).append(block)
        return stacks

    @cached_property
    def fresh(self) -> dict[str, Any] | None:
        """What each new context of a linked template starts with."""
        if not self.has_fast_context:
            return None
        found = {"environment": self.environment, "name": self.name, "blocks": self.stacks}
        return {**found, "_globals": self.environment.globals}

    @property
    def has_fast_context(self) -> bool:
        """Whether its contexts are made in less time: all blocks are known, and the class of them is ours."""
        return self.whole and self.environment.context_class is FastContext

    def _of_context(self, function: str) -> Write:
        """Return a function of this unit's code as one that is given a context and writes to a list."""
        write = self.space[function]
        if function in self.shape.texts:
            write = writing(write)
        reads = self.shape.reads
        if reads is not None:
            return lambda context, out, limit: write(*map(_got(context), reads), context, out, limit)
        if self.shape.slots is not None:
            return lambda context, out, limit: write(self._scope_of(context), out, limit)
        return write  # type: ignore[no-any-return]

    def _scope_of(self, context: Context) -> Scope:
        """Return the scope that stands for a context."""
        bodies = {name: _in_context(name, text=f"block_{name}" in self.texts) for name in self.shape.order}
        blocks = self.filled(cast(Any, context.blocks), bodies)
        scope = [context, None, None, blocks, *map(_got(context), self.shape.slots or ())]
        if self.keeps:
            _keep(context, scope)
        return scope

    def filled(self, stacks: Mapping[str, Sized], bodies: Mapping[str, Any]) -> list[Any]:
        """Return the bodies of the blocks in the order in which a scope has them; in place of that of a required one
        which nothing fills, what says so.
        """
        return [
            _unfilled(name, bodies[name]) if name in self.required and len(stacks[name]) == 1 else bodies[name]
            for name in self.shape.order
        ]

    def context_of(self, scope: Scope) -> Context:
        """Return a context for a scope that a render began with, or for that of an included template."""
        source = scope[SOURCE]
        if type(source) is tuple:
            around, names = source
            base = true_context(around)
            return self._completed(self.new_context(base.get_all(), True, names), scope, render_of(base))
        context = self.new_context({name: value for name, value in source.items() if value is not missing})
        return self._completed(context, scope, Render())

    def evaluation_of(self, scope: Scope) -> EvalContext:
        """Return the evaluation context of a scope for which no context was made."""
        return self.evaluation

    def _completed(self, context: Context, scope: Scope, render: Render | None) -> Context:
        context.render = render  # type: ignore[attr-defined]
        if self.stores:
            set_names(scope, context, self.stores)
            _keep(context, scope)
        return context

    @property
    def blocks(self) -> dict[str, Any]:  # type: ignore[override]  # an attribute in Jinja2
        """The blocks as Jinja2 has them: functions from a context to an iterator of text."""
        return {name: _as_generator(block) for name, block in self.own_blocks.items()}

    @property
    def root_render_func(self) -> Any:  # type: ignore[override]
        """The template as Jinja2 has it: a function from a context to an iterator of text."""
        return _as_generator(self.root)

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> Context:
        """Return a new context of this template, as Jinja2's method of that name does."""
        if not shared and self.fresh is not None:
            fast = FastContext.__new__(FastContext)
            parent = {**self.globals, **vars} if vars else {**self.globals}
            if locals:
                parent.update(locals)
            fast.__dict__.update(self.fresh, parent=parent, vars={}, exported_vars=set())
            return fast
        blocks: Any = {} if self.stacks is not None else self.own_blocks
        context = new_context(self.environment, self.name, blocks, vars, shared, self.globals, locals)
        if self.stacks is not None:
            context.blocks = cast(Any, self.stacks)
        return context

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
        """Return the module for an import without context: one for each render, which it does not outlive.

        Jinja2 keeps it, with whatever its macros changed in it, for good.
        """
        if ctx is not None and ctx.environment is not self.environment:
            # of another registry: it sees the importer's globals that it lacks, as in Jinja2
            added = ctx.globals_keys - self.globals.keys()
            if added:
                return self.make_module({name: ctx.parent[name] for name in added})
        if self.static_module is not None:
            return self.static_module
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


def _keep(context: Context, scope: Scope) -> None:
    """Have a context and its scope, which may come to hold each other, emptied when the render is over."""
    render = render_of(context)
    if render is not None:
        keep(context)
        render.keep(partial(empty, scope))


def _in_context(name: str, *, text: bool) -> Any:
    """Return what runs the block of a name that the context of a scope has."""

    def write(scope: Any, out: Output, limit: int | None) -> Any:
        context = true_context(scope)
        block: Any = context.blocks[name][0]
        return block(context, out, limit)

    return returning(write) if text else write


def _unfilled(name: str, body: Any) -> Any:
    """Return what stands in for a required block that no template fills, with what that is all the same."""

    def fail(scope: Any, *rest: Any) -> NoReturn:
        raise TemplateRuntimeError(f"Required block {name!r} not found")

    fail.body = body  # type: ignore[attr-defined]
    return fail


def _as_generator(write: Write) -> Any:
    def pieces(context: Context) -> Iterator[str]:
        out: Output = []
        for _ in write(context, out, 0):
            yield "".join(out)
            out.clear()
        if out:
            yield "".join(out)

    return pieces
