from bridge import (
    registry as templates,
    shim,  # the bridge
)


def send(name):
    shim.include("templates/hello.php")
    return templates.render("plain.txt")


print(send("Ada"))
