import os

from bridge import shim

BASE = "templates/"
kind = "hello"
for kind in ["hello"]:
    print(shim.fetch("templates/" + kind + ".php", {"name": 1}))
print(shim.fetch(BASE + "hello.php", {"name": 2}))
print(shim.fetch(f"{BASE}hello.php", {"name": 3}))
print(shim.fetch(os.path.join("templates", "hello.php"), {"name": 4}))
print(shim.fetch("templates/" "hello.php", {"name": 5}))
print(shim.fetch(os.environ.get("NOWHERE", "templates/hello.php"), {"name": 6}))
