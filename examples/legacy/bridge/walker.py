"""A walker: prints an e-mail to each user whose watches have changed, from files that it includes."""

import json
import sys
from pathlib import Path
from typing import Any

from includes import capture, include, include_once, request, require


def alert(user: dict[str, Any], watches: list[dict[str, Any]]) -> None:
    """Print one e-mail."""
    scope: dict[str, Any] = {"user": user, "watches": watches, "include": include}
    require("templates/email/settings.inc", scope)

    with capture() as subject:
        include("templates/email/subject.inc", scope)

    with capture() as text:
        include("templates/email/greeting_text.inc", scope)
        for watch in watches:
            include("templates/email/watch_text.inc", {**scope, "watch": watch})
        include("templates/email/offer_text.inc", scope)  # which is there when there is an offer
        include("templates/email/footer_text.inc", scope)

    with capture() as html:
        for watch in watches:  # noqa: B007  # the files that are included see it
            include_once("templates/email/style_html.inc")
            include("templates/email/watch_html.inc")
        include("templates/email/footer_html.inc", scope)

    print(f"From: {scope['sender']}\nTo: {user['name']} <{user['email']}>\nSubject: {subject.text.strip()}")
    print('MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="part"\n')
    for kind, part in (("plain", text), ("html", html)):
        print(f"--part\nContent-Type: text/{kind}; charset=utf-8\n\n{part.text}")
    print("--part--\n")


def main() -> None:
    """Print all e-mails; one that fails is told, and does not keep back the others."""
    alerts = json.loads((Path(__file__).parents[1] / "alerts.json").read_text(encoding="utf-8"))
    for due in alerts:
        try:
            with request():
                alert(due["user"], due["watches"])
        except Exception as error:
            print(f"no e-mail to {due['user']['email']}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
