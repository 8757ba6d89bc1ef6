"""What promises cost is measured: the code without them renders the same, where it renders at all."""

from types import FunctionType

import pytest

import blendtpl
from bench import price
from bench.workloads import WORKLOADS


@pytest.mark.parametrize(
    ("kind", "needed"),
    [("form", set()), ("static page", {"escape other types", "all of them"})],  # which has numbers
)
def test_code_without_a_promise_renders_unless_it_needs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str, needed: set[str]
) -> None:
    monkeypatch.setattr(price, "_ROUNDS", 1)
    workload = next(found for found in WORKLOADS if found.name == kind)
    assert set(price.PROMISES) - price.prices(workload).keys() == needed
    price.main([kind])
    shown = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in shown[1:]] == [kind]
    assert shown[1].count(" -") == len(needed)


def test_each_promise_is_taken_out_of_the_code() -> None:
    form = next(found for found in WORKLOADS if found.name == "form")
    sizes = {
        name: size(price.template_without(promises, form.jinja2, form.entry))
        for name, promises in price.PROMISES.items()
        if name != "as it is"
    }
    written_out = sizes.pop("portable")
    assert all(found < written_out for found in sizes.values())
    assert min(sizes.values()) == sizes["all of them"]


def size(template: blendtpl.Template) -> int:
    """Return the bytes of the code of a template."""
    space = template._compiled.space
    functions = [found for found in space.values() if isinstance(found, FunctionType) and found.__globals__ is space]
    return sum(len(function.__code__.co_code) for function in functions)
