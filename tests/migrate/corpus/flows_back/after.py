from bridge import registry, shim


def read(items):
    scope = {"items": items}
    shim.include("templates/counted.php", scope)
    return scope["total"]


def not_read(items):
    scope = {}
    scope["items"] = items
    print(registry.render("counted.txt", scope), end="")


def mine(scope):
    shim.include("templates/counted.php", scope)


def new(items):
    print(registry.render("counted.txt", {"items": items}), end="")
    print(registry.render("counted.txt", dict(items=items)), end="")


def again(items):
    scope = {"items": items}
    for _ in range(2):
        shim.include("templates/counted.php", scope)


shared = {"items": [1]}
mine(shared)
print(read([1, 2]), shared["total"])
not_read([1])
new([1, 2, 3])
again([1])
