from bridge import registry


def send(name):
    print(registry.render("hello.txt", name=name), end="")  # café
    page = registry.render("hello.txt", name=name)
    print(page)


send("Ada")