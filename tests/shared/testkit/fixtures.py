"""Fixtures, and what has to hold in any process that runs tests. A `conftest.py` imports them."""

import gc
import os
import signal
import sys
from collections.abc import Iterator

import jinja2
import pytest

import blendtpl
from testkit import TEMPLATES

__all__ = [
    "all_in_sight",
    "bundle",
    "no_collector",
    "prepare_process",
    "pytest_collection_finish",
    "pytest_sessionfinish",
    "quick_collections",
    "registry",
    "stock",
]


def prepare_process() -> None:
    """Have what the tests start say no progress, and begin with the usual handlers of signals."""
    # Standard error is compared, where progress comes after a second: a long time, or on a busy machine a short one.
    os.environ["BLENDTPL_NO_PROGRESS"] = "1"
    # A shell that runs the tests in the background has these ignored, as `nohup` has.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what was imported, and all tests, out of the collector's sight: looking through them takes most of a second,
    and whatever looks for garbage does so, each time.
    """
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Have the plugin of Hypothesis say nothing where no test had it.

    It imports all of it at the end to find that out: half a second, and a warning where trio is loaded and the
    collector looks at nothing that is old. The process that spreads tests over others keeps it, as these may have had
    something to tell.
    """
    plugins, spread = session.config.pluginmanager, session.config.getoption("dist", default="no") != "no"
    if "hypothesis" not in sys.modules and not spread and plugins.has_plugin("hypothesispytest"):
        plugins.unregister(name="hypothesispytest")


@pytest.fixture(scope="session")
def bundle() -> blendtpl.Bundle:
    return blendtpl.compile(TEMPLATES)


@pytest.fixture(scope="session")
def registry(bundle: blendtpl.Bundle) -> blendtpl.Registry:
    return blendtpl.load(bundle)


@pytest.fixture(scope="session")
def stock() -> jinja2.Environment:
    """Jinja2 itself, with blendtpl's options: the oracle."""
    environment = blendtpl.default_environment()
    environment.loader = jinja2.FileSystemLoader(TEMPLATES)
    return environment


@pytest.fixture(scope="module")
def quick_collections() -> Iterator[None]:
    """Keep what the tests hold by now out of the collector's sight, which need not look it through each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.freeze()


@pytest.fixture(scope="module")
def all_in_sight() -> Iterator[None]:
    """Have the collector know of all that there is, for tests that look for who holds something."""
    gc.unfreeze()
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Have nothing collected but by hand."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
