from bridge import shim


def send(name):
    shim.include("templates/hello.php")  # café
    with shim.capture() as page:
        shim.include("templates/hello.php")
    print(page.text)


send("Ada")