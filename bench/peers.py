"""Peers: what renders a workload, each by its fastest settings.

Enters: a workload, and a desk for what is no matter of memory alone. Leaves: a function of no
arguments that returns its whole text. A peer that is not installed, or has no templates of a workload, raises
`Unsupported`.
"""

import functools
import html
import importlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import blendtpl
from bench.measure import jinja2_environment
from bench.workloads.filters import capitals
from bench.workloads.i18n import gettext, ngettext
from bench.workloads.workload import Sources, Workload, escape

Render = Callable[[], str]

_FUNCTIONS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {"_": gettext, "ngettext": ngettext, "capitals": capitals}
)

# what a long-lived PHP process runs: a line asks for a template, or for the memory in use when it is empty; an answer
# begins with its length in bytes
_WORKER = """\
<?php
function e($text) { return htmlspecialchars((string) $text, ENT_QUOTES); }
function t($text, $variables = []) { return strtr($text, $variables); }
$context = json_decode(file_get_contents($argv[1]), true);
extract($context);
if (is_file('functions.php')) require __DIR__ . '/functions.php';
while (($asked = fgets(STDIN)) !== false) {
    ob_start();
    if ($asked === "\\n") echo memory_get_usage();
    else include __DIR__ . '/' . rtrim($asked);
    $text = ob_get_clean();
    fwrite(STDOUT, strlen($text) . "\\n" . $text);
}
"""
PHP_WITH_OPCACHE = {
    "opcache.enable_cli": "1",
    "opcache.validate_timestamps": "0",
    "opcache.file_update_protection": "0",  # of seconds since a file was written
    "opcache.jit": "tracing",
    "opcache.jit_buffer_size": "64M",
}
PHP_WITHOUT_OPCACHE = {"opcache.enable_cli": "0"}


class Unsupported(Exception):
    """A peer cannot render a workload; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a peer may use: a folder of its own, and `at_end`, which takes what is to be called when it is done."""

    folder: Path
    at_end: Callable[[Callable[[], object]], None]


@dataclass(frozen=True, slots=True)
class Php:
    """A PHP process. `ask` returns what it renders a template to, and the bytes that it uses for an empty name."""

    process: int
    ask: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Peer:
    """What is measured. `exact`: its text is that of Jinja2, to the byte."""

    name: str
    prepare: Callable[[Workload, Desk], Render]
    exact: bool = False


def normal(text: str) -> str:
    """Return a text with its entities read, no blank space, and attributes such as `checked` in their short form."""
    return re.sub(r'(\w+)="\1"', r"\1", re.sub(r"\s+", "", html.unescape(text)))


def _blendtpl(workload: Workload, desk: Desk) -> Render:
    registry = blendtpl.load(blendtpl.compile(workload.jinja2))
    return functools.partial(registry.render, workload.entry, workload.context)


def _portable(workload: Workload, desk: Desk) -> Render:
    registry = blendtpl.load(blendtpl.compile(workload.jinja2, portable=True))
    return functools.partial(registry.render, workload.entry, workload.context)


def _by_hand(workload: Workload, desk: Desk) -> Render:
    return functools.partial(workload.by_hand, workload.context)


def _jinja2(workload: Workload, desk: Desk) -> Render:
    environment, entry, context = jinja2_environment(workload.jinja2), workload.entry, workload.context
    return lambda: environment.get_template(entry).render(context)


def _minijinja(workload: Workload, desk: Desk) -> Render:
    minijinja: Any = installed("minijinja")
    environment = minijinja.Environment(
        templates=dict(workload.minijinja or workload.jinja2), undefined_behavior="strict", reload_before_render=False
    )
    for name, function in _FUNCTIONS.items():
        environment.add_global(name, function)
    return functools.partial(environment.render_template, workload.entry, **workload.context)


def _mako(workload: Workload, desk: Desk) -> Render:
    lookups: Any = installed("mako.lookup")
    lookup = lookups.TemplateLookup(default_filters=["h"], filesystem_checks=False)
    for name, text in _sources(workload, "mako").items():
        lookup.put_string(name, text)
    context = {**_FUNCTIONS, **workload.context}
    return lambda: str(lookup.get_template(workload.entry).render(**context))


def _chameleon(workload: Workload, desk: Desk) -> Render:
    chameleon: Any = installed("chameleon")
    _write(_sources(workload, "chameleon"), desk.folder)
    loader = chameleon.PageTemplateLoader(str(desk.folder), auto_reload=False, debug=False)
    context = {**_FUNCTIONS, **workload.context, "load": loader.load}
    template = loader[workload.entry]
    return lambda: str(template(**context))


def _django(workload: Workload, desk: Desk) -> Render:
    template: Any = installed("django.template")
    _configure_django()
    sources = dict(_sources(workload, "django"))
    engine = template.Engine(
        loaders=[
            ("django.template.loaders.cached.Loader", [("django.template.loaders.locmem.Loader", sources)]),
        ],
        libraries={"i18n": "django.templatetags.i18n"},
        builtins=["bench.workloads.django_filters"],
    )
    context = dict(workload.context)
    return lambda: str(engine.get_template(workload.entry).render(template.Context(context)))


@functools.cache
def _configure_django() -> None:
    settings = importlib.import_module("django.conf").settings
    if not settings.configured:  # as another of this process may have done it
        settings.configure(USE_I18N=False)
    importlib.import_module("django").setup()


def _wheezy(workload: Workload, desk: Desk) -> Render:
    """Escape by MarkupSafe's C function for an exact `str`, as the functions by hand do: wheezy comes with none."""
    engine = wheezy_engine(_sources(workload, "wheezy"), _FUNCTIONS)
    return functools.partial(engine.get_template(workload.entry).render, workload.context)


def wheezy_engine(sources: Sources, functions: Mapping[str, Callable[..., object]]) -> Any:
    """Return an engine of wheezy with templates, what they may call, and `e`, which escapes an exact `str`."""
    loader = installed("wheezy.template.loader").DictLoader(dict(sources))
    extensions = [
        installed("wheezy.template.ext.core").CoreExtension(),
        installed("wheezy.template.ext.code").CodeExtension(),
    ]
    engine = installed("wheezy.template.engine").Engine(loader, extensions)
    engine.global_vars.update(functions, e=escape)
    return engine


def _tornado(workload: Workload, desk: Desk) -> Render:
    """Escape by the same function, called by name: what Tornado does by itself encodes first, and decodes again."""
    templates: Any = installed("tornado.template")
    loader = templates.DictLoader(
        dict(_sources(workload, "tornado")), autoescape=None, namespace={**_FUNCTIONS, "e": escape}
    )
    loader.namespace["render"] = lambda name, **variables: loader.load(name).generate(**variables)
    generate, context = loader.load(workload.entry).generate, workload.context
    return lambda: str(generate(**context), "utf-8")


def _tera(workload: Workload, desk: Desk) -> Render:
    pytera: Any = installed("pytera")
    _write(_sources(workload, "tera"), desk.folder)
    render = pytera.PyTera(f"{desk.folder}/*").render_template
    return functools.partial(render, workload.entry, **workload.context)


def _htpy(workload: Workload, desk: Desk) -> Render:
    """Run a module of functions, and render what its `page` returns."""
    installed("htpy")
    space: dict[str, Any] = dict(_FUNCTIONS)
    exec(compile(_sources(workload, "htpy")[workload.entry], workload.entry, "exec"), space)
    page, context = space["page"], workload.context
    return lambda: str(page(**context))


def _php(workload: Workload, desk: Desk) -> Render:
    """Ask a process over a pipe: its answer holds the time for the way there and back."""
    return functools.partial(start_php(workload, desk, PHP_WITH_OPCACHE).ask, workload.entry)


def start_php(workload: Workload, desk: Desk, options: Mapping[str, str]) -> Php:
    """Start a PHP process that renders a workload whenever it is asked to."""
    php = shutil.which("php")
    if php is None:
        raise Unsupported("php is not installed")
    _write(
        {**_sources(workload, "php"), "worker.php": _WORKER, "context.json": json.dumps(workload.context)}, desk.folder
    )
    flags = [part for name, value in options.items() for part in ("-d", f"{name}={value}")]
    process = subprocess.Popen(
        [php, *flags, "worker.php", "context.json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=desk.folder
    )
    desk.at_end(process.communicate)  # closes its input, upon which it ends
    assert process.stdin
    assert process.stdout
    ask, answer = process.stdin, process.stdout

    def render(entry: str) -> str:
        ask.write(f"{entry}\n".encode())
        ask.flush()
        return answer.read(int(answer.readline())).decode()

    return Php(process.pid, render)


def installed(name: str) -> Any:
    """Return a module. Raises `Unsupported` when it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Unsupported(f"{error.name} is not installed") from error


def _sources(workload: Workload, peer: str) -> Sources:
    sources = workload.others.get(peer, f"{peer} has no templates of this workload")
    if isinstance(sources, str):
        raise Unsupported(sources)
    return sources


def _write(sources: Sources, folder: Path) -> None:
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")


PEERS = (
    Peer("blendtpl", _blendtpl, exact=True),
    Peer("portable", _portable, exact=True),
    Peer("by hand", _by_hand, exact=True),
    Peer("jinja2", _jinja2, exact=True),
    Peer("minijinja", _minijinja),
    Peer("mako", _mako),
    Peer("chameleon", _chameleon),
    Peer("django", _django),
    Peer("wheezy", _wheezy),
    Peer("tornado", _tornado),
    Peer("tera", _tera),
    Peer("htpy", _htpy),
    Peer("php", _php),
)
