from bridge import shim

changes = ["global"]
name = "global"


def outer(user):
    name = "outer"

    def uses():
        assert name
        return shim.fetch("templates/hello.php")

    def does_not():
        return shim.fetch("templates/hello.php")

    def own():
        name = "own"
        return shim.fetch("templates/hello.php")

    def declared():
        global name
        return shim.fetch("templates/hello.php")

    def changed():
        nonlocal name
        name = "changed"
        return shim.fetch("templates/hello.php")

    return [uses(), does_not(), own(), declared(), changed()]


class Mail:
    name = "class"
    text = shim.fetch("templates/hello.php")

    def method(self):
        return shim.fetch("templates/hello.php")


def later():
    text = shim.fetch("templates/hello.php")
    name = "too late"
    return text, name


def deleted():
    name = "gone"
    del name
    return shim.fetch("templates/hello.php")


print(outer("Ada"), Mail.text, Mail().method(), later(), deleted())
