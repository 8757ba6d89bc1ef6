# -*- coding: latin-1 -*-
from bridge import registry

name = "café"
print(registry.render("grüße.txt", name=name), end="")
