from bridge import registry, shim


def get(value):
    return value


def sure():
    if (name := get("Ada")) is not None:
        print(registry.render("hello.txt", name=name))
    while (value := get(0)):
        break
    return shim.fetch("templates/one.txt")


def unsure(flag):
    flag and (name := get("Bob"))
    return shim.fetch("templates/hello.php")


def inside():
    return [shim.fetch("templates/hello.php") for letter in "ab" if (name := letter)]


sure()
print(unsure(True), inside())
