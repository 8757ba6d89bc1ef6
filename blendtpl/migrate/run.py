"""Run: all files of a project, one after the other.

Enters: files and folders, the templates, and what things are called. Leaves: for each file its old and new text, and
what is told of its calls. Nothing is written here.
"""

import ast
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from blendtpl.migrate.files import File, Unreadable, module_of, python_files, read_file
from blendtpl.migrate.project import Project, imports_back, project_of
from blendtpl.migrate.rewrite import Place, Remark, Rewritten, rewrite
from blendtpl.migrate.templates import Templates

_WORDS = frozenset({"exec", "run_path", "Template", "from_string"})  # without one, or the shim, a file has no old call

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Result:
    """A file, and what became of it. `new` are its new bytes, `None` when they are the old ones."""

    file: File
    new: bytes | None
    found: Rewritten


@dataclass(frozen=True, slots=True)
class Migration:
    """All files that have an old call, and those that may have one and cannot be read or parsed."""

    results: tuple[Result, ...]
    unreadable: tuple[Unreadable, ...]
    files: int

    @property
    def rewritten(self) -> int:
        """How many calls were rewritten."""
        return sum(len(result.found.rewritten) for result in self.results)

    @property
    def left(self) -> int:
        """How many calls were left alone."""
        return sum(len(result.found.left) for result in self.results)


def migrate(
    sources: Iterable[Path],
    templates: Templates,
    *,
    registry: str,
    shim: str = "shim",
    progress: Progress = lambda stage, done, total: None,
) -> Migration:
    """Return what becomes of all Python files of `sources`.

    `registry` is the ``module:name`` that rewritten code calls, `shim` the name of the shim in the old code.
    """
    read = [read_file(path) for path in python_files(sources)]
    unreadable = [file for file in read if isinstance(file, Unreadable)]
    files, unparsed = [], []
    for file in read:
        if isinstance(file, File):
            try:
                files.append((file, module_of(file.path), _parsed(file)))
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                unparsed.append((file, _error_text(error)))
    trees = ((str(file.path), module, tree) for file, module, tree in files)
    project = project_of(trees, shim, templates.called(), templates.including_once())
    templates.follow(project.shims)
    words = frozenset((shim, *_WORDS, *project.aliases.names))
    unreadable += [Unreadable(file.path, problem) for file, problem in unparsed if _has_word(file.text, words)]
    candidates = [(file, module) for file, module, tree in files if _may_have_calls(tree, words)]
    results = []
    for number, (file, module) in enumerate(candidates):
        progress("migrate", number, len(candidates))
        try:
            results.append(_result(file, module, templates, project, registry, shim))
        except (cst.ParserSyntaxError, RecursionError) as error:
            unreadable.append(Unreadable(file.path, _error_text(error)))
    relevant = (result for result in results if result.new is not None or result.found.left)
    return Migration(tuple(relevant), tuple(unreadable), len(read))


def _has_word(text: str, words: Iterable[str]) -> bool:
    return re.search(rf"\b({'|'.join(map(re.escape, words))})\b", text) is not None


def _may_have_calls(tree: ast.Module, words: frozenset[str]) -> bool:
    return any(getattr(node, field, None) in words for node in ast.walk(tree) for field in ("id", "attr", "name"))


def _parsed(file: File) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of an escape in somebody's string
        return ast.parse(file.text.encode("utf-8", "surrogatepass") if file.encoding == "utf-8" else file.text)


def _error_text(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"cannot parse it: {error.msg} (line {error.lineno}, column {error.offset})"
    if isinstance(error, cst.ParserSyntaxError):
        return f"cannot parse it: {error.message} (line {error.raw_line}, column {error.raw_column + 1})"
    return f"cannot parse it: {error or 'it is nested too deeply'}"


def _result(file: File, module: str, templates: Templates, project: Project, registry: str, shim: str) -> Result:
    origin = registry.partition(":")[0]
    stem = module.rpartition(".")[2]
    exported = frozenset(name for source, name in project.exported if source == stem)
    place = Place(str(file.path.absolute()), module, exported, imports_back(module, origin, project))
    rewritten = rewrite(cst.parse_module(file.text), place, templates, project, registry=registry, shim=shim)
    if rewritten.text == file.text:
        return Result(file, None, rewritten)
    try:
        return Result(file, file.encoded(rewritten.text), rewritten)
    except UnicodeEncodeError as error:
        reason = f"its encoding, {file.encoding}, has no {error.object[error.start]!r}"
        unencodable = tuple(Remark(remark.line, remark.call, reason) for remark in rewritten.rewritten)
        return Result(file, None, Rewritten(file.text, left=(*rewritten.left, *unencodable)))
