from pathlib import Path
from string import Template
from bridge import registry

HERE = Path(__file__).parent


def lines(name):
    yield registry.render("greeting.txt", name=name, amount=1)
    yield registry.render("greeting.txt", {"name": name}, amount=2)
    yield registry.render(
        "greeting.txt",
        {"name": name, "amount": 3},
    )
    yield registry.render("greeting.txt", locals(), amount=4)
    yield registry.render("greeting.txt", name=name, amount=5)
    yield Template(open("templates/greeting.tpl").read()).safe_substitute(name=name)
    yield Template("Dear $name").substitute(name=name)


for line in lines("Ada"):
    print(line)
