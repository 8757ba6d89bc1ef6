from bridge import shim

scope = {"name": "Ada"}
print(shim.fetch(path="templates/hello.php", scope=scope))
print(shim.fetch(scope=scope, path="templates/hello.php"))
print(shim.fetch("templates/hello.php", scope=scope))
print(shim.fetch("templates/plain.txt", None))
print(shim.fetch("templates/plain.txt", scope=None))
