"""Linked units: the templates of an opened bundle as one closed set.

Enters: a checked bundle and an environment. Leaves: its units, each bound to the parts of the others that its code
calls. `open_units` is the one place where the code of a bundle is unmarshalled.
"""

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Set
from types import FunctionType
from typing import Any, TypeVar

import jinja2
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Undefined
from jinja2.utils import missing

from blendtpl.bundle.archive import Bundle
from blendtpl.bundle.code_member import read_codes, read_links, read_told
from blendtpl.bundle.names import Spellings, spellings
from blendtpl.errors import BundleError, RenderError, TemplateNotFound
from blendtpl.runtime.compiled_template import Handle, Shape, Unit
from blendtpl.runtime.context import FastContext
from blendtpl.runtime.entry import Start, picker
from blendtpl.runtime.frame import SLOTS
from blendtpl.runtime.namespace import bind_names, names_of, new_space
from blendtpl.runtime.output import NEVER, Output, Steps, drain, escaping, writing
from blendtpl.runtime.traceback import Sources

Value = TypeVar("Value", bound=Hashable)
Reading = tuple[tuple[str, ...], dict[str, Any], Callable[[dict[str, Any]], tuple[Any, ...]]]


class _Linked(jinja2.Environment):
    """Mixed into the class of the given environment: templates come from the units, and from nowhere else."""

    units: Mapping[str, Unit]
    spellings: Spellings

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> jinja2.Template:
        name = unwrapped(name)
        if isinstance(name, jinja2.Template):
            return name
        if parent is not None:
            name = self.join_path(name, parent)
        try:
            return self.units[name]
        except KeyError:
            meant = self.spellings.meant(name)
            if meant is None:
                raise TemplateNotFound(name, self.units) from None
            return self.units[meant]
        except TypeError:
            # from Python 3.14 on the error names the key that cannot be hashed, and Jinja2's is a tuple
            return dict[Any, jinja2.Template]()[None, name]

    def select_template(self, names: Any, parent: str | None = None, globals: Any = None) -> jinja2.Template:
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
        self, template_name_or_list: Any, parent: str | None = None, globals: Any = None
    ) -> jinja2.Template:
        found = unwrapped(template_name_or_list)
        if isinstance(found, (str, Undefined)):
            return self.get_template(found, parent)
        return found if isinstance(found, jinja2.Template) else self.select_template(found, parent)

    def from_string(self, source: Any, globals: Any = None, template_class: Any = None) -> jinja2.Template:
        raise RenderError("no template is made from a string while another renders: put it into the bundle")


def open_units(bundle: Bundle, environment: jinja2.Environment, sources: Sources) -> Mapping[str, Unit]:
    """Return the units of a checked bundle, bound to a copy of `environment` that nobody else holds.

    Raises `BundleError` when the code is not what this version emits.
    """
    units: dict[str, Unit] = {}
    linked = _copy_of(environment, units, spellings(bundle.manifest.templates))
    shared, count = _Shared(linked.globals), len(bundle.manifest.templates)
    names = names_of(linked)
    names["uniform"] = True
    at = ""
    try:
        told, codes = (read(bundle.code, count) for read in (read_told, read_codes))
        known: list[tuple[tuple[str, ...], tuple[str, ...], Shape]] = []
        for at in bundle.manifest.templates:
            functions, bound, numbers, said = next(told)
            shape = Shape(*map(shared.kept, said))
            if shape.name != at:
                raise TypeError(f"it is that of {shape.name!r}")
            bind_names(linked, bound, names)  # which are there once for all of them
            known.append((shared.kept(functions), shared.links(numbers), shape))
        for at, (functions, variables, shape) in zip(bundle.manifest.templates, known, strict=True):
            space = new_space(linked, at, sources)
            # all of them at once, for a dict that grows takes more
            space.update(dict.fromkeys([*functions, *variables]))
            for function, code in zip(functions, next(codes), strict=True):
                space[function] = FunctionType(code, space)
            units[at] = Unit.bind(linked, space, shape, linked.globals, at)
        for unit in units.values():
            at = str(unit.name)
            chain = _chain(unit, units)
            if chain is not None:
                unit.whole, unit.above = True, (*chain, None)[1]
                if unit.shape.slots is not None:
                    _settle_scope(unit, chain, shared)
            if unit.shape.enters is not None and unit.above is None:
                raise TypeError("it renders nothing")
        _settle_escaping(units)
        optional = {*linked.globals, *(name for unit in units.values() for name in unit.shape.optional)}
        modules: dict[str, _Unbound] = {}
        if any(unit.shape.static for unit in units.values()):
            # read twice: modules are few and are made at once; what is read of all others should not be there at once
            modules |= ((at, found) for at, found in _unbound(units, known, bundle.code) if units[at].shape.static)
        while modules:
            at = next(iter(modules))
            _bind(at, units, modules)
        for at, found in _unbound(units, known, bundle.code):
            if not units[at].shape.static:
                _bind(at, units, {at: found})
        for unit in units.values():
            at = str(unit.name)
            if unit.has_fast_context:
                unit.start = _start(unit, optional, shared)
    except Exception as error:  # there is no limit to what code of the wrong shape may raise
        raise BundleError(f"the code of `{at}` is malformed: {type(error).__name__}: {error}") from error
    return units


_Unbound = tuple[tuple[str, ...], Any, Any]  # variables, what they are bound to, and presets


def _unbound(units: Mapping[str, Unit], known: Iterable[tuple[Any, ...]], code: Any) -> Iterator[tuple[str, _Unbound]]:
    """Yield what each unit is to be bound to."""
    for name, (_, variables, _), (parts, presets) in zip(units, known, read_links(code, len(units)), strict=True):
        yield name, (variables, parts, presets)


def _bind(name: str, units: Mapping[str, Unit], waiting: dict[str, _Unbound]) -> None:
    """Bind a unit, and before that those which wait and of which it takes something, for modules are made then."""
    variables, parts, presets = waiting.pop(name)
    for origin, *_ in (*parts, *presets):
        if origin in waiting:
            _bind(origin, units, waiting)
    unit = units[name]
    for variable, (origin, part) in zip(variables, parts, strict=True):
        unit.space[variable] = _part(unit, units[origin], part)
    unit.values = tuple(_part(unit, units[origin], *part) if part else origin for origin, *part in presets)


def _settle_escaping(units: Mapping[str, Unit]) -> None:
    """Tell each unit how its output is escaped, and whether that is so wherever its code runs."""
    evaluations: dict[bool, EvalContext] = {}
    for unit in units.values():
        found = EvalContext(unit.environment, unit.name)
        unit.evaluation = evaluations.setdefault(bool(found.autoescape), found)
        if not unit.shape.uniform:
            unit.space["uniform"] = False


class _Shared:
    """What many units have alike, once for all of them; `given` are the globals that every name is looked up in."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._known: dict[Any, Any] = {}
        self._links: dict[tuple[int, ...], tuple[str, ...]] = {}
        self._reading: dict[tuple[str, ...], Reading] = {}

    def kept(self, value: Any) -> Any:
        """Return a value of what a template says of itself, in which nothing is there twice."""
        if type(value) is str:
            return sys.intern(value)
        if type(value) is not tuple:
            return value
        return self._known.get(value) or self.one(tuple(map(self.kept, value)))

    def links(self, numbers: tuple[int, ...]) -> tuple[str, ...]:
        """Return the global variables that parts of other templates are bound to."""
        if numbers not in self._links:
            self._links[numbers] = tuple(sys.intern(f"link_{number}") for number in numbers)
        return self._links[numbers]

    def one(self, found: Value) -> Value:
        """Return what is equal to this, the same object each time."""
        known: Value = self._known.setdefault(found, found)
        return known

    def reading(self, names: tuple[str, ...]) -> Reading:
        """Return names, what they are when they are not given, and what gives their values."""
        if names not in self._reading:
            self._reading[names] = names, {name: self._given.get(name, missing) for name in names}, picker(names)
        return self._reading[names]


def _settle_scope(unit: Unit, chain: tuple[Unit, ...], shared: _Shared) -> None:
    """Tell a unit what the templates of its chain set in a scope."""
    slots = {name: slot for slot, name in enumerate(unit.shape.slots or (), SLOTS)}
    shapes = [found.shape for found in chain]
    unit.keeps = any(shape.keeps for shape in shapes)
    stores = {name: export for shape in reversed(shapes) for name, export in shape.stores}
    unit.texts = shared.one(frozenset(name for shape in shapes for name in shape.texts))
    unit.required = shared.one(frozenset(name for shape in shapes for name in shape.required))
    unit.stores = shared.one(tuple((name, slots[name], export) for name, export in stores.items()))
    unit.bodies = _bodies(unit, chain)


_NO_SCOPE = (None,)  # what stands for one, where none is needed


def _start(unit: Unit, optional: Set[str], shared: _Shared) -> Start | None:
    """Return how a unit renders without a context, when it can; `optional` are names that need not be given to any."""
    part = unit.shape.reads is not None
    names = unit.shape.reads if part else unit.shape.slots
    if names is None:
        return None
    # what is set all the same need not be given: another name, which is read anyhow, keeps its place
    asked = [name for slot, name in enumerate(names, SLOTS) if slot not in unit.shape.presets] or names
    names = tuple(asked[0] if slot in unit.shape.presets else name for slot, name in enumerate(names, SLOTS))
    names, defaults, read = shared.reading(names)
    stored = {name for name, _, _ in unit.stores}
    entered = unit if unit.shape.enters is None or unit.above is None else unit.above
    write, text = entered.space[entered.entry], entered.entry in entered.shape.texts
    join = unit.environment.concat
    if text and join != "".join:
        write, text = writing(write), False
    alone = part and text and not unit.shape.observes
    if alone:
        write.__defaults__ = _NO_SCOPE
    return Start(
        write=write,
        blocks=None if part else unit.bodies,
        names=names,
        defaults=defaults,
        join=join,
        text=text,
        alone=alone,
        keeps=unit.keeps,
        presets=tuple(zip(unit.shape.presets, unit.values, strict=True)),
        read=read,
        direct=not any(name in optional or name in stored or name.endswith("=") for name in names),
    )


def _bodies(unit: Unit, chain: tuple[Unit, ...]) -> tuple[Any, ...]:
    """Return the innermost body of each block, in the order in which a scope has them."""
    stacks: dict[str, list[Any]] = {}
    for other in chain:
        for name in other.shape.blocks:
            stacks.setdefault(name, []).append(other.space[f"block_{name}"])
    return tuple(unit.filled(stacks, {name: stack[0] for name, stack in stacks.items()}))


def _chain(unit: Unit, units: Mapping[str, Unit]) -> tuple[Unit, ...] | None:
    """Return a unit, what it surely extends, what that extends, and so on, when all of that is known; else `None`."""
    chain = [unit]
    while parent := chain[-1].shape.parent:
        chain.append(units[parent])
        if len(chain) > len(units):
            raise TypeError("it extends itself")
    return tuple(chain) if chain[-1].shape.parent is None else None


def _nothing(context: Any, out: Output, limit: int | None) -> Steps:
    return ()


def _part(caller: Unit, unit: Unit, part: str) -> Any:
    """Return what another unit's code is bound to; a module that never changes is made when first asked for."""
    if part == "bodies":
        return unit.bodies
    if part.startswith("super_"):
        function = f"block_{part.removeprefix('super_')}"
        block, text = unit.space[function], function in unit.shape.texts
        return block if caller.space.get("uniform", True) else escaping(block, caller.evaluation.autoescape, text=text)
    if part == "preamble":
        found = unit.first_preamble
        return _nothing if found is None else found.space[str(found.shape.preamble)]
    exported = part.startswith("export_")
    if (exported or part in {"module", "context"}) and unit.static_module is None:
        context = unit.new_context()
        out: Output = []
        drain(unit.root(context, out, NEVER))
        unit.static_module = TemplateModule(unit, context, out)
        unit.space.update(module=unit.static_module, context=context)
    if exported:
        return getattr(unit.static_module, part.removeprefix("export_"))
    return unit.space[part]


def _copy_of(environment: jinja2.Environment, units: dict[str, Unit], meant: Spellings) -> jinja2.Environment:
    kind = type(f"Linked{type(environment).__name__}", (_Linked, type(environment)), {})
    linked: _Linked = object.__new__(kind)
    # with filters, tests, globals, policies, a sandbox's tables: what becomes of the given ones later has no effect
    linked.__dict__.update((name, _copy(value)) for name, value in vars(environment).items())
    linked.policies = {name: _copy(value) for name, value in environment.policies.items()}
    linked.loader, linked.cache, linked.bytecode_cache = None, None, None
    linked.shared = True
    if environment.context_class is Context:
        linked.context_class = FastContext
    linked.extensions = {name: extension.bind(linked) for name, extension in environment.extensions.items()}
    linked.units, linked.spellings = units, meant
    return linked


def unwrapped(name: Any) -> Any:
    """Return the template that a handle of a registry stands for; anything else as it is."""
    return name._unit if isinstance(name, Handle) else name


def _copy(value: Any) -> Any:
    return value.copy() if type(value) in {dict, list, set} else value
