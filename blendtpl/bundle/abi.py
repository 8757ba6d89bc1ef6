"""The contract of emitted code: what the compiler writes and the run half relies on."""

# The length of tuples of which CPython keeps up to 2,000 that it never uses again: no render may make any. (What
# `Objects/tupleobject.c` of 3.11 takes back has up to 20 items, what it gives out has less.) Nor may a render make a
# tuple of an iterator, which is kept as what it was shortened to.
TUPLE_FREELIST_LIMIT = 20
