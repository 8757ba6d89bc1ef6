from bridge import (
    registry as templates,
    shim,  # the bridge
)


def send(name):
    print(templates.render("hello.txt", name=name), end="")
    return templates.render("plain.txt")


print(send("Ada"))
