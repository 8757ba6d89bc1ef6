from bridge import shim

PATH = "templates/hello.php"
name = "Ada"
print(f"[{shim.fetch('templates/hello.php')}] [{shim.fetch(PATH)!r:>20}]")
print(f'[{shim.fetch("templates/hello.php", {"name": "Eve"})}] {name}')
print(f"""[{shim.fetch('templates/hello.php', dict(name="Bob"))}]""")
