"""Sets: which templates of which package belong together, and how their package sets its environment up.

A set has layers, folders of wheels of which the first that has a name wins, as with the search paths of the packages
themselves. What its own layers have is rendered; the other layers are what those may refer to.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
from jinja2 import sandbox

HTML = jinja2.select_autoescape(("html", "htm", "xml", "xhtml", "svg"))  # as Flask escapes

# tags that no package takes amiss; `i18n` gets its functions from `stubs`
EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols")

_NO_TEMPLATES = (
    *(".cls", ".css", ".eot", ".gif", ".ico", ".js", ".json", ".less", ".map", ".md", ".mo", ".po", ".png", ".py"),
    *(".pyc", ".pyi", ".sass", ".scss", ".sty", ".svg", ".toml", ".ttf", ".woff", ".woff2", ".yml"),
)

_TEX = MappingProxyType(
    {
        "block_start_string": "((*",
        "block_end_string": "*))",
        "variable_start_string": "(((",
        "variable_end_string": ")))",
        "comment_start_string": "((=",
        "comment_end_string": "=))",
    }
)
_LATEX = MappingProxyType(
    {
        "block_start_string": "<%",
        "block_end_string": "%>",
        "variable_start_string": "<%=",
        "variable_end_string": "%>",
        "comment_start_string": "<#",
        "comment_end_string": "#>",
    }
)
_JUPYTER = "nbconvert-7.17.2.data/data/share/jupyter/nbconvert/templates"

Layer = tuple[str, str]  # package and folder of its wheel


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """Layers and options of one environment. `kind` is the class that the package takes, of Jinja2."""

    package: str
    name: str
    own: tuple[Layer, ...]
    others: tuple[Layer, ...] = ()
    autoescape: Any = False
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    kind: type[jinja2.Environment] = jinja2.Environment


def _own(package: str, *folders: str, name: str = "", **more: Any) -> TemplateSet:
    return TemplateSet(package, name or posixpath.basename(folders[0]), tuple((package, at) for at in folders), **more)


def _theme(package: str, folder: str) -> TemplateSet:
    others = (("sphinx", "sphinx/themes/basic"), ("sphinx", "sphinx/themes"))
    return _own(package, folder, others=others, autoescape=False, kind=sandbox.SandboxedEnvironment)


def _expectations(name: str, **more: Any) -> TemplateSet:
    view = "great_expectations/render/view"
    others = (("great-expectations", f"{view}/static/styles"),)
    return _own("great-expectations", f"{view}/templates", name=name, others=others, **more)


def _notebook(name: str, **options: Any) -> TemplateSet:
    others = (("nbconvert", f"{_JUPYTER}/base"), ("nbconvert", _JUPYTER))
    return _own("nbconvert", f"{_JUPYTER}/{name}", others=others, options=options)


_SPHINX_THEMES = ("agogo", "basic", "bizstyle", "classic", "epub", "haiku", "nature", "nonav", "pyramid", "scrolls")
_SPHINX_TEXTS = ("apidoc", "epub3", "gettext", "htmlhelp", "quickstart")
_NOTEBOOKS = ("asciidoc", "base", "basic", "classic", "compatibility", "lab", "markdown", "python", "reveal", "rst")

SETS = (
    _theme("alabaster", "alabaster"),
    _own("bootstrap-flask", "flask_bootstrap/templates", autoescape=HTML),
    _own(
        "datamodel-code-generator",
        "datamodel_code_generator/model/template",
        others=(("datamodel-code-generator", "datamodel_code_generator/model/template/pydantic_v2"),),
    ),
    _own("datamodel-code-generator", "datamodel_code_generator/_client/templates", name="client"),
    _own("datamodel-code-generator", "datamodel_code_generator/_fastapi/templates", name="fastapi"),
    _own("datamodel-code-generator", "datamodel_code_generator/_runtime", name="runtime"),
    _own("flask-admin", "flask_admin/templates/bootstrap4", autoescape=HTML),
    _own("flask-admin", "flask_admin/tests/templates", "flask_admin/tests/sqla/templates", name="tests"),
    _own("flask-appbuilder", "flask_appbuilder/templates", autoescape=HTML),
    _own("flask-security", "flask_security/templates", autoescape=HTML),
    _theme("furo", "furo/theme/furo"),
    _expectations("plain", autoescape=jinja2.select_autoescape(("html", "xml"))),
    _expectations("escaped", autoescape=True),
    _own("mkdocs", "mkdocs/themes/mkdocs", others=(("mkdocs", "mkdocs/templates"),)),
    _own("mkdocs", "mkdocs/themes/readthedocs", "mkdocs/templates"),
    _own("mkdocs-material", "material/templates"),
    *(_notebook(name) for name in (*_NOTEBOOKS, "script", "webpdf")),
    _notebook("latex", trim_blocks=True, lstrip_blocks=True, **_TEX),
    _theme("pydata-sphinx-theme", "pydata_sphinx_theme/theme/pydata_sphinx_theme"),
    *(_theme("sphinx", f"sphinx/themes/{name}") for name in (*_SPHINX_THEMES, "sphinxdoc", "traditional")),
    *(_own("sphinx", f"sphinx/templates/{name}", kind=sandbox.SandboxedEnvironment) for name in _SPHINX_TEXTS),
    _own("sphinx", "sphinx/ext/autosummary/templates", kind=sandbox.SandboxedEnvironment),
    _own(
        "sphinx",
        "sphinx/templates/latex",
        "sphinx/templates/imgmath",
        "sphinx/templates/texinfo",
        kind=sandbox.SandboxedEnvironment,
        options={"trim_blocks": True, "lstrip_blocks": True, **_LATEX},
    ),
    _theme("sphinx-rtd-theme", "sphinx_rtd_theme"),
)


@dataclass(frozen=True, slots=True)
class Templates:
    """The texts of a set by name, and the names that its own layers gave."""

    texts: dict[str, str]
    own: tuple[str, ...]


def read(found: TemplateSet, wheels: Mapping[str, Path]) -> Templates:
    """Return the templates of a set: those with a tag in them, and what these refer to by a constant name."""
    layers = [_layer(wheels[package], folder) for package, folder in (*found.own, *found.others)]
    available = {name: member for layer in reversed(layers) for name, member in layer.items()}
    begins = [found.options.get(f"{what}_start_string", mark) for what, mark in (("block", "{%"), ("variable", "{{"))]
    texts: dict[str, str] = {}
    for name, (wheel, member) in available.items():
        if not name.lower().endswith(_NO_TEMPLATES):
            text = _text(wheel, member)
            if text is not None and any(begin in text for begin in begins):
                texts[name] = text
    waiting = list(texts)
    while waiting:
        for name in _referred(texts[waiting.pop()]) & available.keys() - texts.keys():
            text = _text(*available[name])
            if text is not None:
                texts[name] = text
                waiting.append(name)
    mine = {name for layer in layers[: len(found.own)] for name in layer}
    return Templates(dict(sorted(texts.items())), tuple(sorted(texts.keys() & mine)))


def _referred(text: str) -> set[str]:
    return set(re.findall(r"(?:extends|include|import|from)\s*\(?\s*[\"']([^\"']+)[\"']", text))


@cache
def _members(wheel: Path) -> tuple[str, ...]:
    with zipfile.ZipFile(wheel) as opened:
        return tuple(sorted(name for name in opened.namelist() if not name.endswith("/")))


@cache
def _layer(wheel: Path, folder: str) -> Mapping[str, tuple[Path, str]]:
    start = f"{folder}/"
    inside = (name for name in _members(wheel) if name.startswith(start))
    return {name.removeprefix(start): (wheel, name) for name in inside}


@cache
def _text(wheel: Path, member: str) -> str | None:
    with zipfile.ZipFile(wheel) as opened:
        try:
            return opened.read(member).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            return None


def every(wheels: Mapping[str, Path]) -> Iterator[tuple[TemplateSet, Templates]]:
    """Yield each set with its templates."""
    for found in SETS:
        yield found, read(found, wheels)
