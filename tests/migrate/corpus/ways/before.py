from bridge import shim


def both(flag):
    if flag:
        name = "yes"
    else:
        name = "no"
    return shim.fetch("templates/hello.php")


def one(flag):
    if flag:
        name = "yes"
    return shim.fetch("templates/hello.php")


def guarded(flag):
    if flag:
        name = "yes"
    else:
        return ""
    return shim.fetch("templates/hello.php")


def loop(names):
    for name in names:
        print(shim.fetch("templates/hello.php"))
    return shim.fetch("templates/hello.php")


def tried():
    try:
        name = int("1")
    except ValueError as error:
        name = error
    finally:
        print("done")
    return shim.fetch("templates/hello.php")


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
        print(shim.fetch("templates/hello.php"))


def matched(value):
    match value:
        case {"name": name}:
            return shim.fetch("templates/hello.php")
        case [name, *_]:
            pass
        case _:
            name = "nobody"
    return shim.fetch("templates/hello.php")


def managed():
    with open(__file__) as file:
        name = file.name[-2:]
    return shim.fetch("templates/hello.php")


print(both(1), one(1), guarded(1), loop("ab"), tried(), broken(), handled(), matched({"name": 1}), matched([2]), managed())
