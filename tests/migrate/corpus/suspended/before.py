import asyncio

from bridge import shim


def pieces(name):
    shim.include("templates/hello.php")
    yield shim.fetch("templates/hello.php")


async def page(name):
    shim.include("templates/hello.php")
    return shim.fetch("templates/hello.php")


print(*pieces("Ada"), asyncio.run(page("Eve")))
