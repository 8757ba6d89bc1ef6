"""Units: the templates of an opened bundle as Jinja2's run time wants them, and rendering from them.

Enters: a bundle and an environment. Leaves: units, each of which renders a context to text. This is the only
module of the run half that knows what emitted code looks like; its counterpart in the build half is
`blendtpl.compiler.emit`. After `open_units` nothing is imported, compiled, unmarshalled or read any more.

Jinja2 keeps the module of an import without context for good, with whatever its macros changed in it (a
`namespace`, say). Here such a module lives for one render and is shared within it.
"""

import importlib
import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar, copy_context
from types import CodeType
from typing import Any, ClassVar, cast

import jinja2
from jinja2 import runtime
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Undefined

from blendtpl.bundle import Bundle
from blendtpl.errors import BlockNotFound, BundleError, RenderError, TemplateNotFound
from blendtpl.places import Sources, add_place

Render = Callable[[Context], Iterator[str]]

# What Jinja2 and MarkupSafe import at their first use: here it must not happen while a template renders.
for _late in ("html", "jinja2.constants", "pprint", "textwrap"):
    importlib.import_module(_late)

_RUNTIME = {name: getattr(runtime, name) for name in runtime.exported}  # what emitted code expects as globals
_CHUNK = 8192  # characters that a streamed piece has at least, but for the last

_modules: ContextVar[dict[jinja2.Template, TemplateModule]] = ContextVar("blendtpl_modules")


class Handle:
    """What a registry hands out for a unit; a template may be given one as a name, as Jinja2 takes templates."""

    __slots__ = ("_unit",)

    _unit: "Unit"


class Unit(jinja2.Template):
    """One template's code, bound to the environment of its registry."""

    preamble: Render

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        if ctx is not None and ctx.environment is not self.environment:
            # of another registry: it sees the importer's globals that it lacks, as in Jinja2
            added = ctx.globals_keys - self.globals.keys()
            if added:
                return self.make_module({name: ctx.parent[name] for name in added})
        modules = _modules.get(None)
        if modules is None:  # a macro that something called after its render was over
            return self.make_module()
        if self not in modules:
            modules[self] = self.make_module()
        return modules[self]


class _Preamble(jinja2.Template):
    """What emitted code that runs a preamble is given for a template: when it extends it, the preamble of that one
    runs; when it includes or imports it, the whole. Each is asked for once, for one purpose.
    """

    unit: Unit
    included: bool = False

    def root_render_func(self, context: Context) -> Iterator[str]:  # an attribute in Jinja2
        return (self.unit.root_render_func if self.included else self.unit.preamble)(context)

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> Context:
        self.included = True  # an `extends` goes on with the context that it has
        return self.unit.new_context(vars, shared, locals)

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self.unit._get_default_module(ctx)

    def make_module(
        self,
        vars: dict[str, Any] | None = None,  # Jinja2's name
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> TemplateModule:
        return self.unit.make_module(vars, shared, locals)


class _Linked(jinja2.Environment):
    """Mixed into the class of the given environment: templates come from the units, and from nowhere else."""

    units: Mapping[str, Unit]
    whole: ClassVar[bool] = True

    def get_template(
        self,
        name: Any,
        parent: str | None = None,
        globals: Any = None,
    ) -> jinja2.Template:
        name = _unwrap(name)
        if isinstance(name, jinja2.Template):
            return name if self.whole or not isinstance(name, Unit) else _preamble_of(name)
        if parent is not None:
            name = self.join_path(name, parent)
        try:
            unit = self.units[name]
        except KeyError:
            raise TemplateNotFound(name, self.units) from None
        return unit if self.whole else _preamble_of(unit)

    def select_template(
        self,
        names: Any,
        parent: str | None = None,
        globals: Any = None,
    ) -> jinja2.Template:
        if isinstance(names, Undefined):
            names._fail_with_undefined_error()
        if not names:
            raise jinja2.TemplatesNotFound(message="Tried to select from an empty list of templates.")
        for name in names:
            try:
                return self.get_template(name, parent)
            except (jinja2.TemplateNotFound, jinja2.UndefinedError):
                continue
        raise jinja2.TemplatesNotFound(names)

    def get_or_select_template(
        self,
        template_name_or_list: Any,
        parent: str | None = None,
        globals: Any = None,
    ) -> jinja2.Template:
        found = _unwrap(template_name_or_list)
        if isinstance(found, (str, Undefined)):
            return self.get_template(found, parent)
        return (self.get_template if isinstance(found, jinja2.Template) else self.select_template)(found, parent)

    def from_string(self, source: Any, globals: Any = None, template_class: Any = None) -> jinja2.Template:
        raise RenderError("no template is made from a string while another renders: put it into the bundle")


def open_units(bundle: Bundle, environment: jinja2.Environment, sources: Sources) -> Mapping[str, Unit]:
    """Return the units of a checked bundle, bound to a copy of `environment` that nobody else holds.

    Raises `BundleError` when the code is not what this version emits.
    """
    units: dict[str, Unit] = {}
    whole = _link(environment, units, {})
    fragments = _link(environment, units, {"whole": False})
    code, start = memoryview(bundle.code), 0
    for name, entry in bundle.manifest.templates.items():
        try:
            root, preamble = marshal.loads(code[start : start + entry.size])
            units[name] = _bind(name, root, preamble, whole, fragments, sources)
        except Exception as error:  # there is no limit to what code of the wrong shape may raise
            raise BundleError(f"the code of `{name}` is malformed: {type(error).__name__}: {error}") from error
        start += entry.size
    return units


def render(unit: Unit, variables: dict[str, Any]) -> str:
    """Return the text of a template for these variables."""
    token = _modules.set({})
    try:
        return unit.environment.concat(unit.root_render_func(unit.new_context(variables)))
    except Exception as error:
        add_place(error, variables)
        raise
    finally:
        _modules.reset(token)


def render_block(unit: Unit, block: str, variables: dict[str, Any]) -> str:
    """Return the text of one block alone, as the innermost template of the chain defines it.

    Of the rest of the chain only top-level `set`, `import`, `macro` and `extends` run, whose names blocks see.
    """
    token = _modules.set({})
    try:
        context = unit.new_context(variables)
        for _ in unit.preamble(context):
            pass
        if block not in context.blocks:
            raise BlockNotFound(cast(str, unit.name), block, context.blocks)
        return unit.environment.concat(context.blocks[block][0](context))
    except Exception as error:
        add_place(error, variables)
        raise
    finally:
        _modules.reset(token)


def stream(unit: Unit, variables: dict[str, Any]) -> Iterator[str]:
    """Return an iterator over the text in pieces of some kilobytes; no more than one of them is held."""
    run = copy_context().run  # the modules of this stream, apart from those of whoever takes the pieces
    run(_modules.set, {})

    def pieces() -> Iterator[str]:
        try:
            output = run(unit.root_render_func, unit.new_context(variables))
            while chunk := run(_chunk, output, unit.environment.concat):
                yield chunk
        except Exception as error:
            add_place(error, variables)
            raise

    return pieces()


def _unwrap(name: Any) -> Any:
    return name._unit if isinstance(name, Handle) else name


def _chunk(output: Iterator[str], concat: Callable[[Iterable[str]], str]) -> str:
    taken, size = [], 0
    for piece in output:
        taken.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            break
    return concat(taken)


def _link(environment: jinja2.Environment, units: dict[str, Unit], members: dict[str, Any]) -> jinja2.Environment:
    kind = type(f"Linked{type(environment).__name__}", (_Linked, type(environment)), members)
    linked: _Linked = object.__new__(kind)
    # with filters, tests, globals, policies, a sandbox's tables: what becomes of the given ones later has no effect
    linked.__dict__.update((name, _copy(value)) for name, value in vars(environment).items())
    linked.policies = {name: _copy(value) for name, value in environment.policies.items()}
    linked.loader, linked.cache, linked.bytecode_cache = None, None, None
    linked.shared = True
    linked.extensions = {name: extension.bind(linked) for name, extension in environment.extensions.items()}
    linked.units = units
    return linked


def _bind(
    name: str,
    root: Any,
    preamble: Any,
    whole: jinja2.Environment,
    fragments: jinja2.Environment,
    sources: Sources,
) -> Unit:
    space = _run_module(name, root, whole, sources)
    unit: Unit = object.__new__(Unit)
    unit.environment, unit.globals, unit.name, unit.filename = whole, whole.globals, name, name
    unit.root_render_func, unit.blocks = space["root"], dict(space["blocks"])
    if not all(map(callable, (unit.root_render_func, *unit.blocks.values()))):
        raise TypeError("it renders nothing")
    unit.preamble = _run_module(name, preamble, fragments, sources)["root"] if preamble else _nothing
    unit._module, unit._debug_info, unit._uptodate = None, "", None
    return unit


def _run_module(name: str, code: Any, environment: jinja2.Environment, sources: Sources) -> dict[str, Any]:
    if not isinstance(code, CodeType):
        raise TypeError(f"a {type(code).__name__} is no code")
    space = {
        **_RUNTIME,
        "environment": environment,
        "__name__": name,
        "__file__": name,
        "__loader__": sources,
    }
    exec(code, space)
    return space


def _preamble_of(unit: Unit) -> _Preamble:
    part: _Preamble = object.__new__(_Preamble)
    part.__dict__.update(unit.__dict__, unit=unit)
    del part.__dict__["root_render_func"]  # it has its own
    return part


def _nothing(context: Context) -> Iterator[str]:
    yield from ()  # a generator, as emitted code closes what it is given


def _copy(value: Any) -> Any:
    return value.copy() if type(value) in {dict, list, set} else value
