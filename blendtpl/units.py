"""Units: emitted code bound to an environment, and rendering from it.

Enters: the code of a template and an environment. Leaves: units, which are Jinja2 templates to whoever is passed one
and write into a list for emitted code. Nothing is imported, compiled, unmarshalled or read while a unit renders.
"""

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, cast

import jinja2
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, new_context

from blendtpl.contexts import FastContext, Render, render_of
from blendtpl.errors import BlockNotFound
from blendtpl.places import Sources, add_place
from blendtpl.runtime import NAMES, NEVER, Output, Write, drain, foreign, true_context

_CHUNK = 8192  # characters that a streamed piece has at least, but for the last


class Handle:
    """What a registry hands out for a unit; a template may be given one as a name, as Jinja2 takes templates."""

    __slots__ = ("_unit",)

    _unit: "Unit"


class Unit(jinja2.Template):
    """One template's code, bound to its environment. `space` are the globals of that code."""

    root: Write
    preamble: Write | None
    own_blocks: dict[str, Write]
    stacks: Mapping[str, list[Write]] | None  # every block of a chain of constant names, ready for use
    space: dict[str, Any]
    static_module: TemplateModule | None
    direct: tuple[Any, tuple[tuple[str, Any], ...]] | None  # code that needs no context, and what it reads
    fresh: dict[str, Any] | None  # what each new context of a linked template starts with

    @classmethod
    def bind(
        cls,
        environment: jinja2.Environment,
        code: Any,
        globals: Any,
        name: str | None,
        sources: Sources | None = None,
    ) -> "Unit":
        """Return the unit of a module's code, run once for what it defines."""
        if not isinstance(code, CodeType):
            raise TypeError(f"a {type(code).__name__} is no code")
        unit = object.__new__(cls)
        space = {
            **NAMES,
            **_LINKING,
            "environment": environment,
            "undefined": environment.undefined,
            "concat": environment.concat,
            "unit": unit,
            "eval_ctx": EvalContext(environment, name),
            "uniform": False,
            "__name__": code.co_filename,
            "__file__": code.co_filename,
        }
        if sources is not None:
            space["__loader__"] = sources
        exec(code, space)
        unit.environment, unit.globals, unit.name, unit.filename = environment, globals, name, code.co_filename
        unit.root, unit.preamble, unit.own_blocks = space["root"], space["preamble"], dict(space["blocks"])
        if not all(map(callable, (unit.root, *unit.own_blocks.values()))):
            raise TypeError("it renders nothing")
        unit.space, unit.stacks, unit.static_module, unit.fresh, unit.direct = space, None, None, None, None
        unit._module, unit._debug_info, unit._uptodate = None, "", None
        return unit

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
        drain(self.root(context, out, NEVER))
        return TemplateModule(self, context, out)

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


def _as_generator(write: Write) -> Any:
    def pieces(context: Context) -> Iterator[str]:
        out: Output = []
        for _ in write(context, out, 0):
            yield "".join(out)
            out.clear()
        if out:
            yield "".join(out)

    return pieces


def _parent_root(template: jinja2.Template) -> Write:
    return template.root if isinstance(template, Unit) else foreign(template.root_render_func)


def _parent_preamble(template: jinja2.Template) -> Any:
    if not isinstance(template, Unit):
        return foreign(template.root_render_func)
    return template.preamble or (lambda context, out, limit: ())


def _extend(context: Context, parent: jinja2.Template) -> None:
    """Put the blocks of a parent, and of what that surely extends, behind those of the context."""
    blocks: Any = context.blocks
    if not isinstance(parent, Unit):
        for name, block in parent.blocks.items():
            blocks.setdefault(name, []).append(foreign(block))
        return
    stacks = parent.stacks if parent.stacks is not None else {name: [own] for name, own in parent.own_blocks.items()}
    for name, stack in stacks.items():
        blocks.setdefault(name, []).extend(stack)


def _include(template: jinja2.Template, names: dict[str, Any]) -> Any:
    def write(scope: Any, out: Output, limit: int | None) -> Any:
        context = true_context(scope)
        made = template.new_context(context.get_all(), True, names)
        if not isinstance(template, Unit):
            return foreign(template.root_render_func)(made, out, limit)
        made.render = render_of(context)  # type: ignore[attr-defined]
        return template.root(made, out, limit)

    return write


def _default_module(template: jinja2.Template, scope: Any) -> TemplateModule:
    return template._get_default_module(true_context(scope))


def _context_module(template: jinja2.Template, scope: Any, names: dict[str, Any]) -> TemplateModule:
    context = true_context(scope)
    if isinstance(template, Unit):
        return template.make_module(context.get_all(), True, names, render_of(context))
    return template.make_module(context.get_all(), True, names)


_LINKING = {
    "parent_root": _parent_root,
    "parent_preamble": _parent_preamble,
    "extend": _extend,
    "include": _include,
    "default_module": _default_module,
    "context_module": _context_module,
}


def render(unit: Unit, variables: dict[str, Any]) -> str:
    """Return the text of a template for these variables."""
    if unit.direct is not None:
        return _render_direct(unit, *unit.direct, variables)
    context = unit.new_context(variables)
    context.render = scope = Render()  # type: ignore[attr-defined]
    out: Output = []
    try:
        for _ in unit.root(context, out, NEVER):
            pass
        return unit.environment.concat(out)
    except Exception as error:
        add_place(error, variables)
        raise
    finally:
        scope.finish()


def _render_direct(unit: Unit, part: Any, reads: tuple[tuple[str, Any], ...], variables: dict[str, Any]) -> str:
    get = variables.get
    out: Output = []
    try:
        for _ in part(None, *[get(name, default) for name, default in reads], out, NEVER):
            pass
        return unit.environment.concat(out)
    except Exception as error:
        add_place(error, variables)
        raise


def render_block(unit: Unit, block: str, variables: dict[str, Any]) -> str:
    """Return the text of one block alone, as the innermost template of the chain defines it.

    Of the rest of the chain only top-level `set`, `import`, `macro` and `extends` run, whose names blocks see.
    """
    context = unit.new_context(variables)
    context.render = scope = Render()  # type: ignore[attr-defined]
    out: Output = []
    try:
        if unit.preamble is not None:
            drain(unit.preamble(context, [], NEVER))
        if block not in context.blocks:
            raise BlockNotFound(cast(str, unit.name), block, context.blocks)
        write: Any = context.blocks[block][0]
        drain(write(context, out, NEVER))
        return unit.environment.concat(out)
    except Exception as error:
        add_place(error, variables)
        raise
    finally:
        scope.finish()


def stream(unit: Unit, variables: dict[str, Any]) -> Iterator[str]:
    """Yield the text in pieces of some kilobytes; not much more than one of them is held."""
    context = unit.new_context(variables)
    context.render = scope = Render()  # type: ignore[attr-defined]
    out: Output = []
    held: list[str] = []
    size = 0
    try:
        for _ in unit.root(context, out, 0):
            held.append("".join(out))
            size += len(held[-1])
            out.clear()
            if size >= _CHUNK:
                yield "".join(held)
                held.clear()
                size = 0
        rest = "".join((*held, *out))
        if rest:
            yield rest
    except Exception as error:
        add_place(error, variables)
        raise
    finally:
        scope.finish()
