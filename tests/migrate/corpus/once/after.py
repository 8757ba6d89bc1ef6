from bridge import registry, shim

with shim.request():
    shim.include("templates/plain.txt")
    shim.include_once("templates/plain.txt")
    shim.require_once("templates/hello.php", {"name": "Ada"})
    print(registry.render("one.txt", {"value": 1}), end="")
