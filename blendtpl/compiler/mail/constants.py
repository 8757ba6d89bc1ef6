"""Constants: the text that an expression prints in every render.

Enters: an expression, and what its names are bound to. Leaves: its text, or `None`. Jinja2 itself finds it out, with
its own filters, tests and globals alone, so that nothing of a user's is run; a name that only a context has fails.
"""

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from blendtpl.compiler.mail.bindings import Binding, Member, Module, Scope, Value

_CHANGING = {"random", "lipsum"}  # what is another thing each time


class _Asked(jinja2.Undefined):
    """Whatever is asked of the context makes that no constant."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        raise LookupError


class Constants:
    """The constants of a set of sources."""

    def __init__(self, environment: jinja2.Environment, texts: Mapping[str, str]) -> None:
        self._environment = pure = environment.overlay(
            loader=jinja2.DictLoader(texts), undefined=_Asked, auto_reload=False, autoescape=True
        )
        pure.code_generator_class, pure.template_class = CodeGenerator, jinja2.Template
        pure.filters = {
            name: function for name, function in FILTERS.items() if environment.filters.get(name) is function
        }
        pure.tests = {name: function for name, function in TESTS.items() if environment.tests.get(name) is function}
        for builtins in (pure.filters, DEFAULT_NAMESPACE):
            for name in _CHANGING.intersection(builtins):
                if builtins is pure.filters:
                    del pure.filters[name]
        pure.globals = {
            name: value
            for name, value in DEFAULT_NAMESPACE.items()
            if name not in _CHANGING and environment.globals.get(name) is value
        }
        self._known: dict[str, str | None] = {}

    def text(self, expression: nodes.Expr, scope: Scope, *, escaped: bool) -> str | None:
        """Return what an expression prints where output is escaped, or is not."""
        if isinstance(expression, nodes.TemplateData):
            return expression.data
        needed: list[nodes.Stmt] = []
        if not _needed(expression, scope, needed, {}, 0):
            return None
        tree = nodes.Template([*needed, nodes.Output([expression], lineno=1)], lineno=1)
        key = repr(tree)
        if key not in self._known:
            self._known[key] = self._rendered(tree)
        text = self._known[key]
        return text if escaped or text is None or "&" not in text else None

    def _rendered(self, tree: nodes.Template) -> str | None:
        tree.set_environment(self._environment)
        try:
            code = self._environment.compile(tree)
            return jinja2.Template.from_code(self._environment, code, dict(self._environment.globals)).render()
        except Exception:  # of whatever kind: it is no constant then
            return None


def _needed(
    expression: nodes.Node, scope: Scope, needed: list[nodes.Stmt], seen: dict[str, Binding], depth: int
) -> bool:
    """Add the statements that an expression needs; return whether all its names are bound to what may be constant."""
    names = [node for node in (expression, *expression.find_all(nodes.Name)) if isinstance(node, nodes.Name)]
    for name in names:
        bindings, where = scope.find(name.name)
        if not bindings:
            if name.name in DEFAULT_NAMESPACE and name.name not in _CHANGING:
                continue
            return False
        if len(bindings) > 1 or depth > 8:
            return False
        bound = bindings[0]
        if name.name in seen:
            if seen[name.name] != bound:  # one name, and two things
                return False
            continue
        seen[name.name] = bound
        statement: nodes.Stmt
        if isinstance(bound, Module) and bound.template is not None and not bound.with_context:
            statement = nodes.Import(nodes.Const(bound.template), name.name, False, lineno=1)
        elif isinstance(bound, Member) and bound.template is not None and not bound.with_context:
            statement = nodes.FromImport(nodes.Const(bound.template), [(bound.name, name.name)], False, lineno=1)
        elif isinstance(bound, Value) and bound.expression is not None:
            if not _needed(bound.expression, where, needed, seen, depth + 1):
                return False
            statement = nodes.Assign(nodes.Name(name.name, "store"), bound.expression, lineno=1)
        else:
            return False
        needed.append(statement)
    return True
