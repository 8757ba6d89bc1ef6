from bridge import shim


def texts(names, sender):
    first = [shim.fetch("templates/hello.php") for name in names]
    second = {name: shim.fetch("templates/nested.php") for name in names if name != "Eve"}
    third = list(shim.fetch("templates/nested.php") for name in names)
    fourth = [shim.fetch("templates/one.txt") for value in names for value in value]
    fifth = list(map(lambda name: shim.fetch("templates/hello.php"), names))
    sixth = (lambda name="Ada": shim.fetch("templates/hello.php"))()
    return first, second, third, fourth, fifth, sixth


print(texts(["Ada", "Eve"], "me"))
print([shim.fetch("templates/hello.php") for name in "ab"])
