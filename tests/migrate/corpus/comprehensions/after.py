from bridge import registry, shim


def texts(names, sender):
    first = [registry.render("hello.txt", name=name) for name in names]
    second = {name: registry.render("nested.txt", name=name, sender=sender) for name in names if name != "Eve"}
    third = list(shim.fetch("templates/nested.php") for name in names)
    fourth = [registry.render("one.txt", value=value) for value in names for value in value]
    fifth = list(map(lambda name: registry.render("hello.txt", name=name), names))
    sixth = (lambda name="Ada": registry.render("hello.txt", name=name))()
    return first, second, third, fourth, fifth, sixth


print(texts(["Ada", "Eve"], "me"))
print([registry.render("hello.txt", name=name) for name in "ab"])
