"""The old ways: what processes did, and do, that make something for each render and keep it."""

import importlib.util
import re
import runpy
import sys
from collections.abc import Mapping
from itertools import count, cycle
from pathlib import Path
from typing import Any

import jinja2

from bench.memory import string_templates
from bench.memory.registered import Desk, Family, Part, Render, Unsupported, subject
from testkit.oracle import stock_environment

_COPIES = 500  # templates, of which a cache of Jinja2's default size keeps 400
_REFERENCE = re.compile(r"""({% (?:extends|include|from) )("[^"]+")""")


@subject("exec of a file per include", Family.OLD)
def executed(part: Part, desk: Desk) -> Render:
    """The Python file that Jinja2 makes of a template is read, compiled and executed for each include of it."""
    stock = part.make().overlay(loader=_Executed(_python_files(part, desk.folder)), cache_size=0)
    return lambda context: stock.get_template(part.entry).render(context)


@subject("import of a module per include", Family.OLD)
def imported(part: Part, desk: Desk) -> Render:
    """The Python file that Jinja2 makes of a template is imported under a new name for each include of it."""
    stock = part.make().overlay(loader=_Imported(_python_files(part, desk.folder)), cache_size=0)
    return lambda context: stock.get_template(part.entry).render(context)


@subject("runpy.run_path per include", Family.OLD)
def run_path(part: Part, desk: Desk) -> Render:
    """The Python file that Jinja2 makes of a template is run by `runpy.run_path` for each include of it."""
    stock = part.make().overlay(loader=_Ran(_python_files(part, desk.folder)), cache_size=0)
    return lambda context: stock.get_template(part.entry).render(context)


@subject("string.Template read per call", Family.OLD)
def string_template(part: Part, desk: Desk) -> Render:
    """Each text is read from its file and substituted by the standard library's `string.Template`."""
    if part.page is None or part.page.jinja2 is not string_templates.ORIGINAL:
        raise Unsupported("only the alert e-mail is written for it")
    string_templates.write(desk.folder)
    return lambda context: string_templates.alert(desk.folder, context)


@subject("jinja2.Template read per call", Family.OLD)
def template(part: Part, desk: Desk) -> Render:
    """`jinja2.Template(open(…).read())` for each use of a text; they get at each other by a function that does that."""
    if part.page is None or part.page.jinja2 is not string_templates.ORIGINAL:
        raise Unsupported("only the alert e-mail is written for it")
    for name, text in part.sources.items():
        (desk.folder / name).write_text(_REFERENCE.sub(r"\1read(\2)", text), encoding="utf-8")

    def read(name: str) -> jinja2.Template:
        parsed: jinja2.Template = jinja2.Template((desk.folder / name).read_text(encoding="utf-8"), autoescape=True)
        return parsed

    return lambda context: read(part.entry).render(context, read=read)


@subject("Jinja2 from_string per call", Family.OLD)
def from_string(part: Part, desk: Desk) -> Render:
    """`Environment.from_string` of the text for each call; what it includes and extends is cached."""
    stock = stock_environment(part.sources, part.make).overlay(auto_reload=False, cache_size=-1)
    if callable(by_name := stock.autoescape):  # which such a template does not have
        stock.autoescape = lambda name: by_name(part.entry if name is None else name)
    return lambda context: stock.from_string(part.sources[part.entry]).render(context)


@subject("Jinja2 Environment per call", Family.OLD)
def environment(part: Part, desk: Desk) -> Render:
    """A `jinja2.Environment` is made for each call, which compiles all that the template needs."""
    return lambda context: stock_environment(part.sources, part.make).get_template(part.entry).render(context)


@subject("Jinja2 ModuleLoader, once", Family.OLD)
def module_loader(part: Part, desk: Desk) -> Render:
    """A folder that `compile_templates` wrote, and one environment with a `ModuleLoader` that loads each once."""
    _compile_folder(part, desk.folder)
    stock = part.make().overlay(loader=jinja2.ModuleLoader(desk.folder), auto_reload=False, cache_size=-1)
    return lambda context: stock.get_template(part.entry).render(context)


@subject("Jinja2 ModuleLoader per call", Family.OLD)
def module_loader_per_call(part: Part, desk: Desk) -> Render:
    """A folder that `compile_templates` wrote, and an environment with a `ModuleLoader` made for each call."""
    _compile_folder(part, desk.folder)

    def render(context: Mapping[str, Any]) -> str:
        stock = part.make()
        stock.loader = jinja2.ModuleLoader(desk.folder)
        return stock.get_template(part.entry).render(context)

    return render


@subject("Jinja2, cache of 400, 500 templates", Family.OLD)
def small_cache(part: Part, desk: Desk) -> Render:
    """One `jinja2.Environment` as it comes, whose cache keeps 400, and 500 copies of the template, rendered in turn."""
    if part.entry not in part.sources:
        raise Unsupported("there is no template to copy")
    copies = [f"{number:03}-{part.entry}" for number in range(_COPIES)]
    stock = stock_environment({**part.sources, **dict.fromkeys(copies, part.sources[part.entry])}, part.make)
    for name in copies:  # the cache is full before anything is measured
        stock.get_template(name)
    names = cycle(copies)
    return lambda context: stock.get_template(next(names)).render(context)


class _Executed(jinja2.BaseLoader):
    """Loads a template by running its file."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def load(self, environment: jinja2.Environment, name: str, globals: Any = None) -> jinja2.Template:
        path = _file_of(self._files, name)
        space: dict[str, Any] = {"__file__": str(path)}
        exec(compile(path.read_bytes(), path, "exec"), space)
        return jinja2.Template.from_module_dict(environment, space, globals)


class _Ran(jinja2.BaseLoader):
    """Loads a template by running its file as a program."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def load(self, environment: jinja2.Environment, name: str, globals: Any = None) -> jinja2.Template:
        space = runpy.run_path(str(_file_of(self._files, name)))["root"].__globals__  # what it gives back is a copy
        return jinja2.Template.from_module_dict(environment, space, globals)


class _Imported(jinja2.BaseLoader):
    """Loads a template by importing its file as a module that has not been there yet."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files, self._numbers = files, count()

    def load(self, environment: jinja2.Environment, name: str, globals: Any = None) -> jinja2.Template:
        module_name = f"template_{next(self._numbers)}"
        spec: Any = importlib.util.spec_from_file_location(module_name, _file_of(self._files, name))
        module = sys.modules[module_name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return jinja2.Template.from_module_dict(environment, vars(module), globals)


def _file_of(files: Mapping[str, Path], name: str) -> Path:
    if name not in files:
        raise jinja2.TemplateNotFound(name)
    return files[name]


def _python_files(part: Part, folder: Path) -> Mapping[str, Path]:
    """Write the Python that Jinja2 makes of each template into a file; return the files by name."""
    stock, files = part.make(), {}
    for number, (name, text) in enumerate(part.sources.items()):
        files[name] = folder / f"template_{number}.py"
        files[name].write_text(stock.compile(text, name, raw=True, defer_init=True), encoding="utf-8")
    return files


def _compile_folder(part: Part, folder: Path) -> None:
    stock_environment(part.sources, part.make).compile_templates(folder, zip=None, ignore_errors=False)
