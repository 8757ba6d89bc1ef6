"""The plugin of pytest: fixtures and an option, and nothing of blendtpl before a test asks for it.

It stands beside the package, as importing any module of a package imports the package: a run of tests that have nothing
to do with messages is not to wait for that.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from blendtpl.testing.outbox import Outbox
    from blendtpl.testing.snapshots import Snapshots

__all__ = ["message_snapshot", "outbox", "pytest_addoption"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes snapshots."""
    group = parser.getgroup("blendtpl")
    group.addoption("--update-messages", action="store_true", help="write the snapshots of messages as they are now")


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> "Outbox":
    """What `blendtpl.mail.send` sends while the test runs; none of it leaves the process."""
    from blendtpl.testing.outbox import Outbox

    made = Outbox()
    made.install(monkeypatch.setattr)
    return made


@pytest.fixture
def message_snapshot(request: pytest.FixtureRequest) -> "Snapshots":
    """Compare messages with files beside the test; ``--update-messages`` writes them."""
    from blendtpl.testing.snapshots import Snapshots

    path = Path(request.path)
    folder = path.parent / "message_snapshots" / path.stem
    test = request.node.nodeid.partition("::")[2] or request.node.name
    return Snapshots(folder, test, update=bool(request.config.getoption("--update-messages")))
