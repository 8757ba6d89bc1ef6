from bridge import shim


def header():
    shim.include("templates/hello.php", {"name": "header"})
    return "called"


def letter(name):
    return shim.fetch("templates/calling.txt", {"header": header})


print(letter("Ada"))
