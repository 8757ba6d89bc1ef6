from bridge import shim

ok = shim.include("templates/plain.txt")
if not shim.require("templates/plain.txt"):
    print("missing")
ok and shim.include("templates/plain.txt")
print(ok, (lambda: shim.include("templates/plain.txt"))())
