import string
from bridge import registry


def one(name):
    # the old file

    return registry.render("greeting.txt", name=name, amount=1)


def two(name):
    # read each time
    first = registry.render("greeting.txt", name=name, amount=2)
    return first + registry.render("greeting.txt", name="Eve", amount=3)


def three(name):
    return registry.render("greeting.txt", name=name, amount=4)


def four(name):
    text = open("templates/greeting.tpl").read()
    return len(text), string.Template(text).substitute(name=name, amount=5)


def five(name):
    with open("templates/greeting.tpl") as file:
        text = file.read()
        print(len(text))
    return string.Template(text).substitute(name=name, amount=6)


def six(name):
    return registry.render("greeting.txt", name=name, amount=7)


print(one("Ada"), two("Ada"), three("Ada"), four("Ada"), five("Ada"), six("Ada"))
