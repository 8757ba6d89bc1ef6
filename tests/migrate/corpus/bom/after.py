from bridge import registry, shim

name = "Grüße"
print(registry.render("grüße.txt", name=name), end="")
shim.include("templates/grüße.txt") if not name else None
