from bridge import registry, shim

which = "plain.txt"
value = shim.include("templates/returning.txt")
shim.include("templates/returning.txt")
print()
shim.include("templates/dynamic.txt")
print(registry.render("dynamic.txt", {"which": "plain.txt"}), end="")
shim.include("templates/nowhere.php")
shim.include("templates/../../etc/passwd") if not which else None
