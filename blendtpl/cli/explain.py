"""``blendtpl explain``: what each stage of the compiler makes of a template."""

import ast
import pprint
from collections.abc import Collection, Iterator, Mapping
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
from blendtpl.compiler.analysis.linker import Program, link
from blendtpl.compiler.analysis.summary import TemplateSummary, summarize
from blendtpl.compiler.assemble.template_code import intermediate, module_of
from blendtpl.compiler.frontend.parser import parse
from blendtpl.compiler.frontend.reader import Source, read
from blendtpl.compiler.frontend.references import name_resolver
from blendtpl.compiler.ir.statements import Template
from blendtpl.compiler.ir.text import as_text
from blendtpl.compiler.passes.pipeline import PASSES
from blendtpl.errors import Fault, SourceError, did_you_mean
from blendtpl.runtime.speedups import ACTIVE


@click.command("explain")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("name")
@click.option(
    "--stage",
    type=click.Choice(["tree", "program", "ir", "python"]),
    default="python",
    show_default=True,
    help="The parsed tree, what is known of the linked template, its intermediate form, or the emitted code.",
)
@click.option(
    "--without",
    metavar="PASS",
    multiple=True,
    type=click.Choice(list(PASSES)),
    help="Leave out a pass over the intermediate form; may be given several times.",
)
@environment_option
@portable_option
def explain_command(
    source: Path, name: str, stage: str, without: tuple[str, ...], environment: str | None, portable: bool
) -> None:
    """Print what a stage of the compiler makes of the template NAME of the folder SOURCE."""
    with errors_as_text():
        config = project()
        resolved = resolve_environment(environment or config.environment)
        listed, _ = read(source, resolved, config.output, config.exclude)
        sources = {template.name: template for template in listed}
        resolver = name_resolver(resolved, sources)
        if resolver is not None:
            resolved, name = resolver.environment, resolver.resolve(name)
        if name not in sources:
            hint = did_you_mean(name, sources)
            fail(f"no template `{name}` in `{source}`" + (f"; {hint}" if hint else ""))
        if stage == "tree":
            say("\n".join(_rows(_tree(sources[name], resolved), "")))
            return
        trees = {template.name: _tree(template, resolved) for template in listed}
        program = _linked(trees, resolved, speedups=ACTIVE and not portable)
        if stage == "program":
            say(pprint.pformat(program.templates[name], width=110))
        elif stage == "ir":
            say(as_text(intermediate(name, trees[name], resolved, program.facts, trees.get, without)))
        else:
            say(_python(name, trees, resolved, program, without))


def emitted_python(sources: Mapping[str, Source], name: str, environment: jinja2.Environment, *, speedups: bool) -> str:
    """Return the Python that is emitted for a template of a set, which calls the functions in C if `speedups`."""
    trees = {other: _tree(source, environment) for other, source in sources.items()}
    return _python(name, trees, environment, _linked(trees, environment, speedups=speedups))


def intermediate_form(
    sources: Mapping[str, Source],
    name: str,
    environment: jinja2.Environment,
    without: Collection[str],
    *,
    speedups: bool,
) -> Template:
    """Return the intermediate form of a template of a set, as all passes leave it but for some."""
    trees = {other: _tree(source, environment) for other, source in sources.items()}
    program = _linked(trees, environment, speedups=speedups)
    return intermediate(name, trees[name], environment, program.facts, trees.get, without)


def _linked(trees: Mapping[str, nodes.Template], environment: jinja2.Environment, *, speedups: bool) -> Program:
    summaries: dict[str, TemplateSummary] = {name: summarize(tree, environment, name) for name, tree in trees.items()}
    return link(summaries, environment, speedups=speedups)


def _python(
    name: str,
    trees: Mapping[str, nodes.Template],
    environment: jinja2.Environment,
    program: Program,
    without: tuple[str, ...] = (),
) -> str:
    # other templates' trees are there as in a build, so that what is inlined is shown where it stands
    return ast.unparse(module_of(name, trees[name], environment, program.facts, trees.get, without).tree())


def _rows(node: nodes.Node, indent: str) -> Iterator[str]:
    """Yield a row for a node, with its plain fields, and the rows of what is below it, further in."""
    plain = [(field, value) for field, value in node.iter_fields() if not _holds_nodes(value)]
    yield f"{indent}{type(node).__name__} {', '.join(f'{field}={value!r}' for field, value in plain)}".rstrip()
    for child in node.iter_child_nodes():
        yield from _rows(child, indent + "  ")


def _holds_nodes(value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(isinstance(item, nodes.Node) for item in values)


def _tree(source: Source, environment: jinja2.Environment) -> nodes.Template:
    tree = parse(source, environment)
    if isinstance(tree, Fault):
        raise SourceError([tree])
    return tree
