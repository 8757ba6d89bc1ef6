import bridge
from bridge import shim

registry = {"mine": 1}


def send(name, bridge_registry=None):
    print(shim.fetch("templates/hello.php"), registry, bridge.registry is not None)


send("Ada")
