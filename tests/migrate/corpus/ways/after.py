from bridge import registry, shim


def both(flag):
    if flag:
        name = "yes"
    else:
        name = "no"
    return registry.render("hello.txt", name=name)


def one(flag):
    if flag:
        name = "yes"
    return shim.fetch("templates/hello.php")


def guarded(flag):
    if flag:
        name = "yes"
    else:
        return ""
    return registry.render("hello.txt", name=name)


def loop(names):
    for name in names:
        print(registry.render("hello.txt", name=name))
    return shim.fetch("templates/hello.php")


def tried():
    try:
        name = int("1")
    except ValueError as error:
        name = error
    finally:
        print("done")
    return registry.render("hello.txt", name=name)


def broken():
    try:
        name = int("1")
    except ValueError:
        pass
    return shim.fetch("templates/hello.php")


def handled():
    try:
        raise ValueError("told")
    except ValueError as name:
        print(registry.render("hello.txt", name=name))


def matched(value):
    match value:
        case {"name": name}:
            return registry.render("hello.txt", name=name)
        case [name, *_]:
            pass
        case _:
            name = "nobody"
    return registry.render("hello.txt", name=name)


def managed():
    with open(__file__) as file:
        name = file.name[-2:]
    return registry.render("hello.txt", name=name)


print(both(1), one(1), guarded(1), loop("ab"), tried(), broken(), handled(), matched({"name": 1}), matched([2]), managed())
