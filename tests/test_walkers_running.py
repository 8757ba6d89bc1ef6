"""The page about running walkers: what it shows is read by what would read it. Its blocks run as those of all pages."""

import configparser
import json
import re
import shlex

import click
import pytest

from blendtpl.cli.walk import walk_command
from testkit import ROOT
from tests.blocks import blocks_of

PAGE = ROOT / "docs" / "walkers-running.md"
BLOCKS = blocks_of(PAGE)
FILES = {block.title: block.text for block in BLOCKS if block.title}


def settings(name: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]  # names are as systemd has them
    found.read_string(FILES[name])
    return found


def calls() -> list[list[str]]:
    """Return the arguments of each call of `blendtpl walk` in the page."""
    (listed,) = re.findall(r"^CMD (\[.*\])$", FILES["Dockerfile"], re.MULTILINE)
    shown = [json.loads(listed), shlex.split(settings("walkers.service")["Service"]["ExecStart"])]
    shown.append(shlex.split(settings("supervisord.conf")["program:walkers"]["command"]))
    return [call[2:] for call in shown]


@pytest.mark.parametrize("arguments", calls())
def test_each_call_is_understood(arguments: list[str]) -> None:
    run = walk_command.commands["run"]
    with run.make_context("run", list(arguments)) as context:
        assert context.params["function"] == "shop_walker:walk"
        assert context.params["max_age"] == 20 * 60


def test_services_have_longer_to_end_than_walkers() -> None:
    grace = 60
    service = settings("walkers.service")["Service"]
    assert int(service["TimeoutStopSec"]) > grace
    assert int(settings("supervisord.conf")["program:walkers"]["stopwaitsecs"]) > grace
    (period,) = re.findall(r"terminationGracePeriodSeconds: (\d+)", FILES["walkers.yaml"])
    assert int(period) > grace
    assert all("--grace 60s" in f"{' '.join(call)}" for call in calls())


def test_each_option_that_the_page_names_is_there() -> None:
    options = {name for each in walk_command.commands["run"].params for name in each.opts if name.startswith("--")}
    named = set(re.findall(r"`(--[a-z-]+)[^`]*`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 10
    assert named <= options


def test_each_option_of_the_command_has_a_help() -> None:
    for command in walk_command.commands.values():
        assert all(each.help for each in command.params if isinstance(each, click.Option))
