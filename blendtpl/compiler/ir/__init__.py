"""The intermediate form of a template's code: what it is made of, and what can be asked of all of it."""
