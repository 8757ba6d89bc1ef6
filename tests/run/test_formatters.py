"""Whatever shows tracebacks shows ours: each step of the templates with its file and its line, and dies at none.

Entries of templates whose code did not run as such, because it stands inlined or is data, are put into a traceback; a
formatter looks at more of an entry than its line, such as the instruction that it stands at.
"""

import asyncio
import dis
import importlib
import inspect
import io
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from itertools import cycle
from types import TracebackType
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit.oracle import live_environment, load
from testkit.scenes import SCENES, Scene, environment, variables

Places = list[tuple[str, int]]

ROWS = Scene("rows", {"main.html": "\n{% for x in [1, 2] %}\n<b>{{ x }}</b>\n{{ nope }}{% endfor %}"}, ("main.html:4",))
ROWS_OF_OTHERS = Scene(
    "rows with an include and a macro",
    {
        "main.html": "{% from 'lib.html' import m %}\n{% for x in [1] %}\n"
        "{% include 'part.html' %}{{ m(x) }}{% endfor %}",
        "part.html": "\n\n{{ x.nope.y }}",
        "lib.html": "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}",
    },
    ("main.html:3", "part.html:3"),
)
WANTED = (
    "a page whose parent fails",  # which has no code at its top level
    "a page by a name made at run time, which fails",
    "a body of a loop",
    "a recursive loop",
    "a block of a parent, by super",
    "an include in a loop",
    "an include of an include, each in a loop",
    "an include that is missing",
    "a parent that is missing",
    "a macro of a module",
    "an argument that a macro prints in a loop",
    "a call in a loop",
)
CHOSEN = (ROWS, ROWS_OF_OTHERS, *(scene for scene in SCENES if scene.title in WANTED))


WAYS = ("render", "portable", "stream", "live")


def failing(render: Callable[[], object]) -> BaseException:
    try:
        render()
    except Exception as error:
        return error
    pytest.fail("it did not fail")


def errors_of(scene: Scene, *ways: str) -> Iterator[tuple[str, BaseException]]:
    """Yield an error of some ways to render, with what that is."""
    texts = scene.failing(scene.usual)
    for way in ways:
        if way == "live":
            live = live_environment(texts, environment)
            live.loader = jinja2.FunctionLoader(lambda name: (texts[name], name, None) if name in texts else None)
            yield way, failing(lambda: live.get_template("main.html").render(variables()))  # noqa: B023
            continue
        template = load(texts, environment, portable=way == "portable")["main.html"]
        yield way, failing(lambda: template.render(variables()))  # noqa: B023
        if way == "stream":
            yield way, failing(lambda: list(template.stream(variables())))  # noqa: B023


def found_in(text: str, pattern: str) -> Places:
    return [(file, int(line)) for file, line in re.findall(pattern, text)]


def entries(error: BaseException) -> Iterator[TracebackType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace
        trace = trace.tb_next


def by_traceback(error: BaseException) -> Places:
    told = traceback.TracebackException.from_exception(error, capture_locals=True, lookup_lines=True)
    return found_in("".join(told.format()), r'File "([^"]+)", line (\d+)')


def by_walk(error: BaseException) -> Places:
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]


def by_inspect(error: BaseException) -> Places:
    trace = error.__traceback__
    assert trace is not None
    return [(info.filename, info.lineno) for info in inspect.getinnerframes(trace, context=5)]


def by_dis(error: BaseException) -> Places:
    """Return the places of the instructions that the entries stand at, each of which is one that there is."""
    found = []
    for trace in entries(error):
        code = trace.tb_frame.f_code
        positions = list(code.co_positions())[trace.tb_lasti // 2]
        dis.disassemble(code, trace.tb_lasti, file=io.StringIO())
        found.append((code.co_filename, positions[0] or 0))
    return found


def by_cgitb(error: BaseException) -> Places:
    if isinstance(error, OSError):  # whose attributes that are not set it does not expect
        return by_walk(error)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        cgitb = pytest.importorskip("cgitb", reason="Python has it until 3.12")
        told = type(error), error, error.__traceback__
        assert "<table" in cgitb.html(told)
        text = cgitb.text(told)
    found = re.findall(r"^ ?(\S+) in .*$", text, re.MULTILINE)
    lines = [entry.tb_lineno for entry in entries(error)]  # which it marks in no way
    return [(file.rsplit("/", 1)[-1], line) for file, line in zip(found, lines, strict=True)]


def by_django(error: BaseException) -> Places:
    settings = pytest.importorskip("django.conf").settings
    if not settings.configured:  # another test of this process may have done so, in another way
        settings.configure()
        importlib.import_module("django").setup()
    settings.DEBUG, settings.SECRET_KEY = True, "of a test"
    debug = importlib.import_module("django.views.debug")
    reporter = debug.ExceptionReporter(None, type(error), error, error.__traceback__)
    assert "Traceback" in reporter.get_traceback_html()
    return found_in(reporter.get_traceback_text(), r'File "([^"]+)", line (\d+)')


def by_werkzeug(error: BaseException) -> Places:
    tbtools = pytest.importorskip("werkzeug.debug.tbtools")
    told = tbtools.DebugTraceback(error)
    assert "traceback" in told.render_traceback_html()
    assert "traceback" in told.render_debugger_html(evalex=False, secret="", evalex_trusted=False)
    return found_in(told.render_traceback_text(), r'File "([^"]+)", line (\d+)')


def by_starlette(error: BaseException) -> Places:
    middleware = pytest.importorskip("starlette.middleware.errors").ServerErrorMiddleware(None, debug=True)
    assert "Traceback" in middleware.generate_plain_text(error)
    page = middleware.generate_html(error)
    return found_in(page, r'<span class="frame-filename">([^<]+)</span>,\s*line <i>(\d+)</i>')[::-1]


def by_ipython(error: BaseException) -> Places:
    ultratb = pytest.importorskip("IPython.core.ultratb")
    told = type(error), error, error.__traceback__
    for mode in ("Plain", "Context", "Verbose", "Minimal"):
        shown = ultratb.FormattedTB(mode=mode, theme_name="nocolor").text(*told)
        if mode == "Context":
            text = shown
    return found_in(text, r"File ([^\s:]+):(\d+)")


def by_sentry(error: BaseException) -> Places:
    utils = pytest.importorskip("sentry_sdk.utils")
    event, _ = utils.event_from_exception((type(error), error, error.__traceback__))
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    return [(frame["filename"], frame["lineno"]) for frame in frames]


def by_rich(error: BaseException) -> Places:
    rich = pytest.importorskip("rich.traceback")
    told = rich.Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True, width=200)
    console = importlib.import_module("rich.console").Console(file=io.StringIO(), width=200)
    console.print(told)
    frames = told.trace.stacks[0].frames
    return [(frame.filename.rsplit("/", 1)[-1], frame.lineno) for frame in frames]


def by_pytest(error: BaseException) -> Places:
    info = pytest.ExceptionInfo.from_exception(error)
    for style in ("long", "native", "line", "no", "value"):
        assert str(info.getrepr(style=style, showlocals=style == "long"))
    return found_in(str(info.getrepr(style="short")), r"(\S+?):(\d+): in ")


FORMATTERS: dict[str, Callable[[BaseException], Places]] = {
    name.removeprefix("by_"): made for name, made in sorted(globals().items()) if name.startswith("by_")
}


@pytest.fixture(scope="module")
def errors() -> list[tuple[Scene, str, BaseException]]:
    few = zip(CHOSEN[2:], cycle(("render", "portable", "stream", "live")), strict=False)
    wanted = [*((scene, WAYS) for scene in CHOSEN[:2]), *((scene, (way,)) for scene, way in few)]
    return [(scene, way, error) for scene, ways in wanted for way, error in errors_of(scene, *ways)]


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_each_step_is_shown_with_its_file_and_line(
    formatter: str, errors: list[tuple[Scene, str, BaseException]]
) -> None:
    for scene, way, error in errors:
        expected = list(scene.places)
        if way == "live":  # where there may be more than one entry of a line
            known = traceback.extract_tb(error.__traceback__)
            expected = [(found.filename, found.lineno or 0) for found in known if found.filename in scene.texts]
        shown = [place for place in FORMATTERS[formatter](error) if place[0] in scene.texts]
        assert (scene.title, way, shown) == (scene.title, way, expected)


def test_what_is_shown_is_of_all_kinds(errors: list[tuple[Scene, str, BaseException]]) -> None:
    assert {scene.title for scene, *_ in errors} >= set(WANTED)
    kinds = {type(error) for *_, error in errors}
    assert kinds >= {blendtpl.UndefinedError, blendtpl.TemplateNotFound, ValueError}


def test_a_block_alone_and_a_traceback_that_is_cleared_are_shown_as_well() -> None:
    registry = load({"main.html": "{% block b %}\n{% for x in [1] %}\n{{ x }}{{ nope }}{% endfor %}{% endblock %}"})
    for name, shows in FORMATTERS.items():
        if name == "cgitb":  # which looks for the arguments of functions
            continue
        error = failing(lambda: registry["main.html"].render_block("b"))
        traceback.clear_frames(error.__traceback__)
        places = [place for place in shows(error) if place[0] == "main.html"]
        assert (name, places) == (name, [("main.html", 3)])


def test_an_entry_that_was_put_in_says_the_same_of_its_line_wherever_it_is_asked() -> None:
    error = failing(lambda: load(ROWS_OF_OTHERS.texts, environment).render("main.html", variables()))
    seen = 0
    for trace in entries(error):
        frame, code = trace.tb_frame, trace.tb_frame.f_code
        if code.co_filename == "part.html":
            seen += 1
            assert code.co_firstlineno == frame.f_lineno == trace.tb_lineno == 3
            assert {position[:2] for position in code.co_positions()} == {(3, 3)}
            assert {position[2:] for position in code.co_positions()} == {(None, None)}  # no carets under other text
            assert frame.f_locals == {}
    assert seen == 1


def test_a_debug_page_of_a_server_is_made_of_an_error_in_a_template() -> None:
    errors = pytest.importorskip("starlette.middleware.errors")
    registry = load(ROWS_OF_OTHERS.texts, environment)
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        registry.render("main.html", variables())

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept", b"text/html")], "query_string": b""}
    with pytest.raises(blendtpl.UndefinedError):
        asyncio.run(errors.ServerErrorMiddleware(app, debug=True)(scope, receive, send))
    assert sent[0]["status"] == 500
    assert b"part.html" in sent[1]["body"]
