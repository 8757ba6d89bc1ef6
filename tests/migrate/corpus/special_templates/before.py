from bridge import shim

which = "plain.txt"
value = shim.include("templates/returning.txt")
shim.include("templates/returning.txt")
print()
shim.include("templates/dynamic.txt")
shim.include("templates/dynamic.txt", {"which": "plain.txt"})
shim.include("templates/nowhere.php")
shim.include("templates/../../etc/passwd") if not which else None
