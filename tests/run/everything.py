"""A program that renders for long, watched from inside and outside: run as ``python -m tests.run.everything FILE``.

It uses every built-in filter and test, the whole language and every example of `templates/`, fails in many ways, and
prints what an audit hook saw between the first render and the last. Two marker files are looked for around that, so
that a system call tracer can find the place.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import blendtpl
from testkit.language import VARIABLES
from testkit.memory import EVENTS


def work(registries: list[blendtpl.Registry], examples: list[tuple[str, str, dict[str, Any]]]) -> Callable[[], int]:
    """Return a function that does everything once, without looking at a file, and says how many renders that were."""
    whole, small = registries

    def run() -> int:
        count = failed = 0
        for name, _, context in examples:
            whole.render(name, context)
            count += 1
        for template in small.values():
            for render in (template.render, lambda *given, template=template: "".join(template.stream(*given))):
                try:
                    render(VARIABLES)
                except Exception as error:
                    str(error)
                    failed += 1
                count += 1
        small["language.html"].render_block("a", VARIABLES)
        small.get("gone.html")
        for name in ("gone.html", "language.htm"):
            try:
                small.render(name)
            except blendtpl.TemplateNotFound as error:
                str(error)
        assert failed == 2 * sum(name.startswith("bad/") for name in small)
        return count + 3

    return run


def main(folder: str, renders: int, planted: bool) -> None:
    """Load the bundles of a folder, delete them, render, and print a report; `planted` opens a file meanwhile."""
    files = [Path(folder, "whole.blend"), Path(folder, "small.blend")]
    examples = json.loads(Path(folder, "examples.json").read_text())
    registries = [blendtpl.load(file) for file in files]
    for file in files:
        file.unlink()
    run = work(registries, examples)
    seen: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event in EVENTS:
            seen.append(f"{event} {arguments!r:.200}")

    sys.addaudithook(hook)
    modules = set(sys.modules)
    os.access("/marker/begin", 0)
    watching = True
    count = 0
    while count < renders:
        count += run()
        if planted:
            Path("/dev/null").open().close()
    watching = False
    os.access("/marker/end", 0)
    print(json.dumps({"count": count, "seen": seen, "modules": sorted(set(sys.modules) - modules)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["planted"])
