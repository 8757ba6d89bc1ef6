"""From a Python module to the code objects that a bundle holds."""
