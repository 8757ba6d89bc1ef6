"""Sets: the templates of each package as Jinja2 reads them, and which of them are messages.

What is changed of a text is said here: a sheet that is linked becomes one that is included, since an inliner would look
for the file; and where a package's own language has Jinja2's signs, Jinja2 is given others, so that they are text.
"""

import hashlib
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2

from tests.conformance.fetch import UnreachableError, fetch, folder

HERE = Path(__file__).parent

_LINKED = re.compile(r"<link rel=\"stylesheet\" href=\"(?:[^\"]*/)?([^\"/]+)\">")
_OTHER_SIGNS = MappingProxyType(
    {
        "block_start_string": "[%",
        "block_end_string": "%]",
        "variable_start_string": "[[",
        "variable_end_string": "]]",
        "comment_start_string": "[#",
        "comment_end_string": "#]",
    }
)


class Shown(jinja2.ChainableUndefined):
    """A variable that nothing gives has a text."""

    def __str__(self) -> str:
        return "value"

    def __html__(self) -> str:
        return "value"


@dataclass(frozen=True, slots=True)
class MailSet:
    """Templates of a package: where they are in it, and those of them that are messages."""

    package: str
    members: str
    messages: str
    named: Callable[[str], str] = lambda member: member.rpartition("/")[2]
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def environment(self, texts: Mapping[str, str]) -> jinja2.Environment:
        """Return an environment that has these templates."""
        return jinja2.Environment(loader=jinja2.DictLoader(texts), autoescape=True, undefined=Shown, **self.options)


SETS = (
    MailSet(
        "fief-server",
        r"fief/services/email_template/templates/\w+\.html",
        r"(?!base)\w+\.html",
    ),
    MailSet(
        "foundation-emails", r"package/\.download/(templates/.+\.html|css/.+\.css)", r".+\.html", options=_OTHER_SIGNS
    ),
    MailSet(
        "mailgen",
        r"package/themes/\w+/index\.html",
        r".+\.html",
        named=lambda member: f"{member.split('/')[2]}.html",
        options=_OTHER_SIGNS,
    ),
    MailSet(
        "swig-email-templates",
        r"package/test/templates/(?!.*\.out\.)\w+\.(html|css)",
        r"(base|inline_style_tag|inline_style_link|simple_vars)\.html",
    ),
)


def texts(found: MailSet, files: Mapping[str, Path]) -> dict[str, str]:
    """Return the templates of a set by name."""
    include = (
        f"{found.options.get('block_start_string', '{%')} include '\\1' {found.options.get('block_end_string', '%}')}"
    )
    made = {}
    for member, data in _members(files[found.package]).items():
        if re.fullmatch(found.members, member):
            text = data.decode("utf-8").replace("\r\n", "\n")
            text = text.replace('{% extends "BASE" %}', '{% extends "base.html" %}')
            made[found.named(member)] = _LINKED.sub(f"<style>{include}</style>", text)
    return made


def _members(path: Path) -> dict[str, bytes]:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist() if name.endswith(".html")}
    with tarfile.open(path) as packed:
        files = {member.name: packed.extractfile(member) for member in packed.getmembers() if member.isfile()}
        return {name: opened.read() for name, opened in files.items() if opened and name.endswith((".html", ".css"))}


def fetch_all() -> dict[str, Path]:
    """Return the file of each package, from the network or from this user's cache."""
    found = fetch(HERE / "requirements.txt")
    for line in (HERE / "packages.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            package, digest = line.split()
            found[package.rpartition("@")[0]] = _from_npm(package, digest)
    return found


def _from_npm(package: str, digest: str) -> Path:
    path = folder() / f"{package.replace('@', '-')}.tgz"
    if not path.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise UnreachableError("there is no npm")
        done = subprocess.run(
            [npm, "pack", "--silent", "--pack-destination", str(folder()), package],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not path.exists():
            raise UnreachableError(done.stderr)
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise RuntimeError(f"{package} is not the file that it was")
    return path
