"""The guide to deployment: every block in it runs, or is read by what would read it."""

import configparser
import gc
import importlib
import re
import runpy
import shlex
import tomllib
from pathlib import Path

from testkit import ROOT
from tests.blocks import blocks_of, run_page, run_shell

GUIDE = ROOT / "docs" / "deploying.md"
BLOCKS = blocks_of(GUIDE)
FILES = {block.title: block.text for block in BLOCKS if block.title}


def test_all_of_it_runs_in_order_and_the_application_answers(guide_folder: Path) -> None:
    shown = run_page(GUIDE, guide_folder)
    assert "blendtpl " in shown
    said: list[str] = []
    shop = importlib.import_module("shop")
    pieces = shop.application({}, lambda status, headers: said.append(status))
    assert (said, b"".join(pieces)) == (["200 OK"], b"Hello Ada!")


def test_it_has_only_blocks_that_these_tests_run_or_read() -> None:
    assert {block.language for block in BLOCKS if not block.title} == {"python", "sh", "console", "text"}
    assert FILES.keys() == {
        "templates/hello.html",
        "shop/__init__.py",
        "pyproject.toml",
        "Dockerfile",
        "gunicorn.conf.py",
        "uwsgi.ini",
    }


def test_the_settings_of_servers_are_what_servers_read(guide_folder: Path) -> None:
    (guide_folder / "gunicorn.conf.py").write_text(FILES["gunicorn.conf.py"], encoding="utf-8")
    settings = runpy.run_path("gunicorn.conf.py")
    assert settings["preload_app"] is True
    before = gc.get_freeze_count()
    settings["when_ready"](None)
    try:
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
    found = configparser.ConfigParser(comment_prefixes=";")
    found.read_string(FILES["uwsgi.ini"])
    assert found["uwsgi"]["module"] == "shop:application"
    assert "lazy-apps" not in found["uwsgi"]
    assert tomllib.loads(FILES["pyproject.toml"])["tool"]["setuptools"]["package-data"] == {"shop": ["*.blend"]}


def test_what_the_container_runs_of_ours_runs(guide_folder: Path) -> None:
    for name in ("templates/hello.html", "shop/__init__.py"):
        (guide_folder / name).parent.mkdir()
        (guide_folder / name).write_text(FILES[name], encoding="utf-8")
    lines = FILES["Dockerfile"].splitlines()
    commands = [line.removeprefix("RUN ") for line in lines if line.startswith("RUN blendtpl")]
    assert len(commands) == 1
    run_shell(commands[0], guide_folder)
    assert (guide_folder / "shop/shop.blend").is_file()
    # what is copied is there: the parts of the application, and what an earlier line has made
    copied = [shlex.split(line)[1:] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert [source for source, _ in copied] == ["requirements.txt", "templates", "shop"]
    images = re.findall(r"^FROM python:(\d\.\d+)", FILES["Dockerfile"], re.MULTILINE)
    assert len(images) == 2
    assert len(set(images)) == 1  # which the text asks for


def test_the_extra_libraries_of_the_container_are_those_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split("[<>=]", requirement)[0] for requirement in project["optional-dependencies"]["build"]}
    (installed,) = re.findall("&& pip install (.*)", FILES["Dockerfile"])
    assert set(installed.split()) == needed


def test_what_pyinstaller_leaves_out_is_there_to_be_left_out() -> None:
    (command,) = [block.text for block in BLOCKS if block.language == "console"]
    modules = re.findall(r"--exclude-module blendtpl\.(\w+)", command)
    assert modules == ["compiler", "cli"]
    assert all((ROOT / "blendtpl" / module).is_dir() for module in modules if (ROOT / "blendtpl").is_dir())
