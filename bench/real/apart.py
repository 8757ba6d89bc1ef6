"""Apart: a captured render whose functions of the application cost nothing, so that what is left is the engine's.

Enters: a render. Leaves: the same with each filter, test, global and variable that is a function of the application in
place of one that gives what that gave, in the same order. What the application's objects do by themselves, in
properties and methods, stays; sampling tells how much that is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import cycle
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from bench.real.capture import Captured

_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, partial)
_MARK = "jinja_pass_arg"  # where Jinja2's `pass_context` and its kin leave their mark

Function = Callable[..., Any]


class _Recorder:
    """Stands for one function: notes what it gives, and gives that again, over and over, once it is `replayed`."""

    def __init__(self, function: Function) -> None:
        self.function, self.given = function, list[Callable[[], Any]]()

    def note(self, *args: Any, **kwargs: Any) -> Any:
        result = self.function(*args, **kwargs)
        if isinstance(result, Iterator):
            items = tuple(result)
            self.given.append(partial(iter, items))
            return iter(items)
        self.given.append(result)
        return result

    def noting(self) -> Function:
        def function(*args: Any, **kwargs: Any) -> Any:
            return self.note(*args, **kwargs)

        return _marked(function, self.function)

    def replayed(self) -> Function:
        if not self.given:
            return self.function
        following = cycle(self.given).__next__
        if any(isinstance(result, partial) for result in self.given):

            def function(*args: Any, **kwargs: Any) -> Any:
                result = following()
                return result() if isinstance(result, partial) else result

        else:

            def function(*args: Any, **kwargs: Any) -> Any:
                return following()

        return _marked(function, self.function)


def _marked(function: Function, like: Function) -> Function:
    if hasattr(like, _MARK):
        setattr(function, _MARK, getattr(like, _MARK))
    return function


def _is_theirs(function: Any, own: Any = None) -> bool:
    return (
        isinstance(function, _FUNCTIONS)
        and function is not own
        and not str(getattr(function, "__module__", "")).startswith("jinja2.")
    )


def apart(captured: Captured) -> Captured:
    """Return the render with functions that answer by themselves, after one to note their answers."""
    environment = captured.environment
    tables: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
        "filters": (environment.filters, FILTERS),
        "tests": (environment.tests, TESTS),
        "globals": ({**environment.globals, **captured.globals}, {}),
        "variables": (captured.variables, {}),
    }
    recorders = {
        (table, name): _Recorder(function)
        for table, (present, own) in tables.items()
        for name, function in present.items()
        if _is_theirs(function, own.get(name))
    }

    def with_functions(get: Callable[[_Recorder], Function]) -> Captured:
        new = {table: dict(present) for table, (present, _) in tables.items()}
        for (table, name), recorder in recorders.items():
            new[table][name] = get(recorder)
        other = environment.overlay(cache_size=-1, auto_reload=False, enable_async=False)
        other.filters, other.tests, other.globals = new["filters"], new["tests"], new["globals"]
        return replace(captured, environment=other, globals={}, variables=new["variables"])

    noting = with_functions(_Recorder.noting)
    template = (
        noting.environment.from_string(captured.source or "")
        if captured.name is None
        else noting.environment.get_template(captured.name)
    )
    text = captured.within.run(template.render, noting.variables)
    return replace(with_functions(_Recorder.replayed), text=text)
