from bridge import registry

site = "another"
id = 3


def send(name):
    return registry.render("nested.txt", name=name, site=site)


print(send("Ada"))
