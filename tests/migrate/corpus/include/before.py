"""An e-mail, the old way."""

from bridge import shim

changes = ["one", "two"]


def send(user: str) -> None:
    shim.include("templates/emails/alert.php")
    shim.include("templates/emails/alert.php", {"user": "given", "changes": []})
    shim.require('templates/hello.php', {'name': user})


send("Ada")
