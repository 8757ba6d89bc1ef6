from bridge import shim


def page(name):
    with shim.capture() as text:
        shim.include("templates/hello.php")
    return text.text


def several(name):
    # all of it
    with shim.capture() as body:  # a buffer
        shim.include("templates/hello.php")
        shim.require("templates/plain.txt")
        shim.include("templates/hello.php", {"name": "Bob"})
    print(f"{body}|")
    print(len(str(body)), body.text.upper())


def commented(name):
    with shim.capture() as body:
        # the head
        shim.include("templates/hello.php")  # by name
        # the rest
        shim.include("templates/plain.txt")
    return str(body)


print(page("Ada"))
several("Ada")
print(commented("Eve"))
