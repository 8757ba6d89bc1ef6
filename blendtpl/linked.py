"""Linked units: the templates of an opened bundle as one closed set.

Enters: a checked bundle and an environment. Leaves: its units, each bound to the parts of the others that its code
calls. `open_units` is the one place where the code of a bundle is unmarshalled.
"""

import marshal
from collections.abc import Mapping, Set
from typing import Any

import jinja2
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Undefined
from jinja2.utils import missing

from blendtpl.bundle import Bundle
from blendtpl.contexts import FastContext
from blendtpl.errors import BundleError, RenderError, TemplateNotFound
from blendtpl.output import NEVER, Output, Steps, drain, escaping, writing
from blendtpl.places import Sources
from blendtpl.scopes import SLOTS
from blendtpl.units import Handle, Start, Unit, picker


class _Linked(jinja2.Environment):
    """Mixed into the class of the given environment: templates come from the units, and from nowhere else."""

    units: Mapping[str, Unit]

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> jinja2.Template:
        name = _unwrap(name)
        if isinstance(name, jinja2.Template):
            return name
        if parent is not None:
            name = self.join_path(name, parent)
        try:
            return self.units[name]
        except KeyError:
            raise TemplateNotFound(name, self.units) from None
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
        found = _unwrap(template_name_or_list)
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
    linked = _copy_of(environment, units)
    try:
        codes = _codes(bundle)
        for name in bundle.manifest.templates:
            # what a module runs but once goes as soon as it has run
            units[name] = Unit.bind(linked, codes.pop(), linked.globals, name, sources)
        for unit in units.values():
            unit.chain = _chain(unit, units)
            if unit.chain is not None and unit.space["slots"] is not None:
                _settle_scope(unit, unit.chain)
        _settle_escaping(units)
        optional = {name for unit in units.values() for name in unit.space["optional"]}
        for unit in units.values():
            for variable, origin, part in unit.space["links"]:
                unit.space[variable] = _part(unit, units[origin], part)
            if unit.chain is not None and unit.has_fast_context:
                unit.start = _start(unit, optional)
    except Exception as error:  # there is no limit to what code of the wrong shape may raise
        at = list(bundle.manifest.templates)[min(len(units), len(bundle.manifest.templates) - 1)]
        raise BundleError(f"the code of `{at}` is malformed: {type(error).__name__}: {error}") from error
    return units


def _codes(bundle: Bundle) -> list[Any]:
    """Return the code of each template, that of the first at the end."""
    found = marshal.loads(bundle.code)
    if type(found) is not tuple or len(found) != len(bundle.manifest.templates):
        raise TypeError("it is not the code of each template")
    return list(found[::-1])


def _settle_escaping(units: Mapping[str, Unit]) -> None:
    """Tell each unit whether its code only ever runs where output is escaped as it was when it was compiled.

    A template runs in the context of whatever extends it, which may escape otherwise; and an `autoescape` tag may
    surround a block of another template.
    """
    escaped = {name: unit.space["eval_ctx"].autoescape for name, unit in units.items()}
    modified = any(unit.space["modifies"] for unit in units.values())
    alike = len(set(escaped.values())) == 1
    unsure = not alike and any(unit.space["parent"] == "" for unit in units.values())
    mixed: set[str] = set()
    for name, unit in units.items():
        parent = unit.space["parent"]
        while parent and not alike:
            if escaped[parent] is not escaped[name]:
                mixed.add(parent)
            parent = units[parent].space["parent"]
    for name, unit in units.items():
        unit.space["uniform"] = not modified and not unsure and name not in mixed


def _settle_scope(unit: Unit, chain: tuple[Unit, ...]) -> None:
    """Tell a unit what the templates of its chain set in a scope."""
    slots = {name: slot for slot, name in enumerate(unit.space["slots"], SLOTS)}
    spaces = [found.space for found in chain]
    unit.keeps = any(space["keeps"] for space in spaces)
    stores = {name: export for space in reversed(spaces) for name, export in space["stores"]}
    unit.texts = frozenset(name for space in spaces for name in space["texts"])
    unit.required = frozenset(name for space in spaces for name in space["required"])
    unit.stores = tuple((name, slots[name], export) for name, export in stores.items())
    unit.bodies = _bodies(unit, chain)


def _start(unit: Unit, optional: Set[str]) -> Start | None:
    """Return how a unit renders without a context, when it can; `optional` are names that need not be given."""
    space, given = unit.space, unit.globals
    part = space["reads"] is not None
    names = space["reads"] if part else space["slots"]
    if names is None:
        return None
    unsure = {*optional, *given, *(name for name, _, _ in unit.stores)}
    function = "part" if part else "root"
    write, text = space[function], function in space["texts"]
    join = unit.environment.concat
    if text and join != "".join:
        write, text = writing(write), False
    return Start(
        write=write,
        make=unit.entered,
        blocks=None if part else unit.bodies,
        defaults={name: given.get(name, missing) for name in names},
        read=picker(names),
        keeps=unit.keeps,
        join=join,
        text=text,
        direct=unsure.isdisjoint(names) and not any(name.endswith("=") for name in names),
    )


def _bodies(unit: Unit, chain: tuple[Unit, ...]) -> list[Any]:
    """Return the innermost body of each block, in the order in which a scope has them."""
    stacks: dict[str, list[Any]] = {}
    for other in chain:
        for name, block in other.space["blocks"].items():
            stacks.setdefault(name, []).append(block)
    return unit.filled(stacks, {name: stack[0] for name, stack in stacks.items()})


def _chain(unit: Unit, units: Mapping[str, Unit]) -> tuple[Unit, ...] | None:
    """Return a unit, what it surely extends, what that extends, and so on, when all of that is known; else `None`."""
    chain = [unit]
    while parent := chain[-1].space["parent"]:
        chain.append(units[parent])
    return tuple(chain) if chain[-1].space["parent"] is None else None


def _nothing(context: Any, out: Output, limit: int | None) -> Steps:
    return ()


def _part(caller: Unit, unit: Unit, part: str) -> Any:
    """Return what another unit's code is bound to; a module that never changes is made when first asked for."""
    if part == "included":
        return unit.included
    if part == "bodies":
        return unit.bodies
    if part.startswith("super_"):
        function = f"block_{part.removeprefix('super_')}"
        block, text = unit.space[function], function in unit.space["texts"]
        return block if caller.space["uniform"] else escaping(block, caller.space["eval_ctx"].autoescape, text=text)
    if part == "preamble":
        return unit.space[part] or _nothing
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


def _copy_of(environment: jinja2.Environment, units: dict[str, Unit]) -> jinja2.Environment:
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
    linked.units = units
    return linked


def _unwrap(name: Any) -> Any:
    return name._unit if isinstance(name, Handle) else name


def _copy(value: Any) -> Any:
    return value.copy() if type(value) in {dict, list, set} else value
