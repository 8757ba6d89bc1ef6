import string

from bridge import shim

arguments = ("templates/hello.php", {"name": "Ada"})
print(shim.fetch(*arguments))
print(shim.fetch("templates/hello.php", **{"scope": {"name": "Eve"}}))
values = {"name": "Ada", "amount": 3}
print(string.Template(open("templates/greeting.tpl").read()).substitute(**values))
print(string.Template(open("templates/greeting.tpl").read()).substitute(*[values]))
