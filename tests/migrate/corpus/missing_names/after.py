from bridge import registry, shim


def send():
    try:
        shim.fetch("templates/hello.php")
    except Exception as error:
        return type(error).__name__, str(error)


sender = "me"
print(send())
name = "Ada"
print(registry.render("nested.txt", name=name, sender=sender))
