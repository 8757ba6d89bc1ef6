"""The rules of `docs/semantics.md`: code cites those that there are, all of them are cited, and they hold."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from testkit import ROOT
from testkit.oracle import check_same
from tests.rules import EXAMPLES, finalizing, given, lenient, sandboxed

TEXT = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
RULES = re.findall(r"^\*\*([A-Z]\d+)\.\*\* ", TEXT, re.MULTILINE)
GROUPS = re.findall(r"^## ([A-Z]): ", TEXT, re.MULTILINE)
CITATION = re.compile(r"\(([A-Z][1-9]\d?(?:, [A-Z][1-9]\d?)*)\)")
TWICE = "LE"  # the groups whose rules more than one place implements


def citations() -> dict[str, list[str]]:
    """Return the places that cite each rule, as file and line."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "blendtpl").rglob("*")):
        if path.suffix in {".py", ".c", ".h"}:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                for cited in CITATION.findall(line):
                    for rule in cited.split(", "):
                        found.setdefault(rule, []).append(f"{path.relative_to(ROOT).as_posix()}:{number}")
    return found


CITED = citations()


def test_rules_are_numbered_in_order_without_gaps_in_the_groups_that_the_page_has() -> None:
    assert list("LEUOSCPMRT") == GROUPS
    numbers = {group: [int(rule[1:]) for rule in RULES if rule[0] == group] for group in GROUPS}
    assert sum(map(len, numbers.values())) == len(RULES) >= 60
    for group, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), group
    assert sorted(RULES, key=lambda rule: (GROUPS.index(rule[0]), int(rule[1:]))) == RULES


def test_every_rule_says_where_it_is_decided() -> None:
    paragraphs = [part for part in TEXT.split("\n\n") if part.startswith("**")]
    assert len(paragraphs) == len(RULES)
    assert [part[:10] for part in paragraphs if part.count("*Here:*") != 1] == []


def test_code_cites_rules_that_exist() -> None:
    assert {rule: places for rule, places in CITED.items() if rule not in RULES} == {}


def test_the_page_refers_to_rules_that_exist() -> None:
    assert set(re.findall(r"\bby ([A-Z]\d+)\b", TEXT)) <= set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_cited_where_it_is_implemented(rule: str) -> None:
    assert len(CITED.get(rule, [])) >= (2 if rule[0] in TWICE else 1)


def test_python_c_and_the_code_generator_cite_rules_of_lookup_and_of_escaping() -> None:
    for group in TWICE:
        places = [place for rule, places in CITED.items() if rule[0] == group for place in places]
        for part in ("blendtpl/compiler/codegen/", "blendtpl/runtime/csrc/"):
            assert any(place.startswith(part) for place in places), (group, part)
        assert any(Path(place).parent == Path("blendtpl/runtime") for place in places), group


def examples() -> Iterator[Any]:
    for rule, cases in EXAMPLES.items():
        for number, (templates, told) in enumerate(cases, 1):
            yield pytest.param(templates, told, id=f"{rule}-{number}")


@pytest.mark.parametrize(("templates", "told"), list(examples()))
def test_a_rule_holds_in_jinja2_and_here(templates: str | Mapping[str, str], told: str) -> None:
    whole = {"main.html": templates} if isinstance(templates, str) else templates
    kind, *rest = check_same(whole, lenient, given)
    assert (rest[0] if kind == "text" else ": ".join(rest)) == told


def test_examples_are_of_rules_that_exist() -> None:
    assert set(EXAMPLES) <= set(RULES)


def test_a_constant_is_escaped_before_it_is_finalized_e10() -> None:
    assert check_same({"main.html": "{{ '<' }} {{ lt }} <"}, finalizing, given) == ("text", "Markup str <")


def test_a_sandbox_is_asked_for_each_attribute_and_item_l10() -> None:
    for template in ("{{ text.__class__ }}", "{{ text['__class__'] }}"):
        kind, *told = check_same({"main.html": template}, sandboxed, given)
        assert (kind, told[0]) == ("error", "SecurityError")
