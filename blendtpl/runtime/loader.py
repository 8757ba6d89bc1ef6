"""The loader: the templates of an opened bundle as one closed set.

Enters: a checked bundle and an environment. Leaves: its compiled templates, each bound to the parts of the others that
its code calls. `open_units` is the one place where the code of a bundle is unmarshalled.
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

from blendtpl.bundle import abi
from blendtpl.bundle.abi import SLOTS, TemplateInfo
from blendtpl.bundle.archive import Bundle
from blendtpl.bundle.code_member import read_codes, read_links, read_told
from blendtpl.bundle.names import Spellings, spellings
from blendtpl.errors import BundleError, RenderError, TemplateNotFound
from blendtpl.runtime.compiled_template import CompiledTemplate, Handle
from blendtpl.runtime.context import FastContext
from blendtpl.runtime.entry import EntryPlan, getter
from blendtpl.runtime.namespace import bind_names, names_of, new_space
from blendtpl.runtime.output import NEVER, Output, Steps, drain, escaping, writing
from blendtpl.runtime.traceback import Sources

Value = TypeVar("Value", bound=Hashable)
Reading = tuple[tuple[str, ...], dict[str, Any], Callable[[dict[str, Any]], tuple[Any, ...]]]


class _Linked(jinja2.Environment):
    """Mixed into the class of the given environment: templates come from the compiled templates, and from nowhere
    else.
    """

    compiled_templates: Mapping[str, CompiledTemplate]
    spellings: Spellings

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> jinja2.Template:
        name = unwrapped(name)
        if isinstance(name, jinja2.Template):
            return name
        if parent is not None:
            name = self.join_path(name, parent)
        try:
            return self.compiled_templates[name]
        except KeyError:
            meant = self.spellings.meant(name)
            if meant is None:
                raise TemplateNotFound(name, self.compiled_templates) from None
            return self.compiled_templates[meant]
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


def open_units(bundle: Bundle, environment: jinja2.Environment, sources: Sources) -> Mapping[str, CompiledTemplate]:
    """Return the compiled templates of a checked bundle, bound to a copy of `environment` that nobody else holds.

    Raises `BundleError` when the code is not what this version emits.
    """
    compiled_templates: dict[str, CompiledTemplate] = {}
    linked = _copy_of(environment, compiled_templates, spellings(bundle.manifest.templates))
    shared, count = _Shared(linked.globals), len(bundle.manifest.templates)
    names = names_of(linked)
    names["stable_autoescape"] = True
    at = ""
    try:
        told, codes = (read(bundle.code, count) for read in (read_told, read_codes))
        known: list[tuple[tuple[str, ...], tuple[str, ...], TemplateInfo]] = []
        for at in bundle.manifest.templates:
            functions, bound, numbers, said = next(told)
            info = TemplateInfo(*map(shared.kept, said))
            if info.name != at:
                raise TypeError(f"it is that of {info.name!r}")
            bind_names(linked, bound, names)  # which are there once for all of them
            known.append((shared.kept(functions), shared.links(numbers), info))
        for at, (functions, variables, info) in zip(bundle.manifest.templates, known, strict=True):
            space = new_space(linked, at, sources)
            # all of them at once, for a dict that grows takes more
            space.update(dict.fromkeys([*functions, *variables]))
            for function, code in zip(functions, next(codes), strict=True):
                space[function] = FunctionType(code, space)
            compiled_templates[at] = CompiledTemplate.bind(linked, space, info, linked.globals, at)
        for compiled in compiled_templates.values():
            at = str(compiled.name)
            chain = _chain(compiled, compiled_templates)
            if chain is not None:
                compiled.whole, compiled.above = True, (*chain, None)[1]
                if compiled.info.slots is not None:
                    _settle_scope(compiled, chain, shared)
            if compiled.info.parent_line is not None and compiled.above is None:
                raise TypeError("it renders nothing")
        _settle_escaping(compiled_templates)
        optional = {
            *linked.globals,
            *(name for compiled in compiled_templates.values() for name in compiled.info.optional),
        }
        modules: dict[str, _Unbound] = {}
        if any(compiled.info.singleton for compiled in compiled_templates.values()):
            # read twice: modules are few and are made at once; what is read of all others should not be there at once
            modules |= (
                (at, found)
                for at, found in _unbound(compiled_templates, known, bundle.code)
                if compiled_templates[at].info.singleton
            )
        while modules:
            at = next(iter(modules))
            _bind(at, compiled_templates, modules)
        for at, found in _unbound(compiled_templates, known, bundle.code):
            if not compiled_templates[at].info.singleton:
                _bind(at, compiled_templates, {at: found})
        for compiled in compiled_templates.values():
            at = str(compiled.name)
            if compiled.has_fast_context:
                compiled.plan = _start(compiled, optional, shared)
    except Exception as error:  # there is no limit to what code of the wrong shape may raise
        raise BundleError(f"the code of `{at}` is malformed: {type(error).__name__}: {error}") from error
    return compiled_templates


_Unbound = tuple[tuple[str, ...], Any, Any]  # variables, what they are bound to, and constant slots


def _unbound(
    compiled_templates: Mapping[str, CompiledTemplate], known: Iterable[tuple[Any, ...]], code: Any
) -> Iterator[tuple[str, _Unbound]]:
    """Yield what each compiled template is to be bound to."""
    for name, (_, variables, _), (parts, constant_slots) in zip(
        compiled_templates, known, read_links(code, len(compiled_templates)), strict=True
    ):
        yield name, (variables, parts, constant_slots)


def _bind(name: str, compiled_templates: Mapping[str, CompiledTemplate], waiting: dict[str, _Unbound]) -> None:
    """Bind a compiled template, and before that those which wait and of which it takes something, for modules are
    made then.
    """
    variables, parts, constant_slots = waiting.pop(name)
    for origin, *_ in (*parts, *constant_slots):
        if origin in waiting:
            _bind(origin, compiled_templates, waiting)
    compiled = compiled_templates[name]
    for variable, (origin, part) in zip(variables, parts, strict=True):
        compiled.space[variable] = _part(compiled, compiled_templates[origin], part)
    compiled.values = tuple(
        _part(compiled, compiled_templates[origin], *part) if part else origin for origin, *part in constant_slots
    )


def _settle_escaping(compiled_templates: Mapping[str, CompiledTemplate]) -> None:
    """Tell each compiled template how its output is escaped, and whether that is so wherever its code runs."""
    evaluations: dict[bool, EvalContext] = {}
    for compiled in compiled_templates.values():
        found = EvalContext(compiled.environment, compiled.name)
        compiled.evaluation = evaluations.setdefault(bool(found.autoescape), found)
        if not compiled.info.stable_autoescape:
            compiled.space["stable_autoescape"] = False


class _Shared:
    """What many compiled templates have alike, once for all of them; `given` are the globals that every name is
    looked up in.
    """

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
            self._links[numbers] = tuple(sys.intern(abi.symbol(number)) for number in numbers)
        return self._links[numbers]

    def one(self, found: Value) -> Value:
        """Return what is equal to this, the same object each time."""
        known: Value = self._known.setdefault(found, found)
        return known

    def reading(self, names: tuple[str, ...]) -> Reading:
        """Return names, what they are when they are not given, and what gives their values."""
        if names not in self._reading:
            self._reading[names] = names, {name: self._given.get(name, missing) for name in names}, getter(names)
        return self._reading[names]


def _settle_scope(compiled: CompiledTemplate, chain: tuple[CompiledTemplate, ...], shared: _Shared) -> None:
    """Tell a compiled template what the templates of its chain set in a frame."""
    slots = {name: slot for slot, name in enumerate(compiled.info.slots or (), SLOTS)}
    shapes = [found.info for found in chain]
    compiled.may_form_cycle = any(info.may_form_cycle for info in shapes)
    stores = {name: export for info in reversed(shapes) for name, export in info.stores}
    compiled.string_functions = shared.one(frozenset(name for info in shapes for name in info.string_functions))
    compiled.required = shared.one(frozenset(name for info in shapes for name in info.required))
    compiled.stores = shared.one(tuple((name, slots[name], export) for name, export in stores.items()))
    compiled.bodies = _bodies(compiled, chain)


_NO_SCOPE = (None,)  # what stands for one, where none is needed


def _start(compiled: CompiledTemplate, optional: Set[str], shared: _Shared) -> EntryPlan | None:
    """Return how a compiled template renders without a context, when it can; `optional` are names that need not be
    given to any.
    """
    part = compiled.info.reads is not None
    names = compiled.info.reads if part else compiled.info.slots
    if names is None:
        return None
    # what is set all the same need not be given: another name, which is read anyhow, keeps its place
    asked = [name for slot, name in enumerate(names, SLOTS) if slot not in compiled.info.constant_slots] or names
    names = tuple(asked[0] if slot in compiled.info.constant_slots else name for slot, name in enumerate(names, SLOTS))
    names, defaults, read = shared.reading(names)
    stored = {name for name, _, _ in compiled.stores}
    entered = compiled if compiled.info.parent_line is None or compiled.above is None else compiled.above
    write, text = entered.space[entered.entry], entered.entry in entered.info.string_functions
    join = compiled.environment.concat
    if text and join != "".join:
        write, text = writing(write), False
    alone = part and text and not compiled.info.needs_context
    if alone:
        write.__defaults__ = _NO_SCOPE
    return EntryPlan(
        write=write,
        blocks=None if part else compiled.bodies,
        names=names,
        defaults=defaults,
        join=join,
        text=text,
        alone=alone,
        may_form_cycle=compiled.may_form_cycle,
        constant_slots=tuple(zip(compiled.info.constant_slots, compiled.values, strict=True)),
        read=read,
        direct=not any(name in optional or name in stored or name.endswith("=") for name in names),
    )


def _bodies(compiled: CompiledTemplate, chain: tuple[CompiledTemplate, ...]) -> tuple[Any, ...]:
    """Return the innermost body of each block, in the order in which a frame has them."""
    stacks: dict[str, list[Any]] = {}
    for other in chain:
        for name in other.info.blocks:
            stacks.setdefault(name, []).append(other.space[abi.block_function(name)])
    return tuple(compiled.filled(stacks, {name: stack[0] for name, stack in stacks.items()}))


def _chain(
    compiled: CompiledTemplate, compiled_templates: Mapping[str, CompiledTemplate]
) -> tuple[CompiledTemplate, ...] | None:
    """Return a compiled template, what it surely extends, what that extends, and so on, when all of that is known;
    else `None`.
    """
    chain = [compiled]
    while parent := chain[-1].info.parent:
        chain.append(compiled_templates[parent])
        if len(chain) > len(compiled_templates):
            raise TypeError("it extends itself")
    return tuple(chain) if chain[-1].info.parent is None else None


def _nothing(context: Any, out: Output, limit: int | None) -> Steps:
    return ()


def _part(caller: CompiledTemplate, compiled: CompiledTemplate, part: str) -> Any:
    """Return what another compiled template's code is bound to; a module that never changes is made when first asked
    for.
    """
    if part == abi.BODIES:
        return compiled.bodies
    overridden, name = abi.block_of_super(part), abi.exported_name(part)
    if overridden is not None:
        function = abi.block_function(overridden)
        block, text = compiled.space[function], function in compiled.info.string_functions
        return (
            block
            if caller.space.get("stable_autoescape", True)
            else escaping(block, caller.evaluation.autoescape, text=text)
        )
    if part == abi.PREAMBLE:
        found = compiled.first_preamble
        return _nothing if found is None else found.space[str(found.info.preamble)]
    if (name is not None or part in {abi.MODULE, abi.MODULE_CONTEXT}) and compiled.singleton_module is None:
        context = compiled.new_context()
        out: Output = []
        drain(compiled.root(context, out, NEVER))
        compiled.singleton_module = TemplateModule(compiled, context, out)
        compiled.space |= {abi.MODULE: compiled.singleton_module, abi.MODULE_CONTEXT: context}
    if name is not None:
        return getattr(compiled.singleton_module, name)
    return compiled.space[part]


def _copy_of(
    environment: jinja2.Environment, compiled_templates: dict[str, CompiledTemplate], meant: Spellings
) -> jinja2.Environment:
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
    linked.compiled_templates, linked.spellings = compiled_templates, meant
    return linked


def unwrapped(name: Any) -> Any:
    """Return the template that a handle of a registry stands for; anything else as it is."""
    return name._compiled if isinstance(name, Handle) else name


def _copy(value: Any) -> Any:
    return value.copy() if type(value) in {dict, list, set} else value
