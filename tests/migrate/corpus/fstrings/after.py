from bridge import registry

PATH = "templates/hello.php"
name = "Ada"
print(f"[{registry.render('hello.txt', name=name)}] [{registry.render('hello.txt', name=name)!r:>20}]")
print(f'[{registry.render("hello.txt", {"name": "Eve"})}] {name}')
print(f"""[{registry.render('hello.txt', dict(name="Bob"))}]""")
