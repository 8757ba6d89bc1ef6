"""E-mails of others, each as a message of ours: what the lint finds in them, in a file that somebody has read.

`python -m tests.lint.mail.foreign` writes the file anew.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jinja2

import blendtpl
from tests.conformance.fetch import fetch

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
FOUND = Path(__file__).parent / "foreign.txt"

# of each package the folder that names begin at, and which of the templates in it are e-mails
SETS = {
    "fief-server": ("fief/services/email_template/templates/", r"(?!base).+\.html"),
    "flask-security": ("flask_security/templates/", r"security/email/.+\.html"),
    "galaxy-config": ("galaxy/config/templates/mail/", r".+\.html"),
}
# a package that gives its templates other names than their files have
_NAMES = {("fief-server", "base.html"): "BASE"}


def messages(package: str, wheel: Path) -> dict[str, str]:
    """Return the templates of a package, with a message for each e-mail: its HTML, and its text where there is one."""
    folder, pattern = SETS[package]
    with zipfile.ZipFile(wheel) as opened:
        names = [name for name in opened.namelist() if name.startswith(folder) and name.endswith((".html", ".txt"))]
        read = {name.removeprefix(folder): opened.read(name).decode() for name in names}
    texts = {_NAMES.get((package, name), name): text for name, text in read.items()}
    for name in sorted(read):
        if re.fullmatch(pattern, name):
            message, text = f"message/{name}", name.removesuffix(".html") + ".txt"
            texts[f"{message}/subject.txt"] = "Subject"
            texts[f"{message}/body.html"] = f"{{% include '{name}' %}}"
            if text in read:
                texts[f"{message}/body.txt"] = f"{{% include '{text}' %}}"
    return texts


def found() -> Iterator[str]:
    """Yield what is found in the packages."""
    wheels = fetch(REQUIREMENTS)
    for package in SETS:
        environment = jinja2.Environment(
            autoescape=jinja2.select_autoescape(("html",)), extensions=["jinja2.ext.i18n", "jinja2.ext.do"]
        )
        texts = messages(package, wheels[package])
        count = sum(name.endswith("/body.html") for name in texts)
        yield f"{package}: {count} messages"
        for each in blendtpl.compile(texts, environment=environment, lint=True).warnings:
            if each.kind.startswith("mail-"):
                yield f"  {each.name}:{each.line}:{each.column} {each.kind} {each.message}"


if __name__ == "__main__":
    FOUND.write_text("".join(f"{line}\n" for line in found()), encoding="utf-8")
