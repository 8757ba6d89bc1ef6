#!/usr/bin/env python3
# Licence: none.

"""Doc."""

# all of them
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

from bridge import shim  # noqa: I001
from bridge import registry


def send(name):
    # type: (str) -> str
    text = registry.render("hello.txt", name=name)  # type: str
    greet: Callable[[], str] = lambda: registry.render("plain.txt")  # noqa: E731
    return text + greet()


def decorated(text: str = registry.render("plain.txt")):
    def wrap(function):
        return lambda *a, **k: text + function(*a, **k)

    return wrap


@decorated(registry.render("hello.txt", {"name": "decorator"}))
def call() -> str:
    return "!"


print(send("Ada"), call())
