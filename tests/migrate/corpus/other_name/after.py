from bridge import registry


def send(name):
    print(registry.render("hello.txt", name=name), end="")


send("Ada")
