"""Workloads that nobody here wrote: templates of packages on PyPI, with the contexts that the packages make themselves.

Nothing of a package stands here. Its templates are read from where it is installed, and a context is what the package
gives to Jinja2 when it runs, in a small project that a module of `bench.real.packages` makes. Which templates is said
there too; they were chosen before anything was measured, and none is taken out because of what was.
"""
