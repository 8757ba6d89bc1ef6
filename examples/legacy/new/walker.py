"""A walker: prints an e-mail to each user whose watches have changed, from templates that were compiled before."""

import json
import sys
from pathlib import Path
from typing import Any

import jinja2

import blendtpl

SENDER = "Feedwhip <alerts@example.com>"
SITE = "https://feedwhip.example.com"
LEGACY = Path(__file__).parents[1]


def environment() -> jinja2.Environment:
    """Return blendtpl's defaults, with the newlines that the old files printed."""
    made = blendtpl.default_environment()
    made.trim_blocks = made.lstrip_blocks = made.keep_trailing_newline = True
    return made


# in an application the bundle is compiled when it is built, and loaded here: blendtpl.load("build/feedwhip.blend")
registry = blendtpl.load(
    blendtpl.compile(LEGACY / "templates", environment=environment),
    environment=environment,
)


def alert(user: dict[str, Any], watches: list[dict[str, Any]]) -> None:
    """Print one e-mail."""
    subject = registry.render("emails/subject.txt", watches=watches)
    text = registry.render("emails/alert.txt", user=user, watches=watches, site=SITE)
    html = registry.render("emails/alert.html", watches=watches, site=SITE)

    print(f"From: {SENDER}\nTo: {user['name']} <{user['email']}>\nSubject: {subject.strip()}")
    print('MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="part"\n')
    for kind, part in (("plain", text), ("html", html)):
        print(f"--part\nContent-Type: text/{kind}; charset=utf-8\n\n{part}")
    print("--part--\n")


def main() -> None:
    """Print all e-mails; one that fails is told, and does not keep back the others."""
    for due in json.loads((LEGACY / "alerts.json").read_text(encoding="utf-8")):
        try:
            alert(due["user"], due["watches"])
        except blendtpl.BlendError as error:
            print(f"no e-mail to {due['user']['email']}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
