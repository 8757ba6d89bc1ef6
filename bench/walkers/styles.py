"""The three styles in which walkers make their e-mails.

Enters: the folder with what was made for them beforehand. Leaves: for each style what its parent process does before it
forks, which gives what each walker does after, which gives the function from a job to the bytes of an e-mail.
"""

import gc
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

import blendtpl
from bench.walkers.included import IncludeLoader, write_files
from bench.walkers.mails import RECIPIENT, SENDER, Job, assembled, date, digest, jobs
from testkit import TEMPLATES

Mail = Callable[[Job], bytes]
Begin = Callable[[], Mail]

_BUNDLE, _FILES = "feedwhip.blend", "included"


@dataclass(frozen=True, slots=True)
class Style:
    """A way to make e-mails. `title` and `explanation` are for people."""

    title: str
    explanation: str
    prepare: Callable[[Path], Begin]


def make_files(folder: Path) -> None:
    """Write what the styles read: the bundle, and the files of the old style."""
    blendtpl.compile(TEMPLATES).write(folder / _BUNDLE)
    environment = _jinja2_environment()
    names = blendtpl.load(folder / _BUNDLE)
    sources = {name: (TEMPLATES / name).read_text(encoding="utf-8") for name in names}
    write_files(folder / _FILES, environment, sources)


def expected() -> frozenset[str]:
    """Return the digests of the e-mails that should come, which are those that Jinja2 makes."""
    mail = _mail_by(_jinja2_environment())
    return frozenset(digest(mail(job)) for job in jobs())


def _prepare_old(folder: Path) -> Begin:
    def begin() -> Mail:
        environment = blendtpl.default_environment().overlay(loader=IncludeLoader(folder / _FILES), cache_size=0)
        return _mail_by(environment)

    return begin


def _prepare_jinja2(folder: Path) -> Begin:
    return lambda: _mail_by(_jinja2_environment())


def _prepare_blendtpl(folder: Path) -> Begin:
    registry = blendtpl.load(folder / _BUNDLE)
    gc.collect()
    gc.freeze()

    def mail(job: Job) -> bytes:
        context = json.loads(job.context)
        message = registry.message(job.folder, context, to=[RECIPIENT], sender=SENDER, headers={"Date": date()})
        return message.as_bytes()

    return lambda: mail


def _jinja2_environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return blendtpl.default_environment().overlay(loader=loader, auto_reload=False)


def _mail_by(environment: jinja2.Environment) -> Mail:
    def mail(job: Job) -> bytes:
        context = json.loads(job.context)

        def render(part: str) -> str:
            return environment.get_template(f"{job.folder}/{part}").render(context)

        return assembled(render("subject.txt"), render("body.txt"), render("body.html"))

    return mail


STYLES: Mapping[str, Style] = {
    "old": Style("old style", "each e-mail runs template files anew, and what they made stays", _prepare_old),
    "jinja2": Style("Jinja2", "an Environment in each walker, which compiles and keeps templates", _prepare_jinja2),
    "blendtpl": Style("blendtpl", "one bundle, loaded and frozen before the walkers are forked", _prepare_blendtpl),
}
