"""Notes: the same small site in several frameworks, by blendtpl or on Jinja2."""
