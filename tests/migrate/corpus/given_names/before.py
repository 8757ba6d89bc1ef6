from bridge import shim

site = "another"
id = 3


def send(name):
    return shim.fetch("templates/nested.php")


print(send("Ada"))
