import string; from bridge import shim
shim.include("templates/plain.txt")
print(string.Template(open("templates/greeting.tpl").read()).substitute(name=1, amount=2))
