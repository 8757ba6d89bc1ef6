"""``blendtpl explain``: what each stage of the compiler makes of a template."""

import ast
import pprint
from collections.abc import Iterator
from pathlib import Path

import click
import jinja2
from jinja2 import nodes

from blendtpl.bundle.environment import resolve_environment
from blendtpl.cli.common import (
    environment_option,
    errors_as_text,
    fail,
    portable_option,
    project,
    say,
)
from blendtpl.compiler.analysis.linker import link
from blendtpl.compiler.analysis.summary import TemplateSummary, summarize
from blendtpl.compiler.codegen.module import module
from blendtpl.compiler.frontend.parser import parse
from blendtpl.compiler.frontend.reader import Source, read
from blendtpl.compiler.frontend.references import asking
from blendtpl.errors import Fault, SourceError, did_you_mean
from blendtpl.runtime.speedups import ACTIVE


@click.command("explain")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("name")
@click.option(
    "--stage",
    type=click.Choice(["tree", "program", "python"]),
    default="python",
    show_default=True,
    help="The parsed tree, what is known of the linked template, or the emitted code.",
)
@environment_option
@portable_option
def explain_command(source: Path, name: str, stage: str, environment: str | None, portable: bool) -> None:
    """Print what a stage of the compiler makes of the template NAME of the folder SOURCE."""
    with errors_as_text():
        config = project()
        resolved = resolve_environment(environment or config.environment)
        found, _ = read(source, resolved, config.output, config.exclude)
        sources = {each.name: each for each in found}
        asked = asking(resolved, sources)
        if asked is not None:
            resolved, name = asked.environment, asked.meant(name)
        if name not in sources:
            hint = did_you_mean(name, sources)
            fail(f"no template `{name}` in `{source}`" + (f"; {hint}" if hint else ""))
        if stage == "tree":
            say("\n".join(_rows(_tree(sources[name], resolved), "")))
            return
        trees = {each.name: _tree(each, resolved) for each in found}
        summaries: dict[str, TemplateSummary] = {each: summarize(tree, resolved, each) for each, tree in trees.items()}
        program = link(summaries, resolved, speedups=ACTIVE and not portable)
        if stage == "program":
            say(pprint.pformat(program.templates[name], width=110))
        else:
            say(ast.unparse(module(resolved, name, trees[name], program.facts).tree()))


def _rows(node: nodes.Node, indent: str) -> Iterator[str]:
    """Yield a row for a node, with its plain fields, and the rows of what is below it, further in."""
    plain = [(field, value) for field, value in node.iter_fields() if not _holds_nodes(value)]
    yield f"{indent}{type(node).__name__} {', '.join(f'{field}={value!r}' for field, value in plain)}".rstrip()
    for child in node.iter_child_nodes():
        yield from _rows(child, indent + "  ")


def _holds_nodes(value: object) -> bool:
    found = value if isinstance(value, list) else [value]
    return any(isinstance(each, nodes.Node) for each in found)


def _tree(source: Source, environment: jinja2.Environment) -> nodes.Template:
    tree = parse(source, environment)
    if isinstance(tree, Fault):
        raise SourceError([tree])
    return tree
