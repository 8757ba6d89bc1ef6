# -*- coding: latin-1 -*-
from bridge import shim

name = "café"
shim.include("templates/grüße.txt")
