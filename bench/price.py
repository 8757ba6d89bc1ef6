"""What each promise costs: ``python -m bench.price [workload…]``.

The emitted code of a workload is rendered as it is, then with all written out that functions in C may do
(``portable``), and that with one kind of check taken out of it at a time, beside the hand-written function, which has
none of them. Prints how many times as long each takes as the hand-written one, by best rounds; a dash where the
workload does not render without that check. What is left when all of them are out is what it takes to do without
knowing the caller: the calls between templates, and the dict of variables.
"""

import argparse
import ast
import gc
from collections.abc import Callable, Mapping
from functools import partial
from types import CodeType, MappingProxyType
from typing import Any

import blendtpl
from bench.measure import best_rounds
from bench.workloads import WORKLOADS
from bench.workloads.workload import Workload
from blendtpl.compiler.assemble import template_code
from blendtpl.compiler.codegen.module import Module

_ROUNDS = 60


def _is_test(test: ast.expr, other: str) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], (ast.Is, ast.IsNot))
        and ast.unparse(test.comparators[0]).removesuffix("_") == other  # a local name for it
    )


class _Without(ast.NodeTransformer):
    """Takes one kind of check out of a module."""

    def __init__(self, what: str) -> None:
        self.what = what

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Drop what streams a loop in pieces."""
        self.generic_visit(node)
        return None if self.what == "streams" and ast.unparse(node.test).startswith("limit is not None") else node

    def visit_Try(self, node: ast.Try) -> ast.AST | list[ast.stmt]:
        """Drop what looks an attribute up again, as an item, or says that there is none."""
        self.generic_visit(node)
        return node.body if self.what == "missing attributes" else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Drop a choice by type, or by whether there is anything."""
        self.generic_visit(node)
        if self.what == "missing variables" and _is_test(node.test, "missing"):
            return node.orelse
        if self.what == "escape other types" and _is_test(node.test, "str"):
            return node.orelse
        if self.what == "dict or object" and isinstance(node.orelse, ast.Subscript) and isinstance(node.test, ast.Name):
            return node.orelse
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        """Drop the question of whether something is a dict."""
        self.generic_visit(node)
        return None if self.what == "dict or object" and _is_test(node.value, "dict") else node


PROMISES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "as it is": (),
        "portable": (),
        "streams": ("streams",),
        "missing variables": ("missing variables",),
        "missing attributes": ("missing attributes",),
        "dict or object": ("missing attributes", "dict or object"),
        "escape other types": ("escape other types",),
        "all of them": ("streams", "missing variables", "missing attributes", "dict or object", "escape other types"),
    }
)


def template_without(
    promises: tuple[str, ...], templates: Mapping[str, str], entry: str, *, portable: bool = True
) -> blendtpl.Template:
    """Return a template whose code makes these promises no more."""
    real = vars(template_code)["_compile"]

    def without(module: Module, file: str) -> CodeType:
        tree: Any = module.tree()
        for promise in promises:
            tree = _Without(promise).visit(tree)
        return compile(ast.unparse(tree), file, "exec", dont_inherit=True, optimize=0)

    vars(template_code).update(_compile=without)
    try:
        return blendtpl.load(blendtpl.compile(dict(templates), portable=portable))[entry]
    finally:
        vars(template_code).update(_compile=real)


def prices(workload: Workload) -> dict[str, float]:
    """Return how many times as long as by hand a workload takes without each promise that it can do without."""
    context = workload.context
    renders: dict[str, Callable[[], object]] = {"": partial(workload.by_hand, context)}
    for name, promises in PROMISES.items():
        render = template_without(promises, workload.jinja2, workload.entry, portable=name != "as it is").render
        try:
            alike = render(context) == workload.by_hand(context)
        except Exception:  # it needs that check
            alike = False
        if alike:
            renders[name] = partial(render, context)
    best = best_rounds(renders, _ROUNDS)
    return {name: best[name] / best[""] for name in renders if name}


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.price", description=__doc__)
    parser.add_argument("workloads", nargs="*", help="parts of names; all when left out")
    options = parser.parse_args(arguments)
    gc.disable()
    print(f"{'times as long as by hand, without':34}" + "".join(f"{name:>20}" for name in PROMISES))
    for workload in WORKLOADS:
        if not options.workloads or any(part in workload.name for part in options.workloads):
            costs = prices(workload)
            columns = (f"{costs[name]:.2f}" if name in costs else "-" for name in PROMISES)
            print(f"{workload.name:34}" + "".join(f"{text:>20}" for text in columns), flush=True)


if __name__ == "__main__":
    main()
