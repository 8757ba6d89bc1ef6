"""A template is found by every spelling of its name by which Jinja2 finds it, and by no other. Jinja2 is the oracle."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.compat import IncludeShim
from blendtpl.compiler.build import build
from tests.compiling.support import invoke, write

FILES = {
    "a.html": "A{{ x }}",
    "sub/b.html": "B{{ x }}",
    "sub/deep/c.html": "C",
    "{{x}}/d.html": "D",
    "base.html": "<{% block c %}base{% endblock %}>",
    "macros.html": "{% macro f(x=1) %}f{{ x }}{% endmacro %}{% set value = 7 %}",
}
WANTED = [
    *FILES,
    "/a.html",
    "//a.html",
    "./a.html",
    ".//./a.html",
    "a.html/",
    "a.html/.",
    "sub//b.html",
    "/sub/./b.html",
    "./sub/deep//c.html",
    "sub/../a.html",
    "../a.html",
    "..",
    ".",
    "",
    "/",
    "A.html",
    " a.html",
    "a.html ",
    "sub\\b.html",
    "C:/a.html",
    "file:a.html",
    "./{{x}}//d.html",
    "p/a.html",
    "p//a.html",
    "/p/a.html",
    "./p/a.html",
    "p/./sub//b.html",
    "q/a.html",
    "q//a.html",
    "q/./a.html",
    "p:a.html",
    "p:/a.html",
    "p:./sub//b.html",
    "p/r/a.html",
    "p/r//a.html",
    "p//r/a.html",
]


class Own(jinja2.FileSystemLoader):
    """A loader of an application, which does something and then what Jinja2's does."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        return super().get_source(environment, template)


class Strict(jinja2.FileSystemLoader):
    """One that takes names as they are."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        if template not in self.list_templates():
            raise jinja2.TemplateNotFound(template)
        return super().get_source(environment, template)


class Dispatching(jinja2.BaseLoader):
    """One that asks others, as those of web frameworks do."""

    def __init__(self, *inner: jinja2.BaseLoader) -> None:
        self.inner = inner

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        for loader in self.inner:
            try:
                return loader.get_source(environment, template)
            except jinja2.TemplateNotFound:
                continue
        raise jinja2.TemplateNotFound(template)

    def list_templates(self) -> list[str]:
        return sorted({name for loader in self.inner for name in loader.list_templates()})


Make = Callable[[Path], jinja2.BaseLoader]

LOADERS: dict[str, Make] = {
    "a folder": jinja2.FileSystemLoader,
    "a mapping": lambda folder: jinja2.DictLoader(FILES),
    "a mapping of odd names": lambda folder: jinja2.DictLoader({"/a.html": "odd", "./x": "x", "sub//b.html": "two"}),
    "prefixes": lambda folder: jinja2.PrefixLoader(
        {"p": jinja2.FileSystemLoader(folder), "q": jinja2.DictLoader(FILES)}
    ),
    "another delimiter": lambda folder: jinja2.PrefixLoader({"p": jinja2.FileSystemLoader(folder)}, delimiter=":"),
    "prefixes in prefixes": lambda folder: jinja2.PrefixLoader(
        {"p": jinja2.PrefixLoader({"r": jinja2.FileSystemLoader(folder)})}
    ),
    "a choice": lambda folder: jinja2.ChoiceLoader(
        [jinja2.FileSystemLoader(folder), jinja2.DictLoader({"p/a.html": "exact", "file:a.html": "exact"})]
    ),
    "a choice of prefixes": lambda folder: jinja2.ChoiceLoader(
        [jinja2.PrefixLoader({"p": jinja2.DictLoader(FILES)}), jinja2.FileSystemLoader(folder)]
    ),
    "one of an application": Own,
    "a strict one": Strict,
    "one that asks others": lambda folder: Dispatching(jinja2.FileSystemLoader(folder)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("templates"), FILES)


def outcome(render: Callable[..., object], *arguments: str) -> object:
    try:
        return render(*arguments)
    except jinja2.TemplateNotFound as error:
        return jinja2.TemplateNotFound, error.name  # what more it says is of its loader
    except jinja2.TemplatesNotFound as error:
        return jinja2.TemplatesNotFound, error.message


@pytest.mark.parametrize("make", LOADERS.values(), ids=LOADERS)
def test_a_registry_finds_what_jinja2_finds_in_whatever_way_it_is_asked(folder: Path, make: Make) -> None:
    loader = make(folder)
    stock = jinja2.Environment(loader=loader)
    registry = blendtpl.load(blendtpl.compile(stock), environment=stock)
    live = blendtpl.Environment(loader=loader)
    asks: list[Callable[[str], str]] = [
        lambda name: live.get_template(name).render(x=1),
        lambda name: registry.render(name, x=1),
        lambda name: registry[name].render(x=1),
        lambda name: registry.get_template(name).render(x=1),
        lambda name: "".join(registry[name].stream(x=1)),
    ]
    for name in WANTED:
        expected = outcome(lambda name: stock.get_template(name).render(x=1), name)
        for ask in asks:
            assert outcome(ask, name) == expected, name
        found = isinstance(expected, str)
        assert (name in registry) is found
        assert (registry.get(name) is not None) is found
        if found:
            assert registry[name] is registry[registry[name].name]


@pytest.mark.parametrize("make", LOADERS.values(), ids=LOADERS)
def test_a_template_finds_what_jinja2_finds_by_names_made_when_it_renders(folder: Path, make: Make) -> None:
    asking = {
        "include": "{% include name %}",
        "several": "{% include ['no', name] %}",
        "ignoring": "[{% include name ignore missing %}]",
        "extends": "{% extends name %}{% block c %}own{{ super() }}{% endblock %}",
        "imports": "{% import name as m %}{% from name import value with context %}{{ m.f }}{{ value }}",
    }
    loader = jinja2.ChoiceLoader([make(folder), jinja2.DictLoader(asking)])
    stock = jinja2.Environment(loader=loader)
    registry = blendtpl.load(blendtpl.compile(stock), environment=stock)

    def expected(asker: str, name: str) -> str:
        return _steady(stock.get_template(asker).render(x=1, name=name))

    def found(asker: str, name: str) -> str:
        return _steady(registry.render(asker, x=1, name=name))

    for asker in asking:
        for name in WANTED:
            assert outcome(found, asker, name) == outcome(expected, asker, name), (asker, name)


def _steady(text: str) -> str:
    return text.partition("<Macro")[0]


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("spelt", ["{}", "/{}", "./{}", ".//{}", "{}/", "././{}"])
def test_a_constant_name_in_another_spelling_is_linked_like_any(tmp_path: Path, spelt: str, portable: bool) -> None:
    def named(name: str) -> str:
        return repr(spelt.format(name))

    write(tmp_path, FILES)
    write(
        tmp_path,
        {
            "child.html": f"{{% extends {named('base.html')} %}}{{% from {named('macros.html')} import f %}}"
            f"{{% import {named('macros.html')} as m %}}"
            f"{{% block c %}}{{{{ super() }}}}{{{{ f(2) }}}}{{{{ m.value }}}}"
            f"{{% for i in [1, 2] %}}{{% include {named('sub/b.html')} %}}{{% endfor %}}{{% endblock %}}",
            "list.html": f"{{% include ['no.html', {named('a.html')}] %}}"
            f"{{% include {named('no.html')} ignore missing %}}",
            "chosen.html": f"{{% extends {named('base.html')} if y else {named('a.html')} %}}",
        },
    )
    stock = jinja2.Environment(loader=jinja2.FileSystemLoader(tmp_path))
    bundle = blendtpl.compile(tmp_path, environment=stock, portable=portable)
    registry = blendtpl.load(bundle, environment=stock)
    for name in ("child.html", "list.html", "chosen.html"):
        expected = stock.get_template(name).render(x=1, y=0)
        assert registry.render(name, x=1, y=0) == expected
        assert "".join(registry[name].stream(x=1, y=0)) == expected
    assert registry["child.html"].references == ("base.html", "macros.html", "sub/b.html")
    assert registry["child.html"].blocks == ("c",)
    assert registry["child.html"].variables == ("x",)
    assert registry["child.html"].render_block("c", x=1) == "basef27B1B1"


def test_another_spelling_costs_no_look_up_when_it_renders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = jinja2.FileSystemLoader(folder)
    block = "{% for i in x %}{% include './a.html' %}{% endfor %}{{ super() }}"
    texts = {"user": f"{{% extends '/base.html' %}}{{% block c %}}{block}{{% endblock %}}"}
    registry = blendtpl.load(blendtpl.compile(jinja2.ChoiceLoader([names, jinja2.DictLoader(texts)])))

    def fail(*arguments: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr("blendtpl.bundle.names.split_template_path", fail)
    assert registry.render("user", x=[1, 2]) == "<A[1, 2]A[1, 2]base>"
    assert registry.render("a.html", x=1) == "A1"


def test_what_jinja2_looks_up_relatively_by_join_path_is_found_in_its_spelling(tmp_path: Path) -> None:
    class Relative(jinja2.Environment):
        def join_path(self, template: str, parent: str) -> str:
            return f"{parent.rpartition('/')[0]}/{template}" if template.startswith("./") else template

    write(tmp_path, {"sub/a.html": "{% include './b.html' %}{% include n %}", "sub/b.html": "near", "b.html": "far"})
    stock = Relative(loader=jinja2.FileSystemLoader(tmp_path))
    registry = blendtpl.load(blendtpl.compile(stock), environment=stock)
    for name in ("b.html", "./b.html", "/b.html", ".//b.html"):
        assert registry.render("sub/a.html", n=name) == stock.get_template("sub/a.html").render(n=name)


def test_faults_and_circles_stand_where_the_name_does_in_its_own_spelling(tmp_path: Path) -> None:
    write(tmp_path, {"a": "x\n  {% include './b' %}", "b": "{% include '/a' %}", "c": "{% include './nope' %}"})
    with pytest.raises(blendtpl.LinkError) as caught:
        blendtpl.compile(tmp_path)
    assert [(fault.kind, fault.name, fault.line, fault.column, fault.message) for fault in caught.value.faults] == [
        ("reference-cycle", "b", 1, 12, "references run in a circle: a -> b -> a"),
        ("missing-reference", "c", 1, 12, "no template `./nope`"),
    ]


def test_a_template_with_a_mistake_is_not_missed_in_another_spelling(tmp_path: Path) -> None:
    write(tmp_path, {"a": "{% if %}", "b": "{% include './a' %}{% include '/c' %}", "c": b"\xfc"})
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile(tmp_path)
    assert [fault.name for fault in caught.value.faults] == ["a", "c"]


def test_what_the_cache_has_of_a_name_is_not_taken_when_another_template_is_meant(tmp_path: Path) -> None:
    folder, cache = tmp_path / "templates", tmp_path / "cache"

    def rendered() -> str:
        return blendtpl.load(build(folder, cache=cache).bundle).render("a", n="./b")

    write(folder, {"a": "{% include ['./b', 'c'] %}", "c": "C"})
    assert rendered() == "C"
    write(folder, {"b": "B"})
    assert rendered() == "B"
    (folder / "b").unlink()
    assert rendered() == "C"
    assert build(folder, cache=cache).compiled == 0


def test_messages_are_found_in_another_spelling_too(tmp_path: Path) -> None:
    write(tmp_path, {"mail/alert/subject.txt": "S", "mail/alert/body.txt": "T", "mail/alert/body.html": "H"})
    registry = blendtpl.load(blendtpl.compile(tmp_path))
    for name in ("mail/alert", "/mail/alert", "./mail//alert", "mail/alert/"):
        message = registry.message(name, to=["a@example.org"], sender="b@example.org")
        assert (message.subject, message.text, message.html) == ("S", "T", "H")


def test_a_path_is_a_name_and_what_is_neither_is_told(folder: Path) -> None:
    registry: Any = blendtpl.load(blendtpl.compile(folder))
    assert registry[Path("sub/b.html")] is registry["sub/b.html"] is registry.get_template(Path("./sub//b.html"))
    assert registry.render(Path("a.html"), x=1) == "A1"
    assert Path("a.html") in registry
    assert Path("no.html") not in registry
    with pytest.raises(blendtpl.TemplateNotFound, match=r"no template `sub/a\.html` in the bundle; did you mean"):
        registry[Path("sub/a.html")]
    for odd in (None, b"a.html", 5, ("a.html",), object):
        assert odd not in registry
        assert registry.get(odd) is None
        for ask in (registry.__getitem__, registry.get_template, registry.render):
            with pytest.raises(blendtpl.TemplateNotFound) as caught:
                ask(odd)
            assert str(caught.value).endswith(f"; a template's name is a `str`, not `{type(odd).__name__}`")
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__
            assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_template_is_taken_for_a_name_as_jinja2_takes_it(folder: Path) -> None:
    registry: Any = blendtpl.load(blendtpl.compile(folder))
    other: Any = blendtpl.load(blendtpl.compile(folder))
    template = registry["a.html"]
    assert registry.get_template(template) is registry[template] is template
    assert registry.render(template, x=1) == "A1"
    assert template in registry
    assert other.get_template(template) is template
    assert template not in other


def test_the_shim_finds_what_old_paths_mean_however_they_are_spelt(folder: Path) -> None:
    shim = IncludeShim(blendtpl.load(blendtpl.compile(folder)), roots="templates")
    with pytest.warns(DeprecationWarning, match="is served by a shim"):
        shown = [
            shim.fetch(path, {"x": 1})
            for path in ("a.html", "./a.html", ".//a.html", "templates/a.html", "templates//./a.html")
        ]
    assert shown == ["A1"] * 5


def test_explain_and_verify_see_what_a_name_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "templates", {**FILES, "user.html": "{% include './/a.html' %}{% extends '/base.html' %}"})
    shown = invoke("explain", "templates", "user.html", "--stage", "program").stdout
    assert "reach=('a.html', 'base.html')" in shown
    assert invoke("verify", "templates", "-n", "2").exit_code == 0
