"""The linked environment: a private copy of the environment given, whose templates are those of one bundle.

Enters: an environment, and the compiled templates of a bundle. Leaves: an environment of the same class that finds
templates there, and nowhere else: what becomes of the given one later has no effect.
"""

from collections.abc import Callable, Collection, Mapping
from types import SimpleNamespace
from typing import Any

import jinja2
from jinja2.runtime import Context, Undefined

from blendtpl.bundle.names import Spellings
from blendtpl.errors import RenderError, TemplateNotFound
from blendtpl.runtime.compiled_template import CompiledTemplate, Handle
from blendtpl.runtime.context import FastContext


class LinkedEnvironment(jinja2.Environment):
    """Mixed into the class of the given environment: templates come from the bundle, and from nowhere else."""

    compiled_templates: Mapping[str, CompiledTemplate]
    spellings: Spellings
    bundle_digest: str

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> jinja2.Template:
        """Return a template of the bundle by its name, in whatever spelling; a template object stands for itself."""
        name = unwrapped(name)
        if isinstance(name, jinja2.Template):
            return name
        if parent is not None:
            name = self.join_path(name, parent)
        try:
            return self.compiled_templates[name]
        except KeyError:
            resolved = self.spellings.resolve(name)
            if resolved is None:
                raise TemplateNotFound(name, self.compiled_templates) from None
            return self.compiled_templates[resolved]
        except TypeError:
            # from Python 3.14 on the error names the key that cannot be hashed, and Jinja2's is a tuple
            return dict[Any, jinja2.Template]()[None, name]

    def select_template(self, names: Any, parent: str | None = None, globals: Any = None) -> jinja2.Template:
        """Return the first of several that there is."""
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
        """Return a template by its name, or the first of several that there is."""
        name_or_list = unwrapped(template_name_or_list)
        if isinstance(name_or_list, (str, Undefined)):
            return self.get_template(name_or_list, parent)
        return name_or_list if isinstance(name_or_list, jinja2.Template) else self.select_template(name_or_list, parent)

    def list_templates(
        self, extensions: Collection[str] | None = None, filter_func: Callable[[str], bool] | None = None
    ) -> list[str]:
        """Return the names of the bundle's templates, as Jinja2's method of that name does of a loader's."""
        named: Any = SimpleNamespace(loader=jinja2.DictLoader(dict.fromkeys(self.compiled_templates, "")))
        return jinja2.Environment.list_templates(named, extensions, filter_func)

    def from_string(self, source: Any, globals: Any = None, template_class: Any = None) -> jinja2.Template:
        """Raise a `RenderError`: nothing is compiled while a template renders."""
        raise RenderError("no template is made from a string while another renders: put it into the bundle")


def linked_copy(
    environment: jinja2.Environment, compiled_templates: dict[str, CompiledTemplate], spellings: Spellings, digest: str
) -> jinja2.Environment:
    """Return a copy of an environment, down to its filters, tests, globals and policies, for these templates."""
    kind = type(f"Linked{type(environment).__name__}", (LinkedEnvironment, type(environment)), {})
    linked: LinkedEnvironment = object.__new__(kind)
    # with filters, tests, globals, policies, a sandbox's tables: what becomes of the given ones later has no effect
    linked.__dict__.update((name, _copy(value)) for name, value in vars(environment).items())
    linked.policies = {name: _copy(value) for name, value in environment.policies.items()}
    linked.loader, linked.cache, linked.bytecode_cache = None, None, None
    linked.shared = True
    if environment.context_class is Context:
        linked.context_class = FastContext
    linked.extensions = {name: extension.bind(linked) for name, extension in environment.extensions.items()}
    linked.compiled_templates, linked.spellings, linked.bundle_digest = compiled_templates, spellings, digest
    return linked


def unwrapped(name: Any) -> Any:
    """Return the template that a handle of a registry stands for; anything else as it is."""
    return name._compiled if isinstance(name, Handle) else name


def _copy(value: Any) -> Any:
    return value.copy() if type(value) in {dict, list, set} else value
