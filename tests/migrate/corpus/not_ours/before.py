import bridge
from bridge import shim


class Other:
    def include(self, path, scope=None):
        print("other", path)

    fetch = include


def given(shim):
    shim.include("templates/plain.txt")


def local():
    shim = Other()
    shim.include("templates/plain.txt")


def scoped(scope=None, name="Ada"):
    shim.include("templates/hello.php", scope)


class Holder:
    shim = Other()

    def send(self):
        self.shim.include("templates/plain.txt")


given(Other())
local()
scoped({"name": "Eve"})
Holder().send()
bridge.shim.include("templates/plain.txt")
