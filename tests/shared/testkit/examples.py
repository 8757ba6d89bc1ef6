"""The examples that stand beside Feedwhip's templates."""

from collections.abc import Iterator

from blendtpl.compiler.frontend.examples import read_examples
from testkit import TEMPLATES


def every_example() -> Iterator[tuple[str, str]]:
    """Yield (template, example) for each template that has examples."""
    for path in sorted(TEMPLATES.rglob("*")):
        name = path.relative_to(TEMPLATES).as_posix()
        if path.is_file() and path.suffix not in {".json", ".toml"}:
            for example in read_examples(TEMPLATES, name):
                yield name, example


def context_of(name: str, example: str) -> dict[str, object]:
    return dict(read_examples(TEMPLATES, name)[example])
