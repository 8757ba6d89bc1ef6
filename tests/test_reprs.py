"""Representations: one short line for every public object, with nothing of a template, a message or a person in it."""

import pickle

import pytest

import blendtpl
from blendtpl.compat import IncludeShim, ReturnedError
from blendtpl.compiler.frontend.reader import Source
from blendtpl.errors import IncludeNotFound
from testkit import TEMPLATES

SECRET = "tok-7f3a9c"
MANY = 2000


def templates() -> dict[str, str]:
    long = "".join(f"{{{{ v{number} }}}}{{% block b{number} %}}{SECRET}{{% endblock %}}" for number in range(500))
    many = {f"t{number}.html": f"{SECRET} {{{{ x{number} }}}}" for number in range(MANY)}
    listed = ", ".join(f"'t{number}.html'" for number in range(MANY))
    return {**many, "long.html": long, "listed.html": f"{{% include [{listed}] %}}"}


def objects() -> dict[str, object]:
    bundle = blendtpl.compile(templates(), key=b"0123456789abcdef-" + SECRET.encode())
    registry = blendtpl.load(bundle)
    message = blendtpl.Message(
        subject=f"Your code is {SECRET}",
        text=SECRET * 10_000,
        html=f"<p>{SECRET}",
        sender=f"{SECRET}@example.com",
        to=tuple(f"{SECRET}{number}@example.com" for number in range(500)),
        headers={"X-Token": SECRET},
    )
    fault = blendtpl.Fault("a.html", 3, 4, "syntax", "m" * 5000, "h" * 5000, source_line=SECRET + "x" * 100_000)
    shim = IncludeShim(registry)
    return {
        "Bundle": bundle,
        "Manifest": bundle.manifest,
        "Needs": bundle.manifest.needs,
        "Versions": bundle.manifest.versions,
        "Entry": bundle.manifest.templates["long.html"],
        "Reference": bundle.manifest.templates["listed.html"].references[0],
        "Registry": registry,
        "Template": registry["long.html"],
        "its entry as a unit": registry["long.html"]._compiled,
        "Message": message,
        "Fault": fault,
        "SourceError": blendtpl.SourceError([fault] * 3),
        "LinkError without a fault": blendtpl.LinkError([]),
        "BundleError": blendtpl.BundleError("m" * 100_000),
        "TemplateNotFound": blendtpl.TemplateNotFound("n" * 100_000, templates()),
        "BlockNotFound": blendtpl.BlockNotFound("a.html", "b" * 100_000, ["b"] * MANY),
        "IncludeNotFound": IncludeNotFound("p" * 100_000, "a.html"),
        "ReturnedError": ReturnedError(["v" * 100_000] * MANY),
        "IncludeShim": shim,
        "its report": shim.report(),
        "Source": Source("a.html", SECRET, "0" * 64),
        "Environment": blendtpl.Environment(),
        "a template of it": blendtpl.Environment().from_string(SECRET * 1000),
    }


def test_every_public_object_is_one_short_line_without_what_is_in_it() -> None:
    found = {name: repr(each) for name, each in objects().items()}

    assert {name: text for name, text in found.items() if len(text) > 700 or "\n" in text or SECRET in text} == {}


def test_a_bundle_says_how_large_it_is_and_which() -> None:
    bundle = blendtpl.compile(TEMPLATES)

    count, size = len(bundle.manifest.templates), f"{len(bundle.data) / 1e6:.1f} MB"
    assert repr(bundle) == f"<Bundle of {count} templates, {size}, sha256 {bundle.digest[:12]}>"
    assert repr(blendtpl.compile({"a": "x"})).startswith("<Bundle of 1 template, ")


def test_an_error_of_compile_counts_its_faults_and_shows_the_first() -> None:
    with pytest.raises(blendtpl.SourceError) as caught:
        blendtpl.compile({"a.html": "{{ x|uper }}", "b.html": "{% if %}\n{{ x|uper }}"})

    assert repr(caught.value) == (
        "<SourceError: 2 faults in 2 templates, first <Fault unknown-filter in a.html:1:6: 'unknown filter `uper`'>>"
    )
    assert repr(pickle.loads(pickle.dumps(caught.value))) == repr(caught.value)


def test_the_representation_of_an_error_raises_nothing() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert repr(ReturnedError(Hostile())).startswith("ReturnedError(<Hostile instance at 0x")


def test_what_an_error_says_is_as_long_as_it_was() -> None:
    assert str(blendtpl.BundleError("m" * 1000)) == "m" * 1000
    assert repr(blendtpl.BundleError("what it is")) == "BundleError('what it is')"
