"""Uses Template, and string."""

import string
from pathlib import Path
from string import Template

from bridge import shim


def send(path: "Path | None", name: str) -> "list[str]":
    if path is None:
        path = None
    text = Path("templates/greeting.tpl").read_text()
    return [Template(text).substitute(name=name, amount=1), shim.fetch("templates/hello.php")]


print(send(None, "Ada"))
print(string.Template(open("templates/greeting.tpl").read()).substitute(name=2, amount=2))
