"""Metered sandboxes: what a sandboxed live environment does more when it has a budget.

Enters: the class of a sandboxed environment. Leaves: one of it that counts operators, calls, filters and what is
printed; what is counted in the tree of a template is in `blendtpl.compiler.frontend.metered`.
"""

from functools import lru_cache
from types import FunctionType
from typing import Any, Self, cast

from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import pass_context
from markupsafe import Markup, escape

from blendtpl.bundle.budget import Budget
from blendtpl.bundle.environment import is_own
from blendtpl.compiler.frontend.metered import COUNT_OUTPUT
from blendtpl.errors import ConfigError
from blendtpl.runtime.coroutines import awaiting_of
from blendtpl.runtime.metered_calls import method, operator, settled
from blendtpl.runtime.metered_filters import COMPARING, MeteredFilter, MeteredTest, passed_first
from blendtpl.runtime.metered_formats import metered_format
from blendtpl.runtime.metering import OWN, current, size_of


class WithBudget:
    """Mixed into sandboxed environments that may have a budget: what has none costs nothing."""

    budget: Budget | None = None

    def __new__(cls, *args: Any, budget: Budget | None = None, **kwargs: Any) -> Self:
        """Return an environment that is not made yet; of a class that counts, where it has a budget."""
        kind: type = cls if budget is None else metered_kind(cast("Any", cls))
        made: Self = object.__new__(kind)
        return made

    def __init__(self, *args: Any, budget: Budget | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if budget is not None:
            cast("Metered", self).count(budget)


class Metered(SandboxedEnvironment):
    """Mixed into a sandboxed environment that has a budget."""

    intercepted_binops = frozenset(SandboxedEnvironment.default_binop_table)
    budget: Budget

    def count(self, budget: Any) -> None:
        """Have everything that is Jinja2's own count from now on."""
        if not isinstance(budget, Budget):
            raise ConfigError(f"`budget=` is a `blendtpl.Budget`, not `{type(budget).__name__}`")
        self.budget = budget
        self.finalize = _Printed(self.finalize)
        filters: dict[str, Any] = self.filters
        tests: dict[str, Any] = self.tests
        own_filters = [name for name in filters if is_own(self, "filter", name)]
        own_tests = [name for name in COMPARING if is_own(self, "test", name)]
        filters.update((name, MeteredFilter(name, filters[name])) for name in own_filters)
        tests.update((name, MeteredTest(name, tests[name])) for name in own_tests)
        filters[COUNT_OUTPUT] = _count_output

    def call_binop(self, context: Any, operator_: str, left: Any, right: Any) -> Any:
        """Return what an operator gives, as Jinja2's method of that name does."""
        meter = current()
        operator(meter, operator_, left, right)
        return meter.made(super().call_binop(context, operator_, left, right))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # as Jinja2's
        """Return what a call gives, as Jinja2's method of that name does."""
        if isinstance(__obj, FunctionType) and __obj in OWN:
            return __obj(*args)
        meter = current()
        meter.enter()
        before = meter.output
        try:
            args = method(meter, __obj, args, kwargs)
            result = super().call(__context, __obj, *args, **kwargs)
            awaiting = awaiting_of(__self)
            result = settled(meter, __obj, result if awaiting is None else awaiting.awaited(result))
        finally:
            meter.depth -= 1
            meter.output = before  # it counts where it is printed
        if "caller" in kwargs:  # which is here: a `call` block prints it
            meter.write(size_of(str(result)))
        return result

    def wrap_str_format(self, value: Any) -> Any:
        """Return a method that formats, as Jinja2's method of that name does."""
        safe = super().wrap_str_format(value)
        return None if safe is None else metered_format(self, value, safe)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _unpickled, (type(self).__mro__[2],), self.__getstate__()


@lru_cache
def metered_kind(kind: type) -> type:
    """Return the class of what has a budget, of a class of sandboxed environments."""
    return type(kind.__name__, (Metered, kind), {"__module__": __name__, "__doc__": kind.__doc__})


def _unpickled(kind: type) -> Any:
    return object.__new__(metered_kind(kind))


@pass_context
class _Printed:
    """What an environment does with each value that is printed: what it would do without a budget, and counting."""

    def __init__(self, own: Any) -> None:
        self.own = own
        self.__qualname__ = f"printed {getattr(own, '__module__', '')}:{getattr(own, '__qualname__', type(own))}"

    def __call__(self, context: Any, value: Any) -> Any:
        meter = current()
        if self.own is not None:
            value = self.own(*passed_first(self.own, context), value)
        meter.measure(value)
        escaped = context.eval_ctx.autoescape
        if not isinstance(value, str):
            value = Markup(value.__html__()) if escaped and hasattr(value, "__html__") else str(value)  # noqa: S704
        text = escape(value) if escaped else value
        meter.write(size_of(text))
        return value


def _count_output(value: Any) -> Any:
    current().write(size_of(str(value)))
    return value
