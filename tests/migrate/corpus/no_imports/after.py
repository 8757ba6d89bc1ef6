import string; from bridge import shim
from bridge import registry
print(registry.render("plain.txt"), end="")
print(registry.render("greeting.txt", name=1, amount=2))
