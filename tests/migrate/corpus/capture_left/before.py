from bridge import shim


def header():
    shim.include("templates/hello.php", {"name": "header"})


def more():
    with shim.capture() as page:
        header()
        shim.include("templates/plain.txt")
    return page.text


def kept(name):
    with shim.capture() as page:
        shim.include("templates/hello.php")
    return page


def by_hand(name):
    page = shim.capture()
    shim.include("templates/hello.php")
    return page.close()


def argument(name):
    with shim.capture() as page:
        shim.include("templates/hello.php", {"name": header() or name})
    return page.text


def free():
    shim.include("templates/plain.txt")


print(more(), kept("Ada").text, by_hand("Eve"), argument("Bob"))
free()
