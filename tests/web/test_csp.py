"""A nonce is in every script and style of a page, and what no nonce can reach is an error."""

import secrets
import shutil
import threading
from collections.abc import Callable
from typing import Any
from wsgiref.simple_server import make_server

import jinja2
import pytest
from markupsafe import Markup

import blendtpl
from blendtpl.web import wsgi
from blendtpl.web.csp import NonceExtension
from tests.web.test_plain import Quiet

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
N = ' nonce="N&#34;"'


def environment(
    kind: type[jinja2.Environment] = jinja2.Environment, *, policies: dict[str, Any] | None = None, **options: Any
) -> Any:
    made: Any = kind(**{"extensions": [NonceExtension], "autoescape": True, **options})
    made.globals["csp_nonce"] = lambda: 'N"'
    made.policies.update(policies or {})
    return made


REACHED = {
    "<script>a</script>": f"<script{N}>a</script>",
    "<SCRIPT src='x' defer></SCRIPT>": f"<SCRIPT{N} src='x' defer></SCRIPT>",
    "<style\nmedia=x>b</style>": f"<style{N}\nmedia=x>b</style>",
    "<script/>": f"<script{N}/>",
    "<script {% if a %}defer{% endif %} {{ a }}>x</script>": f"<script{N} defer A>x</script>",
    "<script nonce='q'>x</script>": "<script nonce='q'>x</script>",
    "<script a=b NONCE = '{{ a }}'>x</script>": "<script a=b NONCE = 'A'>x</script>",
    "<script>a<script>b</script><script>": f"<script{N}>a<script>b</script><script{N}>",
    "<!-- <script> --><p title='<script>'>": "<!-- <script> --><p title='<script>'>",
    "{# <script> #}<scripts><styles>": "<scripts><styles>",
    "{% if a %}<script>1{% else %}<script>2{% endif %}</script>": f"<script{N}>1</script>",
    "{% if a %}<p{% else %}<b{% endif %} {% if a %}>{% endif %}": "<p >",
    "{% for x in '' %}<script></script>{% else %}<style>{% endfor %}": f"<style{N}>",
    "{% for x in 'b' %}<script>{{ x }}</script>{% else %}<style>{% endfor %}": f"<script{N}>b</script>",
    "{% macro m() %}<style></style>{% endmacro %}<script>{{ m() }}": f"<script{N}><style{N}></style>",
    "{% block b %}<script>{% endblock %}": f"<script{N}>",
    "{% raw %}<p>{{ {% endraw %}<script>": f"<p>{{{{ <script{N}>",
    "<{{- ' x' }}>{# blendtpl: allow inline #}<style>": f"< x><style{N}>",
    "a\r\n<script>\r\n\r\n{{ a }}": f"a\n<script{N}>\n\nA",
    "<h{{ 1 }}><script>": f"<h1><script{N}>",
    "{%- if a -%}  <script>  {%- endif -%}": f"<script{N}>",
    "<p onclick='x'>{# blendtpl: allow inline -- old browsers #}": "<p onclick='x'>",
    "<a href='java{{ a }}' data-on=x class=style>": "<a href='javaA' data-on=x class=style>",
}


@pytest.mark.parametrize("source", REACHED)
def test_every_script_and_style_has_it_in_bundles_live_and_in_jinja2(source: str) -> None:
    given = environment()
    registry = blendtpl.load(blendtpl.compile({"a.html": source}, environment=given), environment=given)
    assert registry.render("a.html", a="A") == REACHED[source]
    assert environment().from_string(source).render(a="A") == REACHED[source]
    assert environment(blendtpl.Environment).from_string(source).render(a="A") == REACHED[source]


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("<p\n onclick='x'>", 2, "`onclick` is a script that no nonce allows"),
        ("<p on{{ a }}='x'>", 1, "is a script that no nonce allows"),
        ("<a href=' JavaScript:x'>", 1, "a `javascript:` address is a script that no nonce allows"),
        ("<a href=javascript:x >", 1, "a `javascript:` address is a script that no nonce allows"),
        ("\n\n<p style='x'>", 3, "an attribute `style` is one that no nonce allows"),
        ("{{ '<script>'|safe }}", 1, "a `<script>` in a string gets no nonce"),
        ("{% set x = '<STYLE>' %}", 1, "a `<style>` in a string gets no nonce"),
        ("{% raw %}\n<script>{% endraw %}", 2, "a `<script>` in a `raw` block gets no nonce"),
        ("<{{ a }}>", 1, "the name of this tag is printed"),
        ("<scr{{ a }}>", 1, "the name of this tag is printed"),
        ("{% if a %}<p title='{% endif %}\n<script>", 1, "branches before this tag end in different places"),
    ],
)
def test_what_no_nonce_can_reach_is_an_error_with_its_line(source: str, line: int, said: str) -> None:
    with pytest.raises(blendtpl.SourceError, match=said) as told:
        blendtpl.compile({"a.html": source}, environment=environment())
    (fault,) = told.value.faults
    assert (fault.name, fault.line) == ("a.html", line)
    with pytest.raises(jinja2.TemplateSyntaxError, match=said):
        environment(blendtpl.Environment).from_string(source)


def test_policies_say_where_it_comes_from_and_which_elements_and_templates_have_it() -> None:
    policies = {"csp.nonce": "request.nonce", "csp.elements": ("script",), "csp.exclude": ("mails/*", "x.html")}
    given = environment(policies=policies)
    source = "<script><b></script><style></style><p style='a'>"
    names = ("a.html", "mails/a.html", "x.html")
    registry = blendtpl.load(blendtpl.compile(dict.fromkeys(names, source), environment=given), environment=given)
    for name in names:
        text = registry.render(name, request={"nonce": 7})
        assert text == (source.replace("<script", '<script nonce="7"') if name == "a.html" else source)


def test_what_is_not_escaped_is_left_alone() -> None:
    given = environment(autoescape=blendtpl.default_environment().autoescape)
    registry = blendtpl.load(blendtpl.compile({"a.txt": "<script onload=x>"}, environment=given), environment=given)
    assert registry.render("a.txt") == "<script onload=x>"


def test_a_mistake_in_a_template_is_told_as_without_it() -> None:
    for source in ("<p>\n{% if %}", "<script>{{ ", "{% nope %}<script>", "{{ a b }}"):
        faults = []
        for extensions in ([], [NonceExtension]):
            with pytest.raises(blendtpl.SourceError) as told:
                blendtpl.compile({"a.html": source}, environment=environment(extensions=extensions))
            faults.append([(fault.name, fault.line, fault.message) for fault in told.value.faults])
        assert faults[0] == faults[1]


PAGE = """<!doctype html><title>page</title>
<script>document.title += ' inline';</script>
<style>body { color: rgb(1, 2, 3) }</style>
<script src="/x.js"></script>
{{ planted }}
<p id=end>{{ text }}</p><script>document.title += ' last';</script>
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_browser_that_enforces_a_policy_runs_every_script_and_refuses_a_planted_one() -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    given = environment(undefined=jinja2.StrictUndefined, policies={"csp.nonce": "nonce"})
    template = blendtpl.load(blendtpl.compile({"a.html": PAGE}, environment=given), environment=given)["a.html"]
    planted = "<script>document.title += ' planted'</script><style>body { color: red }</style>"

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] == "/x.js":
            start_response("200 OK", [("Content-Type", "text/javascript")])
            return [b"document.title += ' file';"]
        nonce = secrets.token_urlsafe()
        policy = f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
        context = {"nonce": nonce, "text": "text", "planted": Markup(planted)}
        page = wsgi.TemplateResponse(template, context, headers=[("Content-Security-Policy", policy)])
        return page(environ, start_response)

    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            refused: list[str] = []
            page.on("console", lambda message: refused.append(message.text))
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_selector("#end")
            assert page.title() == "page inline file last"
            assert page.evaluate("getComputedStyle(document.body).color") == "rgb(1, 2, 3)"
            assert sum("Content Security Policy" in text for text in refused) == 2
            browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
