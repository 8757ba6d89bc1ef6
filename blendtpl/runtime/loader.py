"""The loader: the templates of an opened bundle as one closed set, in four phases.

Enters: a checked bundle and an environment. Leaves: its compiled templates, each bound to what its code takes from the
others.

1. *Decode*: what each template says of itself, and the functions of its code. Nothing of it runs. This is the one place
   where the code of a bundle is unmarshalled.
2. *Resolve chains*: what each template surely extends, and so the slots, stores and blocks of its frame, and how it
   escapes.
3. *Bind*: what each takes from the others becomes a global of its code. Modules that never change are made now, the
   only code of templates that runs before somebody renders.
4. *Freeze*: how a render of each begins. From then on nothing changes any more.
"""

import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from types import FunctionType
from typing import Any, TypeVar

import jinja2
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.utils import missing

from blendtpl.bundle import abi
from blendtpl.bundle.abi import SLOTS, TemplateInfo
from blendtpl.bundle.archive import Bundle
from blendtpl.bundle.code_member import read_codes, read_links, read_metadata
from blendtpl.bundle.names import spellings
from blendtpl.errors import BundleError
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.entry import EntryPlan, getter
from blendtpl.runtime.languages import packed
from blendtpl.runtime.linked_environment import linked_copy
from blendtpl.runtime.namespace import bind_names, names_of, new_space
from blendtpl.runtime.output import NEVER, Output, Steps, drain, escaping, writing
from blendtpl.runtime.speedups import prepare
from blendtpl.runtime.traceback import Sources

Value = TypeVar("Value", bound=Hashable)
Reading = tuple[tuple[str, ...], dict[str, Any], Callable[[dict[str, Any]], tuple[Any, ...]]]
Relocations = tuple[tuple[str, ...], Any, Any]  # global variables, what each is bound to, and constant slots


def load_templates(bundle: Bundle, environment: jinja2.Environment, sources: Sources) -> Mapping[str, CompiledTemplate]:
    """Return the compiled templates of a checked bundle, bound to a copy of `environment` that nobody else holds.

    Raises `BundleError` when the code is not what this version emits.
    """
    loading = _Loading(bundle, environment, sources)
    try:
        loading.decode()
        loading.resolve_chains()
        loading.bind()
        loading.freeze()
    except Exception as error:  # there is no limit to what code of the wrong shape may raise
        raise BundleError(f"the code of `{loading.at}` is malformed: {type(error).__name__}: {error}") from error
    return loading.templates


class _Loading:
    """One run of the phases; `at` is the template that one is at, for the error."""

    def __init__(self, bundle: Bundle, environment: jinja2.Environment, sources: Sources) -> None:
        self.templates: dict[str, CompiledTemplate] = {}
        self.at = ""
        self._bundle, self._sources = bundle, sources
        self._environment = linked_copy(
            environment, self.templates, spellings(bundle.manifest.templates), bundle.digest
        )
        translations = packed(bundle.manifest, bundle.files, environment)
        if translations is not None:
            translations.install(self._environment, getattr(environment, "newstyle_gettext", False))
        self._shared = _Shared(self._environment.globals)
        self._symbols: list[tuple[str, ...]] = []  # of each template

    def decode(self) -> None:
        """Make the functions of every template, none of which runs."""
        names, code = self._bundle.manifest.templates, self._bundle.code
        bound_names = names_of(self._environment)
        bound_names["stable_autoescape"] = True
        metadata, codes = (read(code, len(names)) for read in (read_metadata, read_codes))
        infos: list[tuple[tuple[str, ...], TemplateInfo]] = []
        for name in names:
            self.at = name
            functions, bound, numbers, values = next(metadata)
            info = TemplateInfo(*map(self._shared.intern, values))
            if info.name != name:
                raise TypeError(f"it is that of {info.name!r}")
            bind_names(self._environment, bound, bound_names)  # which are there once for all of them
            infos.append((self._shared.intern(functions), info))
            self._symbols.append(self._shared.symbols(numbers))
        for name, (functions, info), symbols in zip(names, infos, self._symbols, strict=True):
            self.at = name
            space = new_space(self._environment, name, self._sources)
            # all of them at once, for a dict that grows takes more
            space.update(dict.fromkeys([*functions, *symbols]))
            for function, function_code in zip(functions, next(codes), strict=True):
                space[function] = FunctionType(prepare(function_code), space)
            globals = self._environment.globals
            self.templates[name] = CompiledTemplate.bind(self._environment, space, info, globals, name)

    def resolve_chains(self) -> None:
        """Find what each template surely extends, and what follows from that: its frame, its blocks, its escaping."""
        for name, template in self.templates.items():
            self.at = name
            chain = _chain(template, self.templates)
            if chain is not None:
                template.whole, template.above = True, (*chain, None)[1]
                if template.info.slots is not None:
                    _lay_out_frame(template, chain, self._shared)
            if template.info.parent_line is not None and template.above is None:
                raise TypeError("it renders nothing")
        evaluations: dict[bool, EvalContext] = {}
        for name, template in self.templates.items():
            self.at = name
            # two of them do for all templates, those that escape and those that don't, as nothing changes them
            evaluation = EvalContext(self._environment, name)
            template.evaluation = evaluations.setdefault(bool(evaluation.autoescape), evaluation)
            if not template.info.stable_autoescape:
                template.space["stable_autoescape"] = False

    def bind(self) -> None:
        """Bind each template to what it takes from the others; modules first, which are made then."""
        modules: dict[str, Relocations] = {}
        if any(template.info.singleton for template in self.templates.values()):
            # read twice: modules are few and are made at once; what is read of all others should not be there at once
            modules.update(pair for pair in self._relocations() if self.templates[pair[0]].info.singleton)
        while modules:
            self._bind(next(iter(modules)), modules)
        for name, relocations in self._relocations():
            if not self.templates[name].info.singleton:
                self._bind(name, {name: relocations})

    def _relocations(self) -> Iterator[tuple[str, Relocations]]:
        """Yield what each template is to be bound to."""
        read = read_links(self._bundle.code, len(self.templates))
        for name, symbols, (parts, constant_slots) in zip(self.templates, self._symbols, read, strict=True):
            yield name, (symbols, parts, constant_slots)

    def _bind(self, name: str, waiting: dict[str, Relocations]) -> None:
        """Bind a template, and before that those which wait and of which it takes something: modules are made then."""
        self.at = name
        symbols, parts, constant_slots = waiting.pop(name)
        for origin, *_ in (*parts, *constant_slots):
            if origin in waiting:
                self._bind(origin, waiting)
        self.at = name
        template = self.templates[name]
        for variable, (origin, part) in zip(symbols, parts, strict=True):
            template.space[variable] = _part(template, self.templates[origin], part)
        template.values = tuple(
            _part(template, self.templates[origin], *part) if part else origin for origin, *part in constant_slots
        )

    def freeze(self) -> None:
        """Say how a render of each template begins."""
        infos = [template.info for template in self.templates.values()]
        optional = {*self._environment.globals, *(name for info in infos for name in info.optional)}
        for name, template in self.templates.items():
            self.at = name
            if template.has_fast_context:
                template.plan = _entry_plan(template, optional, self._shared)


class _Shared:
    """What many compiled templates have alike, once for all of them; `given` are the globals that every name is
    looked up in.
    """

    def __init__(self, globals_: Mapping[str, Any]) -> None:
        self._globals = globals_
        self._interned: dict[Any, Any] = {}
        self._symbols: dict[tuple[int, ...], tuple[str, ...]] = {}
        self._reading: dict[tuple[str, ...], Reading] = {}

    def intern(self, value: Any) -> Any:
        """Return a value of what a template says of itself, in which nothing is there twice."""
        # thousands of templates have the same few names, and each is a new object when it is read
        if type(value) is str:
            return sys.intern(value)
        if type(value) is not tuple:
            return value
        return self._interned.get(value) or self.one(tuple(map(self.intern, value)))

    def symbols(self, numbers: tuple[int, ...]) -> tuple[str, ...]:
        """Return the global variables that parts of other templates are bound to."""
        if numbers not in self._symbols:
            self._symbols[numbers] = tuple(sys.intern(abi.symbol(number)) for number in numbers)
        return self._symbols[numbers]

    def one(self, value: Value) -> Value:
        """Return what is equal to this, the same object each time."""
        shared: Value = self._interned.setdefault(value, value)
        return shared

    def reading(self, names: tuple[str, ...]) -> Reading:
        """Return names, what they are when they are not given, and what gives their values."""
        if names not in self._reading:
            self._reading[names] = names, {name: self._globals.get(name, missing) for name in names}, getter(names)
        return self._reading[names]


def _lay_out_frame(compiled: CompiledTemplate, chain: tuple[CompiledTemplate, ...], shared: _Shared) -> None:
    """Tell a compiled template what the templates of its chain set in a frame."""
    slots = {name: slot for slot, name in enumerate(compiled.info.slots or (), SLOTS)}
    shapes = [template.info for template in chain]
    compiled.may_form_cycle = any(info.may_form_cycle for info in shapes)
    stores = {name: export for info in reversed(shapes) for name, export in info.stores}
    compiled.string_functions = shared.one(frozenset(name for info in shapes for name in info.string_functions))
    compiled.required = shared.one(frozenset(name for info in shapes for name in info.required))
    compiled.stores = shared.one(tuple((name, slots[name], export) for name, export in stores.items()))
    compiled.bodies = _bodies(compiled, chain)


_NO_FRAME = (None,)  # what stands for one, where none is needed


def _entry_plan(compiled: CompiledTemplate, optional: set[str], shared: _Shared) -> EntryPlan | None:
    """Return how a compiled template renders without a context, when it can; `optional` are names that need not be
    given to any.
    """
    part = compiled.info.reads is not None
    names = compiled.info.reads if part else compiled.info.slots
    if names is None:
        return None
    # what is set all the same need not be given: another name, which is read anyhow, keeps its place
    needed = [name for slot, name in enumerate(names, SLOTS) if slot not in compiled.info.constant_slots] or names
    names = tuple(needed[0] if slot in compiled.info.constant_slots else name for slot, name in enumerate(names, SLOTS))
    names, defaults, read = shared.reading(names)
    stored = {name for name, _, _ in compiled.stores}
    entered = compiled if compiled.info.parent_line is None or compiled.above is None else compiled.above
    write, text = entered.space[entered.entry], entered.entry in entered.info.string_functions
    join = None if compiled.environment.concat == "".join else compiled.environment.concat
    # what joins output in a way of its own is given something to join
    if text and join is not None:
        write, text = writing(write), False
    alone = part and text and not compiled.info.needs_context
    # it is called with the values alone, and its last parameter is the frame
    if alone:
        write.__defaults__ = _NO_FRAME
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
        template = compiled.first_preamble
        return _nothing if template is None else template.space[str(template.info.preamble)]
    if (name is not None or part in {abi.MODULE, abi.MODULE_CONTEXT}) and compiled.singleton_module is None:
        context = compiled.new_context()
        out: Output = []
        drain(compiled.root(context, out, NEVER))
        compiled.singleton_module = TemplateModule(compiled, context, out)
        compiled.space |= {abi.MODULE: compiled.singleton_module, abi.MODULE_CONTEXT: context}
    if name is not None:
        return getattr(compiled.singleton_module, name)
    return compiled.space[part]
