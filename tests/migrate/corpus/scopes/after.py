from bridge import registry, shim

changes = ["global"]
name = "global"


def outer(user):
    name = "outer"

    def uses():
        assert name
        return registry.render("hello.txt", name=name)

    def does_not():
        return shim.fetch("templates/hello.php")

    def own():
        name = "own"
        return registry.render("hello.txt", name=name)

    def declared():
        global name
        return registry.render("hello.txt", name=name)

    def changed():
        nonlocal name
        name = "changed"
        return registry.render("hello.txt", name=name)

    return [uses(), does_not(), own(), declared(), changed()]


class Mail:
    name = "class"
    text = registry.render("hello.txt", name=name)

    def method(self):
        return registry.render("hello.txt", name=name)


def later():
    text = shim.fetch("templates/hello.php")
    name = "too late"
    return text, name


def deleted():
    name = "gone"
    del name
    return shim.fetch("templates/hello.php")


print(outer("Ada"), Mail.text, Mail().method(), later(), deleted())
