import os

from bridge import registry, shim

BASE = "templates/"
kind = "hello"
for kind in ["hello"]:
    print(shim.fetch("templates/" + kind + ".php", {"name": 1}))
print(registry.render("hello.txt", {"name": 2}))
print(registry.render("hello.txt", {"name": 3}))
print(registry.render("hello.txt", {"name": 4}))
print(registry.render("hello.txt", {"name": 5}))
print(shim.fetch(os.environ.get("NOWHERE", "templates/hello.php"), {"name": 6}))
