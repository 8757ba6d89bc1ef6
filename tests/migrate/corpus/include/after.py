"""An e-mail, the old way."""

from bridge import registry

changes = ["one", "two"]


def send(user: str) -> None:
    print(registry.render("emails/alert.html", changes=changes, user=user), end="")
    print(registry.render("emails/alert.html", {"user": "given", "changes": []}), end="")
    print(registry.render('hello.txt', {'name': user}), end='')


send("Ada")
