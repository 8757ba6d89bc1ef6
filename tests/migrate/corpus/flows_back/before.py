from bridge import shim


def read(items):
    scope = {"items": items}
    shim.include("templates/counted.php", scope)
    return scope["total"]


def not_read(items):
    scope = {}
    scope["items"] = items
    shim.include("templates/counted.php", scope)


def mine(scope):
    shim.include("templates/counted.php", scope)


def new(items):
    shim.include("templates/counted.php", {"items": items})
    shim.include("templates/counted.php", dict(items=items))


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
