"""E-mail templates of packages on PyPI and npm, whose CSS is inlined in the build and, to compare, in each render."""
