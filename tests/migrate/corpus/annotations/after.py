"""Uses Template, and string."""

from pathlib import Path

from bridge import registry


def send(path: "Path | None", name: str) -> "list[str]":
    if path is None:
        path = None
    return [registry.render("greeting.txt", name=name, amount=1), registry.render("hello.txt", name=name)]


print(send(None, "Ada"))
print(registry.render("greeting.txt", name=2, amount=2))
