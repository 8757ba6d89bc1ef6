#!/usr/bin/env python3
# Licence: none.

"""Doc."""

# all of them
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

from bridge import shim  # noqa: I001


def send(name):
    # type: (str) -> str
    text = shim.fetch("templates/hello.php")  # type: str
    greet: Callable[[], str] = lambda: shim.fetch("templates/plain.txt")  # noqa: E731
    return text + greet()


def decorated(text: str = shim.fetch("templates/plain.txt")):
    def wrap(function):
        return lambda *a, **k: text + function(*a, **k)

    return wrap


@decorated(shim.fetch("templates/hello.php", {"name": "decorator"}))
def call() -> str:
    return "!"


print(send("Ada"), call())
