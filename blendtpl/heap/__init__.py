"""The heap: the objects that there are in memory, what they are called, and who holds them."""
