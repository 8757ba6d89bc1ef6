import string

from bridge import shim

print(
    string.Template(
        open("templates/greeting.tpl").read()  # why this one
    ).substitute(name=1, amount=2)
)
print(shim.fetch("templates/"  # where
                 "plain.txt"))
with open("templates/greeting.tpl") as file:
    # at the end of the day
    print(string.Template(file.read()).substitute(name=3, amount=4))  # one line
