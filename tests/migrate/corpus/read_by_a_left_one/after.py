import string

from bridge import shim

which = "plain.txt"


def send(name):
    text = open("templates/greeting.tpl").read()
    shim.include("templates/dynamic.txt")
    return string.Template(text).substitute(name=name, amount=1)


print(send("Ada"))
