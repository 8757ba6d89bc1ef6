from bridge import registry

scope = {"name": "Ada"}
print(registry.render("hello.txt", scope))
print(registry.render("hello.txt", scope))
print(registry.render("hello.txt", scope))
print(registry.render("plain.txt"))
print(registry.render("plain.txt"))
