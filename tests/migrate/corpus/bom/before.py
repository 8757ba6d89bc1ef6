from bridge import shim

name = "Grüße"
shim.include("templates/grüße.txt")
shim.include("templates/grüße.txt") if not name else None
