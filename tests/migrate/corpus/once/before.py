from bridge import shim

with shim.request():
    shim.include("templates/plain.txt")
    shim.include_once("templates/plain.txt")
    shim.require_once("templates/hello.php", {"name": "Ada"})
    shim.include("templates/one.txt", {"value": 1})
