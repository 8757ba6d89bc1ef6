import asyncio

from bridge import registry, shim


def pieces(name):
    shim.include("templates/hello.php")
    yield registry.render("hello.txt", name=name)


async def page(name):
    shim.include("templates/hello.php")
    return registry.render("hello.txt", name=name)


print(*pieces("Ada"), asyncio.run(page("Eve")))
