"""The names that old programs know, in place of the functions that they called once."""

from bridge import shim

include, include_once, require = shim.include, shim.include_once, shim.require
capture, request = shim.capture, shim.request
fetch = shim.fetch
