"""Metered sandboxes: what a sandboxed live environment does more when it has a budget.

Enters: the class of a sandboxed environment. Leaves: one of it that counts operators, calls, filters and what is
printed; what is counted in the tree of a template is in `blendtpl.compiler.frontend.metered`.
"""

from functools import lru_cache
from types import FunctionType
from typing import Any, Self

from jinja2.filters import FILTERS
from jinja2.sandbox import SandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import pass_context
from markupsafe import Markup, escape

from blendtpl.bundle.budget import Budget
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

    def __new__(cls, *arguments: Any, budget: Budget | None = None, **options: Any) -> Self:
        """Return an environment that is not made yet; of a class that counts, where it has a budget."""
        return object.__new__(cls if budget is None else metered_kind(cls))

    def __init__(self, *arguments: Any, budget: Budget | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if isinstance(self, Metered):
            self.count(budget)


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
        for name, function in self.filters.items():
            if FILTERS.get(name) is function:
                self.filters[name] = MeteredFilter(name, function)
        self.filters[COUNT_OUTPUT] = _count_output
        for name, function in self.tests.items():
            if name in COMPARING and TESTS.get(name) is function:
                self.tests[name] = MeteredTest(name, function)

    def call_binop(self, context: Any, operator_: str, left: Any, right: Any) -> Any:
        """Return what an operator gives, as Jinja2's method of that name does."""
        meter = current()
        operator(meter, operator_, left, right)
        return meter.made(super().call_binop(context, operator_, left, right))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # as Jinja2's
        """Return what a call gives, as Jinja2's method of that name does."""
        if type(__obj) is FunctionType and __obj in OWN:
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
