from bridge import shim

include = shim.include
include("templates/plain.txt")
for fetch in (shim.fetch, str.upper):
    print(fetch("templates/plain.txt"))
