"""The function of ``module:function``, which is imported once, in the launcher, and called in each walker."""

import importlib
import inspect
from collections.abc import Callable

from blendtpl.cli.common import place_of
from blendtpl.errors import ConfigError
from blendtpl.printable import one_line
from blendtpl.walker.walker import Walker


def named_function(name: str) -> Callable[[Walker], object]:
    """Return that function. Raises `ConfigError` for a name that is none, or of something that takes no walker."""
    module, separator, path = name.partition(":")
    shown = one_line(name)
    if not (separator and module and path):
        raise ConfigError(f"`{shown}` names no function: write `module:function`, such as `shop.walker:walk`")
    try:
        target: object = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise ConfigError(f"`{shown}`: there is no module `{one_line(error.name)}` to import") from None
        raise _fails(shown, error) from error
    except (Exception, SystemExit) as error:
        raise _fails(shown, error) from error
    for part in path.split("."):
        if not hasattr(target, part):
            raise ConfigError(f"`{shown}`: the module has no `{one_line(path)}`")
        target = getattr(target, part)
    if not callable(target):
        raise ConfigError(f"`{shown}` is no function, but an object of type `{type(target).__name__}`")
    try:
        inspect.signature(target).bind(None)
    except TypeError as error:
        raise ConfigError(
            f"`{shown}` cannot be called with a walker alone ({error}): it takes one argument, as in"
            " `def walk(walker): …`"
        ) from None
    except ValueError:
        pass  # a function in C that does not say
    return target


def _fails(shown: str, error: BaseException) -> ConfigError:
    return ConfigError(f"the module of `{shown}` fails: {type(error).__name__}: {error}{place_of(error)}")
