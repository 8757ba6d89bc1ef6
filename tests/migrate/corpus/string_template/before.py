import string
from pathlib import Path
from string import Template

HERE = Path(__file__).parent


def lines(name):
    yield string.Template(open("templates/greeting.tpl").read()).substitute(name=name, amount=1)
    yield Template(Path("templates/greeting.tpl").read_text(encoding="utf-8")).substitute({"name": name}, amount=2)
    yield Template((HERE / "templates" / "greeting.tpl").read_text()).substitute(
        {"name": name, "amount": 3},
    )
    yield Template(open("templates/greeting.tpl", "r", encoding="utf-8").read()).substitute(locals(), amount=4)
    yield Template(open("templates/greeting.tpl").read()).safe_substitute(name=name, amount=5)
    yield Template(open("templates/greeting.tpl").read()).safe_substitute(name=name)
    yield Template("Dear $name").substitute(name=name)


for line in lines("Ada"):
    print(line)
