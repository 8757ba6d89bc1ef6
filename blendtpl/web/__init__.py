"""Web: blendtpl at home in frameworks, each in a module of its own that stands on that framework.

Nothing here is imported by the rest of blendtpl.
"""
