"""The namespace: the globals of emitted code, and what all of it finds under the names that are not its own.

Enters: an environment. Leaves: the dict of such names, once for all templates of a registry: what
`blendtpl.runtime.helpers` has for emitted code, the filters and tests that this is bound to, and what leads from one
template to another by a name that is known at run time only.
"""

import builtins
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import jinja2
from jinja2.environment import TemplateModule
from jinja2.exceptions import TemplateNotFound, TemplateRuntimeError
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Undefined
from jinja2.utils import missing

from blendtpl.bundle import abi
from blendtpl.bundle.environment import is_own, passed_argument
from blendtpl.runtime.choice_filters import applied, mapped
from blendtpl.runtime.compiled_template import CompiledTemplate
from blendtpl.runtime.context import FastContext, render_of
from blendtpl.runtime.coroutines import awaiting_of
from blendtpl.runtime.exceptions import ended
from blendtpl.runtime.filters import bound, quick_choice
from blendtpl.runtime.foreign_templates import Stacks, mix, own_block
from blendtpl.runtime.frame import seen, true_context
from blendtpl.runtime.helpers import NAMES
from blendtpl.runtime.output import NEVER, Output, Write, drain, enclosed, foreign
from blendtpl.runtime.speedups import quick_functions
from blendtpl.runtime.traceback import Sources
from blendtpl.runtime.translations import NAMES as TRANSLATIONS
from blendtpl.runtime.translations import bind_translator


def names_of(environment: jinja2.Environment) -> dict[str, Any]:
    """Return what emitted code finds under every name that is not its own, once for each environment."""
    own = {"environment": environment, "undefined": environment.undefined, "concat": environment.concat}  # (U1)
    names: dict[str, Any] | None = vars(environment).get("_blendtpl_names")
    # whoever has the environment may have set another of these since the last bundle
    if names is None or any(names[name] is not value for name, value in own.items()):
        names = {**vars(builtins), **NAMES, **TRANSLATIONS, **_LINKING, **own, "stable_autoescape": False}
        awaiting = awaiting_of(environment)
        if awaiting is not None:
            names |= awaiting.NAMES
            names |= quick_functions("waiting", awaiting.NAMES)
        vars(environment)["_blendtpl_names"] = names
    return names


def new_space(environment: jinja2.Environment, file: str, sources: Sources | None = None) -> dict[str, Any]:
    """Return the globals of a template's code, before there is any of it."""
    space: dict[str, Any] = {
        "__builtins__": names_of(environment),
        abi.SELF: None,
        "__name__": file,
    }
    if sources is not None:
        space["__loader__"] = sources
    return space


def bind_names(environment: jinja2.Environment, bound: Iterable[tuple[str, ...]], names: dict[str, Any]) -> None:
    """Give emitted code what it uses of its environment under the names that it has for that, unless it is there."""
    for words in bound:
        name = "_".join(words)
        if name not in names:
            kind, *what = words
            names[sys.intern(name)] = BINDERS[kind](environment, *what)


def bind_filter(environment: jinja2.Environment, name: str) -> Any:
    """Return a filter, or, where Jinja2 looks for it only when it gets there, what raises its error (L11)."""
    return bound(environment, "filter", name) or _absent("filter", name)


def bind_test(environment: jinja2.Environment, name: str) -> Any:
    """Return a test, or what raises Jinja2's error for a missing one."""
    return bound(environment, "test", name) or _absent("test", name)


def bind_map(environment: jinja2.Environment) -> Callable[[Any, Any, str], Iterator[Any]]:
    """Return what does what the filter `map` does with the name of an attribute, for a frame."""
    if is_own(environment, "filter", "map"):
        undefined = environment.undefined
        return lambda frame, value, attr: mapped(undefined, value, attr)
    function = bind_filter(environment, "map")
    return lambda frame, value, attr: function(true_context(frame), value, attribute=attr)


def bind_application(environment: jinja2.Environment, name: str) -> Callable[[Any, Any, tuple[Any, ...]], Any]:
    """Return what does what the filter `map` does with the name of a filter, for a frame, a value, and arguments."""
    ours = type(environment)._filter_test_common is jinja2.Environment._filter_test_common
    function = environment.filters.get(name)
    ours = ours and type(environment).call_filter is jinja2.Environment.call_filter
    if function is None or passed_argument(function) or not (ours and is_own(environment, "filter", "map")):
        general = bind_filter(environment, "map")
        return lambda frame, value, arguments: general(true_context(frame), value, name, *arguments)
    return applied(bind_filter(environment, name))


def bind_choice(
    environment: jinja2.Environment, name: str, *test: str
) -> Callable[[Any, Any, str | None, tuple[Any, ...]], Any]:
    """Return what does what `select` and its like do with a test, or with none, for a frame, a value, the name of an
    attribute, if it takes one, and arguments of the test.
    """
    chooser = quick_choice(environment, name, *test)
    if chooser is not None:
        return chooser
    general = bind_filter(environment, name)

    def choose(frame: Any, value: Any, attr: str | None, arguments: tuple[Any, ...]) -> Any:
        named = () if attr is None else (attr,)
        return general(true_context(frame), value, *named, *test, *arguments)

    return choose


def bind_exact(environment: jinja2.Environment, kind: str, name: str, exact: str) -> Any:
    """Return a type, of which no value is, or for `Undefined` every value, where a filter or test is not Jinja2's."""
    if is_own(environment, kind, name):
        return _EXACT[exact]
    return object if exact == "Undefined" else None


_EXACT = {kind.__name__: kind for kind in (str, int, float, bool, list, tuple, dict, Undefined)}


def bind_evaluation(environment: jinja2.Environment, kind: str) -> EvalContext:
    """Return an evaluation context that no template changes, for filters of Jinja2's own."""
    evaluation = EvalContext(environment)
    evaluation.autoescape = kind == "escaping"
    return evaluation


def bind_import(environment: jinja2.Environment, path: str) -> Any:
    """Return a module, or what a module has by the last of the names in `path`."""
    origin, _, name = path.rpartition(".")
    if not origin:
        return importlib.import_module(path)
    try:
        return getattr(__import__(origin, fromlist=(name,)), name)
    except AttributeError:
        raise ImportError(f"cannot import name {name!r} from {origin!r}") from None


def _absent(kind: str, name: str) -> Callable[..., Any]:
    def absent(*unused: Any) -> Any:
        raise TemplateRuntimeError(f"No {kind} named {name!r} found.")

    return absent


# what makes each kind of thing that emitted code is bound to when it is loaded, of an environment and the words for it
BINDERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "filter": bind_filter,
        "test": bind_test,
        "exact": bind_exact,
        "choice": bind_choice,
        "mapped": bind_map,
        "application": bind_application,
        "import": bind_import,
        "translator": bind_translator,
        "eval_ctx": bind_evaluation,
    }
)


def _parent_root(template: jinja2.Template) -> Write:
    return template.root if isinstance(template, CompiledTemplate) else foreign(template.root_render_func)


def _parent_preamble(template: jinja2.Template) -> Any:
    if not isinstance(template, CompiledTemplate):
        return lambda context, out, limit: foreign(template.root_render_func)(context, [], limit)
    return template.preamble or (lambda context, out, limit: ())


def _extend(context: Context, parent: jinja2.Template) -> None:
    """Put the blocks of a parent behind those of the context. Those of what that extends come when the parent runs."""
    if not isinstance(parent, CompiledTemplate):
        mix(context)
    blocks: Any = context.blocks
    own: Mapping[str, Any] = parent.own_blocks if isinstance(parent, CompiledTemplate) else parent.blocks
    if isinstance(parent, CompiledTemplate) and isinstance(blocks, Stacks):
        own = {name: own_block(block) for name, block in own.items()}
    for name, block in own.items():
        blocks.setdefault(name, []).append(block)


def _extended_root(template: jinja2.Template) -> Write:
    return _extended(template, _parent_root(template))


def _extended_preamble(template: jinja2.Template) -> Any:
    return _extended(template, _parent_preamble(template))


def _extended(parent: jinja2.Template, function: Write) -> Write:
    """Return what runs a parent whose blocks a context has, but not those of what that surely extends."""
    if not isinstance(parent, CompiledTemplate) or parent.above is None:
        return function

    def run(context: Context, out: Output, limit: int | None) -> Any:
        blocks: Any = context.blocks
        for name, stack in (parent.stacks or {}).items():
            rest = stack[name in parent.own_blocks :]
            blocks.setdefault(name, []).extend(map(own_block, rest) if isinstance(blocks, Stacks) else rest)
        return function(context, out, limit)

    return run


def _arguments(template: jinja2.Template, frame: Any, names: dict[str, Any]) -> list[Any] | None:
    """Return what the code of an included template is called with, when it is called with what it reads: what is set
    around the include, or else what the context has (S6). A context of its own is made when it asks for one.
    """
    if not isinstance(template, CompiledTemplate) or template.info.reads is None:
        return None
    get = None if type(frame) is list else frame.__dict__.get("seen")
    if get is None or type(frame) is not FastContext or frame.environment is not template.environment:
        get = seen(frame, template.environment)
        if get is None:
            return None
    arguments = [
        get(name, missing) if (value := names.get(name, missing)) is missing else value for name in template.info.reads
    ]
    arguments.append([None, template, (frame, names)])
    return arguments


def _include(template: jinja2.Template, names: dict[str, Any]) -> Any:
    def write(frame: Any, out: Output, limit: int | None) -> Any:
        arguments = _arguments(template, frame, names)
        if arguments is not None:
            return enclosed(template.part, *arguments, out, limit)  # type: ignore[attr-defined]  # it has been asked
        context = true_context(frame)
        inner_context = template.new_context(context.get_all(), True, names)
        if not isinstance(template, CompiledTemplate):
            return foreign(template.root_render_func)(inner_context, out, limit)
        inner_context.render = render_of(context)  # type: ignore[attr-defined]
        return enclosed(template.root, inner_context, out, limit)

    return write


def _included_text(
    get: Callable[..., jinja2.Template],
    by: str | None,
    ignore_missing: bool,
    frame: Any,
    names: tuple[str, ...],
    reference: Any,
    values: list[Any],
) -> str:
    """Return the text of an include of what is looked for by a reference, with what is set around it (C7)."""
    try:
        template = get(reference, by)
    except TemplateNotFound:
        if ignore_missing:
            return ""
        raise
    own = dict(zip(names, values, strict=True))
    arguments = _arguments(template, frame, own)
    if arguments is not None:
        try:
            return template.text(*arguments)  # type: ignore[attr-defined, no-any-return]
        except StopIteration as error:
            raise ended(error) from error
    out: Output = []
    drain(_include(template, own)(frame, out, NEVER))
    return "".join(out)


def _default_module(template: jinja2.Template, frame: Any) -> TemplateModule:
    return template._get_default_module(true_context(frame))


def _context_module(template: jinja2.Template, frame: Any, names: dict[str, Any]) -> TemplateModule:
    context = true_context(frame)
    if isinstance(template, CompiledTemplate):
        return template.make_module(context.get_all(), True, names, render_of(context))
    return template.make_module(context.get_all(), True, names)


_LINKING = {
    "parent_root": _parent_root,
    "parent_preamble": _parent_preamble,
    "extended_root": _extended_root,
    "extended_preamble": _extended_preamble,
    "extend": _extend,
    "include": _include,
    "included_text": _included_text,
    "default_module": _default_module,
    "context_module": _context_module,
}
