"""The page on the lint of e-mails lists the rules that there are, each with its source, and says how it is done."""

import re

from blendtpl.compiler.lint.mail_rules import MAIL_RULES
from blendtpl.compiler.lint.prose import WARNINGS
from blendtpl.compiler.mail.lint.support import CLIENTS, load
from testkit import ROOT

PAGE = (ROOT / "docs" / "mail-lint.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "blendtpl" / "compiler" / "mail" / "lint"


def test_the_page_lists_every_rule_with_what_it_finds_why_and_who_says_so() -> None:
    rows = re.findall(r"^\| `(mail-[\w-]+)` \| (.+?) \| (.+?) \| \[.+?\]\((.+?)\) \|$", PAGE, re.MULTILINE)
    assert rows == [(rule.name, rule.finds, rule.why, rule.source) for rule in MAIL_RULES]


def test_rules_are_in_order_and_each_is_a_warning_that_can_be_ignored() -> None:
    names = [rule.name for rule in MAIL_RULES]
    assert names == sorted(names)
    assert set(names) < set(WARNINGS)
    assert all(rule.source.startswith("https://") for rule in MAIL_RULES)


def test_each_rule_is_looked_for_and_nothing_else_is() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    made = set(re.findall(r'"(mail-[a-z-]+)"', code)) | {f"mail-{kind}" for kind in ("css", "html", "image-format")}
    assert made == {rule.name for rule in MAIL_RULES}


def test_the_clients_of_the_page_are_those_that_are_looked_at() -> None:
    known = load(CLIENTS)
    families = {client.partition(".")[0] for each in known.features.values() for client in each.supported}
    assert families == {"apple-mail", "gmail", "outlook", "samsung-email", "yahoo"}
    assert all(known.names[family].split()[0].rstrip("!") in PAGE for family in families)
