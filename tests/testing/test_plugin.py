"""The plugin, as pytest runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from testkit import ROOT
from tests.testing.support import run_pytest

TESTS = """
import blendtpl
from blendtpl.mail.send import send
from blendtpl.testing import assert_links


def greet(name, smtp=None):
    return send(
        blendtpl.Message(subject=f"Hi {name}", text="Hello", html=None, sender="a@example.com", to=("b@example.org",)),
        smtp,
    )


def test_the_greeting(outbox, message_snapshot):
    greet("Ada")
    assert outbox.only.recipients == ("b@example.org",)
    message_snapshot(outbox.only)
    message_snapshot(assert_links(outbox.only), "again")


def test_the_outbox_is_empty_again(outbox):
    assert not list(outbox)
"""


def test_a_user_writes_snapshots_changes_a_message_and_sees_what_changed(tmp_path: Path) -> None:
    file = tmp_path / "test_mail.py"
    file.write_text(TESTS)
    done = run_pytest(tmp_path)
    assert "run with --update-messages, and read what it writes" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "2 passed" in run_pytest(tmp_path, "--update-messages").stdout
    folder = tmp_path / "message_snapshots" / "test_mail"
    assert sorted(path.name for path in folder.iterdir()) == ["test_the_greeting-again.txt", "test_the_greeting.txt"]
    assert "2 passed" in run_pytest(tmp_path).stdout
    file.write_text(TESTS.replace("Hi {name}", "Dear {name}"))
    done = run_pytest(tmp_path)
    assert "-Subject: Hi Ada" in done.stdout
    assert "+Subject: Dear Ada" in done.stdout


def test_pytest_that_is_told_of_the_plugin_twice_takes_it_once(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["blendtpl.testing"]\n')
    (tmp_path / "test_it.py").write_text("def test_it(outbox):\n    pass\n")
    done = run_pytest(tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_where_no_test_asks_for_it_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\ndef test_it():\n"
        "    others = ('blendtpl', 'jinja2', 'django', 'flask', 'smtplib', 'cryptography')\n"
        "    assert [name for name in sys.modules if name.partition('.')[0] in others] == []\n"
    )
    done = run_pytest(tmp_path, plugin="pytest_blendtpl")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["blendtpl", "blendtpl.testing", "blendtpl.mail.send", "blendtpl.mail.dkim"])
def test_what_others_bring_is_not_imported_before_it_is_needed(module: str) -> None:
    script = (
        f"import sys, {module}\n"
        "others = ('django', 'flask', 'flask_mail', 'aiosmtplib', 'cryptography', 'hypothesis')\n"
        "print([name for name in sys.modules if name in others])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
