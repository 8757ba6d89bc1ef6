import string


def one(name):
    # the old file
    with open("templates/greeting.tpl") as file:
        text = file.read()

    return string.Template(text).substitute(name=name, amount=1)


def two(name):
    text = open("templates/greeting.tpl").read()  # read each time
    template = string.Template(text)
    first = template.substitute(name=name, amount=2)
    return first + template.substitute(name="Eve", amount=3)


def three(name):
    with open("templates/greeting.tpl") as file:
        return string.Template(file.read()).substitute(name=name, amount=4)


def four(name):
    text = open("templates/greeting.tpl").read()
    return len(text), string.Template(text).substitute(name=name, amount=5)


def five(name):
    with open("templates/greeting.tpl") as file:
        text = file.read()
        print(len(text))
    return string.Template(text).substitute(name=name, amount=6)


LETTER = string.Template(open("templates/greeting.tpl").read())


def six(name):
    return LETTER.substitute(name=name, amount=7)


print(one("Ada"), two("Ada"), three("Ada"), four("Ada"), five("Ada"), six("Ada"))
