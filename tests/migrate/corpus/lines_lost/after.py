import string

from bridge import registry, shim

print(
    string.Template(
        open("templates/greeting.tpl").read()  # why this one
    ).substitute(name=1, amount=2)
)
print(shim.fetch("templates/"  # where
                 "plain.txt"))
# at the end of the day
print(registry.render("greeting.txt", name=3, amount=4))  # one line
