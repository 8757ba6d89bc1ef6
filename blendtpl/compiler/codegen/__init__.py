"""From the tree of one template to a Python module of it."""
