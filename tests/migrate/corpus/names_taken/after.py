import bridge
from bridge import registry as bridge_registry_2

registry = {"mine": 1}


def send(name, bridge_registry=None):
    print(bridge_registry_2.render("hello.txt", name=name), registry, bridge.registry is not None)


send("Ada")
